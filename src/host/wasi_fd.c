/* What a guest does with a descriptor it has. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/wasi_priv.h"

#define IOVS_MAX 1024u

static uint8_t filetype(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return FILETYPE_REGULAR;
    case S_IFDIR:
        return FILETYPE_DIRECTORY;
    case S_IFLNK:
        return FILETYPE_SYMLINK;
    case S_IFCHR:
        return FILETYPE_CHARACTER;
    case S_IFBLK:
        return FILETYPE_BLOCK;
    case S_IFSOCK:
        return FILETYPE_STREAM;
    default:
        return FILETYPE_UNKNOWN;
    }
}

static uint64_t stamp(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

uint16_t wasi_put_filestat(const struct wasi_call *c, uint32_t at, const struct stat *st)
{
    const struct {
        uint64_t dev, ino;
        uint64_t type; /* a byte and padding */
        uint64_t links, size, atim, mtim, ctim;
    } out = {st->st_dev,
             st->st_ino,
             filetype(st->st_mode),
             st->st_nlink,
             (uint64_t)st->st_size,
             stamp(&st->st_atim),
             stamp(&st->st_mtim),
             stamp(&st->st_ctim)};

    return wasi_put(c, at, &out, sizeof out);
}

uint16_t wasi_times(uint64_t atim, uint64_t mtim, uint32_t flags, struct timespec out[2])
{
    const uint64_t times[2] = {atim, mtim};

    if (flags > 15)
        return WASI_INVAL;
    for (int i = 0; i < 2; i++, flags >>= 2) {
        if ((flags & 3) == 3)
            return WASI_INVAL;
        out[i].tv_sec = (time_t)(times[i] / 1000000000u);
        out[i].tv_nsec = (flags & 2)   ? UTIME_NOW
                         : (flags & 1) ? (long)(times[i] % 1000000000u)
                                       : UTIME_OMIT;
    }
    return WASI_OK;
}

/* ---- reading and writing ---- */

struct iov { /* as it lies in the guest */
    uint32_t at, n;
};

/* Entry i of a table of count, and where its bytes lie. */
static uint16_t get_iov(const struct wasi_call *c, uint32_t table, uint32_t count, uint32_t i,
                        struct iov *out, uint8_t **data)
{
    const uint8_t *from = mem(c, table, count * (uint32_t)sizeof *out);

    if (!from)
        return WASI_FAULT;
    memcpy(out, from + i * sizeof *out, sizeof *out);
    *data = mem(c, out->at, out->n);
    return *data ? WASI_OK : WASI_FAULT;
}

static uint64_t read_stdin(struct wasi *w, uint8_t *to, uint32_t n)
{
    size_t left = w->setup.in.size - w->in_at;

    if (n > left)
        n = (uint32_t)left;
    if (n > 0)
        memcpy(to, w->setup.in.data + w->in_at, n);
    w->in_at += n;
    return n;
}

/* One buffer; offset -1 is where the descriptor stands. */
static long transfer(struct wasi *w, struct wasi_fd *fd, bool out, uint8_t *data, uint32_t n,
                     int64_t offset)
{
    if (fd->kind == FD_STREAM && out) {
        w->setup.write(w->setup.ctx, fd->stream, data, n);
        return (long)n;
    }
    if (fd->kind == FD_STREAM)
        return (long)read_stdin(w, data, n);
    if (offset >= 0)
        return out ? pwrite(fd->host, data, n, offset) : pread(fd->host, data, n, offset);
    return out ? write(fd->host, data, n) : read(fd->host, data, n);
}

/* May the descriptor be read from, or written to, so? */
static uint16_t check_transfer(const struct wasi_call *c, bool out, bool seeks, struct wasi_fd **fd)
{
    uint64_t rights = (out ? RIGHT_FD_WRITE : RIGHT_FD_READ) | (seeks ? RIGHT_FD_SEEK : 0);
    uint16_t r = wasi_fd_get(c, arg32(c, 0), 0, fd);

    if (r == WASI_OK && (*fd)->kind == FD_DIR)
        return out ? WASI_BADF : WASI_ISDIR;
    if (r == WASI_OK && (*fd)->kind == FD_STREAM && seeks)
        return WASI_SPIPE;
    if (r == WASI_OK)
        r = wasi_fd_get(c, arg32(c, 0), rights, fd);
    return r == WASI_OK && arg32(c, 2) > IOVS_MAX ? WASI_INVAL : r;
}

/* All four of read, write, pread and pwrite; what they transferred goes to `answer`. */
static uint16_t transfer_all(const struct wasi_call *c, bool out, int64_t offset, uint32_t answer)
{
    uint32_t table = arg32(c, 1), count = arg32(c, 2), total = 0;
    struct wasi_fd *fd;

    uint16_t r = check_transfer(c, out, offset >= 0, &fd);
    if (r != WASI_OK)
        return r;
    for (uint32_t i = 0; i < count; i++) {
        struct iov iov;
        uint8_t *data;
        r = get_iov(c, table, count, i, &iov, &data);
        if (r != WASI_OK)
            return r;
        if (iov.n > INT32_MAX - total)
            return WASI_INVAL;
        long done = transfer(c->w, fd, out, data, iov.n, offset < 0 ? -1 : offset + total);
        if (done < 0)
            return total > 0 ? wasi_put32(c, answer, total) : wasi_host_errno(errno);
        total += (uint32_t)done;
        if ((uint32_t)done < iov.n)
            break;
    }
    return wasi_put32(c, answer, total);
}

uint16_t wasi_fd_read(const struct wasi_call *c) { return transfer_all(c, false, -1, arg32(c, 3)); }

uint16_t wasi_fd_write(const struct wasi_call *c) { return transfer_all(c, true, -1, arg32(c, 3)); }

static uint16_t transfer_at(const struct wasi_call *c, bool out)
{
    if (c->v[3] > INT64_MAX - UINT32_MAX)
        return WASI_INVAL;
    return transfer_all(c, out, (int64_t)c->v[3], arg32(c, 4));
}

uint16_t wasi_fd_pread(const struct wasi_call *c) { return transfer_at(c, false); }

uint16_t wasi_fd_pwrite(const struct wasi_call *c) { return transfer_at(c, true); }

/* ---- one descriptor, one host call ---- */

/* A file (or directory) of the host's with those rights. */
static uint16_t host_fd(const struct wasi_call *c, uint64_t rights, struct wasi_fd **fd)
{
    uint16_t r = wasi_fd_get(c, arg32(c, 0), rights, fd);

    return r == WASI_OK && (*fd)->kind == FD_STREAM ? WASI_SPIPE : r;
}

uint16_t wasi_fd_advise(const struct wasi_call *c)
{
    static const int advice[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                 POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    struct wasi_fd *fd;
    uint16_t r = host_fd(c, RIGHT_FD_ADVISE, &fd);

    if (r != WASI_OK)
        return r;
    if (arg32(c, 3) >= sizeof advice / sizeof *advice || c->v[1] > INT64_MAX || c->v[2] > INT64_MAX)
        return WASI_INVAL;
    return wasi_host_errno(
        posix_fadvise(fd->host, (off_t)c->v[1], (off_t)c->v[2], advice[arg32(c, 3)]));
}

uint16_t wasi_fd_allocate(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint16_t r = host_fd(c, RIGHT_FD_ALLOCATE, &fd);

    return r != WASI_OK ? r : wasi_result(fallocate(fd->host, 0, (off_t)c->v[1], (off_t)c->v[2]));
}

uint16_t wasi_fd_close(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint16_t r = wasi_fd_get(c, arg32(c, 0), 0, &fd);

    if (r == WASI_OK)
        wasi_fd_release(c->w, arg32(c, 0));
    return r;
}

uint16_t wasi_fd_datasync(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint16_t r = host_fd(c, RIGHT_FD_DATASYNC, &fd);

    return r != WASI_OK ? r : wasi_result(fdatasync(fd->host));
}

uint16_t wasi_fd_sync(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint16_t r = host_fd(c, RIGHT_FD_SYNC, &fd);

    return r != WASI_OK ? r : wasi_result(fsync(fd->host));
}

uint16_t wasi_fd_fdstat_get(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint16_t r = wasi_fd_get(c, arg32(c, 0), 0, &fd);

    if (r != WASI_OK)
        return r;
    /* A stream that cannot seek is a terminal to wasi-libc, which then writes line by line: so
     * what a guest printed is in its log when it is killed. */
    const struct {
        uint8_t type, pad;
        uint16_t flags;
        uint32_t pad2;
        uint64_t rights, inheriting;
    } out = {fd->kind == FD_STREAM ? FILETYPE_CHARACTER
             : fd->kind == FD_DIR  ? FILETYPE_DIRECTORY
                                   : FILETYPE_REGULAR,
             0,
             fd->flags,
             0,
             fd->rights,
             fd->inheriting};
    return wasi_put(c, arg32(c, 1), &out, sizeof out);
}

uint16_t wasi_fd_fdstat_set_flags(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint32_t flags = arg32(c, 1);
    uint16_t r = host_fd(c, RIGHT_FD_FDSTAT_SET_FLAGS, &fd);

    if (r != WASI_OK)
        return r;
    if (flags > FDFLAGS_ALL)
        return WASI_INVAL;
    if ((flags ^ fd->flags) & ~(uint32_t)(FDFLAG_APPEND | FDFLAG_NONBLOCK))
        return WASI_NOTSUP; /* the kernel cannot change the others either */
    int host = (flags & FDFLAG_APPEND ? O_APPEND : 0) | O_NONBLOCK;
    if (fd->kind == FD_FILE && fcntl(fd->host, F_SETFL, host) < 0)
        return wasi_host_errno(errno);
    fd->flags = (uint16_t)flags;
    return WASI_OK;
}

uint16_t wasi_fd_fdstat_set_rights(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint16_t r = wasi_fd_get(c, arg32(c, 0), 0, &fd);

    if (r != WASI_OK)
        return r;
    if ((c->v[1] & ~fd->rights) || (c->v[2] & ~fd->inheriting))
        return WASI_NOTCAPABLE; /* rights can only be given up */
    fd->rights = c->v[1];
    fd->inheriting = c->v[2];
    return WASI_OK;
}

uint16_t wasi_fd_filestat_get(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    struct stat st = {.st_mode = S_IFCHR, .st_nlink = 1};
    uint16_t r = wasi_fd_get(c, arg32(c, 0), RIGHT_FD_FILESTAT_GET, &fd);

    if (r != WASI_OK)
        return r;
    if (fd->kind != FD_STREAM && fstat(fd->host, &st) < 0)
        return wasi_host_errno(errno);
    return wasi_put_filestat(c, arg32(c, 1), &st);
}

uint16_t wasi_fd_filestat_set_size(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint16_t r = host_fd(c, RIGHT_FD_FILESTAT_SET_SIZE, &fd);

    return r != WASI_OK ? r : wasi_result(ftruncate(fd->host, (off_t)c->v[1]));
}

uint16_t wasi_fd_filestat_set_times(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    struct timespec times[2];
    uint16_t r = host_fd(c, RIGHT_FD_FILESTAT_SET_TIMES, &fd);

    if (r == WASI_OK)
        r = wasi_times(c->v[1], c->v[2], arg32(c, 3), times);
    return r != WASI_OK ? r : wasi_result(futimens(fd->host, times));
}

uint16_t wasi_fd_prestat_get(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint16_t r = wasi_fd_get(c, arg32(c, 0), 0, &fd);

    if (r != WASI_OK || !fd->preopen)
        return WASI_BADF; /* this is how wasi-libc learns that there are no more */
    const uint32_t out[2] = {0, (uint32_t)strlen(fd->preopen)};
    return wasi_put(c, arg32(c, 1), out, sizeof out);
}

uint16_t wasi_fd_prestat_dir_name(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint16_t r = wasi_fd_get(c, arg32(c, 0), 0, &fd);

    if (r != WASI_OK || !fd->preopen)
        return WASI_BADF;
    uint32_t n = (uint32_t)strlen(fd->preopen);
    return arg32(c, 2) < n ? WASI_NAMETOOLONG : wasi_put(c, arg32(c, 1), fd->preopen, n);
}

uint16_t wasi_fd_renumber(const struct wasi_call *c)
{
    struct wasi_fd *from, *to;
    uint16_t r = wasi_fd_get(c, arg32(c, 0), 0, &from);

    if (r == WASI_OK)
        r = wasi_fd_get(c, arg32(c, 1), 0, &to);
    if (r != WASI_OK || from == to)
        return r;
    wasi_fd_release(c->w, arg32(c, 1));
    *to = *from;
    *from = (struct wasi_fd){.kind = FD_FREE};
    return WASI_OK;
}

uint16_t wasi_fd_seek(const struct wasi_call *c)
{
    static const int whence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    struct wasi_fd *fd;
    uint16_t r = host_fd(c, 0, &fd);

    if (r != WASI_OK)
        return r;
    bool tells = c->v[1] == 0 && arg32(c, 2) == 1;
    if (!(fd->rights & (RIGHT_FD_SEEK | (tells ? RIGHT_FD_TELL : 0))))
        return WASI_NOTCAPABLE;
    if (arg32(c, 2) > 2)
        return WASI_INVAL;
    off_t at = lseek(fd->host, (off_t)c->v[1], whence[arg32(c, 2)]);
    return at < 0 ? wasi_host_errno(errno) : wasi_put64(c, arg32(c, 3), (uint64_t)at);
}

uint16_t wasi_fd_tell(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint16_t r = host_fd(c, RIGHT_FD_TELL, &fd);

    if (r != WASI_OK)
        return r;
    off_t at = lseek(fd->host, 0, SEEK_CUR);
    return at < 0 ? wasi_host_errno(errno) : wasi_put64(c, arg32(c, 1), (uint64_t)at);
}

/* ---- fd_readdir ---- */

struct guest_dirent { /* 24 bytes, then the name */
    uint64_t next, ino;
    uint32_t name_size;
    uint32_t type; /* a byte and padding */
};

struct host_dirent { /* of getdents64 */
    uint64_t ino;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
};

static uint32_t dirent_type(uint8_t host)
{
    switch (host) {
    case DT_REG:
        return FILETYPE_REGULAR;
    case DT_DIR:
        return FILETYPE_DIRECTORY;
    case DT_LNK:
        return FILETYPE_SYMLINK;
    case DT_CHR:
        return FILETYPE_CHARACTER;
    case DT_BLK:
        return FILETYPE_BLOCK;
    default:
        return FILETYPE_UNKNOWN;
    }
}

/* Append what fits: an entry may be cut at the buffer's end, and the guest asks again from it. */
static bool put_part(uint8_t *to, uint32_t room, uint32_t *used, const void *data, size_t n)
{
    uint32_t part = n < room - *used ? (uint32_t)n : room - *used;

    memcpy(to + *used, data, part);
    *used += part;
    return part == n;
}

static bool put_dirent(uint8_t *to, uint32_t room, uint32_t *used, const struct host_dirent *d)
{
    size_t n = strlen(d->name);
    const struct guest_dirent out = {(uint64_t)d->next, d->ino, (uint32_t)n, dirent_type(d->type)};

    return put_part(to, room, used, &out, sizeof out) && put_part(to, room, used, d->name, n);
}

/*
 * A granted directory is one open file for all the processes that were handed it, and so is the
 * position that listing it moves: the first listing opens it once more.
 */
static uint16_t own_position(struct wasi_fd *fd)
{
    if (fd->owned)
        return WASI_OK;
    int own = wasi_open_beneath(fd->host, ".", O_RDONLY | O_DIRECTORY, 0);
    if (own < 0)
        return wasi_host_errno(errno);
    fd->host = own;
    fd->owned = true;
    return WASI_OK;
}

/* The host's positions serve as cookies: 0 is the beginning there as well. */
uint16_t wasi_fd_readdir(const struct wasi_call *c)
{
    struct wasi_fd *fd;
    uint32_t room = arg32(c, 2), used = 0;
    _Alignas(8) char entries[8192];
    bool more = true;

    uint16_t r = wasi_dir_get(c, arg32(c, 0), RIGHT_FD_READDIR, &fd);
    if (r == WASI_OK)
        r = own_position(fd);
    if (r != WASI_OK)
        return r;
    uint8_t *to = mem(c, arg32(c, 1), room);
    if (!to)
        return WASI_FAULT;
    if (lseek(fd->host, (off_t)c->v[3], SEEK_SET) < 0)
        return wasi_host_errno(errno);
    while (more && used < room) {
        long n = syscall(SYS_getdents64, fd->host, entries, sizeof entries);
        if (n < 0)
            return wasi_host_errno(errno);
        more = n > 0;
        for (long at = 0; more && at < n;) {
            const struct host_dirent *d = (const struct host_dirent *)(entries + at);
            more = put_dirent(to, room, &used, d);
            at += d->size;
        }
    }
    return wasi_put32(c, arg32(c, 4), used);
}
