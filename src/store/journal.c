#include "store/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/mem.h"

#define FILE_BYTES (8u << 20)  /* then a new one is begun; as much is read again at a start */
#define ROOM_BYTES (10u << 20) /* taken from the disk at once: the last record may be large */
#define READ_MAX (1u << 30)    /* of one file */

struct journal {
    char *dir;
    int fd;
    long current; /* number of the file that is appended to */
    long oldest;  /* the first that may still be there */
    off_t size;
};

static char *path_of(const struct journal *j, long number)
{
    return mem_print("%s/journal.%ld", j->dir, number);
}

/* Its room is taken from the disk now: what runs when the disk becomes full can be recorded. */
static int take_room(int fd)
{
    return fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, ROOM_BYTES) < 0 && errno != EOPNOTSUPP ? -1 : 0;
}

static int begin(struct journal *j, long number, struct err *err)
{
    AUTO(mem) char *path = path_of(j, number);
    AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(err, ERR_INTERNAL, "'%s'", path);
    if (take_room(fd) < 0) {
        err_errno(err, ERR_INTERNAL, "'%s'", path);
        unlink(path);
        return -(int)err->kind;
    }
    fd_close(j->fd);
    j->fd = TAKE_FD(fd);
    j->current = number;
    j->size = 0;
    return 0;
}

static uint32_t check_of(const char *data, size_t n)
{
    return (uint32_t)crc32_z(0, (const unsigned char *)data, n);
}

int journal_reserve(struct journal *j, bool all_saved, struct err *err)
{
    if (j->size < (off_t)FILE_BYTES)
        return 0;
    if (!all_saved)
        return begin(j, j->current + 1, err);
    if (ftruncate(j->fd, 0) < 0 || lseek(j->fd, 0, SEEK_SET) < 0 || take_room(j->fd) < 0)
        return err_errno(err, ERR_INTERNAL, "the store's journal");
    j->size = 0;
    return 0;
}

long journal_append(struct journal *j, char *frame, size_t n, struct err *err)
{
    const uint32_t head[2] = {(uint32_t)n, check_of(frame + JOURNAL_HEAD, n)};
    size_t all = n + JOURNAL_HEAD;

    int r = journal_reserve(j, false, err);
    if (r < 0)
        return r;
    memcpy(frame, head, sizeof head);
    ssize_t written = write(j->fd, frame, all);
    if (written == (ssize_t)all) {
        j->size += written;
        return j->current;
    }
    if (written >= 0)
        errno = ENOSPC;
    err_errno(err, ERR_INTERNAL, "the store's journal");
    if (written > 0 && (ftruncate(j->fd, j->size) < 0 || lseek(j->fd, j->size, SEEK_SET) < 0))
        j->size = FILE_BYTES; /* what comes next goes into another file */
    return -(long)err->kind;
}

long journal_current(const struct journal *j) { return j->current; }

void journal_forget(struct journal *j, long below)
{
    for (; j->oldest < below; j->oldest++) {
        AUTO(mem) char *path = path_of(j, j->oldest);
        unlink(path);
    }
}

static int read_file(struct journal *j, long number,
                     int (*each)(void *ctx, const char *data, size_t n, struct err *err), void *ctx,
                     struct err *err)
{
    AUTO(mem) char *path = path_of(j, number);
    AUTO(buf) struct buf all = {0};
    uint32_t head[2];

    buf_init(&all, READ_MAX);
    int r = file_read(path, &all, err);
    for (size_t at = 0; r == 0 && all.size - at >= sizeof head; at += JOURNAL_HEAD + head[0]) {
        memcpy(head, all.data + at, sizeof head);
        const char *data = all.data + at + JOURNAL_HEAD;
        if (head[0] > all.size - at - JOURNAL_HEAD || check_of(data, head[0]) != head[1])
            break; /* the process ended in the middle of it: nobody was told of this record */
        r = each(ctx, data, head[0], err);
    }
    return r;
}

/* Which files are there: from j->oldest to before j->current. */
static int find_files(struct journal *j, struct err *err)
{
    DIR *d = opendir(j->dir);
    const struct dirent *e;
    char *end;

    if (!d)
        return err_errno(err, ERR_INTERNAL, "'%s'", j->dir);
    j->oldest = j->current = 0;
    while ((e = readdir(d)) != NULL) {
        if (strncmp(e->d_name, "journal.", 8) != 0)
            continue;
        long number = strtol(e->d_name + 8, &end, 10);
        if (*end || number <= 0)
            continue;
        if (j->oldest == 0 || number < j->oldest)
            j->oldest = number;
        if (number >= j->current)
            j->current = number + 1;
    }
    closedir(d);
    if (j->oldest == 0)
        j->oldest = j->current = 1;
    return 0;
}

int journal_open(const char *dir,
                 int (*each)(void *ctx, const char *data, size_t n, struct err *err), void *ctx,
                 struct journal **out, struct err *err)
{
    struct journal *j = NEW(struct journal);

    j->dir = mem_dup(dir);
    j->fd = -1;
    int r = find_files(j, err);
    for (long i = j->oldest; r == 0 && i < j->current; i++) {
        AUTO(mem) char *path = path_of(j, i);
        if (access(path, F_OK) == 0)
            r = read_file(j, i, each, ctx, err);
    }
    if (r == 0)
        r = begin(j, j->current, err);
    if (r < 0) {
        journal_close(j, true);
        return r;
    }
    *out = j;
    return 0;
}

void journal_close(struct journal *j, bool keep)
{
    if (!j)
        return;
    if (!keep)
        journal_forget(j, j->current + 1);
    fd_close(j->fd);
    free(j->dir);
    free(j);
}
