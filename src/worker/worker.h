#pragma once

/*
 * The process a guest runs in: takes activations from the slots it shares with wowd, one at a
 * time, each in a fresh instance. Serves one namespace; wowd kills it at a deadline.
 */

#include "wow/engine.h"

struct worker_fds {
    int sock; /* messages from wowd */
    int map;  /* shared memory */
    int bell; /* eventfd: rung when an activation is done */
};

/* Serves until wowd closes the socket: then returns 0. */
int worker_run(struct wow_runtime *rt, const struct worker_fds *fds, struct err *err);
