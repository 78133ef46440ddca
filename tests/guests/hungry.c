/*
 * Takes {"mb": N} of memory and touches it. Without it, {"then": "trap"} ends in a trap of its own,
 * {"then": "go on"} in an answer.
 */
#include <wow/action.h>

#include <stdlib.h>
#include <string.h>

static struct json *hungry(const struct json *args, struct wow_error *err)
{
    size_t size = (size_t)wow_int(args, "mb", err) << 20;
    const char *then = wow_string_or(args, "then", "trap", err);
    char *volatile all = malloc(size); /* or a compiler would do without */

    if (all)
        memset(all, 1, size);
    if (!all && strcmp(then, "trap") == 0)
        abort();
    if (all && strcmp(then, "trap anyway") == 0)
        abort();
    struct json *result = json_object();
    json_set(result, "got", json_bool(all != NULL));
    return result;
}

WOW_ACTION(hungry)
