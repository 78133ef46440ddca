#pragma once

/*
 * What a guest printed, line by line: from the records in a worker's slot, which may be hostile,
 * to the two forms that OpenWhisk knows.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "wire/slot.h"

/* One line, without its end. */
struct line_text {
    uint64_t time_ns; /* since the epoch */
    int stream;       /* 1: stdout, 2: stderr */
    const char *text;
    size_t n;
};

/*
 * Call each for every line of the slot, and for OpenWhisk's text if the log was cut at limit bytes;
 * at 0, nobody wants to know.
 * Stops when each returns false.
 */
void lines_each(const struct wire_map *map, unsigned slot, unsigned limit,
                bool (*each)(const struct line_text *line, void *ctx), void *ctx);
/* The line that says so. */
void lines_cut(unsigned limit, char text[160]);

/* "2026-11-23T09:02:22.288501262Z" */
#define LINES_TIME 40
void lines_time(uint64_t ns, char out[LINES_TIME]);
