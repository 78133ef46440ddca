#include "api/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/show.h"
#include "base/mem.h"
#include "invoke/entitle.h"
#include "store/name.h"

#define ERROR_MAX 4096

void call_free(struct call *c)
{
    identity_unref(c->who);
    free(c->ns);
    free(c->package);
    free(c->name);
    query_done(&c->query);
    free(c);
}

void call_reply(struct call *c, unsigned status, struct buf *body)
{
    request_reply(c->request, status, body);
    call_free(c);
}

void call_fail(struct call *c, unsigned status, const char *fmt, ...)
{
    char text[ERROR_MAX];
    struct buf body;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_init(&body, 16 * ERROR_MAX);
    buf_text(&body, "{\"error\":");
    buf_json_string(&body, text, strlen(text));
    buf_text(&body, ",\"code\":");
    buf_json_string(&body, c->tid, strlen(c->tid));
    buf_text(&body, "}");
    call_reply(c, status, &body);
}

static unsigned status_of(enum err_kind kind)
{
    switch (kind) {
    case ERR_NONE:
        return 200;
    case ERR_INVALID:
    case ERR_UNUSABLE:
        return 400;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_CONFLICT:
        return 409;
    case ERR_TOO_LARGE:
        return 413;
    case ERR_BUSY:
        return 503;
    case ERR_REFUSED:
        return 403;
    case ERR_INTERNAL:
        return 500;
    }
    return 500;
}

void call_error(struct call *c, const struct err *err)
{
    call_fail(c, status_of(err->kind), "%s", err->msg);
}

void call_malformed(struct call *c, const char *detail)
{
    call_fail(c, 400, "The request content was malformed:\n%s", detail);
}

void call_not_found(struct call *c) { call_fail(c, 404, "The requested resource does not exist."); }

void call_unavailable(struct call *c)
{
    call_fail(c, 503,
              "The server is currently unavailable (because it is overloaded or down for "
              "maintenance).");
}

static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    size_t n = strcspn(type, "; ");

    return n == sizeof json - 1 && strncasecmp(type, json, n) == 0;
}

bool call_body(struct call *c, bool may_be_empty, struct scan_text *out)
{
    const struct buf *body = &c->request->body;
    const char *type = request_header(c->request, "Content-Type");
    struct err err;

    if (body->size == 0 && may_be_empty) {
        *out = (struct scan_text){"{}", 2, SCAN_OBJECT};
        return true;
    }
    if (body->size == 0) {
        call_fail(c, 400, "Request entity expected but not supplied");
    } else if (!type || !is_json(type)) {
        call_fail(c, 415,
                  "The request's Content-Type [%.200s] is not supported. Expected:\n"
                  "application/json",
                  type ? type : "none/none");
    } else if (scan_whole(body->data, body->size, out, &err) < 0) {
        call_malformed(c, err.msg);
    } else if (out->type != SCAN_OBJECT) {
        call_malformed(c, "Object expected");
    } else {
        return true;
    }
    return false;
}

void call_set_activation(struct call *c, const struct record_id *id)
{
    char text[RECORD_ID_SIZE];

    record_id_text(id, text);
    request_set_header(c->request, "x-openwhisk-activation-id", text);
}

bool call_is_own(const struct call *c) { return c->ns_id == c->who->user.id; }

void call_refuse(struct call *c, const char *package, const char *name)
{
    call_fail(c, 403, "The supplied authentication is not authorized to access '%s%s%s%s%s'.",
              c->ns, package[0] ? "/" : "", package, name[0] ? "/" : "", name);
}

bool call_namespace(struct call *c)
{
    AUTO(identity) struct identity *other = NULL;
    struct err err;

    if (strcmp(c->ns, "_") == 0 || strcmp(c->ns, c->who->user.name) == 0) {
        free(c->ns);
        c->ns = mem_dup(c->who->user.name);
        c->ns_id = c->who->user.id;
        return true;
    }
    if (strlen(c->ns) > NAME_SIZE_MAX) {
        call_fail(c, 400, "Namespace longer than allowed: %zu > %u.", strlen(c->ns), NAME_SIZE_MAX);
        return false;
    }
    if (!name_is_good(c->ns, strlen(c->ns))) {
        call_fail(c, 400, "The namespace contains illegal characters.");
        return false;
    }
    int r = identity_by_name(c->invoke, c->ns, &other, &err);
    if (r < 0)
        call_error(c, &err);
    else if (r == 0)
        call_refuse(c, c->package ? c->package : "", c->name ? c->name : "");
    else
        c->ns_id = other->user.id;
    return r > 0;
}

bool call_entity(struct call *c, enum entity_type type, const char *package, const char *name,
                 struct entity **out)
{
    AUTO(entity) struct entity *e = NULL;
    struct err err;
    int r = entity_get(store_db(c->invoke->store), c->ns_id, package, name, &e, &err);

    if (r < 0)
        call_error(c, &err);
    else if (r == 0)
        call_not_found(c);
    else if (e->type != type)
        call_fail(c, 409, "Resource by this name exists but is not in this collection.");
    else
        *out = TAKE(e);
    return *out != NULL;
}
