#include "proxy/body.h"

#include <ctype.h>
#include <string.h>

int body_read(const struct request *r, struct scan_text *body, struct err *err)
{
    int q = scan_whole(r->body.data ? r->body.data : "", r->body.size, body, err);

    if (q < 0)
        return err_wrap(err, "the request's body");
    if (body->type != SCAN_OBJECT)
        return err_set(err, ERR_INVALID, "the request's body is %s, not an object",
                       scan_type_text(body->type));
    return 0;
}

static bool has_byte(const struct buf *b, char c)
{
    return b->size > 0 && memchr(b->data, c, b->size) != NULL;
}

/* Append "PREFIXname=value\0". */
static int put_pair(struct buf *out, const char *prefix, const struct buf *name,
                    const struct buf *value, struct err *err)
{
    int r = buf_add(out, prefix, strlen(prefix), err);

    if (r == 0)
        r = buf_add(out, name->data, name->size, err);
    if (r == 0)
        r = buf_add(out, "=", 1, err);
    if (r == 0)
        r = buf_add(out, value->data, value->size, err);
    return r == 0 ? buf_add(out, "", 1, err) : err_wrap(err, "the environment");
}

int body_put_variable(struct buf *out, const char *prefix, const struct scan_text *key,
                      const struct scan_text *value, struct err *err)
{
    AUTO(buf) struct buf name, text;
    int r;

    buf_init(&name, BODY_NAME_MAX);
    buf_init(&text, BODY_ENV_MAX);
    if ((r = scan_unescape(key, &name, err)) < 0)
        return err_wrap(err, "the name of an environment variable");
    if (value->type == SCAN_STRING)
        r = scan_unescape(value, &text, err);
    else if (value->type != SCAN_NULL)
        r = buf_add(&text, value->at, value->n, err);
    if (r < 0)
        return err_wrap(err, "environment variable '%.60s'", name.data);
    if (has_byte(&name, '\0') || has_byte(&name, '=') || has_byte(&text, '\0'))
        return err_set(err, ERR_INVALID, "environment variable '%.60s' contains NUL or '='",
                       name.data);
    for (size_t i = 0; prefix[0] && i < name.size; i++)
        name.data[i] = (char)toupper((unsigned char)name.data[i]);
    return put_pair(out, prefix, &name, &text, err);
}

int body_take_string(const char *name, const struct scan_text *value, struct buf *out,
                     struct err *err)
{
    if (value->type != SCAN_STRING)
        return err_set(err, ERR_INVALID, "'%s' must be a string, not %s", name,
                       scan_type_text(value->type));
    buf_clear(out);
    int r = scan_unescape(value, out, err);
    if (r < 0)
        return err_wrap(err, "'%s'", name);
    if (memchr(out->data, '\0', out->size))
        return err_set(err, ERR_INVALID, "'%s' contains a NUL", name);
    return 0;
}

bool body_digits(const char *at, size_t n, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (at[i] < '0' || at[i] > '9' || i == 18)
            return false;
        *out = *out * 10 + (uint64_t)(at[i] - '0');
    }
    return n > 0;
}
