#include "pool/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/mem.h"

struct cache {
    int code;    /* directory of machine code */
    int uploads; /* directory of links */
};

static int open_dir(int at, const char *name, int *fd, struct err *err)
{
    if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
        return err_errno(err, ERR_INTERNAL, "making cache directory '%s'", name);
    AUTO(fd) int dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (dir < 0 || fstat(dir, &st) < 0)
        return err_errno(err, ERR_INTERNAL, "cache directory '%s'", name);
    if (st.st_uid != geteuid() || (st.st_mode & 022))
        return err_set(err, ERR_REFUSED,
                       "cache directory '%s' could be written by another user: machine code in it "
                       "would not be safe to run",
                       name);
    *fd = TAKE_FD(dir);
    return 0;
}

int cache_open(const char *dir, const char *subdir, struct cache **out, struct err *err)
{
    AUTO(fd) int root = -1;
    struct cache *c = NEW(struct cache);

    c->code = c->uploads = -1;
    int r = file_make_dirs(dir, err);
    if (r == 0)
        r = open_dir(AT_FDCWD, dir, &root, err);
    if (r == 0)
        r = open_dir(root, subdir, &c->code, err);
    if (r == 0)
        r = open_dir(root, "uploads", &c->uploads, err);
    if (r < 0) {
        cache_close(c);
        return r;
    }
    *out = c;
    return 0;
}

void cache_close(struct cache *c)
{
    if (!c)
        return;
    fd_close(c->code);
    fd_close(c->uploads);
    free(c);
}

int cache_find(const struct cache *c, const char *key)
{
    int fd = openat(c->code, key, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;

    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
                    (st.st_mode & 022) || st.st_size == 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

bool cache_alias(const struct cache *c, const char *upload, char key[SHA256_HEX])
{
    ssize_t n = readlinkat(c->uploads, upload, key, SHA256_HEX);

    if (n != SHA256_HEX - 1)
        return false;
    key[n] = '\0';
    return strspn(key, "0123456789abcdef") == SHA256_HEX - 1;
}

void cache_set_alias(const struct cache *c, const char *upload, const char *key)
{
    /* An old link of that name says the same; without one, the next upload is unpacked again. */
    int r = symlinkat(key, c->uploads, upload);
    (void)r;
}

int cache_temporary(const struct cache *c, int *fd, struct err *err)
{
    int tmp = openat(c->code, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (tmp < 0)
        return err_errno(err, ERR_INTERNAL, "a temporary file in the cache");
    *fd = tmp;
    return 0;
}

int cache_commit(const struct cache *c, int fd, const char *key, struct err *err)
{
    char from[64], name[SHA256_HEX + 32];

    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    snprintf(name, sizeof name, "new-%s-%d", key, (int)getpid());
    unlinkat(c->code, name, 0);
    if (fsync(fd) < 0 || linkat(AT_FDCWD, from, c->code, name, AT_SYMLINK_FOLLOW) < 0 ||
        renameat(c->code, name, c->code, key) < 0 || fsync(c->code) < 0)
        return err_errno(err, ERR_INTERNAL, "storing machine code in the cache");
    return 0;
}
