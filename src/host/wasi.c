/* The table, the state between activations, and what all functions use. */
#include "host/wasi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/message.h"
#include "host/wasi_priv.h"

uint16_t wasi_host_errno(int host)
{
    static const struct {
        int host;
        uint16_t wasi;
    } map[] = {
        {0, WASI_OK},
        {E2BIG, WASI_2BIG},
        {EACCES, WASI_ACCES},
        {EAGAIN, WASI_AGAIN},
        {EBADF, WASI_BADF},
        {EBUSY, WASI_BUSY},
        {EDQUOT, WASI_DQUOT},
        {EEXIST, WASI_EXIST},
        {EFAULT, WASI_FAULT},
        {EFBIG, WASI_FBIG},
        {EILSEQ, WASI_ILSEQ},
        {EINTR, WASI_INTR},
        {EINVAL, WASI_INVAL},
        {EIO, WASI_IO},
        {EISDIR, WASI_ISDIR},
        {ELOOP, WASI_LOOP},
        {EMFILE, WASI_MFILE},
        {EMLINK, WASI_MLINK},
        {ENAMETOOLONG, WASI_NAMETOOLONG},
        {ENFILE, WASI_NFILE},
        {ENODEV, WASI_NODEV},
        {ENOENT, WASI_NOENT},
        {ENOMEM, WASI_NOMEM},
        {ENOSPC, WASI_NOSPC},
        {ENOSYS, WASI_NOSYS},
        {ENOTDIR, WASI_NOTDIR},
        {ENOTEMPTY, WASI_NOTEMPTY},
        {ENOTSUP, WASI_NOTSUP},
        {ENXIO, WASI_NXIO},
        {EOVERFLOW, WASI_OVERFLOW},
        {EPERM, WASI_PERM},
        {EPIPE, WASI_PIPE},
        {ERANGE, WASI_RANGE},
        {EROFS, WASI_ROFS},
        {ESPIPE, WASI_SPIPE},
        {ESTALE, WASI_STALE},
        {ETXTBSY, WASI_TXTBSY},
        {EXDEV, WASI_XDEV},
    };

    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (map[i].host == host)
            return map[i].wasi;
    return WASI_IO;
}

uint16_t wasi_put(const struct wasi_call *c, uint32_t at, const void *data, uint32_t n)
{
    uint8_t *to = mem(c, at, n);

    if (!to)
        return WASI_FAULT;
    memcpy(to, data, n);
    return WASI_OK;
}

uint16_t wasi_put32(const struct wasi_call *c, uint32_t at, uint32_t value)
{
    return wasi_put(c, at, &value, sizeof value);
}

uint16_t wasi_put64(const struct wasi_call *c, uint32_t at, uint64_t value)
{
    return wasi_put(c, at, &value, sizeof value);
}

uint16_t wasi_read_only(struct wasi *w, const struct wasi_fd *dir)
{
    char text[WIRE_NAMES_MAX + 100];
    int n = snprintf(text, sizeof text, "wow: refused: %s%s%s is granted for reading only\n",
                     dir->preopen ? "the directory '" : "a directory below a granted one",
                     dir->preopen ? dir->preopen : "", dir->preopen ? "'" : "");

    if (!w->told && w->setup.write)
        w->setup.write(w->setup.ctx, 2, (const uint8_t *)text, (size_t)n);
    w->told = true;
    return WASI_ROFS;
}

uint16_t wasi_fd_get(const struct wasi_call *c, uint32_t fd, uint64_t rights, struct wasi_fd **out)
{
    struct wasi *w = c->w;

    if (fd >= w->top || w->fds[fd].kind == FD_FREE)
        return WASI_BADF;
    struct wasi_fd *found = &w->fds[fd];
    uint64_t missing = rights & ~found->rights;
    if (missing && found->kind == FD_DIR && found->read_only && (missing & RIGHTS_CHANGE))
        return wasi_read_only(w, found);
    if (missing)
        return WASI_NOTCAPABLE;
    *out = found;
    return WASI_OK;
}

uint16_t wasi_dir_get(const struct wasi_call *c, uint32_t fd, uint64_t rights, struct wasi_fd **out)
{
    uint16_t r = wasi_fd_get(c, fd, 0, out);

    if (r == WASI_OK && (*out)->kind != FD_DIR)
        return WASI_NOTDIR;
    return r == WASI_OK ? wasi_fd_get(c, fd, rights, out) : r;
}

uint16_t wasi_fd_add(const struct wasi_call *c, const struct wasi_fd *like, uint32_t *out)
{
    struct wasi *w = c->w;
    uint32_t fd = 0;

    while (fd < w->top && w->fds[fd].kind != FD_FREE)
        fd++;
    if (fd == FDS_MAX) {
        close(like->host);
        return WASI_MFILE;
    }
    w->fds[fd] = *like;
    if (fd == w->top)
        w->top++;
    *out = fd;
    return WASI_OK;
}

void wasi_fd_release(struct wasi *w, uint32_t fd)
{
    if (w->fds[fd].owned)
        close(w->fds[fd].host);
    w->fds[fd].kind = FD_FREE;
    w->fds[fd].owned = false;
}

struct wasi *wasi_new(void) { return NEW(struct wasi); }

void wasi_free(struct wasi *w)
{
    if (w)
        wasi_end(w);
    free(w);
}

void wasi_begin(struct wasi *w, const struct wasi_setup *setup)
{
    w->setup = *setup;
    w->in_at = 0;
    w->exited = w->told = false;
    w->top = 0;
    for (int i = 0; i < 3; i++)
        w->fds[w->top++] = (struct wasi_fd){
            .kind = FD_STREAM,
            .stream = i,
            .rights = RIGHT_POLL_FD_READWRITE | RIGHT_FD_FILESTAT_GET |
                      (i == 0 ? RIGHT_FD_READ : RIGHT_FD_WRITE),
        };
    for (int i = 0; i < setup->dirc && w->top < FDS_MAX; i++) {
        uint64_t denied = setup->dirs[i].writable ? 0 : RIGHTS_CHANGE;
        w->fds[w->top++] = (struct wasi_fd){
            .kind = FD_DIR,
            .host = setup->dirs[i].fd,
            .read_only = !setup->dirs[i].writable,
            .preopen = setup->dirs[i].name,
            .rights = RIGHTS_DIR & ~denied,
            /* wasi-libc quietly asks for no more than it sees here; path_open is to hear that a
             * guest wants to write, and to refuse. */
            .inheriting = RIGHTS_ALL & ~(denied & ~RIGHTS_WRITE),
        };
    }
}

void wasi_end(struct wasi *w)
{
    for (uint32_t i = 0; i < w->top; i++)
        if (w->fds[i].owned)
            wasi_fd_release(w, i);
    w->top = 0;
}

bool wasi_exited(const struct wasi *w, uint32_t *code)
{
    *code = w->code;
    return w->exited;
}
