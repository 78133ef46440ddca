#pragma once

/*
 * What workers and compilers print on their standard error: last words of a library, mostly. They
 * may be in a guest's hands, so they do not write to wowd's log but to a pipe, whose lines the log
 * quotes, and no more of them than its owner can bear.
 */

#include "http/loop.h"
#include "wow/err.h"

struct heard;

int heard_new(struct loop *l, struct heard **out, struct err *err);
void heard_free(struct heard *h);

/* The end to give to children as standard error. */
int heard_end(const struct heard *h);
