#include "pool/trim.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"

#define LEFTOVER_S 3600  /* no compiler takes so long between a file's two names */
#define DIRS_MAX 256     /* families of code; more are left alone */
#define KEEP_PERCENT 90u /* trim below the limit, so as not to trim each time */

struct file {
    const char *dir;
    char *name;
    struct timespec used;
    uint64_t size;
};

struct files {
    char *dirs[DIRS_MAX];
    size_t dirc;
    struct file *all;
    size_t n;
    uint64_t bytes;
};

static void drop_files(struct files f)
{
    for (size_t i = 0; i < f.dirc; i++)
        free(f.dirs[i]);
    for (size_t i = 0; i < f.n; i++)
        free(f.all[i].name);
    free(f.all);
}
DEFINE_AUTO(files, struct files, drop_files)

static void add(struct files *f, const char *dir, const char *name, const struct stat *st)
{
    if ((f->n & (f->n - 1)) == 0) /* room doubles */
        f->all = mem_grow(f->all, (f->n ? 2 * f->n : 1) * sizeof *f->all);
    f->all[f->n++] = (struct file){
        .dir = dir, .name = mem_dup(name), .used = st->st_mtim, .size = (uint64_t)st->st_size};
    f->bytes += (uint64_t)st->st_size;
}

/* Each file of a directory below root. */
static void read_dir(struct files *f, int root, const char *name)
{
    int fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct stat st;

    for (struct dirent *d; dir && (d = readdir(dir));)
        if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            add(f, name, d->d_name, &st);
    if (dir)
        closedir(dir);
}

static void read_all(struct files *f, int root)
{
    int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    for (struct dirent *d; dir && (d = readdir(dir));)
        if (d->d_name[0] != '.' && strcmp(d->d_name, "uploads") != 0 && f->dirc < DIRS_MAX) {
            f->dirs[f->dirc] = mem_dup(d->d_name);
            read_dir(f, root, f->dirs[f->dirc++]);
        }
    if (dir)
        closedir(dir);
}

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct file *)a)->used,
                          *y = &((const struct file *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

static void unlink_file(int root, const struct file *f)
{
    AUTO(mem) char *path = mem_print("%s/%s", f->dir, f->name);

    unlinkat(root, path, 0);
}

/* Has nobody made a module of that name, for any engine? */
static bool is_gone(const struct files *f, int root, const char *name)
{
    bool gone = true;

    for (size_t i = 0; i < f->dirc && gone; i++) {
        AUTO(mem) char *path = mem_print("%s/%s", f->dirs[i], name);
        gone = faccessat(root, path, F_OK, 0) < 0;
    }
    return gone;
}

/* Links of uploads whose module is gone. */
static void drop_links(int root, const struct files *f)
{
    int fd = openat(root, "uploads", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    char target[256]; /* as much of it as matters */

    for (struct dirent *d; dir && (d = readdir(dir));) {
        ssize_t n = readlinkat(fd, d->d_name, target, sizeof target - 1);
        if (n < 0)
            continue;
        target[n] = '\0';
        char *slash = strchr(target, '/'), *end = slash ? strchr(slash + 1, '/') : NULL;
        if (end)
            *end = '\0';
        if (!end || is_gone(f, root, slash + 1))
            unlinkat(fd, d->d_name, 0);
    }
    if (dir)
        closedir(dir);
}

void trim_to(struct trim *t, int root, uint64_t came, uint64_t bytes_max,
             bool (*held)(const char *dir, const char *name, void *ctx), void *ctx)
{
    AUTO(files) struct files f = {0};
    const time_t now = time(NULL);
    size_t gone = 0, kept = 0;

    t->bytes += came;
    if (t->counted && t->bytes <= bytes_max)
        return;
    read_all(&f, root);
    t->counted = true;
    t->bytes = f.bytes;
    if (t->bytes <= bytes_max)
        return;
    qsort(f.all, f.n, sizeof *f.all, by_use);
    for (size_t i = 0; i < f.n && t->bytes > bytes_max / 100 * KEEP_PERCENT; i++) {
        const struct file *file = &f.all[i];
        bool is_new = strncmp(file->name, TRIM_NEW, strlen(TRIM_NEW)) == 0;
        if (is_new ? now - file->used.tv_sec < LEFTOVER_S : held(file->dir, file->name, ctx)) {
            kept++;
            continue;
        }
        unlink_file(root, file);
        t->bytes -= file->size;
        gone++;
    }
    drop_links(root, &f);
    log_event("cache.trim", "deleted=%zu held=%zu bytes=%llu", gone, kept,
              (unsigned long long)t->bytes);
}
