/* A module written anew with a memory: read back, it is that memory. */
#include <stdlib.h>
#include <string.h>

#include "engine/features.h"
#include "engine/image.h"
#include "engine/reader.h"
#include "test.h"

#define MODULE(sections) ("\0asm\1\0\0\0" sections)
#define BYTES(text) ((struct wow_bytes){(const uint8_t *)(text), sizeof(text) - 1})
#define SIZE (3u << 16)

#define MEMORY "\5\3\1\0\1"
#define GLOBAL(mutable) "\x7f" mutable "\x41\x80\x80\4\x0b" /* i32.const 65536 */

/* Put the active segments of a module into memory; false when it has none, or they lie outside. */
static bool replay(struct wow_bytes wasm, uint8_t *memory, uint32_t *pages)
{
    struct reader_section s;
    struct reader r;
    struct err err;
    bool found = false;

    CHECK_INT(reader_begin(wasm, &r, &err), 0);
    while (reader_next(&r, &s)) {
        uint32_t n = reader_u32(&s.body);
        if (s.id == SECTION_MEMORY) {
            CHECK_INT(reader_byte(&s.body), 0);
            *pages = reader_u32(&s.body);
        }
        for (uint32_t i = 0; s.id == SECTION_DATA && i < n; i++) {
            CHECK_INT(reader_byte(&s.body), 0);
            CHECK_INT(reader_byte(&s.body), 0x41);
            uint32_t at = reader_u32(&s.body); /* below 2^31 with a clear sign, as unsigned */
            CHECK_INT(reader_byte(&s.body), 0x0b);
            uint32_t size = reader_u32(&s.body);
            const uint8_t *from = reader_skip(&s.body, size);
            if (s.body.bad || at > SIZE || size > SIZE - at)
                return false;
            memcpy(memory + at, from, size);
            found = true;
        }
    }
    return found && !r.bad;
}

static void check_image(struct wow_bytes wasm, const uint8_t *memory)
{
    AUTO(buf) struct buf out;
    uint8_t *again = calloc(1, SIZE);
    uint32_t pages = 0;
    struct err err;

    buf_init(&out, 1u << 20);
    CHECK_INT(image_write(wasm, (struct wow_bytes){memory, SIZE}, &out, &err), 0);
    const struct wow_bytes made = {(const uint8_t *)out.data, out.size};
    CHECK_INT(features_check(made, &err), 0);
    CHECK(replay(made, again, &pages));
    CHECK_INT(pages, 3);
    CHECK(memcmp(memory, again, SIZE) == 0);
    free(again);
}

TEST(an_image_is_the_memory)
{
    struct wow_bytes with = BYTES(MODULE(MEMORY "\6\x08\1" GLOBAL("\1") "\x0b\7\1\0\x41\0\x0b\1x"));
    struct wow_bytes without = BYTES(MODULE(MEMORY));
    uint8_t *memory = calloc(1, SIZE);

    memory[1] = 1;
    memset(memory + 60, 7, 300);
    memory[700] = 2; /* near */
    memory[63 * 1024] = 3;
    memory[SIZE - 1] = 4;
    check_image(with, memory);
    check_image(without, memory);
    memset(memory, 0xff, SIZE);
    check_image(with, memory);
    free(memory);
}

TEST(what_an_image_cannot_hold_is_refused)
{
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {
#define CASE(text) {MODULE(text), sizeof(MODULE(text)) - 1}
        CASE("\6\x0f\2" GLOBAL("\1") GLOBAL("\1")), /* two that change */
        CASE("\6\6\1\x7e\1\x42\0\x0b"),             /* one of 64 bits */
        CASE("\6\4\1\x7f\1\x41"),                   /* cut */
        CASE("\x08\1\0"),                           /* a start function */
        CASE("\5\5\1\0"),                           /* longer than the module */
    };
    static const uint8_t memory[1u << 16] = {1};
    struct err err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(buf) struct buf out;
        buf_init(&out, 1u << 20);
        CHECK_INT(image_write((struct wow_bytes){(const uint8_t *)cases[i].bytes, cases[i].n},
                              (struct wow_bytes){memory, sizeof memory}, &out, &err),
                  -ERR_INVALID);
    }
}
