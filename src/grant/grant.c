#include "grant/grant.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

void grant_done(struct grant *g)
{
    free(g->names);
    *g = (struct grant){0};
}

/* The value of an annotation: OpenWhisk keeps them as [{"key": k, "value": v}]. */
static const json_t *annotation(const json_t *all, const char *key)
{
    size_t i;
    json_t *entry;

    if (json_is_object(all))
        return json_object_get(all, key);
    json_array_foreach (all, i, entry) {
        const char *name = json_string_value(json_object_get(entry, "key"));
        if (name && strcmp(name, key) == 0)
            return json_object_get(entry, "value");
    }
    return NULL;
}

int grant_text(const json_t *annotations, const char *key, const char **out, struct err *err)
{
    const json_t *value = annotation(annotations, key);

    *out = json_string_value(value);
    return value && !json_is_null(value) && !*out
               ? err_set(err, ERR_UNUSABLE, "the annotation \"%s\" is not a text", key)
               : 0;
}

/* Open path if it is the root directory, or lies beneath it; -1 otherwise. */
static int open_beneath(const char *root, size_t root_size, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    AUTO(mem) char *name = mem_dup_n(root, root_size);

    if (strncmp(path, name, root_size) != 0 ||
        (path[root_size] != '\0' && path[root_size] != '/' && name[root_size - 1] != '/'))
        return -1;
    AUTO(fd) int dir = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *rest = path + root_size;
    while (*rest == '/')
        rest++;
    return dir < 0 ? -1 : (int)syscall(SYS_openat2, dir, *rest ? rest : ".", &how, sizeof how);
}

static int open_granted(const char *roots, const char *path, struct err *err)
{
    const char *all = roots;
    int fd = -1;

    while (*roots && fd < 0) {
        size_t n = strcspn(roots, ":");
        if (n > 0)
            fd = open_beneath(roots, n, path);
        roots += n + (roots[n] == ':');
    }
    if (fd < 0)
        return err_set(err, ERR_REFUSED,
                       "the action asks for the directory '%s', which does not exist or is not "
                       "granted by this daemon%s",
                       path, *all ? "" : " (it grants none)");
    return fd;
}

static int add_dir(struct grant *g, const char *asked, const char *roots, struct err *err)
{
    AUTO(mem) char *path = mem_dup(asked);
    size_t n = strlen(path);
    bool read_only = n > 3 && strcmp(path + n - 3, ":ro") == 0;

    if (read_only)
        path[n - 3] = '\0';
    n = strlen(path) + 1;
    if (path[0] != '/')
        return err_set(err, ERR_INVALID, "annotation 'dir': '%s' is not an absolute path", path);
    if (g->dirc == WIRE_DIRS_MAX || g->names_size + n > WIRE_NAMES_MAX)
        return err_set(err, ERR_INVALID, "annotation 'dir': more than %d directories",
                       WIRE_DIRS_MAX);
    AUTO(fd) int fd = open_granted(roots, path, err);
    if (fd < 0)
        return fd;
    g->writable |= read_only ? 0 : 1u << g->dirc;
    g->dirc++;
    g->names = mem_grow(g->names, g->names_size + n);
    memcpy(g->names + g->names_size, path, n);
    g->names_size += (uint32_t)n;
    return 0;
}

int grant_read(const json_t *annotations, const char *roots, struct grant *out, struct err *err)
{
    const json_t *dir = annotation(annotations, "dir");
    struct grant g = {0};
    size_t count = json_is_array(dir) ? json_array_size(dir) : dir && !json_is_null(dir);
    int r = 0;

    for (size_t i = 0; i < count && r == 0; i++) {
        const char *path = json_string_value(json_is_array(dir) ? json_array_get(dir, i) : dir);
        r = path
                ? add_dir(&g, path, roots, err)
                : err_set(err, ERR_INVALID, "annotation 'dir' must be a path or an array of paths");
    }
    if (r < 0) {
        grant_done(&g);
        return r;
    }
    *out = g;
    return 0;
}

int grant_open(const struct grant *g, const char *roots, int fds[WIRE_DIRS_MAX], struct err *err)
{
    const char *name = g->names;

    for (uint32_t i = 0; i < g->dirc; i++) {
        fds[i] = open_granted(roots, name, err);
        if (fds[i] < 0) {
            while (i > 0)
                close(fds[--i]);
            return -(int)err->kind;
        }
        name += strlen(name) + 1;
    }
    return 0;
}
