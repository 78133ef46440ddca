/* A web action's arguments: query, body, and what HTTP says about them. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "api/headers.h"
#include "api/media.h"
#include "api/web.h"
#include "base/mem.h"

#define TEXT_MAX (8u << 20)
#define OCTETS "application/octet-stream"

static const char *const reserved[] = {"\"__ow_method\"", "\"__ow_headers\"", "\"__ow_path\"",
                                       "\"__ow_user\"",   "\"__ow_query\"",   "\"__ow_body\""};

static void set_string(struct params *p, const char *key, const char *text, size_t n)
{
    struct buf quoted;

    buf_init(&quoted, 6 * n + 2);
    buf_json_string(&quoted, text, n);
    params_set(p, key, quoted.data, quoted.size);
    buf_done(&quoted);
}

static void set_base64(struct params *p, const char *key, const struct buf *data)
{
    char *text = mem_zero(data->size / 3 * 4 + 8);
    int n =
        EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)data->data, (int)data->size);

    set_string(p, key, text, (size_t)n);
    free(text);
}

static void set_pairs(struct params *p, const struct query *q)
{
    for (size_t i = 0; i < q->n; i++)
        set_string(p, q->pairs[i].name, q->pairs[i].value, q->pairs[i].size);
}

static void set_form(struct params *p, const struct buf *body)
{
    struct query q;

    query_init(&q, body->data);
    set_pairs(p, &q);
    query_done(&q);
}

/* An object's members, or the whole as it is. */
static int set_json(struct params *p, const struct buf *body, struct buf *whole, struct err *err)
{
    struct scan_text value, key, member;
    int r = scan_whole(body->data, body->size, &value, err);

    if (r < 0)
        return r;
    if (value.type != SCAN_OBJECT)
        return buf_add(whole, value.at, value.n, err);
    struct scan_walk w = scan_members(&value);
    while (scan_next(&w, &key, &member))
        params_put(p, &key, &member);
    return 0;
}

static void set_text(struct params *p, const char *type, const struct buf *body)
{
    if (media_is_binary(type))
        set_base64(p, "__ow_body", body);
    else
        set_string(p, "__ow_body", body->data, body->size);
}

/* Everything as it came: nothing is taken apart. */
static void set_raw(struct call *c, struct params *p, const char *type)
{
    const struct buf *body = &c->request->body;

    set_string(p, "__ow_query", c->request->query, strlen(c->request->query));
    if (body->size == 0)
        set_string(p, "__ow_body", "", 0);
    else if (media_is_json(type))
        set_base64(p, "__ow_body", body);
    else
        set_text(p, type, body);
}

static bool names_reserved(const struct params *p)
{
    struct param *one;

    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        HASH_FIND(hh, p->all, reserved[i], strlen(reserved[i]), one);
        if (one)
            return true;
    }
    return false;
}

/* Query and body, neither of which may name what is ours. */
static int set_parsed(struct call *c, struct params *p, const char *type, struct err *err)
{
    const struct buf *body = &c->request->body;
    AUTO(buf) struct buf whole = {0};
    int r = 0;

    buf_init(&whole, TEXT_MAX);
    set_pairs(p, &c->query);
    if (body->size > 0 && media_is_json(type))
        r = set_json(p, body, &whole, err);
    else if (body->size > 0 && media_is(type, "application/x-www-form-urlencoded"))
        set_form(p, body);
    if (r < 0)
        return r;
    if (names_reserved(p))
        return err_set(err, ERR_REFUSED, " ");
    if (whole.size > 0)
        params_set(p, "__ow_body", whole.data, whole.size);
    else if (body->size > 0 && !media_is_json(type) &&
             !media_is(type, "application/x-www-form-urlencoded"))
        set_text(p, type, body);
    return 0;
}

static int set_context(struct call *c, struct params *p, const char *path, struct err *err)
{
    AUTO(mem) char *method = mem_dup(c->request->method), *plain = mem_dup(path);
    AUTO(buf) struct buf headers = {0};

    for (char *m = method; *m; m++)
        if (*m >= 'A' && *m <= 'Z')
            *m = (char)(*m - 'A' + 'a');
    buf_init(&headers, TEXT_MAX);
    int r = headers_json(c->request, &headers, err);
    if (r < 0)
        return r;
    set_string(p, "__ow_method", method, strlen(method));
    params_set(p, "__ow_headers", headers.data, headers.size);
    set_string(p, "__ow_path", plain, query_unescape(plain, strlen(plain), false));
    if (c->who)
        set_string(p, "__ow_user", c->who->user.name, strlen(c->who->user.name));
    return 0;
}

static void refuse(struct call *c)
{
    call_fail(c, 400,
              "Request defines parameters that are not allowed (e.g., reserved properties).");
}

/* What was sent over the action's own parameters. */
static bool apply(struct call *c, struct action *a, struct params *sent, struct buf *out)
{
    AUTO(buf) struct buf object = {0};
    struct scan_text text;
    bool fixed = false, none;
    struct err err;

    buf_init(&object, TEXT_MAX);
    int r = params_apply(sent, NULL, &object, &none, &err);
    if (r == 0)
        r = scan_whole(object.data, object.size, &text, &err);
    if (r == 0 && a->is_sequence)
        r = buf_add(out, text.at, text.n, &err);
    else if (r == 0)
        r = params_apply(&a->params, &text, out, &fixed, &err);
    if (r < 0)
        call_error(c, &err);
    else if (fixed && a->is_final && !a->raw)
        refuse(c);
    return r == 0 && !(fixed && a->is_final && !a->raw);
}

bool web_input(struct call *c, struct action *a, const char *path, struct buf *out)
{
    AUTO(params) struct params sent = {0};
    const char *type = request_header(c->request, "Content-Type");
    struct err err;
    int r = 0;

    if (!type)
        type = OCTETS;
    if (a->raw)
        set_raw(c, &sent, type);
    else
        r = set_parsed(c, &sent, type, &err);
    if (r < 0 && err.kind == ERR_REFUSED) {
        refuse(c);
        return false;
    }
    if (r < 0) {
        call_malformed(c, err.msg);
        return false;
    }
    r = set_context(c, &sent, path, &err);
    if (r < 0) {
        call_error(c, &err);
        return false;
    }
    return apply(c, a, &sent, out);
}
