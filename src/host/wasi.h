#pragma once

/*
 * WASI preview 1, for any engine: the one implementation that every guest sees, whatever runs it.
 * Its functions are in the table of host/imports.h. Part of the worker process, which is sandboxed
 * and has one thread; a guest reaches the directories it was granted, its own stdin, stdout and
 * stderr, clocks, chance and sleep, and nothing else.
 *
 * Source: WebAssembly/WASI, legacy/preview1/witx.
 */

#include <stdbool.h>
#include <stdint.h>

#include "wow/engine.h"

/* A directory the guest may use; name is its path in the guest, such as "/data". */
struct wasi_dir {
    int fd;
    const char *name;
    bool writable;
};

/* What an activation is given. Everything is borrowed until wasi_end. */
struct wasi_setup {
    const struct wow_engine *engine; /* for span */
    int argc;
    const char *const *argv;
    int envc;
    const char *const *env;      /* "K=V" */
    struct wow_bytes in;         /* what descriptor 0 reads */
    const struct wasi_dir *dirs; /* preopened as descriptors 3, 4 …; never closed */
    int dirc;
    int data; /* what data_read reads: a file, of so many bytes; see host/data.h */
    uint32_t data_size;
    uint64_t clock_ns; /* what clocks are rounded down to; 0: nothing */
    void (*write)(void *ctx, int stream, const uint8_t *data, size_t n); /* stream 1 or 2 */
    void (*wait)(void *ctx, bool waiting); /* around a sleep; may be NULL */
    void *ctx;
    struct http *http; /* host/http.h; NULL: no requests */
};

/* The state of the guest that runs; it is what host functions get as their `guest`. */
struct wasi;

struct wasi *wasi_new(void);
void wasi_free(struct wasi *w);

/* One wasi serves one activation after another: begin with fresh descriptors, end closing them. */
void wasi_begin(struct wasi *w, const struct wasi_setup *setup);
void wasi_end(struct wasi *w);

/* Has the guest called proc_exit, and with which status? */
bool wasi_exited(const struct wasi *w, uint32_t *code);
