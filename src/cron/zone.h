#pragma once

/* Time zones, by their names in the system's database ("Europe/Berlin"). GLib's, hidden here. */

#include <stdint.h>

#include "base/auto.h"
#include "wow/err.h"

struct zone;

/* ERR_INVALID: there is no such zone. */
int zone_find(const char *name, struct zone **out, struct err *err);
void zone_free(struct zone *z);
DEFINE_AUTO(zone, struct zone *, zone_free)

/* Seconds that its clocks are ahead of UTC at a time; NULL is UTC. */
int64_t zone_offset(const struct zone *z, int64_t t);
