/* JSON values: making them, putting them together, taking them apart. */

#include "internal.h"

#include <string.h>

struct json *json_new(enum json_type type)
{
    struct json *value = wow_alloc(sizeof *value);

    *value = (struct json){.type = type};
    return value;
}

struct json *json_object(void) { return json_new(JSON_OBJECT); }

struct json *json_array(void) { return json_new(JSON_ARRAY); }

struct json *json_null(void) { return json_new(JSON_NULL); }

struct json *json_bool(bool truth)
{
    struct json *value = json_new(JSON_BOOL);

    value->truth = truth;
    return value;
}

static struct json *number_new(const char *text, size_t size)
{
    struct json *value = json_new(JSON_NUMBER);

    value->text = wow_copy_text(text, size);
    value->size = size;
    return value;
}

struct json *json_int(int64_t number)
{
    char text[JSON_NUMBER_MAX];
    uint64_t magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number;

    return number_new(text, json_write_integer(text, number < 0, magnitude));
}

struct json *json_uint(uint64_t number)
{
    char text[JSON_NUMBER_MAX];

    return number_new(text, json_write_integer(text, false, number));
}

struct json *json_double(double number)
{
    char text[JSON_NUMBER_MAX];

    if (!__builtin_isfinite(number))
        return json_null();
    return number_new(text, json_write_double(text, number));
}

struct json *json_string_n(const char *text, size_t size)
{
    struct json *value = json_new(JSON_STRING);

    value->text = wow_copy_text(text, size);
    value->size = size;
    return value;
}

struct json *json_string(const char *text)
{
    return text ? json_string_n(text, strlen(text)) : json_null();
}

struct json *json_link(struct json *holder, struct json *value)
{
    value->parent = holder;
    value->next = NULL;
    if (holder->last)
        holder->last->next = value;
    else
        holder->first = value;
    holder->last = value;
    holder->size++;
    return value;
}

static struct json *json_clone(const struct json *value)
{
    struct json *clone = wow_alloc(sizeof *clone);

    *clone = *value;
    clone->parent = clone->next = NULL;
    if (json_holds(value)) {
        clone->first = clone->last = NULL;
        clone->size = 0;
    }
    return clone;
}

/* A copy of all the tree; texts never change and are shared. */
static struct json *json_copy(const struct json *root)
{
    struct json *copy = json_clone(root), *to = copy;
    const struct json *from = root;

    for (;;) {
        if (json_holds(from) && from->first) {
            from = from->first;
            to = json_link(to, json_clone(from));
            continue;
        }
        while (from != root && !from->next) {
            from = from->parent;
            to = to->parent;
        }
        if (from == root)
            return copy;
        from = from->next;
        to = json_link(to->parent, json_clone(from));
    }
}

/* The value itself if it is free to become part of holder, otherwise a copy. */
static struct json *json_adopt(const struct json *holder, const struct json *value)
{
    if (!value)
        return json_null();
    if (value->parent)
        return json_copy(value);
    for (const struct json *up = holder; up; up = up->parent)
        if (up == value)
            return json_copy(value);
    return (struct json *)value;
}

static struct json *find(const struct json *object, const char *key, size_t size,
                         struct json **before)
{
    *before = NULL;
    for (struct json *v = object->first; v; *before = v, v = v->next)
        if (v->key_size == size && memcmp(v->key, key, size) == 0)
            return v;
    return NULL;
}

struct json *json_set(struct json *object, const char *key, const struct json *value)
{
    struct json *before, *old, *mine;
    size_t size = strlen(key);

    if (json_type(object) != JSON_OBJECT)
        wow_panic("json_set: not an object");
    mine = json_adopt(object, value);
    old = find(object, key, size, &before);
    if (!old) {
        mine->key = wow_copy_text(key, size);
        mine->key_size = size;
        return json_link(object, mine);
    }

    mine->key = old->key;
    mine->key_size = size;
    mine->parent = object;
    mine->next = old->next;
    if (before)
        before->next = mine;
    else
        object->first = mine;
    if (object->last == old)
        object->last = mine;
    old->parent = old->next = NULL;
    old->key = NULL;
    return mine;
}

struct json *json_add(struct json *array, const struct json *value)
{
    if (json_type(array) != JSON_ARRAY)
        wow_panic("json_add: not an array");
    struct json *mine = json_adopt(array, value);
    mine->key = NULL;
    mine->key_size = 0;
    return json_link(array, mine);
}

enum json_type json_type(const struct json *value) { return value ? value->type : JSON_MISSING; }

const struct json *json_get(const struct json *object, const char *key)
{
    struct json *before;

    return json_type(object) == JSON_OBJECT ? find(object, key, strlen(key), &before) : NULL;
}

const struct json *json_at(const struct json *array, size_t index)
{
    if (json_type(array) != JSON_ARRAY || index >= array->size)
        return NULL;
    const struct json *v = array->first;
    while (index-- > 0)
        v = v->next;
    return v;
}

size_t json_count(const struct json *value) { return value && json_holds(value) ? value->size : 0; }

const struct json *json_first(const struct json *value)
{
    return value && json_holds(value) ? value->first : NULL;
}

const struct json *json_next(const struct json *value) { return value ? value->next : NULL; }

const char *json_key(const struct json *member) { return member ? member->key : NULL; }

bool json_as_int(const struct json *value, int64_t *out)
{
    bool negative;
    uint64_t magnitude;

    if (json_type(value) != JSON_NUMBER ||
        json_read_integer(value->text, value->size, &negative, &magnitude) != JSON_FITS ||
        magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *out = (int64_t)(negative ? -magnitude : magnitude);
    return true;
}

bool json_as_uint(const struct json *value, uint64_t *out)
{
    bool negative;
    uint64_t magnitude;

    if (json_type(value) != JSON_NUMBER ||
        json_read_integer(value->text, value->size, &negative, &magnitude) != JSON_FITS ||
        (negative && magnitude > 0))
        return false;
    *out = magnitude;
    return true;
}

bool json_as_double(const struct json *value, double *out)
{
    return json_type(value) == JSON_NUMBER && json_read_double(value->text, value->size, out);
}

bool json_as_bool(const struct json *value, bool *out)
{
    if (json_type(value) != JSON_BOOL)
        return false;
    *out = value->truth;
    return true;
}

const char *json_as_string(const struct json *value, size_t *size)
{
    if (json_type(value) != JSON_STRING)
        return NULL;
    if (size)
        *size = value->size;
    return value->text;
}
