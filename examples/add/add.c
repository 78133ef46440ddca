/* The sum of two numbers: {"a": 40, "b": 2} gives {"result": 42}. */

#include <wow/action.h>

#include <math.h>

static struct json *add(const struct json *args, struct wow_error *err)
{
    struct json *result = json_object();
    int64_t a, b, exact;

    if (json_as_int(json_get(args, "a"), &a) && json_as_int(json_get(args, "b"), &b) &&
        !__builtin_add_overflow(a, b, &exact)) {
        json_set(result, "result", json_int(exact));
        return result;
    }

    double sum = wow_double(args, "a", err) + wow_double(args, "b", err);
    if (!isfinite(sum))
        return wow_fail(err, "the sum is too large");
    json_set(result, "result", json_double(sum));
    return result;
}

WOW_ACTION(add)
