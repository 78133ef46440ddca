/* A web action's result as HTTP: by the extension it was asked with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/fields.h"
#include "api/media.h"
#include "api/web.h"
#include "base/base64.h"
#include "base/mem.h"

#define HTML "text/html; charset=UTF-8"
#define TEXT "text/plain; charset=UTF-8"
#define JSON "application/json"
#define SVG "image/svg+xml"
#define BODY_MAX (16u << 20)

static void not_valid(struct call *c, const char *type)
{
    call_fail(c, 400, "Response is not valid '%s'.", type);
}

static void reply(struct call *c, unsigned status, const char *type, struct buf *body)
{
    c->request->type = type;
    request_reply(c->request, status, body);
    call_free(c);
}

static bool accepts(struct invoked *i, const char *type)
{
    if (media_accepts(i->accept, type))
        return true;
    call_fail(i->call, 406, "Resource representation is only available with these types:\n%s",
              type);
    return false;
}

static void send_copy(struct invoked *i, const char *type, const struct scan_text *value)
{
    struct buf body;
    struct err err;
    int r;

    if (!accepts(i, type))
        return;
    buf_init(&body, BODY_MAX);
    if (value->type == SCAN_STRING)
        r = scan_unescape(value, &body, &err);
    else
        r = buf_add(&body, value->at, value->n, &err);
    if (r < 0)
        call_error(i->call, &err);
    else
        reply(i->call, 200, type, &body);
    buf_done(&body);
}

/* ---- .json .html .svg .text ---- */

static void send_json(struct invoked *i, const struct scan_text *value)
{
    if (value->type == SCAN_OBJECT || value->type == SCAN_ARRAY)
        send_copy(i, JSON, value);
    else
        not_valid(i->call, JSON);
}

/* The member `body`, or one with the extension's name; or the value itself, if it is no object. */
static struct scan_text project(const struct scan_text *value, const char *name)
{
    struct scan_text found;

    if (value->type != SCAN_OBJECT)
        return *value;
    found = field(value, "body");
    return found.n > 0 ? found : field(value, name);
}

static void send_markup(struct invoked *i, const struct scan_text *value, const char *name,
                        const char *type, const char *shown)
{
    struct scan_text found = project(value, name);

    if (found.n > 0 && found.type == SCAN_STRING)
        send_copy(i, type, &found);
    else
        not_valid(i->call, shown);
}

static void indent(struct buf *out, unsigned depth)
{
    buf_text(out, "\n");
    for (unsigned i = 0; i < depth; i++)
        buf_text(out, "  ");
}

/* Valid JSON, a member or element a line; what it costs is bounded by its size and depth. */
static void pretty(const struct scan_text *value, unsigned depth, struct buf *out)
{
    bool is_object = value->type == SCAN_OBJECT, first = true;
    struct scan_text key, one;

    if (!is_object && value->type != SCAN_ARRAY) {
        buf_put(out, value->at, value->n);
        return;
    }
    struct scan_walk w = is_object ? scan_members(value) : scan_elements(value);
    buf_text(out, is_object ? "{" : "[");
    while (is_object ? scan_next(&w, &key, &one) : scan_next_element(&w, &one)) {
        buf_text(out, first ? "" : ",");
        indent(out, depth + 1);
        if (is_object) {
            buf_put(out, key.at, key.n);
            buf_text(out, ": ");
        }
        pretty(&one, depth + 1, out);
        first = false;
    }
    if (!first)
        indent(out, depth);
    buf_text(out, is_object ? "}" : "]");
}

#define PRETTY_DEPTH 32u /* deeper ones are shown as they are */

static unsigned depth_of(const struct scan_text *value)
{
    unsigned depth = 0, most = 0;
    bool quoted = false;

    for (size_t i = 0; i < value->n; i++) {
        char c = value->at[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            most = ++depth > most ? depth : most;
        else if (!quoted && (c == '}' || c == ']'))
            depth--;
    }
    return most;
}

static void send_text(struct invoked *i, const struct scan_text *value)
{
    struct scan_text found = project(value, "text");
    struct buf body;

    if (found.n == 0) {
        call_fail(i->call, 404, "Response does not include requested property.");
    } else if ((found.type == SCAN_OBJECT || found.type == SCAN_ARRAY) &&
               depth_of(&found) <= PRETTY_DEPTH) {
        if (!accepts(i, TEXT))
            return;
        buf_init(&body, 1u << 30);
        pretty(&found, 0, &body);
        reply(i->call, 200, TEXT, &body);
    } else {
        send_copy(i, TEXT, &found);
    }
}

/* ---- .http ---- */

struct response {
    struct call *call;
    unsigned status; /* 0: not said */
    struct buf type;
    bool bad;
};

/* What is the server's to say; and the dashboard is of the same origin as what anybody wrote. */
static bool is_servers(const char *name)
{
    static const char *const all[] = {"content-length", "transfer-encoding",
                                      "service-worker-allowed"};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcasecmp(name, all[i]) == 0)
            return true;
    return false;
}

static void set_header(struct response *x, const char *name, const struct scan_text *value)
{
    AUTO(buf) struct buf text = {0};
    struct err err;
    int r;

    buf_init(&text, 65536);
    if (value->type == SCAN_STRING)
        r = scan_unescape(value, &text, &err);
    else if (value->type == SCAN_NUMBER || value->type == SCAN_BOOL)
        r = buf_add(&text, value->at, value->n, &err);
    else
        r = -1;
    if (r < 0 || (text.data && memchr(text.data, '\0', text.size))) {
        x->bad = true;
    } else if (strcasecmp(name, "content-type") == 0) {
        buf_clear(&x->type);
        buf_text(&x->type, text.data ? text.data : "");
    } else if (!is_servers(name)) {
        x->bad |= !request_set_header(x->call->request, name, text.data ? text.data : "");
    }
}

static void set_headers(struct response *x, const struct scan_text *headers)
{
    struct scan_text key, value, one;

    if (headers->type != SCAN_OBJECT) {
        x->bad = true;
        return;
    }
    struct scan_walk w = scan_members(headers);
    while (scan_next(&w, &key, &value)) {
        AUTO(buf) struct buf name = {0};
        struct err err;
        buf_init(&name, 1024);
        if (scan_unescape(&key, &name, &err) < 0 || strlen(name.data) != name.size) {
            x->bad = true;
        } else if (value.type == SCAN_ARRAY) {
            struct scan_walk each = scan_elements(&value);
            while (scan_next_element(&each, &one))
                set_header(x, name.data, &one);
        } else {
            set_header(x, name.data, &value);
        }
    }
}

/* A number, or a text that is one. */
static void set_status(struct response *x, const struct scan_text *value)
{
    bool quoted = value->type == SCAN_STRING;
    AUTO(mem) char *text = mem_dup_n(value->at + quoted, value->n - 2 * quoted);
    int64_t n;

    if ((!quoted && value->type != SCAN_NUMBER) || !query_number(text, &n) || n < 200 || n > 599)
        x->bad = true;
    else
        x->status = (unsigned)n;
}

/* The bytes of a text body: those it stands for in base64, if the type says that it does. */
static int body_bytes(const struct response *x, const struct scan_text *value, struct buf *out,
                      struct err *err)
{
    bool binary = x->type.size > 0 && media_is_binary(x->type.data);
    bool json = x->type.size > 0 && media_is_json(x->type.data);
    AUTO(buf) struct buf plain = {0};

    buf_init(&plain, BODY_MAX);
    int r = scan_unescape(value, &plain, err);
    if (r == 0 && (binary || json)) {
        r = base64_decode(plain.data, plain.size, out, err);
        if (r == 0 || binary)
            return r;
        buf_clear(out); /* JSON that was sent as it is */
        r = 0;
    }
    return r == 0 ? buf_add(out, plain.data, plain.size, err) : r;
}

static void send_body(struct invoked *i, struct response *x, const struct scan_text *value)
{
    struct call *c = i->call;
    const char *type = x->type.size > 0 ? x->type.data : NULL;
    struct buf body;
    struct err err;
    int r;

    buf_init(&body, BODY_MAX);
    if (type && !media_is_type(type)) {
        call_fail(c, 400, "Response did not specify a known content-type.");
    } else if (value->type != SCAN_STRING && type && !media_is_json(type)) {
        call_fail(c, 400, "Response type in header did not match generated content type.");
    } else {
        if (!type)
            type = value->type == SCAN_STRING ? HTML : JSON;
        if (!accepts(i, type))
            return;
        r = value->type == SCAN_STRING ? body_bytes(x, value, &body, &err)
                                       : buf_add(&body, value->at, value->n, &err);
        if (r < 0)
            not_valid(c, "message/http");
        else
            reply(c, x->status ? x->status : 200, type, &body);
    }
    buf_done(&body);
}

static void send_http(struct invoked *i, const struct scan_text *value)
{
    struct response x = {.call = i->call};
    struct scan_text headers, status, body;

    if (value->type != SCAN_OBJECT) {
        not_valid(i->call, "message/http");
        return;
    }
    buf_init(&x.type, 65536);
    headers = field(value, "headers");
    status = field(value, "statusCode");
    body = field(value, "body");
    if (status.n > 0)
        set_status(&x, &status);
    if (!x.bad && headers.n > 0)
        set_headers(&x, &headers);
    if (x.bad)
        not_valid(i->call, "message/http");
    else if (body.n == 0 || (body.type == SCAN_STRING && body.n == 2))
        reply(i->call, x.status ? x.status : 204, NULL, NULL);
    else
        send_body(i, &x, &body);
    buf_done(&x.type);
}

void web_output(struct invoked *i)
{
    const struct invocation *v = i->invocation;
    struct scan_text value;
    struct err err;

    call_set_activation(i->call, &v->id);
    if (v->status >= ACTIVATION_DEVELOPER_ERROR ||
        scan_whole(v->result.data, v->result.size, &value, &err) < 0) {
        call_fail(i->call, 400, "There was an error processing your request.");
        return;
    }
    if (v->status == ACTIVATION_APPLICATION_ERROR && value.type == SCAN_OBJECT) {
        struct scan_text error = field(&value, "error");
        if (error.n > 0)
            value = error;
    }
    switch ((enum web_ext)i->ext) {
    case WEB_HTTP:
        send_http(i, &value);
        break;
    case WEB_JSON:
        send_json(i, &value);
        break;
    case WEB_HTML:
        send_markup(i, &value, "html", HTML, "text/html");
        break;
    case WEB_SVG:
        send_markup(i, &value, "svg", SVG, SVG);
        break;
    case WEB_TEXT:
        send_text(i, &value);
        break;
    }
}
