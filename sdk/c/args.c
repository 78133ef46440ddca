/* The arguments of an action, and its errors. */

#include "internal.h"

#include <string.h>

struct json *wow_fail_with(struct wow_error *err, const struct json *value)
{
    if (!err->value)
        err->value = value ? (struct json *)value : json_null();
    return NULL;
}

struct json *wow_fail(struct wow_error *err, const char *text)
{
    return wow_fail_with(err, json_string(text));
}

const char *wow_error_text(const struct wow_error *err)
{
    const char *text = json_as_string(err->value, NULL);

    if (text)
        return text;
    return err->value ? json_text(err->value, NULL) : "";
}

__attribute__((noinline)) void wow_complain(struct wow_error *err, const char *name,
                                            const char *complaint)
{
    static const char head[] = "parameter '", middle[] = "' ";
    size_t named = strlen(name), complained = strlen(complaint);
    char *text = wow_alloc(sizeof head + named + sizeof middle + complained), *at = text;

    memcpy(at, head, sizeof head - 1);
    at += sizeof head - 1;
    memcpy(at, name, named);
    at += named;
    memcpy(at, middle, sizeof middle - 1);
    at += sizeof middle - 1;
    memcpy(at, complaint, complained + 1);
    wow_fail(err, text);
}

/* The parameter, or NULL with the error set if it is not of this type. */
static const struct json *expect(const struct json *args, const char *name, enum json_type type,
                                 const char *complaint, struct wow_error *err)
{
    const struct json *value = json_get(args, name);

    if (json_type(value) == type)
        return value;
    wow_complain(err, name, value ? complaint : "is missing");
    return NULL;
}

static bool absent(const struct json *args, const char *name)
{
    return json_type(json_get(args, name)) <= JSON_NULL;
}

/* The integer in two's complement; whether it may be negative is what decides its range. */
static uint64_t integer(const struct json *args, const char *name, bool with_sign,
                        struct wow_error *err)
{
    static const char no_integer[] = "must be an integer";
    const struct json *value = expect(args, name, JSON_NUMBER, no_integer, err);
    uint64_t magnitude = 0;
    bool negative = false;

    if (!value)
        return 0;
    switch (json_read_integer(value->text, value->size, &negative, &magnitude)) {
    case JSON_NOT_INTEGER:
        wow_complain(err, name, no_integer);
        return 0;
    case JSON_TOO_LARGE:
        break;
    case JSON_FITS:
        if (negative && !with_sign && magnitude > 0) {
            wow_complain(err, name, "must not be negative");
            return 0;
        }
        if (!with_sign || magnitude <= (uint64_t)INT64_MAX + negative)
            return negative ? -magnitude : magnitude;
    }
    wow_complain(err, name, "does not fit into 64 bits");
    return 0;
}

int64_t wow_int(const struct json *args, const char *name, struct wow_error *err)
{
    return (int64_t)integer(args, name, true, err);
}

int64_t wow_int_or(const struct json *args, const char *name, int64_t fallback,
                   struct wow_error *err)
{
    return absent(args, name) ? fallback : wow_int(args, name, err);
}

uint64_t wow_uint(const struct json *args, const char *name, struct wow_error *err)
{
    return integer(args, name, false, err);
}

uint64_t wow_uint_or(const struct json *args, const char *name, uint64_t fallback,
                     struct wow_error *err)
{
    return absent(args, name) ? fallback : wow_uint(args, name, err);
}

double wow_double(const struct json *args, const char *name, struct wow_error *err)
{
    const struct json *value = expect(args, name, JSON_NUMBER, "must be a number", err);
    double number = 0;

    if (value && !json_as_double(value, &number))
        wow_complain(err, name, "is beyond the range of a double");
    return number;
}

double wow_double_or(const struct json *args, const char *name, double fallback,
                     struct wow_error *err)
{
    return absent(args, name) ? fallback : wow_double(args, name, err);
}

bool wow_bool(const struct json *args, const char *name, struct wow_error *err)
{
    const struct json *value = expect(args, name, JSON_BOOL, "must be true or false", err);

    return value && value->truth;
}

bool wow_bool_or(const struct json *args, const char *name, bool fallback, struct wow_error *err)
{
    return absent(args, name) ? fallback : wow_bool(args, name, err);
}

const char *wow_string(const struct json *args, const char *name, struct wow_error *err)
{
    const struct json *value = expect(args, name, JSON_STRING, "must be a string", err);

    if (!value)
        return "";
    if (strlen(value->text) != value->size) {
        wow_complain(err, name, "must not contain U+0000");
        return "";
    }
    return value->text;
}

const char *wow_string_or(const struct json *args, const char *name, const char *fallback,
                          struct wow_error *err)
{
    return absent(args, name) ? fallback : wow_string(args, name, err);
}

const struct json *wow_array(const struct json *args, const char *name, struct wow_error *err)
{
    const struct json *value = expect(args, name, JSON_ARRAY, "must be an array", err);

    return value ? value : json_array();
}

const struct json *wow_object(const struct json *args, const char *name, struct wow_error *err)
{
    const struct json *value = expect(args, name, JSON_OBJECT, "must be an object", err);

    return value ? value : json_object();
}
