#include "api/media.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static size_t length(const char *type) { return strcspn(type, "; \t,"); }

static bool is_token(char c) { return isalnum((unsigned char)c) || (c && strchr("!#$&-^_.+", c)); }

bool media_is_type(const char *type)
{
    size_t n = length(type), slash = strcspn(type, "/");

    if (slash == 0 || slash + 1 >= n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (i != slash && !is_token(type[i]))
            return false;
    return true;
}

bool media_is(const char *type, const char *name)
{
    return length(type) == strlen(name) && strncasecmp(type, name, strlen(name)) == 0;
}

static bool ends_with(const char *type, const char *end)
{
    size_t n = length(type), m = strlen(end);

    return n > m && strncasecmp(type + n - m, end, m) == 0;
}

bool media_is_json(const char *type)
{
    return media_is(type, "application/json") || ends_with(type, "+json");
}

bool media_is_binary(const char *type)
{
    static const char *const texts[] = {
        "application/javascript", "application/xml",      "application/x-www-form-urlencoded",
        "application/graphql",    "application/x-ndjson", "application/sql",
        "application/yaml"};

    if (strncasecmp(type, "text/", 5) == 0 || media_is_json(type) || ends_with(type, "+xml"))
        return false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (media_is(type, texts[i]))
            return false;
    return true;
}

/* One range of an Accept header, "type/subtype", with a '*' for either. */
static bool range_allows(const char *range, size_t n, const char *type)
{
    size_t slash = strcspn(type, "/");

    if (n == 3 && strncmp(range, "*/*", 3) == 0)
        return true;
    if (n == slash + 2 && range[n - 1] == '*')
        return strncasecmp(range, type, slash + 1) == 0;
    return n == length(type) && strncasecmp(range, type, n) == 0;
}

bool media_accepts(const char *accept, const char *type)
{
    while (accept && *accept) {
        accept += strspn(accept, " \t,");
        if (range_allows(accept, length(accept), type))
            return true;
        accept += strcspn(accept, ",");
        if (!*accept)
            return false;
    }
    return true;
}
