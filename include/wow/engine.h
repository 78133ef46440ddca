#pragma once

/*
 * What a WebAssembly engine implements for wow. An engine knows wasm and nothing else: it
 * compiles, loads, instantiates with a table of host functions, calls, and reaches memory through
 * a checked span. WASI, JSON, HTTP and OpenWhisk are not its business.
 *
 * One folder engines/NAME defines one `const struct wow_engine wow_engine` and is linked into two
 * programs: wow-compile-NAME, which calls open_compiler and compile, and wow-worker-NAME, which
 * calls everything else; name, version, has_baseline and loads_max are the same in both. Both are
 * single-threaded, and a worker is forked after open: an engine starts no thread, never exits,
 * prints or logs; it fills err.
 *
 * Nothing here stops a running guest. A guest that runs too long is killed with its process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wow/err.h"

struct wow_runtime;  /* an engine, initialised; the engine's own struct */
struct wow_module;   /* machine code, loaded and linked to the host functions */
struct wow_instance; /* one instance with its memory; serves one activation */

struct wow_bytes {
    const uint8_t *data;
    size_t size;
};

/*
 * How much work goes into machine code. A module that has never been seen is answered from the
 * baseline, which is there at once, while the optimised code is made.
 */
enum wow_tier { WOW_OPTIMISED, WOW_BASELINE };

/* What compile wrote: the first size bytes of a file. */
struct wow_code {
    int fd;
    size_t size;
    enum wow_tier tier;
};

/*
 * A host function. guest is what spawn was given; in is the instance that calls, for span, valid
 * also while spawn still runs the start section. Parameters stand in v[0], v[1] …, an i32 or f32
 * in the low half with the high half zero; the result goes to v[0]. Returns 0 to go on, or
 * WOW_STOP to end the guest's call here: call then reports WOW_END_STOP.
 */
#define WOW_STOP 1
#define WOW_HOST_PARAMS_MAX 10
typedef int wow_host_fn(void *guest, struct wow_instance *in, uint64_t *v);

struct wow_import {
    const char *module, *name;
    const char *type; /* parameters, ':', results: i = i32, I = i64, f = f32, F = f64; "iiI:i" */
    wow_host_fn *fn;
};

/* A table of host functions; ends with an entry whose name is NULL. */
struct wow_imports {
    const struct wow_import *table;
};

struct wow_limits {
    uint64_t memory; /* bytes of linear memory; growth beyond it fails in the guest */
};

/* How a call into a guest ended. None of these is an error of ours. */
enum wow_end_kind {
    WOW_END_RETURN, /* the function returned; end->value is its i32 result, if it has one */
    WOW_END_STOP,   /* a host function returned WOW_STOP */
    WOW_END_TRAP,   /* the guest did what wasm forbids; end->text says what */
    WOW_END_MEMORY, /* the instance does not fit into its memory limit */
};

struct wow_end {
    enum wow_end_kind kind;
    int32_t value;
    char text[160];
    /* Of a trap: the functions that were active, innermost first, a line for each. NULL when the
     * engine or the module does not tell. The engine's own, until its next call. */
    const char *trace;
};

struct wow_engine {
    const char *name;    /* "wasmtime": part of program names and of cache keys */
    const char *version; /* "48.0.8": machine code loads only into the version that made it */
    bool has_baseline;   /* it compiles at WOW_BASELINE, too */
    /* A process that has loaded so many modules is replaced; 0: never. For engines that leak. */
    uint32_t loads_max;
    /* Does compile, or load, make memory executable? Who does not is refused it. */
    bool compile_maps_code, load_maps_code;

    /* In the compiling process only, which makes code of one tier. */
    int (*open_compiler)(enum wow_tier tier, struct wow_runtime **out, struct err *err);
    /*
     * wasm is hostile. Writes machine code to out_fd, which is at offset 0. Fails with ERR_INVALID
     * when the module is not valid, or uses what the engine cannot do: the text says what.
     */
    int (*compile)(struct wow_runtime *rt, struct wow_bytes wasm, int out_fd, struct err *err);

    /* In the serving process. open is called once, before workers are forked. */
    int (*open)(const struct wow_imports *host, struct wow_runtime **out, struct err *err);

    /* From what compile wrote, unchanged; never from a client. code->fd stays the caller's. */
    int (*load)(struct wow_runtime *rt, const struct wow_code *code, struct wow_module **out,
                struct err *err);
    void (*unload)(struct wow_module *m);
    /* Does the module export a function of this name? */
    bool (*exports)(const struct wow_module *m, const char *func);

    /*
     * A fresh instance; runs the start section. 0 with *out set, or 0 with *out NULL and *end
     * filled when the guest's own start section or size was at fault, or an error of ours.
     */
    int (*spawn)(struct wow_module *m, const struct wow_limits *lim, void *guest,
                 struct wow_instance **out, struct wow_end *end, struct err *err);
    void (*drop)(struct wow_instance *in);

    /*
     * Call an exported function of no parameter, or of one i32 when arg is given. Fails only when
     * there is no such function with that type.
     */
    int (*call)(struct wow_instance *in, const char *func, const int32_t *arg, struct wow_end *end,
                struct err *err);

    /*
     * Where the n bytes of the guest's memory at offset at lie; NULL if any of them lies outside,
     * or the module exports no memory. Valid until the guest runs again: memory may move.
     */
    uint8_t *(*span)(struct wow_instance *in, uint32_t at, uint32_t n);
};

/* Each engine's folder defines this one symbol. */
extern const struct wow_engine wow_engine;
