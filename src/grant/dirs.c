#include "grant/dirs.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
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

static int as_mount(int dir, bool writable)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                                          (writable ? 0 : MOUNT_ATTR_RDONLY),
                              .propagation = MS_PRIVATE};
    AUTO(fd)
    int tree =
        open_tree(dir, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) < 0)
        return -1;
    return openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool dirs_can_mount(void)
{
    AUTO(fd) int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO(fd) int mount = as_mount(root, false);

    return mount >= 0;
}

/* In place of a directory, a mount of it. */
static int mount_own(int *dir, const char *path, bool writable, struct err *err)
{
    AUTO(fd) int plain = *dir;

    *dir = as_mount(plain, writable);
    return *dir >= 0 ? 0 : err_errno(err, ERR_INTERNAL, "making '%.200s' a mount", path);
}

int dirs_open(const struct dirs *d, const struct roots *const *roots, size_t rootc, bool own_mounts,
              int *fds, struct err *err)
{
    const char *name = d->names;

    for (uint32_t i = 0; i < d->dirc; i++) {
        bool writable = (d->writable >> i & 1) != 0;
        int fd = open_granted(roots, rootc, name, writable, err);
        if (fd < 0 || (fds && own_mounts && mount_own(&fd, name, writable, err) < 0)) {
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
