#pragma once

/*
 * The process a guest runs in: takes activations from the slots it shares with wowd, one at a
 * time, each in a fresh instance. Serves one namespace; wowd kills it at a deadline.
 */

#include "wire/slot.h"
#include "wow/engine.h"

struct worker_start {
    int sock; /* messages from wowd */
    int bell; /* eventfd: rung when an activation is done */
    struct wire_map map;
};

/* Serves until wowd closes the socket: then returns 0. */
int worker_run(struct wow_runtime *rt, const struct worker_start *start, struct err *err);
