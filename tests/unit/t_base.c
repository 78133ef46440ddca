/* The small things of base/: buffers, base64, UTF-8, errors. */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "test.h"

TEST(a_buffer_keeps_its_limit)
{
    AUTO(buf) struct buf b;
    struct err err;

    buf_init(&b, 10);
    CHECK_INT(buf_add(&b, "12345", 5, &err), 0);
    CHECK_INT(buf_add(&b, "678901", 6, &err), -ERR_TOO_LARGE);
    CHECK_STR(err.msg, "more than 10 bytes");
    CHECK_STR(b.data, "12345");
    CHECK_INT(buf_add(&b, "67890", 5, &err), 0);
    CHECK_STR(b.data, "1234567890");
    CHECK_INT(buf_add(&b, "x", 1, &err), -ERR_TOO_LARGE);
}

TEST(a_json_string_is_always_valid)
{
    AUTO(buf) struct buf b;

    buf_init(&b, 1000);
    buf_json_string(&b, "a\"b\\c\n\x01\xff\xc3\xa9", 10);
    CHECK_STR(b.data, "\"a\\\"b\\\\c\\n\\u0001\xef\xbf\xbd\xc3\xa9\"");
}

static bool decodes(const char *text, const char *want)
{
    AUTO(buf) struct buf b;
    struct err err;

    buf_init(&b, 4096);
    int r = base64_decode(text, strlen(text), &b, &err);
    if (!want)
        return r < 0;
    return r == 0 && b.size == strlen(want) && (b.size == 0 || memcmp(b.data, want, b.size) == 0);
}

TEST(base64_is_strict)
{
    CHECK(decodes("", ""));
    CHECK(decodes("YQ==", "a"));
    CHECK(decodes("YWI=", "ab"));
    CHECK(decodes("YWJj", "abc"));
    CHECK(decodes("YW\nJj\r\n", "abc"));
    CHECK(decodes("Y", NULL));
    CHECK(decodes("YQ", NULL));
    CHECK(decodes("YQ=", NULL));
    CHECK(decodes("YQ==YQ==", NULL));
    CHECK(decodes("=YQ=", NULL));
    CHECK(decodes("YW-j", NULL));
    CHECK(decodes("YQ==x", NULL));
}

TEST(base64_of_many_sizes_comes_back)
{
    /* "A" four times as often as needed: sizes around the decoder's inner buffer of 768 bytes. */
    for (size_t groups = 250; groups < 262; groups++) {
        AUTO(buf) struct buf text, out;
        struct err err;
        buf_init(&text, 8192);
        buf_init(&out, 8192);
        for (size_t i = 0; i < groups; i++)
            buf_text(&text, "AAAA");
        CHECK_INT(base64_decode(text.data, text.size, &out, &err), 0);
        CHECK_INT(out.size, groups * 3);
    }
}

TEST(utf8_refuses_what_unicode_does)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"a", 1},
        {"\xc3\xa9", 2},
        {"\xe2\x9d\x84", 3},
        {"\xf0\x9f\x98\x80", 4},
        {"\xc0\x80", 0},
        {"\xc3", 0},
        {"\xe0\x80\x80", 0},
        {"\xed\xa0\x80", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xf0\x9f\x98", 0},
        {"\xe2\x9d\x41", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_INT(utf8_length(cases[i].text, strlen(cases[i].text)), cases[i].length);
}

TEST(errors_tell_the_way_they_came)
{
    struct err err;

    CHECK_INT(err_set(&err, ERR_NOT_FOUND, "no %s", "file"), -ERR_NOT_FOUND);
    CHECK_INT(err_wrap(&err, "module '%s'", "x"), -ERR_NOT_FOUND);
    CHECK_STR(err.msg, "module 'x': no file");
    CHECK_STR(err_kind_text(err.kind), "not found");
}
