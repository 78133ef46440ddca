/* Greets whoever it is told of: {"name": "wasm"} gives {"greeting": "Hello, wasm!"}. */

#include <wow/action.h>

static struct json *greet(const struct json *args, struct wow_error *err)
{
    const char *name = wow_string_or(args, "name", "stranger", err);
    if (wow_failed(err))
        return NULL;

    wow_logf("greeting %s", name);
    struct json *result = json_object();
    char greeting[100];
    snprintf(greeting, sizeof greeting, "Hello, %s!", name);
    json_set(result, "greeting", json_string(greeting));
    return result;
}

WOW_ACTION(greet)
