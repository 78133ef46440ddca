/* The JSON scanner: what it accepts, where it cuts, and that jansson agrees. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/scan.h"
#include "test.h"

static bool valid(const char *text, size_t n)
{
    struct scan_text all;
    struct err err;

    return scan_whole(text, n, &all, &err) == 0;
}

static bool jansson_valid(const char *text, size_t n)
{
    json_t *tree =
        json_loadb(text, n, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);

    json_decref(tree);
    return tree != NULL;
}

TEST(good_and_bad_documents)
{
    static const char *const good[] = {
        "{}",
        "[]",
        "0",
        "-0",
        "-1.5e+10",
        "\"\"",
        "true",
        "false",
        "null",
        " [1 , 2] ",
        "{\"a\":{\"b\":[1,{}]}}",
        "\"\\u00e9\\ud83d\\ude00\\n\"",
        "\"\xc3\xa9\"",
        "[[],[[]]]",
        "1e400",
        "123456789012345678901234567890",
    };
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1,}",
        "01",
        "1.",
        ".5",
        "-",
        "1e",
        "+1",
        "tru",
        "nul",
        "\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "1 2",
        "{} x",
        "'a'",
        "[1 2]",
        "NaN",
        "\xef\xbb\xbf{}",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!CHECK(valid(good[i], strlen(good[i]))))
            printf("    %s\n", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!CHECK(!valid(bad[i], strlen(bad[i]))))
            printf("    %s\n", bad[i]);
}

TEST(jansson_agrees_on_mutated_documents)
{
    static const char seed[] =
        "{\"a\":[1,-2.5e3,true,null,\"x\\u00e9\\n\"],\"b\":{\"c\":\"\xc3\xa9\"}}";
    static const char alphabet[] = "{}[],:\"\\0123456789eE+-.tfnu abx\xc3\xa9\x01";
    char text[sizeof seed];
    unsigned state = 1;
    int differ = 0;

    for (int round = 0; round < 200000; round++) {
        memcpy(text, seed, sizeof seed);
        for (int k = 0; k < 1 + round % 3; k++) {
            state = state * 1103515245u + 12345u;
            text[(state >> 8) % (sizeof seed - 1)] =
                alphabet[(state >> 20) % (sizeof alphabet - 1)];
        }
        size_t n = sizeof seed - 1 - (round % 7 == 0 ? (state >> 4) % 20 : 0);
        bool ours = valid(text, n);
        /* Numbers beyond a double are ours to accept, and jansson's to refuse. */
        if (ours != jansson_valid(text, n) && !(ours && strpbrk(text, "eE")) && differ++ < 5)
            printf("    %.*s: %d here\n", (int)n, text, ours);
    }
    CHECK_INT(differ, 0);
}

TEST(members_are_cut_where_they_lie)
{
    static const char text[] = " {\"a\" : [1, 2] ,\"b\":\"x\\\"y\", \"c\":{\"a\":0}} ";
    struct scan_text all, key, value;
    struct err err;

    if (!CHECK_INT(scan_whole(text, strlen(text), &all, &err), 0))
        return;
    CHECK_INT(all.type, SCAN_OBJECT);
    struct scan_walk w = scan_members(&all);
    CHECK(scan_next(&w, &key, &value) && scan_equals(&key, "a") && value.type == SCAN_ARRAY);
    CHECK(value.n == 6 && memcmp(value.at, "[1, 2]", 6) == 0);
    CHECK(scan_next(&w, &key, &value) && scan_equals(&value, "x\"y"));
    CHECK(scan_next(&w, &key, &value) && scan_equals(&key, "c") && value.type == SCAN_OBJECT);
    CHECK(!scan_next(&w, &key, &value));
}

TEST(escapes_are_resolved)
{
    static const char text[] = "\"a\\u0041\\u00e9\\ud83d\\ude00\\t\\/\"";
    struct scan_text all;
    struct err err;
    AUTO(buf) struct buf out, small;

    buf_init(&out, 64);
    buf_init(&small, 3);
    CHECK_INT(scan_whole(text, strlen(text), &all, &err), 0);
    CHECK_INT(scan_unescape(&all, &out, &err), 0);
    CHECK_STR(out.data, "aA\xc3\xa9\xf0\x9f\x98\x80\t/");
    CHECK(scan_equals(&all, "aA\xc3\xa9\xf0\x9f\x98\x80\t/"));
    CHECK(!scan_equals(&all, "aA"));
    CHECK_INT(scan_unescape(&all, &small, &err), -ERR_TOO_LARGE);
}

TEST(depth_has_an_end)
{
    AUTO(mem) char *text = mem_zero(4 * SCAN_DEPTH);

    memset(text, '[', SCAN_DEPTH - 1);
    memset(text + SCAN_DEPTH - 1, ']', SCAN_DEPTH - 1);
    CHECK(valid(text, 2 * (SCAN_DEPTH - 1)));
    memset(text, '[', 4 * SCAN_DEPTH);
    CHECK(!valid(text, 4 * SCAN_DEPTH));
}
