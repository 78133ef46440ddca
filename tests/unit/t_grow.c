/* Modules that know whether they were refused memory. */
#include "engine/grow.h"
#include "engine/sections.h"
#include "module.h"

/*
 * (module (memory (export "memory") 1)
 *   (func (export "f") (result i32)
 *     (memory.grow (i32.const 1)) (drop) (memory.grow (i32.const 2))))
 */
static const uint8_t grows[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01,
    0x7f, 0x03, 0x02, 0x01, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x0e, 0x02, 0x06,
    0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x01, 0x66, 0x00, 0x00, 0x0a, 0x0d,
    0x01, 0x0b, 0x00, 0x41, 0x01, 0x40, 0x00, 0x1a, 0x41, 0x02, 0x40, 0x00, 0x0b,
};

/* The same with two types, two functions, a global and an export more, by wat2wasm. */
static const uint8_t watched[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x0e, 0x03, 0x60, 0x00, 0x01, 0x7f, 0x60,
    0x01, 0x7f, 0x01, 0x7f, 0x60, 0x00, 0x01, 0x7f, 0x03, 0x04, 0x03, 0x00, 0x01, 0x02, 0x05, 0x03,
    0x01, 0x00, 0x01, 0x06, 0x06, 0x01, 0x7f, 0x01, 0x41, 0x00, 0x0b, 0x07, 0x18, 0x03, 0x06, 0x6d,
    0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x01, 0x66, 0x00, 0x00, 0x07, 0x72, 0x65, 0x66, 0x75,
    0x73, 0x65, 0x64, 0x00, 0x02, 0x0a, 0x27, 0x03, 0x0b, 0x00, 0x41, 0x01, 0x10, 0x01, 0x1a, 0x41,
    0x02, 0x10, 0x01, 0x0b, 0x14, 0x00, 0x20, 0x00, 0x40, 0x00, 0x22, 0x00, 0x41, 0x7f, 0x46, 0x04,
    0x40, 0x41, 0x01, 0x24, 0x00, 0x0b, 0x20, 0x00, 0x0b, 0x04, 0x00, 0x23, 0x00, 0x0b,
};

static int watch(struct buf *out, const uint8_t *wasm, size_t n, struct err *err)
{
    buf_init(out, n + GROW_ADDS(n));
    return grow_watch((struct wow_bytes){wasm, n}, "refused", out, err);
}

static bool is(const struct buf *b, const uint8_t *wasm, size_t n)
{
    return b->size == n && memcmp(b->data, wasm, n) == 0;
}

TEST(every_growth_becomes_a_call)
{
    AUTO(buf) struct buf out;
    struct err err;

    CHECK_INT(watch(&out, grows, sizeof grows, &err), 0);
    CHECK(is(&out, watched, sizeof watched));
}

TEST(a_module_is_watched_once)
{
    AUTO(buf) struct buf out;
    struct err err;

    CHECK_INT(watch(&out, watched, sizeof watched, &err), 0);
    CHECK(is(&out, watched, sizeof watched));
}

TEST(a_module_that_does_not_grow_stays_as_it_is)
{
    AUTO(buf) struct buf out;
    struct err err;

    CHECK_INT(watch(&out, whole, sizeof whole, &err), 0);
    CHECK(is(&out, whole, sizeof whole));
}

/* With so many functions, and bodies so large, numbers take more bytes. */
TEST(numbers_get_longer)
{
    enum { FUNCTIONS = 20000 };
    AUTO(buf) struct buf wasm, out;
    AUTO(sections) struct sections *s = NULL;
    struct err err;

    buf_init(&wasm, 1u << 20);
    buf_put(&wasm, "\0asm\1\0\0\0\1\5\1\x60\0\1\x7f", 15);
    buf_put(&wasm, "\3\xa3\x9c\1\xa0\x9c\1", 7); /* 20003 bytes: a count and as many zeros */
    for (int i = 0; i < FUNCTIONS; i++)
        buf_put(&wasm, "\0", 1);
    buf_put(&wasm, "\5\3\1\0\1", 5);
    buf_put(&wasm, "\7\5\1\1\x66\0\0", 7);
    buf_put(&wasm, "\x0a\xe3\xc5\x08\xa0\x9c\1", 7); /* 20000 bodies of 7 bytes and their size */
    for (int i = 0; i < FUNCTIONS; i++)
        buf_put(&wasm, "\6\0\x41\1\x40\0\x0b", 7);
    CHECK_STR(verdict((const uint8_t *)wasm.data, wasm.size), "");
    CHECK_INT(watch(&out, (const uint8_t *)wasm.data, wasm.size, &err), 0);
    CHECK_STR(verdict((const uint8_t *)out.data, out.size), "");
    CHECK(out.size > wasm.size + 2 * FUNCTIONS - 1);
    CHECK_INT(sections_read((struct wow_bytes){(const uint8_t *)out.data, out.size}, &s, &err), 0);
    CHECK(sections_exports_func(s, "refused"));
}

TEST(what_there_is_no_room_for_is_told)
{
    AUTO(buf) struct buf out;
    struct err err;

    buf_init(&out, sizeof grows);
    CHECK_INT(grow_watch((struct wow_bytes){grows, sizeof grows}, "refused", &out, &err),
              -ERR_TOO_LARGE);
}

TEST(a_module_that_was_cut_is_told)
{
    struct err err;

    /* Between sections it is just shorter, and where it has no code any more it does not grow. */
    for (size_t n = 0; n < sizeof grows; n++) {
        AUTO(buf) struct buf out;
        int r = watch(&out, grows, n, &err);
        CHECK(r < 0 || is(&out, grows, n));
    }
}
