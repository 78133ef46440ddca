#include "engine/cap.h"

#include "engine/writer.h"

#define PAGE 65536u
#define PAGES_MAX 65536u /* a memory that declares no maximum can grow to 4 GiB */

/* The one entry of a memory section: flags, minimum, and maximum if the flags say so. */
struct memory {
    const uint8_t *flags, *min_end; /* the minimum's encoding lies between */
    uint32_t min, max;
};

/* False when the section has no memory. Of the flags only 1 is known: there is a maximum. */
static bool read_memory(struct reader *r, struct memory *out)
{
    uint32_t n = reader_count(r);

    if (n == 0)
        return false;
    out->flags = r->at;
    uint8_t flags = reader_byte(r);
    out->min = reader_u32(r);
    out->min_end = r->at;
    out->max = flags == 1 ? reader_u32(r) : PAGES_MAX;
    if (n > 1 || flags > 1 || r->at != r->end)
        reader_fail(r);
    return !r->bad;
}

static int write_capped(struct wow_bytes wasm, const struct reader_section *s,
                        const uint8_t *content, const struct memory *m, uint32_t max,
                        struct buf *out, struct err *err)
{
    static const uint8_t has_max = 1;
    uint8_t size[WRITER_U32_MAX], maximum[WRITER_U32_MAX];
    size_t count_n = (size_t)(m->flags - content), min_n = (size_t)(m->min_end - m->flags - 1);
    const uint8_t *end = s->body.at;

    size_t maximum_n = writer_u32(maximum, max);
    size_t size_n = writer_u32(size, (uint32_t)(count_n + 1 + min_n + maximum_n));
    const struct wow_bytes parts[] = {
        {wasm.data, (size_t)(s->from + 1 - wasm.data)}, /* to the section's id */
        {size, size_n},
        {content, count_n},
        {&has_max, 1},
        {m->flags + 1, min_n},
        {maximum, maximum_n},
        {end, (size_t)(wasm.data + wasm.size - end)},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (buf_add(out, parts[i].data, parts[i].size, err) < 0)
            return -(int)err->kind;
    return 0;
}

int cap_memory(struct wow_bytes wasm, uint64_t max_bytes, struct buf *out, struct err *err)
{
    uint32_t pages = max_bytes / PAGE < PAGES_MAX ? (uint32_t)(max_bytes / PAGE) : PAGES_MAX;
    struct reader_section s;
    struct reader module;
    struct memory m;

    int r = reader_begin(wasm, &module, err);
    if (r < 0)
        return r;
    while (reader_next(&module, &s)) {
        if (s.id != SECTION_MEMORY)
            continue;
        const uint8_t *content = s.body.at;
        bool found = read_memory(&s.body, &m);
        if (s.body.bad)
            return reader_damaged(&s.body, err);
        uint32_t max = found && m.min > pages ? m.min : pages;
        if (!found || m.max <= max)
            break;
        return write_capped(wasm, &s, content, &m, max, out, err);
    }
    if (module.bad)
        return reader_damaged(&module, err);
    return buf_add(out, wasm.data, wasm.size, err);
}
