/*
 * Names below a directory. The kernel resolves them, with openat2 and RESOLVE_BENEATH: no link and
 * no ".." leads out of the directory a guest was granted, also while another renames things. Where
 * an operation wants a name and not a file, its last part stands alone beside a descriptor of the
 * directory it is in, which was found in the same way.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "host/wasi_priv.h"

#define PATH_SIZE 4096u
#define RACES_MAX 64

enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8, OFLAGS_ALL = 15 };
enum { LOOKUP_FOLLOW = 1 };

int wasi_open_beneath(int dir, const char *path, uint64_t flags, uint64_t mode)
{
    struct open_how how = {.flags = flags | O_CLOEXEC,
                           .mode = mode,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = -1;

    errno = EAGAIN; /* which the kernel says when something was renamed meanwhile */
    for (int i = 0; i < RACES_MAX && fd < 0 && errno == EAGAIN; i++)
        fd = syscall(SYS_openat2, dir, path, &how, sizeof how);
    return (int)fd;
}

/* The result of wasi_open_beneath, whose EXDEV means that the path leads out of the directory. */
static uint16_t opened(int fd)
{
    return fd < 0 && errno == EXDEV ? WASI_NOTCAPABLE : wasi_result(fd);
}

/* A path as the guest gave it, with a NUL behind it. */
struct path {
    struct wasi_fd *dir;
    char text[PATH_SIZE];
};

static uint16_t get_text(const struct wasi_call *c, uint32_t at, uint32_t n, char out[PATH_SIZE])
{
    const uint8_t *from = mem(c, at, n);

    if (!from)
        return WASI_FAULT;
    if (n >= PATH_SIZE)
        return WASI_NAMETOOLONG;
    memcpy(out, from, n);
    out[n] = '\0';
    return memchr(out, '\0', n) ? WASI_INVAL : WASI_OK;
}

/* The path in parameters `at` and `at + 1`, below the directory in parameter `fd`. */
static uint16_t get_path(const struct wasi_call *c, int fd, int at, uint64_t rights,
                         struct path *out)
{
    uint16_t r = wasi_dir_get(c, arg32(c, fd), rights, &out->dir);

    if (r == WASI_OK)
        r = get_text(c, arg32(c, at), arg32(c, at + 1), out->text);
    if (r == WASI_OK && out->text[0] == '\0')
        r = WASI_NOENT;
    return r == WASI_OK && out->text[0] == '/' ? WASI_NOTCAPABLE : r;
}

/*
 * Cut the path in place: its last part, and what is before it, "." if nothing is. A '/' behind
 * the last part stays there: by it the kernel knows that only a directory is meant.
 */
static const char *cut(struct path *p, const char **last)
{
    size_t n = strlen(p->text);

    while (n > 0 && p->text[n - 1] == '/')
        n--;
    while (n > 0 && p->text[n - 1] != '/')
        n--;
    *last = p->text + n;
    if (n == 0)
        return ".";
    p->text[n - 1] = '\0';
    return p->text;
}

/* What makes a name, and what only reads one: there the kernel would follow a link before '/'. */
#define MAKES (RIGHT_PATH_CREATE_DIRECTORY | RIGHT_PATH_LINK_TARGET | RIGHT_PATH_SYMLINK)
#define READS (RIGHT_PATH_LINK_SOURCE | RIGHT_PATH_READLINK)

/* get_path; *last is its last part, *parent the directory that holds it, to be closed if not -1. */
static uint16_t get_name(const struct wasi_call *c, int fd, int at, uint64_t rights,
                         struct path *path, int *parent, const char **last)
{
    uint16_t r = get_path(c, fd, at, rights, path);

    *parent = -1;
    if (r != WASI_OK)
        return r;
    const char *before = cut(path, last);
    size_t n = strcspn(*last, "/");
    if ((rights & READS) && (*last)[n] == '/')
        return WASI_NOTDIR;
    if ((n == 1 && (*last)[0] == '.') || (n == 2 && strncmp(*last, "..", 2) == 0))
        return rights & MAKES ? WASI_EXIST : WASI_INVAL;
    *parent = wasi_open_beneath(path->dir->host, before, O_PATH | O_DIRECTORY, 0);
    return opened(*parent);
}

uint16_t wasi_path_create_directory(const struct wasi_call *c)
{
    struct path path;
    const char *last;
    AUTO(fd) int parent = -1;
    uint16_t r = get_name(c, 0, 1, RIGHT_PATH_CREATE_DIRECTORY, &path, &parent, &last);

    return r == WASI_OK ? wasi_result(mkdirat(parent, last, 0777)) : r;
}

uint16_t wasi_path_remove_directory(const struct wasi_call *c)
{
    struct path path;
    const char *last;
    AUTO(fd) int parent = -1;
    uint16_t r = get_name(c, 0, 1, RIGHT_PATH_REMOVE_DIRECTORY, &path, &parent, &last);

    return r == WASI_OK ? wasi_result(unlinkat(parent, last, AT_REMOVEDIR)) : r;
}

uint16_t wasi_path_unlink_file(const struct wasi_call *c)
{
    struct path path;
    const char *last;
    AUTO(fd) int parent = -1;
    uint16_t r = get_name(c, 0, 1, RIGHT_PATH_UNLINK_FILE, &path, &parent, &last);

    return r == WASI_OK ? wasi_result(unlinkat(parent, last, 0)) : r;
}

/* A file to look at, not to read: follows links only if it may and is asked to. */
static uint16_t find(const struct path *p, uint32_t lookup, int *fd)
{
    uint64_t flags = O_PATH | (lookup & LOOKUP_FOLLOW ? 0 : O_NOFOLLOW);

    *fd = wasi_open_beneath(p->dir->host, p->text, flags, 0);
    return opened(*fd);
}

uint16_t wasi_path_filestat_get(const struct wasi_call *c)
{
    struct path path;
    struct stat st;
    AUTO(fd) int fd = -1;
    uint16_t r = get_path(c, 0, 2, RIGHT_PATH_FILESTAT_GET, &path);

    if (r == WASI_OK)
        r = find(&path, arg32(c, 1), &fd);
    if (r != WASI_OK)
        return r;
    return fstat(fd, &st) < 0 ? wasi_host_errno(errno) : wasi_put_filestat(c, arg32(c, 4), &st);
}

uint16_t wasi_path_filestat_set_times(const struct wasi_call *c)
{
    struct path path;
    struct timespec times[2];
    AUTO(fd) int fd = -1;
    uint16_t r = get_path(c, 0, 2, RIGHT_PATH_FILESTAT_SET_TIMES, &path);

    if (r == WASI_OK)
        r = wasi_times(c->v[4], c->v[5], arg32(c, 6), times);
    if (r == WASI_OK)
        r = find(&path, arg32(c, 1), &fd);
    return r == WASI_OK ? wasi_result(utimensat(fd, "", times, AT_EMPTY_PATH)) : r;
}

uint16_t wasi_path_link(const struct wasi_call *c)
{
    struct path from, to;
    const char *from_last, *to_last;
    AUTO(fd) int from_parent = -1;
    AUTO(fd) int to_parent = -1;

    if (arg32(c, 1) & LOOKUP_FOLLOW)
        return WASI_INVAL; /* a link to a link's target would have to be resolved by its path */
    uint16_t r = get_name(c, 0, 2, RIGHT_PATH_LINK_SOURCE, &from, &from_parent, &from_last);
    if (r == WASI_OK)
        r = get_name(c, 4, 5, RIGHT_PATH_LINK_TARGET, &to, &to_parent, &to_last);
    return r == WASI_OK ? wasi_result(linkat(from_parent, from_last, to_parent, to_last, 0)) : r;
}

uint16_t wasi_path_rename(const struct wasi_call *c)
{
    struct path from, to;
    const char *from_last, *to_last;
    AUTO(fd) int from_parent = -1;
    AUTO(fd) int to_parent = -1;

    uint16_t r = get_name(c, 0, 1, RIGHT_PATH_RENAME_SOURCE, &from, &from_parent, &from_last);
    if (r == WASI_OK)
        r = get_name(c, 3, 4, RIGHT_PATH_RENAME_TARGET, &to, &to_parent, &to_last);
    return r == WASI_OK ? wasi_result(renameat(from_parent, from_last, to_parent, to_last)) : r;
}

uint16_t wasi_path_symlink(const struct wasi_call *c)
{
    struct path path;
    const char *last;
    char target[PATH_SIZE];
    AUTO(fd) int parent = -1;

    uint16_t r = get_text(c, arg32(c, 0), arg32(c, 1), target);
    if (r == WASI_OK && target[0] == '/')
        r = WASI_NOTCAPABLE; /* it would mean another file to whoever reads it outside */
    if (r == WASI_OK)
        r = get_name(c, 2, 3, RIGHT_PATH_SYMLINK, &path, &parent, &last);
    return r == WASI_OK ? wasi_result(symlinkat(target, parent, last)) : r;
}

uint16_t wasi_path_readlink(const struct wasi_call *c)
{
    struct path path;
    const char *last;
    char target[PATH_SIZE];
    AUTO(fd) int parent = -1;

    uint16_t r = get_name(c, 0, 1, RIGHT_PATH_READLINK, &path, &parent, &last);
    if (r != WASI_OK)
        return r;
    ssize_t n = readlinkat(parent, last, target, sizeof target);
    if (n < 0)
        return wasi_host_errno(errno);
    uint32_t size = (uint32_t)n < arg32(c, 4) ? (uint32_t)n : arg32(c, 4);
    r = wasi_put(c, arg32(c, 3), target, size);
    return r == WASI_OK ? wasi_put32(c, arg32(c, 5), size) : r;
}

/* ---- path_open ---- */

/* What open is to be told: from the rights that are wanted and have, and the flags. */
static uint64_t host_flags(const struct wasi_call *c, uint64_t rights)
{
    uint32_t lookup = arg32(c, 1), oflags = arg32(c, 4), fdflags = arg32(c, 7);
    bool writes = (rights & RIGHTS_WRITE) || (oflags & OFLAG_TRUNC);
    bool reads = (rights & (RIGHT_FD_READ | RIGHT_FD_READDIR)) != 0;
    uint64_t flags = O_NOCTTY | O_NONBLOCK; /* a FIFO must not make the worker wait */

    flags |= oflags & OFLAG_DIRECTORY ? O_RDONLY | O_DIRECTORY
             : writes                 ? (reads ? O_RDWR : O_WRONLY)
                                      : O_RDONLY;
    flags |= oflags & OFLAG_CREAT ? O_CREAT : 0;
    flags |= oflags & OFLAG_EXCL ? O_EXCL : 0;
    flags |= oflags & OFLAG_TRUNC ? O_TRUNC : 0;
    flags |= lookup & LOOKUP_FOLLOW ? 0 : O_NOFOLLOW;
    flags |= fdflags & FDFLAG_APPEND ? O_APPEND : 0;
    flags |= fdflags & FDFLAG_DSYNC ? O_DSYNC : 0;
    flags |= fdflags & (FDFLAG_SYNC | FDFLAG_RSYNC) ? O_SYNC : 0;
    return flags;
}

/* Open it; what wants to write to a directory gets one it can read, as wasi-libc expects. */
static int open_path(const struct path *p, uint64_t flags)
{
    int fd = wasi_open_beneath(p->dir->host, p->text, flags, flags & O_CREAT ? 0666 : 0);

    if (fd < 0 && errno == EISDIR && !(flags & (O_CREAT | O_TRUNC)))
        fd = wasi_open_beneath(p->dir->host, p->text,
                               (flags & ~(uint64_t)O_ACCMODE) | O_RDONLY | O_DIRECTORY, 0);
    return fd;
}

/* Nothing but files and directories: a device or socket someone left there is not the guest's. */
static uint16_t make_fd(const struct wasi_call *c, int host, const struct wasi_fd *dir)
{
    struct stat st;
    uint32_t fd;

    if (fstat(host, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
        close(host);
        return WASI_NOTCAPABLE;
    }
    bool is_dir = S_ISDIR(st.st_mode);
    const struct wasi_fd made = {
        .kind = is_dir ? FD_DIR : FD_FILE,
        .host = host,
        .owned = true,
        .read_only = dir->read_only,
        .rights = c->v[5] & dir->inheriting & (is_dir ? RIGHTS_DIR : RIGHTS_FILE),
        .inheriting = c->v[6] & dir->inheriting,
        .flags = (uint16_t)arg32(c, 7),
    };
    uint16_t r = wasi_fd_add(c, &made, &fd);
    return r == WASI_OK ? wasi_put32(c, arg32(c, 8), fd) : r;
}

/* Before anything is touched: may and can this be done at all? */
static uint16_t check_open(const struct wasi_call *c, const struct wasi_fd *dir)
{
    if (arg32(c, 4) > OFLAGS_ALL || arg32(c, 7) > FDFLAGS_ALL)
        return WASI_INVAL;
    if (!mem(c, arg32(c, 8), sizeof(uint32_t)))
        return WASI_FAULT;
    if (dir->read_only && (c->v[5] & RIGHTS_WRITE))
        return wasi_read_only(c->w, dir);
    /* Of the other rights a guest asks for more than it means, and gets what there is. */
    return c->v[5] & (RIGHT_FD_READ | RIGHT_FD_WRITE) & ~dir->inheriting ? WASI_NOTCAPABLE
                                                                         : WASI_OK;
}

uint16_t wasi_path_open(const struct wasi_call *c)
{
    struct path path;
    uint32_t oflags = arg32(c, 4);
    uint64_t needed = RIGHT_PATH_OPEN;

    needed |= oflags & OFLAG_CREAT ? RIGHT_PATH_CREATE_FILE : 0;
    needed |= oflags & OFLAG_TRUNC ? RIGHT_PATH_FILESTAT_SET_SIZE : 0;
    uint16_t r = get_path(c, 0, 2, needed, &path);
    if (r == WASI_OK)
        r = check_open(c, path.dir);
    if (r != WASI_OK)
        return r;
    int fd = open_path(&path, host_flags(c, c->v[5] & path.dir->inheriting));
    return fd < 0 ? opened(fd) : make_fd(c, fd, path.dir);
}
