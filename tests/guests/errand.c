/*
 * Does what its arguments ask for, in this order: "print" and "complain", lists of lines for stdout
 * and stderr; "burn", milliseconds to compute; "trap", true; "fill", a result of so many bytes;
 * "error", an application error; "return", any value. Else it answers its arguments, and with
 * "env", a list of names, what the environment has for them.
 */
#include <wow/action.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void write_lines(const struct json *args, const char *name, FILE *to)
{
    const struct json *lines = json_get(args, name);

    for (const struct json *l = json_first(lines); l; l = json_next(l)) {
        fputs(json_as_string(l, NULL), to);
        fputs("\n", to);
    }
}

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct json *environment(const struct json *names)
{
    struct json *result = json_object();

    for (const struct json *n = json_first(names); n; n = json_next(n)) {
        const char *name = json_as_string(n, NULL);
        const char *value = getenv(name);
        json_set(result, name, value ? json_string(value) : json_null());
    }
    return result;
}

static struct json *filled(int64_t n)
{
    struct json *result = json_object();
    char *text = malloc((size_t)n + 1);

    memset(text, 'x', (size_t)n);
    json_set(result, "filled", json_string_n(text, (size_t)n));
    return result;
}

static struct json *errand(const struct json *args, struct wow_error *err)
{
    int64_t burn = wow_int_or(args, "burn", 0, err), fill = wow_int_or(args, "fill", 0, err);

    write_lines(args, "print", stdout);
    write_lines(args, "complain", stderr);
    for (long from = now_ms(); now_ms() - from < burn;)
        ;
    if (wow_bool_or(args, "trap", false, err))
        __builtin_trap();
    if (fill > 0)
        return filled(fill);
    if (json_get(args, "error"))
        return wow_fail_with(err, json_get(args, "error"));
    if (json_get(args, "return"))
        return (struct json *)json_get(args, "return");
    if (json_get(args, "env"))
        return environment(json_get(args, "env"));
    return (struct json *)args;
}

WOW_ACTION(errand)
