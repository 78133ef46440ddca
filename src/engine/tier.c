#include "engine/tier.h"

#include <string.h>

static const char *const names[] = {[WOW_OPTIMISED] = "optimised", [WOW_BASELINE] = "baseline"};

const char *tier_name(enum wow_tier tier) { return names[tier]; }

int tier_of(const char *name, enum wow_tier *out)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (enum wow_tier)i;
            return 0;
        }
    return -1;
}
