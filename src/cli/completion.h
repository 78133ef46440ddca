#pragma once

/* wow completion: a shell's completion of wow's command lines, from the verbs' tables. */

#include "cli/verb.h"

extern const struct verb verb_completion;
