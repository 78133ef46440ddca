#include "engine/writer.h"

size_t writer_u32(uint8_t out[WRITER_U32_MAX], uint32_t n)
{
    size_t size = 0;

    while (n >= 0x80) {
        out[size++] = (uint8_t)(n | 0x80);
        n >>= 7;
    }
    out[size++] = (uint8_t)n;
    return size;
}

int writer_add_u32(struct buf *out, uint32_t n, struct err *err)
{
    uint8_t bytes[WRITER_U32_MAX];

    return buf_add(out, bytes, writer_u32(bytes, n), err);
}

int writer_add_section(struct buf *out, uint8_t id, const struct buf *content, struct err *err)
{
    int r = buf_add(out, &id, 1, err);

    if (r == 0)
        r = writer_add_u32(out, (uint32_t)content->size, err);
    return r == 0 ? buf_add(out, content->data, content->size, err) : r;
}

int writer_add_longer(struct buf *out, struct reader_section s, uint32_t more, const void *entries,
                      size_t n, struct err *err)
{
    AUTO(buf) struct buf content;
    uint32_t count = reader_u32(&s.body);
    size_t old = (size_t)(s.body.end - s.body.at);

    buf_init(&content, out->limit);
    int r = writer_add_u32(&content, count + more, err);
    if (r == 0)
        r = buf_add(&content, s.body.at, old, err);
    if (r == 0)
        r = buf_add(&content, entries, n, err);
    return r == 0 ? writer_add_section(out, s.id, &content, err) : r;
}
