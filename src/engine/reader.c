#include "engine/reader.h"

#include <string.h>

int reader_begin(struct wow_bytes wasm, struct reader *out, struct err *err)
{
    static const uint8_t magic[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};

    if (wasm.size < sizeof magic || memcmp(wasm.data, magic, 4) != 0)
        return err_set(err, ERR_INVALID, "not a wasm module");
    if (memcmp(wasm.data, magic, sizeof magic) != 0)
        return err_set(err, ERR_INVALID,
                       "a wasm component or another version than 1, not a module");
    *out = (struct reader){
        .start = wasm.data, .at = wasm.data + sizeof magic, .end = wasm.data + wasm.size};
    return 0;
}

bool reader_next(struct reader *r, struct reader_section *out)
{
    const uint8_t *from = r->at;

    if (r->bad || r->at == r->end)
        return false;
    uint8_t id = reader_byte(r);
    const uint8_t *body = reader_skip(r, reader_u32(r));
    if (r->bad)
        return false;
    out->id = id;
    out->from = from;
    out->body = (struct reader){.start = r->start, .at = body, .end = r->at};
    return true;
}

int reader_damaged(const struct reader *r, struct err *err)
{
    return err_set(err, ERR_INVALID, "the wasm module is cut or damaged at byte %zu",
                   (size_t)(r->at - r->start));
}

void reader_fail(struct reader *r)
{
    r->bad = true;
    r->end = r->at;
}

const uint8_t *reader_skip(struct reader *r, uint32_t n)
{
    const uint8_t *from = r->at;

    if (n > (size_t)(r->end - r->at))
        reader_fail(r);
    else
        r->at += n;
    return from;
}

uint32_t reader_count(struct reader *r)
{
    uint32_t n = reader_u32(r);

    if (n > (size_t)(r->end - r->at))
        reader_fail(r);
    return r->bad ? 0 : n;
}

void reader_skip_signed(struct reader *r, unsigned bits)
{
    for (unsigned shift = 0; shift < bits; shift += 7)
        if (!(reader_byte(r) & 0x80))
            return;
    reader_fail(r);
}

uint32_t reader_long_u32(struct reader *r)
{
    uint32_t value = 0;

    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t b = reader_byte(r);
        if (shift == 28 && b > 0x0f)
            break;
        value |= (uint32_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            return value;
    }
    reader_fail(r);
    return 0;
}
