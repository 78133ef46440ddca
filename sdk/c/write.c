/* JSON text from values. */

#include "internal.h"

#include <string.h>

struct out {
    char *text;
    size_t size, room;
};

static void put(struct out *o, const char *bytes, size_t size)
{
    if (size > o->room - o->size) {
        size_t larger = (o->room + size) * 2;
        o->text = wow_resize(o->text, o->room, larger);
        o->room = larger;
    }
    memcpy(o->text + o->size, bytes, size);
    o->size += size;
}

static void put_text(struct out *o, const char *text) { put(o, text, strlen(text)); }

static void put_escape(struct out *o, unsigned char c)
{
    static const char names[] = "b\bf\fn\nr\rt\t\"\"\\\\";
    char escape[6] = {'\\'};

    for (const char *name = names; *name; name += 2)
        if ((unsigned char)name[1] == c) {
            escape[1] = name[0];
            put(o, escape, 2);
            return;
        }
    memcpy(escape + 1, "u00", 3);
    escape[4] = (char)('0' + (c >> 4));
    escape[5] = "0123456789abcdef"[c & 15];
    put(o, escape, 6);
}

static void put_string(struct out *o, const char *text, size_t size)
{
    size_t at = 0, plain = 0;

    put(o, "\"", 1);
    while (at < size) {
        unsigned char c = (unsigned char)text[at];
        size_t step = c < 0x80 ? 1 : json_utf8(text + at, size - at);

        if (step > 0 && c >= 0x20 && c != '"' && c != '\\') {
            at += step;
            continue;
        }
        put(o, text + plain, at - plain);
        if (step > 0)
            put_escape(o, c);
        else
            put(o, "\xef\xbf\xbd", 3);
        plain = ++at;
    }
    put(o, text + plain, at - plain);
    put(o, "\"", 1);
}

/* What comes before a value's members, or all of a value without any. */
static void put_value(struct out *o, const struct json *v)
{
    switch (v->type) {
    case JSON_BOOL:
        put_text(o, v->truth ? "true" : "false");
        break;
    case JSON_NUMBER:
        put(o, v->text, v->size);
        break;
    case JSON_STRING:
        put_string(o, v->text, v->size);
        break;
    case JSON_ARRAY:
        put_text(o, v->first ? "[" : "[]");
        break;
    case JSON_OBJECT:
        put_text(o, v->first ? "{" : "{}");
        break;
    default:
        put_text(o, "null");
    }
}

static void put_tree(struct out *o, const struct json *root)
{
    const struct json *v = root;

    for (;;) {
        if (v != root && v->key) {
            put_string(o, v->key, v->key_size);
            put(o, ":", 1);
        }
        put_value(o, v);
        if (json_holds(v) && v->first) {
            v = v->first;
            continue;
        }
        while (v != root && !v->next) {
            v = v->parent;
            put(o, v->type == JSON_ARRAY ? "]" : "}", 1);
        }
        if (v == root)
            return;
        put(o, ",", 1);
        v = v->next;
    }
}

char *json_write(const char *head, const struct json *value, const char *tail, size_t *size)
{
    enum { ROOM = 256 };
    struct out o = {.text = wow_alloc(ROOM), .room = ROOM};

    put_text(&o, head);
    if (value)
        put_tree(&o, value);
    else
        put_text(&o, "null");
    put(&o, tail, strlen(tail) + 1);
    *size = o.size - 1;
    return o.text;
}

char *json_text(const struct json *value, size_t *size)
{
    size_t unused;

    return json_write("", value, "", size ? size : &unused);
}
