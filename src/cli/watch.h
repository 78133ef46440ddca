#pragma once

/* wow watch: what wow run does, again whenever a file beside the sources is saved. */

#include "cli/verb.h"

extern const struct verb verb_watch;
