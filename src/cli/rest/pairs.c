#include "cli/rest/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/arguments.h"

void pairs_done(struct pairs *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->items[i].key);
        free(p->items[i].value);
    }
    free(p->items);
    *p = (struct pairs){0};
}

static struct pair *find(const struct pairs *p, const char *key)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->items[i].key, key) == 0)
            return &p->items[i];
    return NULL;
}

/* Both are JSON text; they become the list's. */
static void put(struct pairs *p, char *key, char *value)
{
    struct pair *there = find(p, key);

    if (there) {
        free(key);
        free(there->value);
        there->value = value;
        return;
    }
    p->items = mem_grow(p->items, (p->n + 1) * sizeof *p->items);
    p->items[p->n++] = (struct pair){key, value};
}

static char *quoted(const char *text)
{
    struct buf json;

    buf_init(&json, BUF_JSON_MAX(strlen(text)) + 2);
    buf_json_string(&json, text, strlen(text));
    return json.data;
}

void pairs_set(struct pairs *p, const char *key, const char *value)
{
    put(p, quoted(key), mem_dup(value));
}

void pairs_set_text(struct pairs *p, const char *key, const char *text)
{
    put(p, quoted(key), quoted(text));
}

const char *pairs_get(const struct pairs *p, const char *key)
{
    AUTO(mem) char *json = quoted(key);
    struct pair *there = find(p, json);

    return there ? there->value : NULL;
}

void pairs_remove(struct pairs *p, const char *key)
{
    AUTO(mem) char *json = quoted(key);
    struct pair *there = find(p, json);

    if (!there)
        return;
    free(there->key);
    free(there->value);
    memmove(there, there + 1, (size_t)(p->items + p->n - there - 1) * sizeof *there);
    p->n--;
}

void pairs_take(struct pairs *p, const struct scan_text *array)
{
    struct scan_text pair, member, key, value;

    if (array->n == 0 || array->type != SCAN_ARRAY)
        return;
    struct scan_walk all = scan_elements(array);
    while (scan_next_element(&all, &pair)) {
        struct scan_text said_key = {0}, said_value = {0};
        if (pair.type != SCAN_OBJECT)
            continue;
        struct scan_walk one = scan_members(&pair);
        while (scan_next(&one, &member, &value)) {
            if (scan_equals(&member, "key") && value.type == SCAN_STRING)
                said_key = value;
            else if (scan_equals(&member, "value"))
                said_value = value;
        }
        if (said_key.n == 0 || said_value.n == 0)
            continue;
        key = said_key;
        AUTO(mem) char *text = mem_dup_n(key.at, key.n);
        if (!find(p, text))
            put(p, TAKE(text), mem_dup_n(said_value.at, said_value.n));
    }
}

static int read_file(const char *path, struct pairs *out, struct err *err)
{
    struct scan_text object, key, value;
    AUTO(buf) struct buf file;

    buf_init(&file, ARGUMENTS_MAX);
    int r = arguments_file(path, &file, err);
    if (r < 0)
        return r;
    if (scan_whole(file.data ? file.data : "", file.size, &object, err) < 0) {
        err->kind = ERR_INVALID;
        return err_wrap(err, "'%s'", path);
    }
    if (object.type != SCAN_OBJECT)
        return err_set(err, ERR_INVALID, "'%s' must be an object, not %s", path,
                       scan_type_text(object.type));
    struct scan_walk w = scan_members(&object);
    while (scan_next(&w, &key, &value))
        put(out, mem_dup_n(key.at, key.n), mem_dup_n(value.at, value.n));
    return 0;
}

int pairs_read(const struct verb_list *options, const struct verb_list *files, struct pairs *out,
               struct err *err)
{
    int r = 0;

    for (size_t i = 0; i < files->n && r == 0; i++)
        r = read_file(files->items[i], out, err);
    for (size_t i = 0; i + 1 < options->n && r == 0; i += 2) {
        struct buf value;
        buf_init(&value, ARGUMENTS_MAX);
        r = arguments_value(options->items[i + 1], &value, err);
        if (r == 0)
            put(out, quoted(options->items[i]), value.data);
        else
            buf_done(&value);
    }
    return r;
}

/* before, the key, between, the value, after; for each. */
static int put_all(const struct pairs *p, const char *before, const char *between,
                   const char *after, struct buf *out, struct err *err)
{
    int r = 0;

    for (size_t i = 0; i < p->n && r == 0; i++) {
        const char *const parts[] = {i > 0 ? "," : "",  before, p->items[i].key, between,
                                     p->items[i].value, after};
        for (size_t k = 0; k < sizeof parts / sizeof *parts && r == 0; k++)
            r = buf_add(out, parts[k], strlen(parts[k]), err);
    }
    return r;
}

int pairs_put_object(const struct pairs *p, struct buf *out, struct err *err)
{
    buf_text(out, "{");
    int r = put_all(p, "", ":", "", out, err);
    return r == 0 ? buf_add(out, "}", 1, err) : r;
}

int pairs_read_object(const struct verb_list *options, const struct verb_list *files,
                      struct buf *out, struct err *err)
{
    AUTO(pairs) struct pairs params = {0};
    int r = pairs_read(options, files, &params, err);

    return r == 0 ? pairs_put_object(&params, out, err) : r;
}

int pairs_put_array(const struct pairs *p, struct buf *out, struct err *err)
{
    buf_text(out, "[");
    int r = put_all(p, "{\"key\":", ",\"value\":", "}", out, err);
    return r == 0 ? buf_add(out, "]", 1, err) : r;
}
