#include "cli/rest/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NUMBER_MAX (1LL << 53)

bool value_get(const struct scan_text *object, const char *name, struct scan_text *out)
{
    struct scan_text key;

    if (object->n == 0 || object->type != SCAN_OBJECT)
        return false;
    struct scan_walk w = scan_members(object);
    while (scan_next(&w, &key, out))
        if (scan_equals(&key, name))
            return true;
    return false;
}

bool value_get_nocase(const struct scan_text *object, const char *name, struct scan_text *out)
{
    struct scan_text key;

    struct scan_walk w = scan_members(object);
    while (scan_next(&w, &key, out))
        if (key.n == strlen(name) + 2 && strncasecmp(key.at + 1, name, key.n - 2) == 0)
            return true;
    return false;
}

char *value_plain(const struct scan_text *v)
{
    struct buf text;
    struct err err;

    if (v->type != SCAN_STRING)
        return mem_dup_n(v->at, v->n);
    buf_init(&text, v->n);
    if (scan_unescape(v, &text, &err) < 0 || !text.data) {
        buf_done(&text);
        return mem_dup("");
    }
    for (char *at = text.data; at < text.data + text.size; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?'; /* it goes to a terminal */
    return text.data;
}

char *value_text(const struct scan_text *object, const char *name)
{
    struct scan_text v;

    return value_get(object, name, &v) && v.type == SCAN_STRING ? value_plain(&v) : NULL;
}

long long value_number(const struct scan_text *object, const char *name, long long otherwise)
{
    struct scan_text v;

    if (!value_get(object, name, &v) || v.type != SCAN_NUMBER)
        return otherwise;
    long long n = strtoll(v.at, NULL, 10);
    return n > -NUMBER_MAX && n < NUMBER_MAX ? n : otherwise;
}

bool value_pair(const struct scan_text *object, const char *name, const char *key,
                struct scan_text *out)
{
    struct scan_text all, pair, said;

    if (!value_get(object, name, &all) || all.type != SCAN_ARRAY)
        return false;
    struct scan_walk w = scan_elements(&all);
    while (scan_next_element(&w, &pair))
        if (value_get(&pair, "key", &said) && said.type == SCAN_STRING && scan_equals(&said, key))
            return value_get(&pair, "value", out);
    return false;
}

bool value_is_true(const struct scan_text *v) { return v->n == 4 && memcmp(v->at, "true", 4) == 0; }

static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static void new_line(FILE *out, int depth, bool pretty)
{
    if (pretty)
        fprintf(out, "\n%*s", 4 * depth, "");
}

/* A string from its first quote; the place of its last one. */
static const char *put_string(FILE *out, const char *at)
{
    const char *from = at++;

    while (*at != '"')
        at += *at == '\\' ? 2 : 1;
    fwrite(from, 1, (size_t)(at - from) + 1, out);
    return at;
}

void value_print(FILE *out, const struct scan_text *v, bool pretty)
{
    const char *end = v->at + v->n;
    int depth = 0;
    char before = '\0'; /* the one that was printed last, if it opens something */

    for (const char *at = v->at; at < end; at++) {
        if (is_space(*at))
            continue;
        bool closes = *at == '}' || *at == ']', was_open = before == '{' || before == '[';
        depth -= closes;
        if (was_open != closes && (was_open || closes))
            new_line(out, depth, pretty);
        before = *at;
        if (*at == '"') {
            at = put_string(out, at);
            continue;
        }
        fputc(*at, out);
        depth += *at == '{' || *at == '[';
        if (*at == ',')
            new_line(out, depth, pretty);
        if (*at == ':' && pretty)
            fputc(' ', out);
    }
    fputc('\n', out);
}
