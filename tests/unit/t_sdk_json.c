/* The C SDK's JSON and numbers: what is read, what is refused, what is written. */

#include "../../sdk/c/internal.h"
#include "test.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parsed from a block that ends where it must, so that AddressSanitizer sees a step too far. */
static struct json *parse_n(const char *text, size_t size, struct wow_error *err)
{
    static char *exact;

    free(exact);
    exact = malloc(size + 1);
    memcpy(exact, text, size);
    return json_parse_in_place(exact, size, err);
}

static struct json *parse(const char *text)
{
    struct wow_error err = {0};

    return parse_n(text, strlen(text), &err);
}

/* The text as it comes out again, or what is wrong with it. */
static const char *again_n(const char *text, size_t size)
{
    struct wow_error err = {0};
    struct json *value = parse_n(text, size, &err);

    return value ? json_text(value, NULL) : wow_error_text(&err);
}

static const char *again(const char *text) { return again_n(text, strlen(text)); }

static char *repeated(const char *text, size_t times, const char *tail)
{
    size_t size = strlen(text);
    char *all = wow_alloc(size * times + strlen(tail) + 1);

    for (size_t i = 0; i < times; i++)
        memcpy(all + i * size, text, size);
    memcpy(all + size * times, tail, strlen(tail) + 1);
    return all;
}

TEST(values_come_out_as_they_went_in)
{
    CHECK_STR(again("null"), "null");
    CHECK_STR(again(" true "), "true");
    CHECK_STR(again("\tfalse\r\n"), "false");
    CHECK_STR(again("[ 1 , [ ] , { } , [ 2 , [ 3 ] ] , 4 ]"), "[1,[],{},[2,[3]],4]");
    CHECK_STR(again("{\"a\":{\"b\":[{\"c\":null}]},\"d\":\"e\"}"),
              "{\"a\":{\"b\":[{\"c\":null}]},\"d\":\"e\"}");
    CHECK_STR(again("{\"\":1}"), "{\"\":1}");
}

TEST(what_is_not_json_is_refused_with_its_place)
{
    static const struct {
        const char *text, *what;
    } bad[] = {
        {"", "byte 0: it ends too early"},
        {"{", "byte 1: it ends too early"},
        {"[", "byte 1: it ends too early"},
        {"[1,", "byte 3: it ends too early"},
        {"{\"a\":", "byte 5: it ends too early"},
        {"\"a", "byte 2: it ends too early"},
        {"\"a\\", "byte 3: it ends too early"},
        {"[1,]", "byte 3: not a value"},
        {"[,1]", "byte 1: not a value"},
        {"{,}", "byte 1: not a key"},
        {"{\"a\":1,}", "byte 7: not a key"},
        {"{1:2}", "byte 1: not a key"},
        {"{\"a\" 1}", "byte 5: no colon behind a key"},
        {"[1 2]", "byte 3: neither a comma nor the closing bracket"},
        {"[1}", "byte 2: neither a comma nor the closing bracket"},
        {"{\"a\":1]", "byte 6: neither a comma nor the closing bracket"},
        {"1 2", "byte 2: something behind the value"},
        {"tru", "byte 0: not a value"},
        {"NaN", "byte 0: not a value"},
        {"// x\n1", "byte 0: not a value"},
        {"\xef\xbb\xbf[]", "byte 0: not a value"},
        {"\f1", "byte 0: not a value"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char want[128];
        snprintf(want, sizeof want, "invalid JSON at %s", bad[i].what);
        CHECK_STR(again(bad[i].text), want);
    }
    CHECK_STR(again_n("[1]\0", 4), "invalid JSON at byte 3: something behind the value");
    CHECK_STR(again_n("[\0001]", 4), "invalid JSON at byte 1: not a value");
}

TEST(numbers_follow_the_grammar)
{
    static const char *const good[] = {
        "0",    "-0",    "1.5", "-1.25e+10", "1E400", "1e-400",
        "10.0", "0.001", "0e0", "1e00",      "-0.0",  "123456789012345678901234567890.1234567"};
    static const char *const bad[] = {"-",   "+1",    ".5",    "1.",      "1.e5", "1e",
                                      "1e+", "1.5e-", "-a",    "--1",     "0x10", "01",
                                      "00",  "-01",   "1_000", "Infinity"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK_STR(again(good[i]), good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(!parse(bad[i]));
        CHECK(!parse(repeated("[", 1, bad[i])));
    }
}

TEST(escapes_are_decoded_and_the_needed_ones_written)
{
    CHECK_STR(again("\"\\u0041\\/\\b\\f\\n\\r\\t\\\"\\\\\""), "\"A/\\b\\f\\n\\r\\t\\\"\\\\\"");
    CHECK_STR(again("\"\\u0001\\u001F\\u007f\""), "\"\\u0001\\u001f\x7f\"");
    CHECK_STR(again("\"\\u00e9\\u20AC\\ud834\\udd1e\\uD800\\uDC00\\uDBFF\\uDFFF\""),
              "\"\u00e9\u20ac\U0001d11e\U00010000\U0010ffff\"");
    CHECK_STR(again("{\"\\u006b\\n\":1}"), "{\"k\\n\":1}");
    CHECK_STR(again("\"\\u0000\""), "\"\\u0000\"");
    CHECK(!parse("\"\\x41\""));
    CHECK(!parse("\"\\u004\""));
    CHECK(!parse("\"\\u00g1\""));
    CHECK(!parse("\"\\u 041\""));
    CHECK(!parse("\"a\nb\""));
    CHECK(!parse("\"a\tb\""));
    CHECK(!parse_n("\"a\0b\"", 5, &(struct wow_error){0}));
}

TEST(lone_surrogates_are_refused)
{
    static const char *const bad[] = {
        "\"\\ud800\"",        "\"\\udc00\"",      "\"\\ud800\\ud800\"",
        "\"\\ud800x\"",       "\"\\ud800\\n\"",   "\"\\udfff\\udbff\"",
        "\"\\ud800\\u0041\"", "\"\\ud800\\",      "\"\\ud800\\u",
        "\"\\ud800\\udc0",    "\"\xed\xa0\x80\"", "\"\xed\xa0\xb4\xed\xb4\x9e\"",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!parse(bad[i]));
    CHECK_STR(again(bad[0]), "invalid JSON at byte 2: half of a surrogate pair");
}

TEST(only_valid_utf8_comes_in)
{
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc3",
        "\xc3(",
        "\xe2\x82",
        "\xe2(\xac",
        "\xe2\x82(",
        "\xe0\x9f\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf0\x9d\x84",
        "\xf0\x9d(\x9e",
        "\xff",
        "\xfe",
        "\xf8\x88\x80\x80\x80",
    };
    char text[16];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(!parse_n(text, (size_t)snprintf(text, sizeof text, "\"%s\"", bad[i]),
                       &(struct wow_error){0}));
        CHECK(!parse_n(text, (size_t)snprintf(text, sizeof text, "\"%s", bad[i]),
                       &(struct wow_error){0}));
    }
    CHECK_STR(again("\"\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf\""),
              "\"\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf\"");
    CHECK_STR(again("\"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\""),
              "\"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\"");
}

TEST(only_valid_utf8_goes_out)
{
    CHECK_STR(json_text(json_string("x\xffy\xe2\x82"), NULL), "\"x\ufffdy\ufffd\ufffd\"");
    CHECK_STR(json_text(json_string_n("a\0b", 3), NULL), "\"a\\u0000b\"");
    CHECK_STR(json_text(json_string(NULL), NULL), "null");
    CHECK_STR(json_text(NULL, NULL), "null");
}

TEST(nesting_has_an_end)
{
    CHECK(parse(repeated("[", 512, repeated("]", 512, ""))));
    CHECK_STR(again(repeated("[", 513, repeated("]", 513, ""))),
              "invalid JSON at byte 513: nested too deep");
    CHECK_STR(again(repeated("{\"a\":", 1000000, "")),
              "invalid JSON at byte 2561: nested too deep");
    CHECK(parse(repeated("[[],", 511, repeated("[]", 1, repeated("]", 511, "")))));
    CHECK_INT(json_count(parse(repeated("[", 1, repeated("[[]],", 5000, "[]]")))), 5001);

    struct json *deep = json_array();
    for (int i = 0; i < 100000; i++) {
        struct json *outer = json_array();
        json_add(outer, deep);
        deep = outer;
    }
    CHECK_INT(strlen(json_text(deep, NULL)), 200002);
}

TEST(a_large_string_survives)
{
    size_t size;
    char *plain = repeated("0123456789abcdef", 65536, "\"");
    const char *text = json_as_string(parse(repeated("\"", 1, plain)), &size);

    CHECK_INT(size, 1 << 20);
    CHECK(text && memcmp(text, plain, size) == 0 && text[size] == '\0');

    char *escaped = repeated("\\u20ac", 174763, "\"");
    text = json_as_string(parse(repeated("\"", 1, escaped)), &size);
    CHECK_INT(size, 174763 * 3);
    CHECK_INT(strlen(json_text(json_string(repeated("\"", 1 << 20, "")), &size)), (2 << 20) + 2);
    CHECK_INT(size, (2 << 20) + 2);
}

TEST(of_twin_keys_the_last_counts)
{
    struct json *value =
        parse("{\"a\":1,\"b\":2,\"\\u0061\":[],\"c\":{\"x\":1,\"x\":2},\"a\":[4,5]}");
    const struct json *a = json_get(value, "a");

    CHECK_INT(json_count(value), 3);
    CHECK_INT(json_count(a), 2);
    CHECK_STR(json_text(value, NULL), "{\"a\":[4,5],\"b\":2,\"c\":{\"x\":2}}");
    json_set(value, "d", json_null());
    CHECK_STR(json_text(value, NULL), "{\"a\":[4,5],\"b\":2,\"c\":{\"x\":2},\"d\":null}");
    CHECK_STR(again("{\"a\":1,\"a\":2}"), "{\"a\":2}");
    CHECK_STR(again("{\"a\":1,\"a\":2,\"a\":3,\"ab\":4,\"a\\u0000\":5,\"a\\u0000\":6}"),
              "{\"a\":3,\"ab\":4,\"a\\u0000\":6}");
}

TEST(many_twins_are_no_trouble)
{
    enum { MEMBERS = 100000, KEYS = 1000 };
    char *text = wow_alloc(MEMBERS * 24), *at = text;
    struct wow_error err = {0};

    for (int i = 0; i < MEMBERS; i++)
        at += snprintf(at, 24, "%c\"k%d\":[%d]", i ? ',' : '{', i * 7 % KEYS, i);
    *at++ = '}';
    struct json *value = parse_n(text, (size_t)(at - text), &err);
    CHECK_INT(json_count(value), KEYS);
    CHECK_STR(json_key(json_first(value)), "k0");
    int i = MEMBERS - KEYS;
    for (const struct json *v = json_first(value); v; v = json_next(v), i++) {
        int64_t got = -1;
        CHECK(json_as_int(json_at(v, 0), &got));
        CHECK_INT(got, i);
    }
    CHECK_INT(i, MEMBERS);
}

TEST(integers_are_exact)
{
    static const struct {
        const char *text;
        bool fits;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0.000e99", true, 0},
        {"40.0", true, 40},
        {"4e1", true, 40},
        {"0.00012e5", true, 12},
        {"9007199254740993", true, 9007199254740993},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9.223372036854775807e18", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"1e99999999999999999999", false, 0},
        {"0e99999999999999999999", true, 0},
        {"1e-99999999999999999999", false, 0},
        {"1.5", false, 0},
        {"true", false, 0},
        {"\"1\"", false, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t got = 0;
        CHECK_INT(json_as_int(parse(rows[i].text), &got), rows[i].fits);
        CHECK_INT(got, rows[i].value);
    }

    uint64_t large = 0;
    CHECK(json_as_uint(parse("18446744073709551615"), &large) && large == UINT64_MAX);
    CHECK(!json_as_uint(parse("18446744073709551616"), &large));
    CHECK(!json_as_uint(parse("-1"), &large));
    CHECK(json_as_uint(parse("-0"), &large) && large == 0);
    CHECK_STR(json_text(json_int(INT64_MIN), NULL), "-9223372036854775808");
    CHECK_STR(json_text(json_int(0), NULL), "0");
    CHECK_STR(json_text(json_uint(UINT64_MAX), NULL), "18446744073709551615");
}

TEST(doubles_are_read_to_the_nearest)
{
    static const char *const rows[] = {
        "0.1",
        "1.7976931348623157e308",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "5e-324",
        "2.4703282292062328e-324",
        "2.4703282292062327e-324",
        "1e-400",
        "1e23",
        "9007199254740993",
        "9007199254740992.999999999999999999999999",
        "1e22",
        "8.5e-23",
        "123456789012345678",
        "0.000000000000000000000000000001234567890123456789e50",
        "9007199254740993.00000000000000000000000000000000000000000000000000000000001",
        "4.9406564584124654e-324",
        "7.4109846876186981626e-324",
        "1.7976931348623158e308",
        "6.929001713869936e236",
        "100000000000000016777215",
        "100000000000000016777216",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double got = -1;
        CHECK(json_as_double(parse(rows[i]), &got));
        CHECK(got == strtod(rows[i], NULL));
    }
    double got = 1;
    CHECK(json_as_double(parse("-0.0"), &got) && got == 0 && signbit(got));
    CHECK(json_as_double(parse("-1e-999"), &got) && got == 0 && signbit(got));
    CHECK(!json_as_double(parse("1e400"), &got));
    CHECK(!json_as_double(parse("-1.797693134862315808e308"), &got));

    /* Exactly between two doubles, and then a trifle more, a thousand digits away. */
    char *middle = repeated("9007199254740993.", 1, repeated("0", 1000, "1"));
    CHECK(json_as_double(parse(middle), &got) && got == 9007199254740994.0);
    middle[strlen(middle) - 1] = '0';
    CHECK(json_as_double(parse(middle), &got) && got == 9007199254740992.0);
    CHECK(json_as_double(parse(repeated("0.", 1, repeated("0", 999, "1e1000"))), &got) && got == 1);
    CHECK(json_as_double(parse(repeated("9", 2000, "e-2000")), &got) && got == 1);
}

TEST(doubles_are_written_as_short_as_can_be)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1.0, "1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {123456.75, "123456.75"},
        {0.000001, "0.000001"},
        {0.0000001, "1e-7"},
        {123456789012345680000.0, "123456789012345680000"},
        {999999999999999900000.0, "999999999999999900000"},
        {738610712352502.25, "738610712352502.2"},
        {1e21, "1e21"},
        {1e23, "1e23"},
        {5e-324, "5e-324"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {DBL_MAX, "1.7976931348623157e308"},
        {9.5367431640625e-07, "9.5367431640625e-7"},
        {(double)NAN, "null"},
        {(double)-INFINITY, "null"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_STR(json_text(json_double(rows[i].value), NULL), rows[i].text);
}

TEST(any_double_comes_back_the_same)
{
    uint64_t seed = 88172645463325252;

    for (int i = 0; i < 20000; i++) {
        double value, back = 0;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        uint64_t bits = i % 3 == 0 ? seed & ((uint64_t)0x7ff << 52) : seed;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        char text[JSON_NUMBER_MAX + 1];
        size_t size = json_write_double(text, value);
        text[size] = '\0';
        CHECK(size < JSON_NUMBER_MAX);
        CHECK(strtod(text, NULL) == value);
        CHECK(json_read_double(text, size, &back) && back == value);

        char want[40];
        snprintf(want, sizeof want, "%.*e", 16, value);
        CHECK(json_read_double(want, strlen(want), &back) && back == value);
    }
}
