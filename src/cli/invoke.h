#pragma once

/*
 * wow invoke: run a module once in a new container of a running wowd, by its executor door. What
 * people try first.
 */

#include "cli/verb.h"

extern const struct verb verb_invoke;
