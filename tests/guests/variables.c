/* Answers the environment variables that {"names": […]} lists; null for one that is not set. */
#include <wow/action.h>

#include <stdlib.h>

static struct json *variables(const struct json *args, struct wow_error *err)
{
    struct json *result = json_object();

    for (const struct json *n = json_first(wow_array(args, "names", err)); n; n = json_next(n)) {
        const char *name = json_as_string(n, NULL);
        if (!name)
            return wow_fail(err, "a name is not a text");
        json_set(result, name, json_string(getenv(name)));
    }
    return result;
}

WOW_ACTION(variables)
