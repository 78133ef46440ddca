/*
 * WASI calls of any kind, with any arguments, from a guest whose memory is the input's end. Numbers
 * that a guest would find interesting come up more often. Directories are real ones.
 */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "host/imports.h"
#include "host/wasi.h"

#define MEMORY 4096u
#define CALLS 24

static uint8_t memory[MEMORY];
static struct wasi_dir dirs[2];

static uint8_t *span(struct wow_instance *in, uint32_t at, uint32_t n)
{
    (void)in;
    return n <= MEMORY && at <= MEMORY - n ? memory + at : NULL;
}

static const struct wow_engine engine = {.span = span};

static void take(void *ctx, int stream, const uint8_t *data, size_t n)
{
    static volatile uint8_t sum;

    (void)ctx;
    assert(stream == 1 || stream == 2);
    for (size_t i = 0; i < n; i++)
        sum ^= data[i];
}

/* Nobody has time to sleep. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t, struct timespec *left)
{
    (void)clock, (void)flags, (void)left;
    assert(t->tv_nsec >= 0 && t->tv_nsec < 1000000000);
    return 0;
}

static char place[] = "/tmp/fuzz-wasi-XXXXXX";

static int rm(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void leave(void) { nftw(place, rm, 16, FTW_DEPTH | FTW_PHYS); }

static void make_dirs(void)
{
    static const char *const names[] = {"rw", "ro"};
    char path[64];

    signal(SIGXFSZ, SIG_IGN);
    if (!mkdtemp(place))
        abort();
    atexit(leave);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", place, names[i]);
        mkdir(path, 0700);
        dirs[i] = (struct wasi_dir){
            .fd = open(path, O_RDONLY | O_DIRECTORY), .name = names[i], .writable = i == 0};
        mkdirat(dirs[i].fd, "d", 0700);
        close(openat(dirs[i].fd, "f", O_CREAT | O_WRONLY, 0600));
    }
}

/* What guests write is small; what the fuzzer writes need not be. */
static void limit_files(rlim_t size)
{
    struct rlimit r;

    getrlimit(RLIMIT_FSIZE, &r);
    r.rlim_cur = size < r.rlim_max ? size : r.rlim_max;
    setrlimit(RLIMIT_FSIZE, &r);
}

static uint64_t number(uint8_t kind, const uint8_t *raw)
{
    static const uint64_t edges[] = {0,          1,      3,          4,         5,
                                     MEMORY - 1, MEMORY, UINT32_MAX, INT64_MAX, UINT64_MAX};
    uint64_t n;

    if (kind < 128)
        return kind % 64;
    if (kind < 160)
        return edges[kind % 10];
    memcpy(&n, raw, sizeof n);
    return kind < 240 ? n % MEMORY : n;
}

static void call(struct wasi *w, const uint8_t *raw)
{
    uint64_t v[WOW_HOST_PARAMS_MAX];
    size_t count = 0;

    while (host_imports[count].name)
        count++;
    const struct wow_import *i = &host_imports[raw[0] % count];
    for (int k = 0; k < WOW_HOST_PARAMS_MAX; k++) {
        v[k] = number(raw[1 + k], raw + 11 + k);
        if (i->type[0] != ':' && k < (int)strcspn(i->type, ":") && i->type[k] == 'i')
            v[k] = (uint32_t)v[k];
    }
    i->fn(w, NULL, v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const args[] = {"name", "{}"}, *const env[] = {"A=1"};
    static struct wasi *w;
    const size_t each = 11 + WOW_HOST_PARAMS_MAX + 8;

    if (!w) {
        w = wasi_new();
        make_dirs();
    }
    memset(memory, 0, sizeof memory);
    size_t calls = size / (2 * each) < CALLS ? size / (2 * each) : CALLS;
    size_t rest = size - calls * each;
    memcpy(memory, data + calls * each, rest < MEMORY ? rest : MEMORY);
    const struct wasi_setup setup = {.engine = &engine,
                                     .argc = 2,
                                     .argv = args,
                                     .envc = 1,
                                     .env = env,
                                     .in = {(const uint8_t *)"{}", 2},
                                     .dirs = dirs,
                                     .dirc = 2,
                                     .write = take};
    wasi_begin(w, &setup);
    limit_files(1u << 16);
    for (size_t i = 0; i < calls; i++)
        call(w, data + i * each);
    limit_files(RLIM_INFINITY);
    wasi_end(w);
    return 0;
}
