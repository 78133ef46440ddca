#include <wow/action.h>

static struct json *greet(const struct json *args, struct wow_error *err)
{
    const char *name = wow_string_or(args, "name", "stranger", err);
    struct json *result = json_object();

    wow_logf("greeting %s", name);
    json_set(result, "greeting", json_string(wow_format("Hello, %s!", name)));
    return result;
}

WOW_ACTION(greet)
