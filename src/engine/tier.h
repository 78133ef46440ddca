#pragma once

/* The names of tiers, as programs and logs say them: "optimised", "baseline". */

#include "wow/engine.h"

const char *tier_name(enum wow_tier tier);
/* Returns 0, or -1 when there is no such tier. */
int tier_of(const char *name, enum wow_tier *out);
