#include "cli/new.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define NAME_MARK "@name@"
#define FILE_MARK "action" /* a template's file of this name gets the action's */
#define NAME_SIZE_MAX 64
#define FILE_SIZE_MAX (1u << 20)

struct settings {
    const char *lang, *dir;
};

static const struct verb_option options[] = {
    {VERB_OPERAND(dir, "DIR"), "the folder to make; its name is the action's"},
    {"lang", 'l', VERB_TEXT(lang, LANG_NAMES, "c"), "the language"},
    {VERB_END},
};

/* What was made, to be undone or shown. */
struct making {
    const char *from, *to, *name;
    struct buf files; /* paths, each with its NUL */
};

static int check_name(const char *name, struct err *err)
{
    size_t n = strlen(name);
    bool good = n > 0 && n <= NAME_SIZE_MAX && isalnum((unsigned char)name[0]);

    for (size_t i = 0; good && i < n; i++)
        good = isalnum((unsigned char)name[i]) || name[i] == '_' || name[i] == '-';
    return good ? 0
                : err_set(err, ERR_INVALID,
                          "new: '%.80s' is no name for an action: letters, digits, - and _, at "
                          "most %d",
                          name, NAME_SIZE_MAX);
}

/* "action.c" becomes "hello.c". */
static char *target_of(const struct making *m, const char *file)
{
    size_t n = strlen(FILE_MARK);
    bool named = strncmp(file, FILE_MARK, n) == 0 && (file[n] == '.' || file[n] == '\0');

    return named ? mem_print("%s/%s%s", m->to, m->name, file + n) : mem_print("%s/%s", m->to, file);
}

static int write_file(const char *path, const struct buf *text, mode_t mode, struct err *err)
{
    AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0777);

    if (fd < 0 || write(fd, text->data, text->size) != (ssize_t)text->size)
        return err_errno(err, ERR_INTERNAL, "'%s'", path);
    return 0;
}

static int fill_in(const struct making *m, const struct buf *text, struct buf *out, struct err *err)
{
    const char *at = text->data ? text->data : "", *end = at + text->size, *mark;
    int r = 0;

    while (r == 0 && (mark = memmem(at, (size_t)(end - at), NAME_MARK, strlen(NAME_MARK)))) {
        r = buf_add(out, at, (size_t)(mark - at), err);
        if (r == 0)
            r = buf_add(out, m->name, strlen(m->name), err);
        at = mark + strlen(NAME_MARK);
    }
    return r == 0 ? buf_add(out, at, (size_t)(end - at), err) : r;
}

static int copy_file(struct making *m, const char *from, const char *to, mode_t mode,
                     struct err *err)
{
    AUTO(buf) struct buf text, filled;

    buf_init(&text, FILE_SIZE_MAX);
    buf_init(&filled, FILE_SIZE_MAX);
    int r = file_read(from, &text, err);
    if (r == 0)
        r = fill_in(m, &text, &filled, err);
    return r == 0 ? write_file(to, &filled, mode, err) : r;
}

static int copy_entry(struct making *m, const char *file, struct err *err);

static int copy_folder(struct making *m, struct err *err)
{
    struct dirent **entries;
    int r = 0, n = scandir(m->from, &entries, NULL, alphasort);

    if (n < 0)
        return err_errno(err, ERR_NOT_FOUND, "template '%s'", m->from);
    if (mkdir(m->to, 0777) < 0)
        r = err_errno(err, errno == EEXIST ? ERR_CONFLICT : ERR_INTERNAL, "'%s'", m->to);
    for (int i = 0; i < n; i++) {
        const char *file = entries[i]->d_name;
        if (r == 0 && strcmp(file, ".") != 0 && strcmp(file, "..") != 0)
            r = copy_entry(m, file, err);
        free(entries[i]);
    }
    free(entries);
    return r;
}

static int copy_entry(struct making *m, const char *file, struct err *err)
{
    AUTO(mem) char *from = mem_print("%s/%s", m->from, file);
    AUTO(mem) char *to = target_of(m, file);
    struct stat st;

    if (stat(from, &st) < 0)
        return err_errno(err, ERR_INTERNAL, "'%s'", from);
    if (S_ISDIR(st.st_mode)) {
        struct making deeper = {.from = from, .to = to, .name = m->name, .files = m->files};
        int r = copy_folder(&deeper, err);
        m->files = deeper.files;
        return r;
    }
    buf_put(&m->files, to, strlen(to) + 1);
    return copy_file(m, from, to, st.st_mode, err);
}

int new_copy(const struct lang *l, const char *dir, const char *name, struct buf *files,
             struct err *err)
{
    struct making m = {.to = dir, .name = name, .files = *files};
    char sdk[PATH_MAX];

    int r = lang_sdk(sdk, err);
    if (r < 0)
        return r;
    AUTO(mem) char *from = mem_print("%s/%s", sdk, l->template);
    m.from = from;
    r = copy_folder(&m, err);
    *files = m.files;
    return r;
}

static void show(const struct settings *s, const char *dir, const struct buf *files, bool json)
{
    const char *at = files->data, *end = at + files->size;
    AUTO(buf) struct buf line;

    buf_init(&line, 8 * FILE_SIZE_MAX);
    buf_text(&line, "{\"dir\":");
    buf_json_string(&line, dir, strlen(dir));
    buf_print(&line, ",\"lang\":\"%s\",\"files\":[", s->lang);
    for (const char *file = at; file < end; file += strlen(file) + 1) {
        buf_text(&line, file == at ? "" : ",");
        buf_json_string(&line, file, strlen(file));
        if (!json)
            puts(file);
    }
    buf_text(&line, "]}");
    if (json)
        puts(line.data);
    else
        printf("Next: cd %s && wow run\n", dir);
}

static int new(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(mem) char *dir = mem_dup(s->dir);
    AUTO(buf) struct buf files;

    buf_init(&files, FILE_SIZE_MAX);
    for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
        dir[n - 1] = '\0';
    const char *slash = strrchr(dir, '/'), *name = slash ? slash + 1 : dir;
    int r = check_name(name, err);
    if (r == 0)
        r = new_copy(lang_find(s->lang), dir, name, &files, err);
    if (r == 0)
        show(s, dir, &files, call->json);
    return r;
}

const struct verb verb_new = {
    .name = "new",
    .about = "begin an action in a folder of its own",
    .options = options,
    .size = sizeof(struct settings),
    .run = new,
};
