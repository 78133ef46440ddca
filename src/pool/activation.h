#pragma once

/*
 * One invocation of an initialised container, from the door that asked for it to its answer. The
 * door owns it: it fills the first part, hands it to container_run, and gets it back, with the
 * second part filled, through done, exactly once.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/slot.h"
#include "wow/engine.h"

/* OpenWhisk's four, in its numbering. */
enum activation_status {
    ACTIVATION_SUCCESS,
    ACTIVATION_APPLICATION_ERROR,
    ACTIVATION_DEVELOPER_ERROR,
    ACTIVATION_WHISK_ERROR,
};

const char *activation_status_text(enum activation_status status);

struct activation;

/* Append `,"stats":{"engine","tier","run_us","memory"}`: what is not known is null. */
void activation_stats(const struct activation *a, struct buf *out);

/* What OpenWhisk says of an activation that took too long. */
#define ACTIVATION_LATE_TEXT 120
void activation_late_text(const struct activation *a, char text[ACTIVATION_LATE_TEXT]);

#define ACTIVATION_ENV_MAX 128u /* variables that a run may bring */

struct container;
struct engine;
struct line;
struct tenant;
struct worker;

/* What it may use: of what its action asks for, what the policy lets its namespace have. */
struct activation_limits {
    unsigned memory_mb, log_kb, result_kb;
    unsigned clock_us; /* what its clocks are rounded down to */
    unsigned http_requests;
    unsigned concurrency; /* of its container's activations at once */
    unsigned activations; /* of its namespace's at once */
};

struct activation {
    /* The door's. Pointers stay valid until done. */
    const char *args; /* JSON */
    size_t args_size;
    const char *ns;       /* namespace; NULL: a container that names none is one of its own */
    struct buf strings;   /* "K=V\0" of this activation's environment */
    char id[64];          /* for the log; may be empty */
    uint64_t deadline_ms; /* epoch; 0: the pool's timeout from now */
    bool wants_log, wants_stats;
    bool prepares; /* an interpreter prepares its data; an error is plain text */
    void (*done)(struct activation *a);
    void (*late)(struct activation *a); /* its deadline has come, and done will; may be NULL */
    void *ctx;

    /* The answer, valid during done. */
    enum activation_status status;
    const char *result; /* JSON */
    size_t result_size;
    bool refused;   /* it never ran: this machine has no room for it now */
    struct buf log; /* when wanted: a JSON array of lines as OpenWhisk writes them */
    uint64_t run_ns,
        memory_used; /* when wanted: what the worker measured; 0: it did not come to it */

    /* The pool's. */
    struct container *container;
    struct worker *worker;
    struct tenant *tenant; /* whose it is, while it waits or runs */
    struct line *line;     /* where it waits; NULL: it does not */
    struct activation *prev, *next;
    unsigned slot;
    struct activation_limits limits;
    enum wow_tier tier;          /* of the code that ran, or would have */
    const struct engine *engine; /* that ran it; NULL: none has */
    uint64_t deadline_ns;        /* monotonic: when it must have ended */
    uint64_t due_ns;             /* the same, or when it has waited for long enough */
    uint64_t asked_ns, given_ns; /* when it came, and when a worker got it */
    uint64_t timeout_ms;
    size_t heap_at;    /* place among the deadlines + 1; 0: not there */
    unsigned requests; /* HTTP, that it has made */
    bool expired;      /* its deadline had come before it had ended */
    struct buf text;   /* memory behind result when it is not in shared memory */
};
