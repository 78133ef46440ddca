#include "pool/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "compile/artifact.h"
#include "pool/trim.h"

#define KEY_FILE "key"
#define FRESH_S 600 /* of a file used so lately it is not noted that it is used again */

/* What is known of a file: it was checked as it was then, or somebody holds it. */
struct entry {
    char key[SHA256_HEX];
    unsigned holds;
    struct stat seen; /* st_ino 0: never checked */
    UT_hash_handle hh;
};

struct shelf {
    struct cache *owner;
    struct shelf *next;
    int dir;
    struct entry *entries;
    char family[];
};

struct cache {
    int root, uploads;
    uint64_t bytes_max;
    struct trim trim;
    struct mac_key key;
    struct shelf *shelves;
    struct cache_counts counts;
};

uint64_t cache_bytes(const struct cache *c) { return c->trim.bytes; }

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

/* Give an unnamed file a name; fine if the name is taken. */
static int name_file(int fd, int dir, const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) == 0 || errno == EEXIST ? 0 : -1;
}

static int make_key(int root, struct err *err)
{
    struct mac_key key;

    AUTO(fd) int fd = openat(root, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 || getrandom(&key, sizeof key, 0) != sizeof key ||
        write(fd, &key, sizeof key) != sizeof key || fsync(fd) < 0 ||
        name_file(fd, root, KEY_FILE) < 0)
        return err_errno(err, ERR_INTERNAL, "making the cache's key");
    return 0;
}

/* The key, made when the cache is used for the first time. */
static int read_key(struct cache *c, struct err *err)
{
    struct stat st;

    if (faccessat(c->root, KEY_FILE, F_OK, 0) < 0) {
        int r = make_key(c->root, err);
        if (r < 0)
            return r;
    }
    AUTO(fd) int fd = openat(c->root, KEY_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(err, ERR_INTERNAL, "the cache's key");
    if (st.st_uid != geteuid() || (st.st_mode & 077))
        return err_set(err, ERR_REFUSED,
                       "the cache's key could be read by another user: delete the cache");
    if (read(fd, &c->key, sizeof c->key) != sizeof c->key)
        return err_set(err, ERR_REFUSED, "the cache's key is damaged: delete the cache");
    return 0;
}

int cache_open(const char *dir, uint64_t bytes_max, struct cache **out, struct err *err)
{
    struct cache *c = NEW(struct cache);

    c->root = c->uploads = -1;
    c->bytes_max = bytes_max;
    int r = file_make_dirs(dir, err);
    if (r == 0)
        r = open_dir(AT_FDCWD, dir, &c->root, err);
    if (r == 0)
        r = open_dir(c->root, "uploads", &c->uploads, err);
    if (r == 0)
        r = read_key(c, err);
    if (r < 0) {
        cache_close(c);
        return r;
    }
    *out = c;
    return 0;
}

void cache_close(struct cache *c)
{
    struct shelf *s;
    struct entry *e, *next;

    if (!c)
        return;
    while ((s = c->shelves)) {
        c->shelves = s->next;
        HASH_ITER (hh, s->entries, e, next) {
            HASH_DEL(s->entries, e);
            free(e);
        }
        close(s->dir);
        free(s);
    }
    fd_close(c->root);
    fd_close(c->uploads);
    free(c);
}

int cache_shelf(struct cache *c, const char *family, struct shelf **out, struct err *err)
{
    size_t n = strlen(family) + 1;
    struct shelf *s = mem_zero(sizeof *s + n);

    int r = open_dir(c->root, family, &s->dir, err);
    if (r < 0) {
        free(s);
        return r;
    }
    memcpy(s->family, family, n);
    s->owner = c;
    s->next = c->shelves;
    c->shelves = s;
    *out = s;
    return 0;
}

const char *shelf_family(const struct shelf *s) { return s->family; }

static struct entry *entry_of(struct shelf *s, const char *key)
{
    struct entry *e;

    HASH_FIND_STR(s->entries, key, e);
    if (!e) {
        e = NEW(struct entry);
        snprintf(e->key, sizeof e->key, "%s", key);
        HASH_ADD_STR(s->entries, key, e);
    }
    return e;
}

void shelf_hold(struct shelf *s, const char *key) { entry_of(s, key)->holds++; }

void shelf_release(struct shelf *s, const char *key) { entry_of(s, key)->holds--; }

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Is this file one of ours, whole, for here, and for this module? */
static bool check(const struct shelf *s, const char *key, int fd, const struct stat *st)
{
    struct artifact a;

    if (!S_ISREG(st->st_mode) || st->st_uid != geteuid() || (st->st_mode & 022) || st->st_size == 0)
        return false;
    size_t n = (size_t)st->st_size;
    void *at = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (at == MAP_FAILED)
        return false;
    bool good = artifact_read(at, n, &a) && artifact_fits(&a, s->family, key) &&
                artifact_is_genuine(&a, &s->owner->key, at);
    munmap(at, n);
    return good;
}

bool shelf_open(struct shelf *s, const char *key, struct wow_code *out)
{
    AUTO(fd) int fd = openat(s->dir, key, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return false;
    struct entry *e = entry_of(s, key);
    if (!is_same(&st, &e->seen)) {
        if (!check(s, key, fd, &st)) {
            log_event("cache.damaged", "family=%s module=%.16s", s->family, key);
            unlinkat(s->dir, key, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
            return false;
        }
        e->seen = st;
    }
    if (time(NULL) - st.st_mtim.tv_sec > FRESH_S && futimens(fd, NULL) == 0)
        fstat(fd, &e->seen);
    *out =
        (struct wow_code){.fd = TAKE_FD(fd), .size = (size_t)st.st_size - sizeof(struct artifact)};
    return true;
}

static bool find_alias(const struct cache *c, const char *upload, struct cache_alias *out)
{
    char target[sizeof *out + 1];
    ssize_t n = readlinkat(c->uploads, upload, target, sizeof target - 1);

    if (n < 0)
        return false;
    target[n] = '\0';
    char *key = strchr(target, '/'), *ask = key ? strchr(key + 1, '/') : NULL;
    if (!ask || key - target >= CACHE_ENGINE_MAX || ask - key != SHA256_HEX ||
        strspn(key + 1, "0123456789abcdef") != SHA256_HEX - 1 || strlen(ask + 1) >= CACHE_ASK_MAX)
        return false;
    *key++ = *ask++ = '\0';
    snprintf(out->engine, sizeof out->engine, "%s", target);
    snprintf(out->key, sizeof out->key, "%s", key);
    snprintf(out->ask, sizeof out->ask, "%s", ask);
    return true;
}

bool cache_alias(struct cache *c, const char *upload, struct cache_alias *out)
{
    bool found = find_alias(c, upload, out);

    *(found ? &c->counts.known : &c->counts.unknown) += 1;
    return found;
}

struct cache_counts cache_counts(const struct cache *c) { return c->counts; }

void cache_set_alias(const struct cache *c, const char *upload, const struct cache_alias *alias)
{
    AUTO(mem) char *target = mem_print("%s/%s/%s", alias->engine, alias->key, alias->ask);

    /* Without a link, the next upload is unpacked again. */
    unlinkat(c->uploads, upload, 0);
    int r = symlinkat(target, c->uploads, upload);
    (void)r;
}

int shelf_temporary(const struct shelf *s, int *fd, struct err *err)
{
    int tmp = openat(s->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (tmp < 0)
        return err_errno(err, ERR_INTERNAL, "a temporary file in the cache");
    *fd = tmp;
    return 0;
}

/* The trailer behind the code. */
static int sign(const struct shelf *s, int fd, const char *key, struct err *err)
{
    struct artifact a;
    struct stat st;

    if (fstat(fd, &st) < 0 || st.st_size == 0)
        return err_set(err, ERR_INTERNAL, "the compiler wrote no code");
    size_t n = (size_t)st.st_size;
    void *at = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return err_errno(err, ERR_INTERNAL, "reading machine code");
    artifact_init(&a, s->family, key, n);
    artifact_sign(&a, &s->owner->key, at);
    munmap(at, n);
    if (pwrite(fd, &a, sizeof a, st.st_size) != sizeof a)
        return err_errno(err, ERR_INTERNAL, "writing machine code");
    return 0;
}

static bool is_held(const char *family, const char *key, void *ctx)
{
    const struct cache *c = ctx;
    struct entry *e = NULL;

    for (struct shelf *s = c->shelves; s && !e; s = s->next)
        if (strcmp(s->family, family) == 0)
            HASH_FIND_STR(s->entries, key, e);
    return e && e->holds > 0;
}

int shelf_commit(struct shelf *s, int fd, const char *key, struct err *err)
{
    char name[SHA256_HEX + 32];
    struct stat st;

    int r = sign(s, fd, key, err);
    if (r < 0)
        return r;
    snprintf(name, sizeof name, TRIM_NEW "%s-%d", key, (int)getpid());
    unlinkat(s->dir, name, 0);
    /* Not flushed here, where all would wait for it: what a crash leaves half fails its MAC. */
    if (name_file(fd, s->dir, name) < 0 || renameat(s->dir, name, s->dir, key) < 0 ||
        fstat(fd, &st) < 0)
        return err_errno(err, ERR_INTERNAL, "storing machine code in the cache");
    entry_of(s, key)->seen = st; /* we know what is in it */
    trim_to(&s->owner->trim, s->owner->root, (uint64_t)st.st_size, s->owner->bytes_max, is_held,
            s->owner);
    return 0;
}
