/*
 * Writes a file and reads it back: {"directory": "/data", "name": "note.txt", "text": "hello"}
 * gives {"read": "hello", "files": ["note.txt"]}, if /data is granted.
 */

#include <wow/action.h>

#include <dirent.h>
#include <errno.h>
#include <string.h>

static const char *path_of(const char *directory, const char *name)
{
    size_t size = strlen(directory) + 1 + strlen(name) + 1;
    char *path = wow_alloc(size);

    snprintf(path, size, "%s/%s", directory, name);
    return path;
}

static bool write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (!file)
        return false;
    bool written = fputs(text, file) >= 0;
    return fclose(file) == 0 && written;
}

static struct json *read_text(const char *path)
{
    enum { MOST = 65536 };
    char *text = wow_alloc(MOST);
    FILE *file = fopen(path, "r");

    if (!file)
        return NULL;
    size_t size = fread(text, 1, MOST, file);
    fclose(file);
    return json_string_n(text, size);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted. */
static struct json *list(const char *directory)
{
    enum { MOST = 1000 };
    char *names[MOST];
    size_t count = 0;
    struct json *result = json_array();
    DIR *dir = opendir(directory);
    const struct dirent *entry;

    if (!dir)
        return NULL;
    while (count < MOST && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            names[count++] = strdup(entry->d_name);
    closedir(dir);
    qsort(names, count, sizeof *names, compare);
    for (size_t i = 0; i < count; i++)
        json_add(result, json_string(names[i]));
    return result;
}

static struct json *filesys(const struct json *args, struct wow_error *err)
{
    const char *directory = wow_string(args, "directory", err);
    const char *name = wow_string_or(args, "name", "note.txt", err);
    const char *text = wow_string_or(args, "text", "", err);
    struct json *result = json_object(), *read, *files;

    if (wow_failed(err))
        return NULL;
    const char *path = path_of(directory, name);
    if (text[0] && !write_text(path, text))
        return wow_failf(err, "%s cannot be written: %s", path, strerror(errno));
    if (!(read = read_text(path)))
        return wow_failf(err, "%s cannot be read: %s", path, strerror(errno));
    if (!(files = list(directory)))
        return wow_failf(err, "%s cannot be listed: %s", directory, strerror(errno));
    json_set(result, "read", read);
    json_set(result, "files", files);
    return result;
}

WOW_ACTION(filesys)
