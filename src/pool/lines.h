#pragma once

/*
 * What a guest printed, line by line: from the records in a worker's slot, which may be hostile,
 * to the two forms that OpenWhisk knows.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/slot.h"

/* "2026-11-23T09:02:22.288501262Z" and a NUL */
#define LINES_TIME 31
void lines_time(uint64_t epoch_ns, char out[LINES_TIME]);

/* One line, without its end. */
struct line_text {
    char time[LINES_TIME];
    int stream; /* 1: stdout, 2: stderr */
    const char *text;
    size_t n;
};

/* A line of wow's own, on stderr or stdout, now. */
struct line_text lines_own(int stream, const char *text);

/*
 * Call each for every line of the slot, and for OpenWhisk's text if the log was cut at limit bytes;
 * at 0, nobody wants to know.
 * Stops when each returns false.
 */
void lines_each(const struct wire_map *map, unsigned slot, unsigned limit,
                bool (*each)(const struct line_text *line, void *ctx), void *ctx);
/* The line that says so. */
#define LINES_CUT 160
void lines_cut(unsigned limit, char text[LINES_CUT]);
