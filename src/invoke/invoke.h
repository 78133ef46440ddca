#pragma once

/*
 * What an invocation is, whoever asks for it: finding the action and its container, arguments,
 * limits, sequences, compositions, triggers, and the record in the end. One object for the whole
 * of wowd; everything in the loop's thread.
 */

#include "http/loop.h"
#include "invoke/identity.h"
#include "invoke/stats.h"
#include "pool/pool.h"
#include "store/store.h"

/* OpenWhisk's limits, which its clients show. */
#define PAYLOAD_MAX (1u << 20) /* arguments, and a result */
#define PARAMETERS_MAX (1u << 20)
#define CODE_MAX (48u << 20)
#define TIMEOUT_MIN_MS 100
#define TIMEOUT_MAX_MS 300000
#define TIMEOUT_MS 60000
#define MEMORY_MIN_MB 128
#define MEMORY_MB 256
#define LOGS_MAX_MB 10
#define LOGS_MB 10
#define CONCURRENCY_MAX 1
#define WAIT_MAX_MS 60000 /* how long a blocking request waits */

struct invoke_settings {
    unsigned invocations, concurrent, fires; /* per minute, at once, per minute: of a namespace */
    unsigned sequence_max;                   /* actions of a sequence or composition */
    unsigned alarms;                         /* of a namespace */
    unsigned memory_max_mb;                  /* an action may ask for */
    const char *api_host;                    /* where actions reach wowd: "http://127.0.0.1:3233" */
};

struct actions;
struct alarms;
struct invocation;

struct invoke {
    struct loop *loop;
    struct pool *pool;
    struct store *store;
    struct invoke_settings settings;
    struct stats stats;
    struct actions *actions;
    struct identity *by_id, *by_name, *by_uuid;
    unsigned running;     /* invocations of all sorts that have not ended */
    int64_t recovered;    /* seq of the last that was taken up again */
    int64_t recover_upto; /* what came later is of this process */
    unsigned recovering;  /* of these, those under way */
    struct timer *recovery;
    struct invocation *delayed; /* that found no room, and are tried again */
    struct timer *retry;
    struct alarms *alarms; /* NULL: nothing has begun */
    bool stopping; /* what is under way ends, and what was accepted is left to the next process */
    bool closing;  /* the pool is gone */
};

struct invoke *invoke_new(struct loop *l, struct pool *p, struct store *s,
                          const struct invoke_settings *settings);
/* The pool is about to be freed. */
void invoke_stop(struct invoke *v);
/* After the pool was freed, which has ended all activations. */
void invoke_free(struct invoke *v);
