#pragma once

/* wow new: a folder with an action to begin with, copied from its language's template. */

#include "cli/verb.h"

extern const struct verb verb_new;
