#pragma once

/* wow build: the sources of an action become a module; cli/project.h does it. */

#include "cli/verb.h"

extern const struct verb verb_build;
