#pragma once

/* Calls that wait for an activation, but not for ever. Not for other rooms. */

#include <stdint.h>

#include "api/api.h"

struct wait {
    struct wait *prev, *next;
    uint64_t due_ns;
    void (*due)(struct wait *w); /* it is no longer among them */
};

void wait_add(struct api *a, struct wait *w, uint64_t ms, void (*due)(struct wait *w));
void wait_remove(struct api *a, struct wait *w);
