#pragma once

/*
 * One activation of a guest, from its arguments to its result, on any engine. Four shapes of
 * module are accepted, told apart by their exports:
 *
 *  - a command with the buffer ABI: exports _start, memory and the three functions named in
 *    guest.c. The host has the guest allocate a buffer, writes the argument JSON there, runs
 *    _start with the length as its last argument and reads the buffer again: {"Ok": value} or
 *    {"Err": value}.
 *  - a reactor with the buffer ABI: the same without _start, or with a function that the action
 *    names as its entry point; _initialize is called if exported, then that function.
 *  - a plain WASI command: _start only. Reads the JSON from stdin (also argv[1], while it is
 *    small); its last line on stdout is the result, the lines before are its log.
 *  - an interpreter, whose data is the action: exports wow_prepare and wow_run beside the buffer
 *    functions (docs/kinds.md).
 *
 * docs/guest-abi.md is the page for authors.
 */

#include <stdbool.h>
#include <stdint.h>

#include "host/wasi.h"
#include "wire/log.h"
#include "wow/engine.h"

/*
 * What a module exports that says, in an i32, whether it was refused memory (engine/grow.h); the
 * compiler puts it there.
 */
#define GUEST_REFUSED "wow:refused"

enum guest_shape { GUEST_NONE, GUEST_COMMAND, GUEST_REACTOR, GUEST_WASI, GUEST_INTERPRETER };

/*
 * What shape a module has, given a way to ask for its exported functions. entry is the entry
 * point of a reactor. GUEST_NONE, and err says what is missing.
 */
enum guest_shape guest_shape(bool (*exports)(const void *module, const char *func),
                             const void *module, const char *entry, struct err *err);

/* What an activation is given. All borrowed. */
struct guest_input {
    struct wow_module *module;
    struct wasi *wasi;
    const char *name;  /* argv[0]: the action's name */
    const char *entry; /* a reactor's function */
    const char *env[WIRE_ENV_MAX];
    int envc;
    struct wow_bytes args; /* JSON, with a NUL behind it */
    const struct wasi_dir *dirs;
    int dirc;
    int data; /* an interpreter's: a file of so many bytes */
    uint32_t data_size;
    bool prepares;          /* it is to make of an action's code what it will run */
    uint64_t memory;        /* bytes */
    bool measure;           /* say in the answer how much of it there was in the end */
    uint8_t *output;        /* for the result … */
    uint32_t output_max;    /* … of so many bytes */
    uint64_t clock_ns;      /* what clocks are rounded down to; 0: nothing */
    struct wire_call *call; /* for requests, which use output before the result does; or NULL */
    struct wire_writer log;
    void (*waits)(void *ctx); /* called when the guest begins and ends to sleep; may be NULL */
    /* Sleep until wowd has something to say; unless it has answered the call meanwhile. */
    void (*sleep)(void *ctx, const struct wire_call *call);
    void *ctx;
};

/* What came of it; the result's JSON stands in input->output. */
struct guest_answer {
    enum wire_outcome outcome;
    uint32_t output_size;
    uint64_t memory_used;
    char text[256];
};

void guest_run(struct guest_input *input, struct guest_answer *answer);
