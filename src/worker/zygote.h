#pragma once

/*
 * The process that workers are forked from: an engine initialised, nothing loaded, no threads.
 * It forks at wowd's word, hands the child's pidfd over, and tells when one has ended and how.
 */

#include "worker/sandbox.h"
#include "wow/engine.h"

/* Serves until the control socket closes, then returns 0; in a worker it does not return. */
int zygote_run(struct wow_runtime *rt, int control, const struct sandbox_plan *plan,
               struct err *err);
