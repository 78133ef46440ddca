/* The C SDK's values and arguments, as an action sees them. */

#include "../../sdk/c/internal.h"
#include "test.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct json *parse(const char *text)
{
    struct wow_error err = {0};
    size_t size = strlen(text);
    char *copy = wow_alloc(size + 1);

    memcpy(copy, text, size);
    return json_parse_in_place(copy, size, &err);
}

TEST(values_are_built_and_replaced)
{
    struct json *value = json_object();
    struct json *list = json_set(value, "list", json_array());

    json_add(list, json_int(1));
    json_add(list, json_bool(true));
    json_add(list, NULL);
    json_set(value, "s", json_string("x\"y"));
    json_set(value, "gone", json_int(1));
    json_set(value, "gone", NULL);
    CHECK_STR(json_text(value, NULL), "{\"list\":[1,true,null],\"s\":\"x\\\"y\",\"gone\":null}");

    CHECK_INT(json_count(list), 3);
    CHECK_INT(json_type(json_at(list, 1)), JSON_BOOL);
    CHECK(!json_at(list, 3));
    CHECK(!json_at(value, 0));
    CHECK(!json_get(list, "s"));
    CHECK(!json_get(NULL, "s"));
    CHECK_INT(json_type(NULL), JSON_MISSING);
    CHECK(!json_key(json_first(list)));

    json_set(value, "list", json_string("first"));
    json_set(value, "gone", json_string("last"));
    json_set(value, "new", json_string("end"));
    CHECK_STR(json_text(value, NULL),
              "{\"list\":\"first\",\"s\":\"x\\\"y\",\"gone\":\"last\",\"new\":\"end\"}");
    json_add(list, list);
    CHECK_STR(json_text(list, NULL), "[1,true,null,[1,true,null]]");
}

TEST(a_part_of_something_is_copied)
{
    struct json *args = parse("{\"a\":[1,{\"b\":[]},2],\"c\":\"d\"}");
    struct json *value = json_object();
    struct json *mine = json_set(value, "mine", json_get(args, "a"));

    json_add(mine, json_int(3));
    json_set(value, "c", json_get(args, "c"));
    json_set(value, "all", args);
    CHECK_STR(json_text(args, NULL), "{\"a\":[1,{\"b\":[]},2],\"c\":\"d\"}");
    CHECK_STR(json_text(value, NULL), "{\"mine\":[1,{\"b\":[]},2,3],\"c\":\"d\","
                                      "\"all\":{\"a\":[1,{\"b\":[]},2],\"c\":\"d\"}}");
    json_set(value, "self", value);
    json_set(value, "c", json_get(value, "c"));
    CHECK_INT(json_count(value), 4);
    CHECK_INT(json_count(json_get(value, "self")), 3);
}

TEST(arguments_have_their_types)
{
    struct wow_error err = {0};
    struct json *args = parse("{\"i\":-7,\"d\":1.5,\"b\":true,\"s\":\"text\",\"a\":[1],"
                              "\"o\":{\"x\":1},\"n\":null}");

    CHECK_INT(wow_int(args, "i", &err), -7);
    CHECK(wow_double(args, "d", &err) == 1.5);
    CHECK(wow_double(args, "i", &err) == -7);
    CHECK(wow_bool(args, "b", &err));
    CHECK_STR(wow_string(args, "s", &err), "text");
    CHECK_INT(json_count(wow_array(args, "a", &err)), 1);
    CHECK_INT(wow_uint(wow_object(args, "o", &err), "x", &err), 1);
    CHECK_INT(wow_int_or(args, "n", 9, &err), 9);
    CHECK_INT(wow_uint_or(args, "none", 8, &err), 8);
    CHECK(wow_double_or(args, "none", 0.5, &err) == 0.5);
    CHECK(wow_bool_or(args, "none", true, &err));
    CHECK_STR(wow_string_or(args, "none", "else", &err), "else");
    CHECK(!wow_failed(&err));
    CHECK_STR(wow_error_text(&err), "");
}

/* Calls one accessor and compares the complaint. */
#define COMPLAINS(call, text)                    \
    do {                                         \
        struct wow_error err = { 0 };            \
        CHECK(!(call));                          \
        CHECK_STR(wow_error_text(&err), (text)); \
    } while (0)

TEST(a_wrong_argument_is_named)
{
    struct json *args = parse("{\"d\":1.5,\"s\":\"text\",\"z\":\"a\\u0000b\",\"big\":1e30,"
                              "\"neg\":-1,\"huge\":1e400,\"n\":null}");

    COMPLAINS(wow_int(args, "none", &err), "parameter 'none' is missing");
    COMPLAINS(wow_int(args, "n", &err), "parameter 'n' must be an integer");
    COMPLAINS(wow_int(args, "s", &err), "parameter 's' must be an integer");
    COMPLAINS(wow_int(args, "d", &err), "parameter 'd' must be an integer");
    COMPLAINS(wow_int_or(args, "d", 1, &err), "parameter 'd' must be an integer");
    COMPLAINS(wow_int(args, "big", &err), "parameter 'big' does not fit into 64 bits");
    COMPLAINS(wow_uint(args, "neg", &err), "parameter 'neg' must not be negative");
    COMPLAINS(wow_double(args, "s", &err) != 0, "parameter 's' must be a number");
    COMPLAINS(wow_double(args, "huge", &err) != 0,
              "parameter 'huge' is beyond the range of a double");
    COMPLAINS(wow_bool(args, "s", &err), "parameter 's' must be true or false");
    COMPLAINS(*wow_string(args, "d", &err), "parameter 'd' must be a string");
    COMPLAINS(*wow_string(args, "z", &err), "parameter 'z' must not contain U+0000");
    COMPLAINS(json_count(wow_array(args, "s", &err)), "parameter 's' must be an array");
    COMPLAINS(json_count(wow_object(args, "s", &err)), "parameter 's' must be an object");
    COMPLAINS(wow_int(NULL, "a", &err), "parameter 'a' is missing");
}

TEST(the_first_error_is_kept)
{
    struct wow_error err = {0};

    CHECK(!wow_failf(&err, "%s: %d of %d", "disk", 1, 2));
    wow_int(NULL, "a", &err);
    wow_fail(&err, "second");
    CHECK(wow_failed(&err));
    CHECK_STR(wow_error_text(&err), "disk: 1 of 2");

    struct wow_error rich = {0};
    CHECK(!wow_fail_with(&rich, parse("{\"code\":[7]}")));
    CHECK_STR(wow_error_text(&rich), "{\"code\":[7]}");
}

static const char *bytes_of(const char *text)
{
    static char out[64];
    size_t size = 0;
    const uint8_t *bytes = json_as_bytes(json_string(text), &size);

    if (!bytes)
        return "none";
    snprintf(out, sizeof out, "%zu %.*s", size, (int)size, (const char *)bytes);
    return out;
}

TEST(bytes_are_base64)
{
    static const char *const both[][2] = {
        {"", ""},        {"f", "Zg=="},          {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfd", "//79"}};
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zg===", "====", "Z===", "Zm9v!", "Zm 9v", "Zg==Zg==", "Zm9\xc3\xa9"};
    char expected[64];

    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        size_t size = strlen(both[i][0]);
        CHECK_STR(json_as_string(json_bytes(both[i][0], size), NULL), both[i][1]);
        snprintf(expected, sizeof expected, "%zu %s", size, both[i][0]);
        CHECK_STR(bytes_of(both[i][1]), expected);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_STR(bytes_of(bad[i]), "none");
    CHECK(!json_as_bytes(NULL, NULL));
    CHECK(!json_as_bytes(json_int(1), NULL));
}

TEST(a_parameter_of_bytes)
{
    const struct json *args = parse("{\"good\": \"Zm9v\", \"bad\": \"Zm9\", \"none\": \"\"}");
    struct wow_error err = {0};
    size_t size = 9;

    CHECK_STR((const char *)wow_bytes(args, "good", &size, &err), "foo");
    CHECK_INT(size, 3);
    wow_bytes(args, "none", &size, &err);
    CHECK_INT(size, 0);
    CHECK(!wow_failed(&err));
    CHECK_STR((const char *)wow_bytes(args, "bad", &size, &err), "");
    CHECK_STR(wow_error_text(&err), "parameter 'bad' must be base64");
}

TEST(the_deadline)
{
    char text[32];

    unsetenv("__OW_DEADLINE");
    CHECK(wow_remaining_ms() == INT64_MAX);
    setenv("__OW_DEADLINE", "soon", 1);
    CHECK(wow_remaining_ms() == INT64_MAX);
    snprintf(text, sizeof text, "%lld", (long long)(time(NULL) + 100) * 1000);
    setenv("__OW_DEADLINE", text, 1);
    CHECK(wow_remaining_ms() > 90000 && wow_remaining_ms() <= 100000);
    setenv("__OW_DEADLINE", "1000", 1);
    CHECK(wow_remaining_ms() < 0);
}
