#pragma once

/* What wow doctor looks at. Each check is tried, not guessed from a version. */

#include <stddef.h>

enum checkup_state {
    CHECKUP_GOOD,
    CHECKUP_POOR, /* wow works without it, with less */
    CHECKUP_BAD,  /* needed */
};

struct checkup {
    const char *topic, *name;
    enum checkup_state state;
    char found[160];
    char advice[240]; /* what to do about it, unless it is good */
};

/* Each writes at most max of them and returns how many. */
size_t checkup_programs(struct checkup *out, size_t max);
size_t checkup_kernel(struct checkup *out, size_t max);
