#pragma once

/*
 * The deadlines of all activations that wait or run: a heap, and one timer for the earliest.
 */

#include "http/loop.h"
#include "pool/activation.h"

struct deadlines;

struct deadlines *deadlines_new(struct loop *l, void (*expired)(struct activation *a, void *ctx),
                                void *ctx);
void deadlines_free(struct deadlines *d);

void deadlines_add(struct deadlines *d, struct activation *a);    /* by a->due_ns */
void deadlines_remove(struct deadlines *d, struct activation *a); /* fine if it is not there */
