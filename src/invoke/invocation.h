#pragma once

/*
 * One invocation of an action, a sequence or a composition, from its arguments to its record. Who
 * makes it fills the first part and starts it; done is called once, when it has ended and its
 * record is kept, and whoever is called then owns it.
 */

#include "invoke/action.h"
#include "invoke/identity.h"
#include "pool/activation.h"
#include "store/record.h"

#define TRANSACTION_MAX 128

struct invocation {
    struct waiting waiting; /* first: it waits for its container */
    struct invoke *invoke;
    struct identity *who; /* whose activation it is */
    struct action *action;
    struct record_id id;
    char transaction[TRANSACTION_MAX + 1];
    struct buf args; /* JSON, parameters included */
    uint64_t received_ms, received_ns;
    bool has_cause; /* it is part of a sequence or composition, whose id is … */
    struct record_id cause;
    bool is_accepted;  /* a record says so: it is run again after a crash */
    unsigned depth;    /* how many it is inside of */
    unsigned *atomics; /* actions of the outermost sequence so far; NULL: it is the outermost */
    void (*done)(struct invocation *i);
    void *ctx;

    /* The outcome. */
    enum activation_status status;
    uint64_t start_ms, end_ms, duration_ms;
    struct buf result; /* JSON */
    struct buf logs;   /* a JSON array: lines, or ids of a sequence's parts */
    struct buf head;   /* members of the record's object, without response and logs */
    bool is_lost;      /* there is no record: the store could not keep it, and why */
    struct err fault;
    bool
        is_refused; /* there was no room to run it in, and it is not accepted: there is no record */

    /* Its own. */
    struct activation activation;
    bool cold, timed_out;
    uint64_t wait_ms, init_ms, init_ns;
    struct invocation *prev, *next; /* among those that are tried again */
};

/* With references of its own to who and action; args are empty. */
struct invocation *invocation_new(struct invoke *v, struct identity *who, struct action *action);
void invocation_free(struct invocation *i);

void invocation_start(struct invocation *i);

/* Say in the store that it is accepted: it will be run, also after a crash. */
int invocation_accept(struct invocation *i, struct err *err);
/* What it says. Its texts are the invocation's. */
struct record invocation_accepted(const struct invocation *i);

/* {"status", "success", "result", "size"} */
void invocation_response(const struct invocation *i, struct buf *out);
/* The whole record, with logs or without. */
void invocation_record(const struct invocation *i, bool with_logs, struct buf *out);
size_t invocation_record_size(const struct invocation *i);

/* For those that run invocations. */
void invocation_fail(struct invocation *i, enum activation_status status, const char *text);
/* Write and keep the record, then tell. The outcome is filled in. annotations: JSON members. */
void invocation_end(struct invocation *i, const char *annotations);

void primitive_start(struct invocation *i);
void primitive_retry(void *invoke);
void sequence_start(struct invocation *i);
void composition_start(struct invocation *i);
void feed_start(struct invocation *i); /* an action of the package alarms */

/* Take up what an earlier process had accepted. */
void recovery_start(struct invoke *v);
