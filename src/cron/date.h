#pragma once

/* Dates as clients write them. */

#include <stdbool.h>
#include <stdint.h>

/*
 * Milliseconds since the epoch: a number of these, or a text as ISO 8601 has it, with a date and
 * perhaps a time; without an offset it is UTC. False: it is none, or not within years 1970–9999.
 */
bool date_parse(const char *text, int64_t *out_ms);
