/* JSON that passes through wow: scanned, cut apart, unescaped. */
#include "base/scan.h"

#include "fuzz.h"

static void walk(const struct scan_text *value, int depth)
{
    AUTO(buf) struct buf text;
    struct scan_text key, inner, again;
    struct err err;

    buf_init(&text, 1u << 20);
    if (value->type == SCAN_STRING) {
        const char *at;
        size_t n;
        int r = scan_unescape(value, &text, &err);
        assert(r == 0);
        if (scan_plain(value, &at, &n))
            assert(n == text.size && (n == 0 || memcmp(at, text.data, n) == 0));
    }
    if (value->type != SCAN_OBJECT || depth > 4)
        return;
    struct scan_walk w = scan_members(value);
    while (scan_next(&w, &key, &inner)) {
        assert(key.type == SCAN_STRING);
        int r = scan_whole(inner.at, inner.n, &again, &err);
        assert(r == 0 && again.type == inner.type); /* a part of JSON is JSON */
        walk(&inner, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan_text all;
    struct err err;

    if (scan_whole((const char *)data, size, &all, &err) == 0)
        walk(&all, 0);
    return 0;
}
