#pragma once

/*
 * An engine's two programs, driven as wowd drives them but in a straight line: compile a module,
 * start a zygote, fork a worker, run activations in it. Everything blocks; what fails ends the
 * test with a message.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/log.h"
#include "wire/slot.h"
#include "wow/engine.h"

struct engine; /* the two programs, and a zygote of the one */

struct answer {
    bool done;  /* false: the worker ended first, and status says how */
    int status; /* as from waitpid */
    enum wire_outcome outcome;
    char text[256];
    char output[4096]; /* the first of it */
    char log[4096];
    uint32_t output_size;
};

/* dir holds wow-worker-NAME and wow-compile-NAME; tier is what engine_compile makes. */
struct engine *engine_start(const char *dir, const char *name, enum wow_tier tier);
void engine_stop(struct engine *e);

/* Compile a wasm file. Returns a descriptor of machine code, or -1 and what the compiler said. */
int engine_compile(struct engine *e, const char *wasm_path, char said[512]);
int engine_compile_text(struct engine *e, const char *base64, char said[512]);

/* Fork a fresh worker, in place of the one before. */
void engine_worker(struct engine *e);
pid_t engine_worker_pid(const struct engine *e);

/*
 * Run code in the worker; kill it if there is no answer after kill_ms. memory is the limit in
 * bytes.
 */
struct answer engine_run(struct engine *e, int code, const char *args, uint64_t memory,
                         unsigned kill_ms);
