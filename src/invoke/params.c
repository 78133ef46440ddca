#include "invoke/params.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define TEXT_MAX (64u << 20) /* of an array or object that is written */

void params_done(struct params *p)
{
    struct param *one, *next;

    HASH_ITER (hh, p->all, one, next) {
        HASH_DELETE(hh, p->all, one);
        free(one);
    }
    *p = (struct params){0};
}

static struct param *find(const struct params *p, const char *key, size_t n)
{
    struct param *one;

    HASH_FIND(hh, p->all, key, n, one);
    return one;
}

static void drop(struct params *p, struct param *one)
{
    if (!one)
        return;
    p->bytes -= one->key_size + one->value_size;
    HASH_DELETE(hh, p->all, one);
    free(one);
}

/* key is the JSON string, in our writing. */
static struct param *put(struct params *p, const char *key, size_t key_size, const char *value,
                         size_t value_size)
{
    struct param *one = mem_zero(sizeof *one + key_size + value_size + 1);

    drop(p, find(p, key, key_size));
    one->key_size = key_size;
    one->value_size = value_size;
    one->is_null = value_size == 4 && memcmp(value, "null", 4) == 0;
    memcpy(one->text, key, key_size);
    memcpy(one->text + key_size, value, value_size);
    p->bytes += key_size + value_size;
    HASH_ADD_KEYPTR(hh, p->all, one->text, key_size, one);
    return one;
}

/* A JSON string in our writing; scratch is where it stands if it was in another. */
static int own_writing(const struct scan_text *string, struct buf *scratch, const char **at,
                       size_t *n, struct err *err)
{
    AUTO(buf) struct buf plain = {0};

    *at = string->at;
    *n = string->n;
    if (!memchr(string->at, '\\', string->n))
        return 0;
    buf_init(&plain, string->n);
    int r = scan_unescape(string, &plain, err);
    if (r < 0)
        return r;
    buf_clear(scratch);
    buf_json_string(scratch, plain.data ? plain.data : "", plain.size);
    *at = scratch->data;
    *n = scratch->size;
    return 0;
}

void params_put(struct params *p, const struct scan_text *key, const struct scan_text *value)
{
    AUTO(buf) struct buf scratch = {0};
    struct err err;
    const char *at;
    size_t n;

    buf_init(&scratch, 6 * key->n + 2);
    if (own_writing(key, &scratch, &at, &n, &err) == 0)
        put(p, at, n, value->at, value->n);
}

static int malformed(struct err *err) { return err_set(err, ERR_INVALID, "parameters malformed!"); }

static bool is_true(const struct scan_text *value)
{
    return value->type == SCAN_BOOL && value->n == 4;
}

static int read_one(struct params *p, const struct scan_text *object, struct err *err)
{
    struct scan_text key, value, name = {0}, text = {0};
    AUTO(buf) struct buf scratch = {0};
    bool init = false;
    const char *at;
    size_t n;

    if (object->type != SCAN_OBJECT)
        return malformed(err);
    struct scan_walk w = scan_members(object);
    while (scan_next(&w, &key, &value)) {
        if (scan_equals(&key, "key"))
            name = value;
        else if (scan_equals(&key, "value"))
            text = value;
        else if (scan_equals(&key, "init"))
            init = is_true(&value);
    }
    if (name.n == 0 || name.type != SCAN_STRING || text.n == 0)
        return malformed(err);
    buf_init(&scratch, 6 * name.n + 2);
    int r = own_writing(&name, &scratch, &at, &n, err);
    if (r == 0)
        put(p, at, n, text.at, text.n)->init = init;
    return r;
}

int params_read(struct params *p, const struct scan_text *array, struct err *err)
{
    struct scan_text element;
    int r = 0;

    if (array->type != SCAN_ARRAY)
        return malformed(err);
    struct scan_walk w = scan_elements(array);
    while (r == 0 && scan_next_element(&w, &element))
        r = read_one(p, &element, err);
    return r;
}

void params_add(struct params *p, const char *array)
{
    const struct scan_text t = {.at = array, .n = strlen(array), .type = SCAN_ARRAY};
    struct err err;

    params_read(p, &t, &err);
}

/* A plain text as the key we know it by. */
static void as_key(const char *key, struct buf *out)
{
    buf_init(out, 6 * strlen(key) + 2);
    buf_json_string(out, key, strlen(key));
}

void params_set(struct params *p, const char *key, const char *value, size_t n)
{
    AUTO(buf) struct buf name = {0};

    as_key(key, &name);
    put(p, name.data, name.size, value, n);
}

void params_remove(struct params *p, const char *key)
{
    AUTO(buf) struct buf name = {0};

    as_key(key, &name);
    drop(p, find(p, name.data, name.size));
}

const struct param *params_find(const struct params *p, const char *key)
{
    AUTO(buf) struct buf name = {0};

    as_key(key, &name);
    return find(p, name.data, name.size);
}

const char *param_value(const struct param *p) { return p->text + p->key_size; }

bool params_true(const struct params *p, const char *key)
{
    const struct param *one = params_find(p, key);

    return one && strcmp(param_value(one), "true") == 0;
}

bool params_truthy(const struct params *p, const char *key)
{
    const struct param *one = params_find(p, key);
    const char *value = one ? param_value(one) : "null";

    return strcmp(value, "null") != 0 && strcmp(value, "false") != 0 &&
           strcmp(value, "\"\"") != 0 && strcmp(value, "0") != 0;
}

void params_write(const struct params *p, struct buf *out)
{
    buf_text(out, "[");
    for (const struct param *one = p->all; one; one = one->hh.next) {
        buf_text(out, one == p->all ? "{\"key\":" : ",{\"key\":");
        buf_put(out, one->text, one->key_size);
        buf_text(out, ",\"value\":");
        buf_put(out, param_value(one), one->value_size);
        buf_text(out, one->init ? ",\"init\":true}" : "}");
    }
    buf_text(out, "]");
}

char *params_dup(const struct params *p)
{
    struct buf out;

    buf_init(&out, TEXT_MAX);
    params_write(p, &out);
    return out.data; /* moves to the caller */
}

/* Mark those that the object names, with this pass's stamp. */
static int mark(struct params *p, const struct scan_text *object, bool *fixed, struct err *err)
{
    struct scan_text key, value;
    AUTO(buf) struct buf scratch = {0};
    const char *at;
    size_t n;

    buf_init(&scratch, 6 * object->n + 2);
    struct scan_walk w = scan_members(object);
    while (scan_next(&w, &key, &value)) {
        int r = own_writing(&key, &scratch, &at, &n, err);
        if (r < 0)
            return r;
        struct param *one = find(p, at, n);
        if (!one)
            continue;
        one->stamp = p->stamp;
        *fixed |= !one->is_null;
    }
    return 0;
}

/* A comma, unless it is the first, and a member. */
static int put_member(const struct param *one, bool *first, struct buf *out, struct err *err)
{
    int r = *first ? 0 : buf_add(out, ",", 1, err);

    *first = false;
    if (r == 0)
        r = buf_add(out, one->text, one->key_size, err);
    if (r == 0)
        r = buf_add(out, ":", 1, err);
    return r == 0 ? buf_add(out, param_value(one), one->value_size, err) : r;
}

/* What stands between the object's braces, if that is more than blanks. */
static int put_inside(const struct scan_text *object, bool first, struct buf *out, struct err *err)
{
    size_t inside = object ? object->n - 2 : 0;

    if (inside == 0 || strspn(object->at + 1, " \t\r\n") >= inside)
        return 0;
    int r = first ? 0 : buf_add(out, ",", 1, err);
    return r == 0 ? buf_add(out, object->at + 1, inside, err) : r;
}

int params_apply(struct params *p, const struct scan_text *object, struct buf *out, bool *fixed,
                 struct err *err)
{
    bool first = true;

    *fixed = false;
    if (!p->all) /* nothing to do, which is what most calls need */
        return object ? buf_add(out, object->at, object->n, err) : buf_add(out, "{}", 2, err);
    p->stamp++;
    int r = object ? mark(p, object, fixed, err) : 0;
    if (r == 0)
        r = buf_add(out, "{", 1, err);
    for (const struct param *one = p->all; one && r == 0; one = one->hh.next)
        if (!one->init && one->stamp != p->stamp)
            r = put_member(one, &first, out, err);
    if (r == 0)
        r = put_inside(object, first, out, err);
    return r == 0 ? buf_add(out, "}", 1, err) : r;
}
