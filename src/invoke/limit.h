#pragma once

/*
 * What a namespace may do: invocations and fires per minute of the clock, invocations at once. The
 * first three count the request and say whether it may go on; if not, err has the text that goes
 * with 429.
 */

#include "invoke/identity.h"

bool limit_invocation(struct invoke *v, struct identity *who, struct err *err);
bool limit_fire(struct invoke *v, struct identity *who, struct err *err);
bool limit_concurrency(struct invoke *v, struct identity *who, struct err *err);
unsigned limit_of_concurrency(const struct invoke *v, const struct identity *who);
unsigned limit_of_invocations(const struct invoke *v, const struct identity *who);
unsigned limit_of_fires(const struct invoke *v, const struct identity *who);
