#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

int file_make_dirs(const char *path, struct err *err)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    AUTO(mem) char *copy = mem_dup(path);
    for (char *p = copy + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char c = *p;
        *p = '\0';
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            return err_errno(err, ERR_INTERNAL, "making directory '%s'", copy);
        if (c == '\0')
            return 0;
        *p = c;
    }
}

int file_read(const char *path, struct buf *out, struct err *err)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char chunk[65536];
    ssize_t n = 0;
    int r = 0;

    if (fd < 0)
        return err_errno(err, ERR_NOT_FOUND, "'%s'", path);
    while (r == 0 && (n = read(fd, chunk, sizeof chunk)) > 0)
        r = buf_add(out, chunk, (size_t)n, err);
    if (n < 0)
        return err_errno(err, ERR_INTERNAL, "reading '%s'", path);
    return r < 0 ? err_wrap(err, "'%s'", path) : 0;
}

int file_write(int fd, const void *data, size_t n, const char *what, struct err *err)
{
    const char *at = data;

    while (n > 0) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_errno(err, errno == EFBIG ? ERR_TOO_LARGE : ERR_INTERNAL, "writing %s",
                             what);
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

int file_program_dir(char *out, struct err *err)
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);

    if (n < 0)
        return err_errno(err, ERR_INTERNAL, "/proc/self/exe");
    out[n] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
    return 0;
}

char *file_default_dir(const char *root_dir, const char *xdg, const char *home_dir)
{
    const char *home = getenv("HOME"), *base = getenv(xdg);

    if (geteuid() == 0)
        return mem_dup(root_dir);
    if (base && base[0] == '/')
        return mem_print("%s/wow", base);
    return mem_print("%s/%s/wow", home ? home : "/tmp", home_dir);
}

int file_replace(const char *path, const void *data, size_t n, struct err *err)
{
    AUTO(mem) char *beside = mem_print("%s.XXXXXX", path);
    AUTO(fd) int fd = mkostemp(beside, O_CLOEXEC); /* with mode 0600 */

    if (fd < 0)
        return err_errno(err, ERR_INVALID, "'%s'", path);
    if (write(fd, data, n) == (ssize_t)n && fsync(fd) == 0 && rename(beside, path) == 0)
        return 0;
    err_errno(err, ERR_INTERNAL, "'%s'", path);
    unlink(beside);
    return -(int)err->kind;
}
