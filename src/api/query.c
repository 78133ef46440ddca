#include "api/query.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define LIMIT 30
#define LIMIT_MAX 200

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

size_t query_unescape(char *s, size_t n, bool plus)
{
    size_t to = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] == '%' && n - i > 2 && digit(s[i + 1]) >= 0 && digit(s[i + 2]) >= 0) {
            s[to++] = (char)(digit(s[i + 1]) * 16 + digit(s[i + 2]));
            i += 2;
        } else {
            s[to++] = plus && s[i] == '+' ? ' ' : s[i];
        }
    }
    s[to] = '\0';
    return to;
}

void query_init(struct query *q, const char *encoded)
{
    *q = (struct query){0};
    if (!*encoded)
        return;
    q->text = mem_dup(encoded);
    q->pairs = mem_zero(QUERY_MAX * sizeof *q->pairs);
    for (char *at = q->text; at && q->n < QUERY_MAX;) {
        char *next = strchr(at, '&'), *value;
        if (next)
            *next++ = '\0';
        value = strchr(at, '=');
        if (value)
            *value++ = '\0';
        size_t size = value ? query_unescape(value, strlen(value), true) : 0;
        query_unescape(at, strlen(at), true);
        if (*at)
            q->pairs[q->n++] = (struct query_pair){at, value ? value : "", size};
        at = next;
    }
}

void query_done(struct query *q)
{
    free(q->text);
    free(q->pairs);
}

const char *query_get(const struct query *q, const char *name)
{
    for (size_t i = q->n; i > 0; i--)
        if (strcmp(q->pairs[i - 1].name, name) == 0)
            return q->pairs[i - 1].value;
    return NULL;
}

int query_bool(const struct query *q, const char *name, bool *out, struct err *err)
{
    static const char *const words[] = {"true", "yes", "on", "1", "false", "no", "off", "0"};
    const char *value = query_get(q, name);

    for (size_t i = 0; value && i < 8; i++)
        if (strcasecmp(value, words[i]) == 0) {
            *out = i < 4;
            return 0;
        }
    return value ? err_set(err, ERR_INVALID,
                           "The query parameter '%s' was malformed:\n'%.100s' is not a valid "
                           "Boolean value",
                           name, value)
                 : 0;
}

static int number(const struct query *q, const char *name, const char *collection, int64_t *out,
                  struct err *err)
{
    const char *value = query_get(q, name);
    char *end;

    if (!value)
        return 0;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    if (!*value || *end || errno || isspace((unsigned char)*value))
        return err_set(err, ERR_INVALID,
                       "The query parameter '%s' was malformed:\nThe value '%.100s' is not an "
                       "integer for %s.",
                       name, value, collection);
    *out = n;
    return 0;
}

int query_page(const struct query *q, const char *collection, struct query_page *out,
               struct err *err)
{
    *out = (struct query_page){.limit = LIMIT};
    int r = number(q, "limit", collection, &out->limit, err);
    if (r == 0)
        r = number(q, "skip", collection, &out->skip, err);
    if (r == 0)
        r = query_bool(q, "count", &out->count, err);
    if (r < 0)
        return r;
    if (out->limit < 0 || out->limit > LIMIT_MAX)
        return err_set(err, ERR_INVALID,
                       "The query parameter 'limit' was malformed:\nThe value '%lld' is not in "
                       "the range of 0 to %d for %s.",
                       (long long)out->limit, LIMIT_MAX, collection);
    if (out->skip < 0)
        return err_set(err, ERR_INVALID,
                       "The query parameter 'skip' was malformed:\nThe value '%lld' is not "
                       "greater than or equal to 0 for %s.",
                       (long long)out->skip, collection);
    if (out->limit == 0)
        out->limit = LIMIT_MAX;
    return 0;
}

bool query_number(const char *text, int64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    return isdigit((unsigned char)*text) && !*end && !errno;
}
