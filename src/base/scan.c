#include "base/scan.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

struct scan {
    const char *start, *at, *end;
    const char *fault; /* what was wrong, when a function returned false */
};

static bool fail(struct scan *s, const char *what)
{
    if (!s->fault)
        s->fault = what;
    return false;
}

static void skip_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Four hex digits at p, which has them all below end; -1 otherwise. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t value = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static bool scan_escape(struct scan *s)
{
    if (s->end - s->at < 2)
        return fail(s, "string not closed");
    if (s->at[1] != 'u') {
        if (!memchr("\"\\/bfnrt", s->at[1], 8))
            return fail(s, "unknown escape in a string");
        s->at += 2;
        return true;
    }
    int32_t unit = hex4(s->at + 2, s->end);
    if (unit < 0)
        return fail(s, "\\u without four hex digits");
    s->at += 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    if (unit > 0xdbff || s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u')
        return fail(s, "half a surrogate pair in a string");
    int32_t low = hex4(s->at + 2, s->end);
    if (low < 0xdc00 || low > 0xdfff)
        return fail(s, "half a surrogate pair in a string");
    s->at += 6;
    return true;
}

static bool scan_string(struct scan *s)
{
    s->at++;
    while (s->at < s->end) {
        unsigned char c = (unsigned char)*s->at;
        if (c == '"') {
            s->at++;
            return true;
        }
        if (c == '\\') {
            if (!scan_escape(s))
                return false;
        } else if (c < 0x20) {
            return fail(s, "control character in a string");
        } else if (c < 0x80) {
            s->at++;
        } else {
            size_t len = utf8_length(s->at, (size_t)(s->end - s->at));
            if (len == 0)
                return fail(s, "not UTF-8");
            s->at += len;
        }
    }
    return fail(s, "string not closed");
}

static bool scan_digits(struct scan *s)
{
    const char *from = s->at;

    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > from || fail(s, "number without digits");
}

static bool scan_number(struct scan *s)
{
    if (*s->at == '-')
        s->at++;
    if (s->at < s->end && *s->at == '0')
        s->at++;
    else if (!scan_digits(s))
        return false;
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (!scan_digits(s))
            return false;
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        s->at++;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
            s->at++;
        return scan_digits(s);
    }
    return true;
}

static bool scan_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return fail(s, "unexpected character");
    s->at += n;
    return true;
}

static bool scan_value(struct scan *s, int depth);

static bool scan_key(struct scan *s)
{
    skip_space(s);
    if (s->at == s->end || *s->at != '"')
        return fail(s, "expected a member's name");
    if (!scan_string(s))
        return false;
    skip_space(s);
    if (s->at == s->end || *s->at != ':')
        return fail(s, "expected ':'");
    s->at++;
    return true;
}

/* An array or an object: what differs is the closing bracket, and the names of members. */
static bool scan_many(struct scan *s, int depth, char close)
{
    s->at++;
    skip_space(s);
    if (s->at < s->end && *s->at == close) {
        s->at++;
        return true;
    }
    for (;;) {
        if (close == '}' && !scan_key(s))
            return false;
        if (!scan_value(s, depth - 1))
            return false;
        skip_space(s);
        if (s->at == s->end)
            return fail(s, "text ends inside an array or object");
        char c = *s->at++;
        if (c == close)
            return true;
        if (c != ',')
            return fail(s, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
    }
}

static bool scan_value(struct scan *s, int depth)
{
    if (depth == 0)
        return fail(s, "nested too deeply");
    skip_space(s);
    if (s->at == s->end)
        return fail(s, "text ends where a value should be");
    switch (*s->at) {
    case '{':
        return scan_many(s, depth, '}');
    case '[':
        return scan_many(s, depth, ']');
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9'))
            return scan_number(s);
        return fail(s, "unexpected character");
    }
}

static enum scan_type type_of(char first)
{
    switch (first) {
    case '{':
        return SCAN_OBJECT;
    case '[':
        return SCAN_ARRAY;
    case '"':
        return SCAN_STRING;
    case 't':
    case 'f':
        return SCAN_BOOL;
    case 'n':
        return SCAN_NULL;
    default:
        return SCAN_NUMBER;
    }
}

int scan_whole(const char *text, size_t n, struct scan_text *out, struct err *err)
{
    struct scan s = {.start = text, .at = text, .end = text + n};

    skip_space(&s);
    const char *from = s.at;
    bool ok = scan_value(&s, SCAN_DEPTH);
    const char *to = s.at;
    if (ok) {
        skip_space(&s);
        ok = s.at == s.end || fail(&s, "more text behind the value");
    }
    if (!ok)
        return err_set(err, ERR_INVALID, "not valid JSON: %s at byte %zu", s.fault,
                       (size_t)(s.at - s.start));
    *out = (struct scan_text){.at = from, .n = (size_t)(to - from), .type = type_of(*from)};
    return 0;
}

/* What stands between the brackets. */
static struct scan_walk inside(const struct scan_text *t)
{
    return (struct scan_walk){.at = t->at + 1, .end = t->at + t->n - 1};
}

struct scan_walk scan_members(const struct scan_text *object) { return inside(object); }

struct scan_walk scan_elements(const struct scan_text *array) { return inside(array); }

/* To the next member or element; false when there is none. */
static bool to_next(struct scan *s)
{
    skip_space(s);
    if (s->at < s->end && *s->at == ',')
        s->at++;
    skip_space(s);
    return s->at < s->end;
}

static void take_value(struct scan *s, struct scan_text *value)
{
    value->at = s->at;
    scan_value(s, SCAN_DEPTH);
    value->n = (size_t)(s->at - value->at);
    value->type = type_of(*value->at);
}

bool scan_next(struct scan_walk *w, struct scan_text *key, struct scan_text *value)
{
    /* The text was checked whole before, so nothing here can fail. */
    struct scan s = {.start = w->at, .at = w->at, .end = w->end};

    if (!to_next(&s))
        return false;
    key->at = s.at;
    scan_string(&s);
    key->n = (size_t)(s.at - key->at);
    key->type = SCAN_STRING;
    skip_space(&s);
    s.at++; /* the colon */
    skip_space(&s);
    take_value(&s, value);
    w->at = s.at;
    return true;
}

bool scan_next_element(struct scan_walk *w, struct scan_text *value)
{
    struct scan s = {.start = w->at, .at = w->at, .end = w->end};

    if (!to_next(&s))
        return false;
    take_value(&s, value);
    w->at = s.at;
    return true;
}

bool scan_plain(const struct scan_text *string, const char **at, size_t *n)
{
    *at = string->at + 1;
    *n = string->n - 2;
    return !memchr(*at, '\\', *n);
}

static size_t utf8_write(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The character of the checked escape at p; *len is what it takes of the text. */
static uint32_t escape_value(const char *p, const char *end, size_t *len)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    *len = 2;
    if (p[1] != 'u')
        return (unsigned char)to[strchr(from, p[1]) - from];
    uint32_t unit = (uint32_t)hex4(p + 2, end);
    *len = 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return unit;
    *len = 12;
    return 0x10000 + ((unit - 0xd800) << 10) + ((uint32_t)hex4(p + 8, end) - 0xdc00);
}

int scan_unescape(const struct scan_text *string, struct buf *out, struct err *err)
{
    const char *at = string->at + 1, *end = string->at + string->n - 1;

    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        const char *stop = slash ? slash : end;
        int r = buf_add(out, at, (size_t)(stop - at), err);
        if (r < 0)
            return r;
        at = stop;
        if (slash) {
            size_t len;
            char utf8[4];
            uint32_t c = escape_value(at, end, &len);
            r = buf_add(out, utf8, utf8_write(c, utf8), err);
            if (r < 0)
                return r;
            at += len;
        }
    }
    return buf_add(out, "", 0, err);
}

bool scan_equals(const struct scan_text *string, const char *s)
{
    const char *at;
    size_t n, want = strlen(s);

    if (scan_plain(string, &at, &n))
        return n == want && memcmp(at, s, n) == 0;

    struct buf text;
    struct err err;
    buf_init(&text, want);
    bool same = scan_unescape(string, &text, &err) == 0 && text.size == want &&
                memcmp(text.data, s, want) == 0;
    buf_done(&text);
    return same;
}

const char *scan_type_text(enum scan_type type)
{
    static const char *const texts[] = {
        [SCAN_NULL] = "null",       [SCAN_BOOL] = "a boolean", [SCAN_NUMBER] = "a number",
        [SCAN_STRING] = "a string", [SCAN_ARRAY] = "an array", [SCAN_OBJECT] = "an object",
    };
    return texts[type];
}
