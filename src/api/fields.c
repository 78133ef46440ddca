#include "api/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

struct scan_text field(const struct scan_text *object, const char *name)
{
    struct scan_text key, value, found = {0};
    struct scan_walk w = scan_members(object);

    while (scan_next(&w, &key, &value))
        if (scan_equals(&key, name))
            found = value;
    return found.n > 0 && found.type == SCAN_NULL ? (struct scan_text){0} : found;
}

int field_string(const struct scan_text *value, const char *name, struct buf *out, struct err *err)
{
    if (value->type != SCAN_STRING)
        return err_set(err, ERR_INVALID, "'%s' must be a string", name);
    int r = scan_unescape(value, out, err);
    if (r < 0)
        return r;
    if (out->data && memchr(out->data, '\0', out->size))
        return err_set(err, ERR_INVALID, "'%s' contains a NUL", name);
    return 0;
}

int fields_params(const struct scan_text *body, const char *name, struct params *out,
                  struct err *err)
{
    struct scan_text value = field(body, name);

    if (value.n == 0)
        return 0;
    if (params_read(out, &value, err) < 0)
        return err_set(err, ERR_INVALID, "%s malformed!", name);
    if (out->bytes > PARAMETERS_MAX)
        return err_set(err, ERR_TOO_LARGE, "%s larger than allowed: %zu > %u bytes.", name,
                       out->bytes, PARAMETERS_MAX);
    return 0;
}

/* "a.b.c", or, without one, a step from what there was. */
int fields_version(const struct scan_text *body, struct entity *e, struct err *err)
{
    struct scan_text value = field(body, "version");
    AUTO(buf) struct buf text = {0};
    unsigned a, b, c;
    int end = 0;
    char made[48];

    buf_init(&text, 64);
    if (value.n > 0 && field_string(&value, "version", &text, err) < 0)
        return -(int)err->kind;
    const char *from = value.n > 0 ? text.data : e->version;
    if (sscanf(from, "%9u.%9u.%9u%n", &a, &b, &c, &end) != 3 || from[end] ||
        strspn(from, "0123456789.") != strlen(from))
        return err_set(err, ERR_INVALID, "bad version '%.40s': it must be MAJOR.MINOR.PATCH", from);
    if (value.n == 0 && e->id != 0)
        c++;
    snprintf(made, sizeof made, "%u.%u.%u", a, b, c);
    entity_set(&e->version, made);
    return 0;
}

static void take(char **field_of, const struct params *params)
{
    free(*field_of);
    *field_of = params_dup(params);
}

int fields_common(const struct scan_text *body, struct entity *e, struct err *err)
{
    AUTO(params) struct params parameters = {0}, annotations = {0};
    struct scan_text publish = field(body, "publish");

    int r = fields_version(body, e, err);
    if (r == 0 && publish.n > 0 && publish.type != SCAN_BOOL)
        r = err_set(err, ERR_INVALID, "'publish' must be a boolean");
    if (r == 0)
        r = fields_params(body, "parameters", &parameters, err);
    if (r == 0)
        r = fields_params(body, "annotations", &annotations, err);
    if (r < 0)
        return r;
    if (publish.n > 0)
        e->publish = publish.n == 4;
    if (field(body, "parameters").n > 0)
        take(&e->parameters, &parameters);
    if (field(body, "annotations").n > 0)
        take(&e->annotations, &annotations);
    e->updated_ms = clock_epoch_ms();
    return 0;
}

void fields_refuse(struct call *c, const struct err *err)
{
    if (err->kind == ERR_INVALID)
        call_malformed(c, err->msg);
    else
        call_error(c, err);
}

bool fields_existing(struct call *c, enum entity_type type, const char *package,
                     struct entity **out)
{
    AUTO(entity) struct entity *e = NULL;
    bool overwrite = false;
    struct err err;

    int r = query_bool(&c->query, "overwrite", &overwrite, &err);
    if (r == 0)
        r = entity_get(store_db(c->invoke->store), c->ns_id, package, c->name, &e, &err);
    if (r < 0)
        call_error(c, &err);
    else if (r > 0 && e->type != type)
        call_fail(c, 409, "Resource by this name exists but is not in this collection.");
    else if (r > 0 && !overwrite)
        call_fail(c, 409, "resource already exists");
    else
        *out = r > 0 ? entity_copy(e) : entity_new(type, c->ns_id, c->ns, package, c->name);
    return *out != NULL;
}
