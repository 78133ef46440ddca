#pragma once

/*
 * Reads the bytes of a wasm module, none of which is trusted. A reader that meets the end of its
 * bytes, or a number that is none, is bad: it stands still from then on, all it reads is 0, and at
 * says where it happened. So its user may read on, and has to ask only before it believes.
 * Format: WebAssembly core specification 2.0, chapter 5, "Binary Format".
 */

#include <stdbool.h>

#include "wow/engine.h"

struct reader {
    const uint8_t *start; /* of the module: errors count from there */
    const uint8_t *at, *end;
    bool bad;
};

/* What the sections are called in the binary format. */
enum {
    SECTION_CUSTOM,
    SECTION_TYPE,
    SECTION_IMPORT,
    SECTION_FUNCTION,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEMENT,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT,
    SECTION_TAG, /* of the exceptions proposal */
};

enum { KIND_FUNC, KIND_TABLE, KIND_MEMORY, KIND_GLOBAL, KIND_TAG };

struct reader_section {
    const uint8_t *from; /* its first byte, the id */
    struct reader body;  /* its content */
    uint8_t id;
};

/* A reader at the first section; fails when the bytes are no module, or of another version. */
int reader_begin(struct wow_bytes wasm, struct reader *out, struct err *err);

/* The next section; false when there is none, or when r is bad. */
bool reader_next(struct reader *r, struct reader_section *out);

/* What a bad reader comes to: fills err, returns -ERR_INVALID. */
int reader_damaged(const struct reader *r, struct err *err);

/* Make it bad, here. */
void reader_fail(struct reader *r);

const uint8_t *reader_skip(struct reader *r, uint32_t n); /* n bytes, and where they are */
uint32_t reader_count(struct reader *r);                  /* of entries that take a byte or more */
void reader_skip_signed(struct reader *r, unsigned bits); /* a signed LEB128 */
uint32_t reader_long_u32(struct reader *r);               /* reader_u32's own */

static inline uint8_t reader_byte(struct reader *r)
{
    if (r->at == r->end) {
        reader_fail(r);
        return 0;
    }
    return *r->at++;
}

/* An unsigned LEB128 of at most 32 bits; it may be longer than it has to be. */
static inline uint32_t reader_u32(struct reader *r)
{
    if (r->at < r->end && *r->at < 0x80)
        return *r->at++;
    return reader_long_u32(r);
}
