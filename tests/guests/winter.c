/* Puts a delimiter around a snowman, prints it and answers it. */
#include <wow/action.h>

#include <string.h>

static struct json *winter(const struct json *args, struct wow_error *err)
{
    const char *delimiter = wow_string(args, "delimiter", err);
    struct json *result = json_object();
    char text[64];

    snprintf(text, sizeof text, "%s ☃ %s", delimiter, delimiter);
    puts(text);
    json_set(result, "winter", json_string(text));
    return result;
}

WOW_ACTION(winter)
