#include "engine/image.h"

#include <string.h>

#include "engine/writer.h"

#define PAGE 65536u
#define GAP 256u /* so many zeros are cheaper left out than copied */

/* An i32.const takes a signed number. */
static void put_const(struct buf *out, uint32_t value)
{
    int32_t n = (int32_t)value;

    buf_put(out, "\x41", 1);
    for (;;) {
        uint8_t byte = n & 0x7f;
        n >>= 7;
        bool last = (n == 0 && !(byte & 0x40)) || (n == -1 && (byte & 0x40));
        if (!last)
            byte |= 0x80;
        buf_put(out, &byte, 1);
        if (last)
            return;
    }
}

/* Where the zeros that begin at at end. */
static size_t zeros_end(struct wow_bytes m, size_t at)
{
    while (at < m.size && m.data[at] == 0)
        at++;
    return at;
}

/* The next piece that is worth to be written, from at on; false when there is none. */
static bool next_piece(struct wow_bytes m, size_t at, struct wow_bytes *out)
{
    size_t from = zeros_end(m, at), end = from;

    while (end < m.size) {
        size_t zeros = zeros_end(m, end);
        if (zeros == m.size || zeros - end >= GAP)
            break;
        end = zeros + 1;
    }
    *out = (struct wow_bytes){m.data + from, end - from};
    return from < m.size;
}

static int write_memory(struct wow_bytes memory, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf content;

    buf_init(&content, 16);
    buf_put(&content, "\1\0", 2); /* one, without a maximum */
    int r = writer_add_u32(&content, (uint32_t)(memory.size / PAGE), err);
    return r == 0 ? writer_add_section(out, SECTION_MEMORY, &content, err) : r;
}

static int write_data(struct wow_bytes memory, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf content;
    struct wow_bytes piece;
    uint32_t count = 0;
    int r = 0;

    for (size_t at = 0; next_piece(memory, at, &piece); count++)
        at = (size_t)(piece.data - memory.data) + piece.size;
    buf_init(&content, 2 * memory.size + 64);
    r = writer_add_u32(&content, count, err);
    for (size_t at = 0; r == 0 && next_piece(memory, at, &piece);) {
        at = (size_t)(piece.data - memory.data);
        buf_put(&content, "\0", 1); /* active, in memory 0 */
        put_const(&content, (uint32_t)at);
        buf_put(&content, "\x0b", 1);
        r = writer_add_u32(&content, (uint32_t)piece.size, err);
        if (r == 0)
            r = buf_add(&content, piece.data, piece.size, err);
        at += piece.size;
    }
    return r == 0 ? writer_add_section(out, SECTION_DATA, &content, err) : r;
}

/* One mutable global, the stack pointer, is all there may be. */
static int check_globals(struct reader r, struct err *err)
{
    uint32_t n = reader_count(&r), mutables = 0;

    for (uint32_t i = 0; i < n && !r.bad; i++) {
        uint8_t type = reader_byte(&r);
        mutables += reader_byte(&r) == 1;
        if (type != 0x7f || reader_byte(&r) != 0x41)
            reader_fail(&r);
        reader_skip_signed(&r, 32);
        if (reader_byte(&r) != 0x0b)
            reader_fail(&r);
    }
    if (r.bad || mutables > 1)
        return err_set(err, ERR_INVALID,
                       "the module keeps state in globals, which an image does not hold");
    return 0;
}

int image_write(struct wow_bytes wasm, struct wow_bytes memory, struct buf *out, struct err *err)
{
    struct reader_section s;
    struct reader module;
    bool wrote = false;

    int r = reader_begin(wasm, &module, err);
    if (r == 0)
        r = buf_add(out, wasm.data, 8, err);
    while (r == 0 && reader_next(&module, &s)) {
        if (s.id == SECTION_CUSTOM || s.id == SECTION_DATA_COUNT)
            continue; /* no instruction refers to a segment: they were all active */
        if (s.id == SECTION_GLOBAL && (r = check_globals(s.body, err)) < 0)
            break;
        if (s.id == SECTION_START)
            r = err_set(err, ERR_INVALID, "the module has a start function");
        else if (s.id == SECTION_MEMORY)
            r = write_memory(memory, out, err);
        else if (s.id == SECTION_DATA)
            r = write_data(memory, out, err);
        else
            r = buf_add(out, s.from, (size_t)(s.body.end - s.from), err);
        wrote |= s.id == SECTION_DATA;
    }
    if (r < 0)
        return r;
    if (module.bad)
        return reader_damaged(&module, err);
    return wrote ? 0 : write_data(memory, out, err);
}
