#pragma once

/*
 * wow run: build an action's sources, if that is what it is given, and run the module once without
 * a daemon; the author's way from an edit to the answer.
 */

#include "cli/verb.h"

extern const struct verb verb_run;
