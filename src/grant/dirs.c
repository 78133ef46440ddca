#include "grant/dirs.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

/* Cut ":ro" or ":rw" off a path, and say which; without one, *writable stays. */
static int cut_mode(char *path, bool *writable, struct err *err)
{
    size_t n = strlen(path);

    if (path[0] != '/')
        return err_set(err, ERR_INVALID, "'%.200s' is not an absolute path", path);
    if (n > 3 && (strcmp(path + n - 3, ":ro") == 0 || strcmp(path + n - 3, ":rw") == 0)) {
        *writable = path[n - 1] == 'w';
        path[n - 3] = '\0';
    }
    return 0;
}

int roots_add(struct roots *r, const char *text, struct err *err)
{
    AUTO(mem) char *path = mem_dup(text);
    bool writable = true;

    int q = cut_mode(path, &writable, err);
    if (q < 0)
        return q;
    r->all = mem_grow(r->all, (r->n + 1) * sizeof *r->all);
    r->all[r->n++] = (struct root){.path = TAKE(path), .writable = writable};
    return 0;
}

void roots_done(struct roots *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->all[i].path);
    free(r->all);
    *r = (struct roots){0};
}

int dirs_add(struct dirs *d, const char *text, bool writable, struct err *err)
{
    AUTO(mem) char *path = mem_dup(text);

    int r = cut_mode(path, &writable, err);
    if (r < 0)
        return r;
    size_t n = strlen(path) + 1;
    if (d->dirc == WIRE_DIRS_MAX || d->names_size + n > WIRE_NAMES_MAX)
        return err_set(err, ERR_INVALID, "more than %d directories", WIRE_DIRS_MAX);
    d->writable |= writable ? 1u << d->dirc : 0;
    d->dirc++;
    d->names = mem_grow(d->names, d->names_size + n);
    memcpy(d->names + d->names_size, path, n);
    d->names_size += (uint32_t)n;
    return 0;
}

void dirs_done(struct dirs *d)
{
    free(d->names);
    *d = (struct dirs){0};
}

/* Open path if it is the root directory, or lies beneath it; -1 otherwise. */
static int open_beneath(const char *root, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    size_t n = strlen(root);

    if (strncmp(path, root, n) != 0 || (path[n] != '\0' && path[n] != '/' && root[n - 1] != '/'))
        return -1;
    AUTO(fd) int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *rest = path + n;
    while (*rest == '/')
        rest++;
    return dir < 0 ? -1 : (int)syscall(SYS_openat2, dir, *rest ? rest : ".", &how, sizeof how);
}

static int open_granted(const struct roots *const *roots, size_t rootc, const char *path,
                        bool writable, struct err *err)
{
    bool some = false, readable = false;

    for (size_t i = 0; i < rootc; i++)
        for (size_t j = 0; roots[i] && j < roots[i]->n; j++) {
            const struct root *root = &roots[i]->all[j];
            some = true;
            AUTO(fd) int fd = open_beneath(root->path, path);
            if (fd >= 0 && (root->writable || !writable))
                return TAKE_FD(fd);
            readable |= fd >= 0;
        }
    if (readable)
        return err_set(err, ERR_REFUSED,
                       "the action asks to write in the directory '%.200s', which is granted for "
                       "reading only",
                       path);
    return err_set(err, ERR_REFUSED,
                   "the action asks for the directory '%.200s', which does not exist or is not "
                   "granted by this daemon%s",
                   path, some ? "" : " (it grants none)");
}

int dirs_open(const struct dirs *d, const struct roots *const *roots, size_t rootc, int *fds,
              struct err *err)
{
    const char *name = d->names;

    for (uint32_t i = 0; i < d->dirc; i++) {
        int fd = open_granted(roots, rootc, name, (d->writable >> i & 1) != 0, err);
        if (fd < 0) {
            while (fds && i > 0)
                close(fds[--i]);
            return -(int)err->kind;
        }
        if (fds)
            fds[i] = fd;
        else
            close(fd);
        name += strlen(name) + 1;
    }
    return 0;
}
