#pragma once

/*
 * A guest without an engine, for tests of WASI: its memory is an array, and host functions are
 * called through the table as an engine would call them.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/imports.h"
#include "host/wasi.h"
#include "host/wasi_priv.h"
#include "test.h"

#define MEMORY 65536u
#define ALL ((uint64_t)-1)
#define CREATE 1u /* of oflags */

static uint8_t memory[MEMORY];
static struct wasi *w;
static struct wasi_dir granted[2];
static char root[64], printed[256];
static int waits;

static inline uint8_t *span(struct wow_instance *in, uint32_t at, uint32_t n)
{
    (void)in;
    return n <= MEMORY && at <= MEMORY - n ? memory + at : NULL;
}

static const struct wow_engine engine = {.span = span};

static inline void print(void *ctx, int stream, const uint8_t *data, size_t n)
{
    (void)ctx;
    snprintf(printed + strlen(printed), sizeof printed - strlen(printed), "%d:%.*s", stream, (int)n,
             data);
}

static inline void wait_hook(void *ctx, bool waiting)
{
    (void)ctx;
    waits += waiting;
}

/* Call a function by its name; the result is its errno. */
static inline unsigned call(const char *name, const uint64_t *v)
{
    uint64_t slots[WOW_HOST_PARAMS_MAX] = {0};
    const struct wow_import *i = host_imports;

    while (i->name && strcmp(i->name, name) != 0)
        i++;
    if (!i->name) {
        printf("there is no %s\n", name);
        exit(1);
    }
    memcpy(slots, v, (size_t)(strchr(i->type, ':') - i->type) * sizeof *slots);
    if (i->fn(w, NULL, slots) == WOW_STOP)
        return 1000;
    return (unsigned)slots[0];
}

#define CALL(name, ...) call(name, (const uint64_t[WOW_HOST_PARAMS_MAX]){__VA_ARGS__})

static inline uint32_t word(uint32_t at)
{
    uint32_t value;

    memcpy(&value, memory + at, sizeof value);
    return value;
}

/* Put a text into memory; its place and size are two parameters. */
static uint32_t text_at;

static inline uint64_t put(const char *s)
{
    text_at = text_at > 40000 ? 20000 : text_at + 1000;
    snprintf((char *)memory + text_at, 1000, "%s", s);
    return text_at;
}

#define TEXT(s) put(s), strlen(s)

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline void remove_root(void) { nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static inline void host_file(const char *name, const char *content)
{
    char path[200];

    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *f = fopen(path, "w");
    if (CHECK(f != NULL)) {
        fputs(content, f);
        fclose(f);
    }
}

/* A root with rw/ and ro/ granted as descriptors 3 and 4, and secret beside them. */
static inline void begin(void)
{
    static const char *const argv[] = {"action", "17"}, *const env[] = {"A=1", "EMPTY="};
    char path[100];

    if (root[0])
        remove_root();
    else
        atexit(remove_root);
    snprintf(root, sizeof root, "/tmp/wow-wasi-XXXXXX");
    CHECK(mkdtemp(root) != NULL);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", root, i ? "ro" : "rw");
        CHECK_INT(mkdir(path, 0755), 0);
        granted[i] = (struct wasi_dir){open(path, O_RDONLY | O_DIRECTORY), i ? "/ro" : "/rw", !i};
    }
    host_file("secret", "secret");
    host_file("ro/file", "read me");
    const struct wasi_setup setup = {
        .engine = &engine,
        .argc = 2,
        .argv = argv,
        .envc = 2,
        .env = env,
        .in = {(const uint8_t *)"stdin!", 6},
        .dirs = granted,
        .dirc = 2,
        .write = print,
        .wait = wait_hook,
    };
    if (!w)
        w = wasi_new();
    wasi_begin(w, &setup);
}

/* path_open; the descriptor, or minus the errno. */
static inline int open_in(uint32_t dir, const char *path, unsigned oflags, uint64_t rights)
{
    unsigned r = CALL("path_open", dir, 0, TEXT(path), oflags, rights, ALL, 0, 100);

    return r ? -(int)r : (int)word(100);
}

/* fd_write or fd_read with one buffer; how much, or minus the errno. */
static inline int transfer(const char *name, uint32_t fd, const char *data, uint32_t n)
{
    const uint32_t iov[2] = {5000, n};

    memcpy(memory + 4000, iov, sizeof iov);
    if (data)
        memcpy(memory + 5000, data, n);
    unsigned r = CALL(name, fd, 4000, 1, 4100);
    return r ? -(int)r : (int)word(4100);
}

#define RW (RIGHT_FD_READ | RIGHT_FD_WRITE | RIGHT_FD_SEEK | RIGHT_FD_TELL | RIGHT_FD_READDIR)
