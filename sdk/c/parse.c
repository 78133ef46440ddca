/*
 * JSON values from text, RFC 8259. Strings are decoded where they stand, a NUL takes the place of
 * the closing quote, and values point into the text. A NUL behind the text is the sentinel which
 * spares most tests for its end: no rule lets one pass.
 */

#include "internal.h"

#include <string.h>

struct parser {
    const char *start;
    char *at, *end;
    struct wow_error *err;
};

static struct json *bad(struct parser *p, const char *what)
{
    char text[128] = "invalid JSON at byte ";
    size_t size = strlen(text), more = strlen(what);

    if (p->at >= p->end)
        more = strlen(what = "it ends too early");
    size += json_write_integer(text + size, false, (uint64_t)(p->at - p->start));
    memcpy(text + size, ": ", 2);
    memcpy(text + size + 2, what, more + 1);
    return wow_fail(p->err, text);
}

static void skip_blanks(struct parser *p)
{
    while (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t')
        p->at++;
}

size_t json_utf8(const char *s, size_t left)
{
    unsigned char lead = (unsigned char)s[0], low = 0x80, high = 0xbf;
    size_t size;

    if (lead >= 0xc2 && lead <= 0xdf) {
        size = 2;
    } else if ((lead & 0xf0) == 0xe0) {
        size = 3;
        low = lead == 0xe0 ? 0xa0 : low;
        high = lead == 0xed ? 0x9f : high;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        size = 4;
        low = lead == 0xf0 ? 0x90 : low;
        high = lead == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (left < size || (unsigned char)s[1] < low || (unsigned char)s[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* The value of \uXXXX's digits at s, -1 if they are not. */
static int32_t hex4(const char *s)
{
    int32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        unsigned digit = (unsigned)s[i] - '0';

        if (digit > 9) {
            digit = ((unsigned)s[i] | 0x20) - 'a' + 10;
            if (digit < 10 || digit > 15)
                return -1;
        }
        unit = unit << 4 | (int32_t)digit;
    }
    return unit;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xe0 | c >> 12);
        } else {
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

/* The escape at p->at, behind its backslash, decoded to `to`; NULL if it is none. */
static char *escape(struct parser *p, char *to)
{
    static const char names[] = "b\bf\fn\nr\rt\t\"\"\\\\//";
    int32_t unit, low;

    for (const char *name = names; *name; name += 2)
        if (*p->at == *name) {
            p->at++;
            *to++ = name[1];
            return to;
        }
    if (*p->at != 'u' || (unit = hex4(p->at + 1)) < 0) {
        bad(p, "no such escape");
        return NULL;
    }
    if (unit >= 0xd800 && unit <= 0xdfff) {
        if (unit >= 0xdc00 || p->at[5] != '\\' || p->at[6] != 'u' ||
            (low = hex4(p->at + 7)) < 0xdc00 || low > 0xdfff) {
            bad(p, "half of a surrogate pair");
            return NULL;
        }
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        p->at += 6;
    }
    p->at += 5;
    return put_utf8(to, (uint32_t)unit);
}

/* The string at p->at, behind its opening quote, decoded in place; NULL if it is none. */
static const char *string(struct parser *p, size_t *size)
{
    char *text = p->at, *to = text;

    for (;;) {
        unsigned char c = (unsigned char)*p->at;
        size_t step = 1;

        if (c == '"')
            break;
        if (c < 0x20) {
            bad(p, "a bare control character in a string");
            return NULL;
        }
        if (c == '\\') {
            p->at++;
            if (!(to = escape(p, to)))
                return NULL;
            continue;
        }
        if (c >= 0x80 && (step = json_utf8(p->at, (size_t)(p->end - p->at))) == 0) {
            bad(p, "not UTF-8");
            return NULL;
        }
        if (to != p->at)
            memmove(to, p->at, step);
        to += step;
        p->at += step;
    }
    p->at++;
    *to = '\0';
    *size = (size_t)(to - text);
    return text;
}

/* Behind one digit or more; NULL if there is none. */
static char *digits(char *at)
{
    if (*at < '0' || *at > '9')
        return NULL;
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

static struct json *number(struct parser *p)
{
    char *at = p->at + (*p->at == '-');

    at = *at == '0' ? at + 1 : digits(at);
    if (at && *at == '.')
        at = digits(at + 1);
    if (at && (*at == 'e' || *at == 'E')) {
        at++;
        at = digits(at + (*at == '+' || *at == '-'));
    }
    if (!at)
        return bad(p, "not a number");

    struct json *value = json_new(JSON_NUMBER);
    value->text = p->at;
    value->size = (size_t)(at - p->at);
    p->at = at;
    return value;
}

static struct json *literal(struct parser *p, const char *word, size_t size, struct json *value)
{
    if (strncmp(p->at, word, size) != 0)
        return bad(p, "not a value");
    p->at += size;
    return value;
}

/* One value, of an array or object only the opening bracket. */
static struct json *value_new(struct parser *p)
{
    struct json *value;
    size_t size;

    switch (*p->at) {
    case '{':
    case '[':
        return json_new(*p->at++ == '{' ? JSON_OBJECT : JSON_ARRAY);
    case '"': {
        p->at++;
        const char *text = string(p, &size);
        if (!text)
            return NULL;
        value = json_new(JSON_STRING);
        value->text = text;
        value->size = size;
        return value;
    }
    case 't':
        return literal(p, "true", 4, json_bool(true));
    case 'f':
        return literal(p, "false", 5, json_bool(false));
    case 'n':
        return literal(p, "null", 4, json_null());
    case '-':
    case '0' ... '9':
        return number(p);
    default:
        return bad(p, "not a value");
    }
}

/* A value and, in an object, the key before it, linked to holder if there is one. */
static struct json *member(struct parser *p, struct json *holder)
{
    const char *key = NULL;
    size_t size = 0;

    skip_blanks(p);
    if (holder && holder->type == JSON_OBJECT) {
        if (*p->at != '"')
            return bad(p, "not a key");
        p->at++;
        if (!(key = string(p, &size)))
            return NULL;
        skip_blanks(p);
        if (*p->at != ':')
            return bad(p, "no colon behind a key");
        p->at++;
        skip_blanks(p);
    }
    struct json *value = value_new(p);
    if (!value)
        return NULL;
    value->key = key;
    value->key_size = size;
    return holder ? json_link(holder, value) : value;
}

static int compare_keys(const struct json *a, const struct json *b)
{
    size_t shorter = a->key_size < b->key_size ? a->key_size : b->key_size;
    int order = memcmp(a->key, b->key, shorter);

    return order ? order : (a->key_size > b->key_size) - (a->key_size < b->key_size);
}

/* Members by key and, with the same key, as they came. Returns list or spare, both `count` long. */
static struct json **sort(struct json **list, struct json **spare, size_t count)
{
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t start = 0; start < count; start += 2 * run) {
            size_t middle = start + run < count ? start + run : count;
            size_t end = middle + run < count ? middle + run : count;
            size_t a = start, b = middle;

            for (size_t to = start; to < end; to++)
                if (a < middle && (b == end || compare_keys(list[a], list[b]) <= 0))
                    spare[to] = list[a++];
                else
                    spare[to] = list[b++];
        }
        struct json **sorted = spare;
        spare = list;
        list = sorted;
    }
    return list;
}

/* Give the member `to` the value of its later twin, which has no key from then on. */
static void replace(struct json *to, struct json *twin)
{
    struct json *next = to->next;

    *to = *twin;
    to->next = next;
    twin->key = NULL;
    if (json_holds(to))
        for (struct json *child = to->first; child; child = child->next)
            child->parent = to;
}

/*
 * Of members with the same key keep the last one's value, in the first one's place. Large objects
 * are sorted, not hashed: whoever sends the keys must not be able to make this slow.
 */
static void unite(struct json *object)
{
    enum { FEW = 8 };
    size_t count = object->size, at = 0;
    struct json *few[2 * FEW], **list = few, *last = NULL;

    if (count > FEW)
        list = wow_alloc(2 * count * sizeof(struct json *));
    for (struct json *v = object->first; v; v = v->next)
        list[at++] = v;
    list = sort(list, list + count, count);
    for (size_t i = 1, first = 0; i < count; i++)
        if (compare_keys(list[first], list[i]) != 0) {
            first = i;
        } else {
            replace(list[first], list[i]);
            object->size--;
        }
    if (object->size == count)
        return;
    for (struct json *v = object->first; v; v = v->next)
        if (!v->key)
            last->next = v->next;
        else
            last = v;
    object->last = last;
}

struct json *json_parse_in_place(char *text, size_t size, struct wow_error *err)
{
    struct parser p = {.start = text, .at = text, .end = text + size, .err = err};
    struct json *root = NULL, *holder = NULL;
    int depth = 0;

    text[size] = '\0';
    do {
        struct json *value = member(&p, holder);
        if (!value)
            return NULL;
        root = root ? root : value;
        skip_blanks(&p);
        if (json_holds(value)) {
            if (++depth > JSON_DEPTH_MAX)
                return bad(&p, "nested too deep");
            holder = value;
            if (*p.at != ']' && *p.at != '}')
                continue;
        }
        while (holder && *p.at == (holder->type == JSON_OBJECT ? '}' : ']')) {
            if (holder->type == JSON_OBJECT)
                unite(holder);
            holder = holder->parent;
            depth--;
            p.at++;
            skip_blanks(&p);
        }
        if (holder && *p.at++ != ',') {
            p.at--;
            return bad(&p, "neither a comma nor the closing bracket");
        }
    } while (holder);
    return p.at == p.end ? root : bad(&p, "something behind the value");
}

struct json *json_parse(const char *text, size_t size, struct wow_error *err)
{
    return json_parse_in_place(wow_copy_text(text, size), size, err);
}
