#pragma once

/*
 * A guest's output in shared memory: records of time, stream and bytes, one behind the other.
 * The worker appends and then publishes the new size, so that what a guest printed before it was
 * killed can be read. Text is joined to the record before it as long as its line goes on.
 */

#include <stdbool.h>
#include <stdint.h>

#include "wire/slot.h"

/* The worker's end; lives in the worker, not in shared memory. */
struct wire_writer {
    struct wire_slot *slot;
    uint8_t *at;
    uint32_t size;     /* bytes of records */
    uint32_t payload;  /* bytes of text among them */
    uint32_t last;     /* offset of the last record */
    uint32_t last_out; /* offset of the last of stdout; only meaningful with outs > 0 */
    uint32_t outs;     /* records of stdout */
    bool open;         /* the last record's line has not ended */
};

void wire_log_begin(struct wire_writer *w, struct wire_slot *slot, uint8_t *region);

/* stream is 1 for stdout, 2 for stderr. What is beyond the slot's limit is dropped and marked. */
void wire_log_add(struct wire_writer *w, int stream, const uint8_t *data, size_t n);

/*
 * Take the last record of stdout out of the log, as a program's result: its text without the line
 * end, still in the region. false when nothing was printed.
 */
bool wire_log_take_result(struct wire_writer *w, const char **text, uint32_t *n);

/* wowd's end: the records of a slot, from offset *at; false at the end. */
struct wire_record {
    uint64_t time_ns; /* since the epoch */
    int stream;
    const char *text;
    uint32_t n;
};
bool wire_log_next(const uint8_t *region, uint32_t size, uint32_t *at, struct wire_record *out);
