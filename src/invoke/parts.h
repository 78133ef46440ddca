#pragma once

/* What sequences and compositions have in common: an invocation that is made of others. */

#include "invoke/invocation.h"

struct parts {
    struct invocation *whole;
    struct buf ids;       /* of the parts: a JSON array that is not closed */
    int64_t memory_mb;    /* the largest part's */
    uint64_t duration_ms; /* of all parts */
    uint64_t began_ms;
    unsigned atomics; /* if the whole is part of nothing */
};

void parts_begin(struct parts *p, struct invocation *whole);

/* Count an action that is about to be run; false: there have been too many. */
bool parts_may_go_on(struct parts *p, const struct action *a);

/* Invoke a part with these arguments, JSON; an object is put over the action's parameters. */
int parts_start(struct parts *p, struct action *a, const struct buf *args,
                void (*done)(struct invocation *part), void *ctx, struct err *err);

/* The same with the whole's own action, a conductor. */
int parts_conduct(struct parts *p, const struct buf *args, void (*done)(struct invocation *part),
                  void *ctx, struct err *err);

/* A part has ended: note it. True: its result is an error. It stays the caller's. */
bool parts_take(struct parts *p, const struct invocation *part);

/* The record of the whole; its status and result are set. more: annotations, each with a ','. */
void parts_end(struct parts *p, const char *more);
