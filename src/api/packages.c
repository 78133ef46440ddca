/* Packages and bindings. */
#include <stdlib.h>
#include <string.h>

#include "api/actions.h"
#include "api/change.h"
#include "api/fields.h"
#include "api/handlers.h"
#include "api/list.h"
#include "api/show.h"
#include "base/mem.h"
#include "invoke/entitle.h"

#define CONTENTS_MAX 1000000

void packages_list(struct call *c)
{
    if (call_namespace(c))
        list_answer(c,
                    &(struct entity_query){
                        .ns = c->ns_id, .type = ENTITY_PACKAGE, .shared = !call_is_own(c)},
                    "packages");
}

void packages_refresh(struct call *c)
{
    call_fail(c, 501, "Packages are not refreshed: a binding always shows what it is bound to.");
}

/* ---- reading ---- */

/* Actions and feeds of a package, as two arrays. */
struct contents {
    struct buf lists[2]; /* actions, feeds */
    int r;
    struct err err;
};

static void add_content(void *ctx, const struct entity *e)
{
    struct contents *x = ctx;
    AUTO(params) struct params annotations = {0};
    AUTO(buf) struct buf item = {0};

    params_add(&annotations, e->annotations);
    struct buf *to = &x->lists[params_truthy(&annotations, "feed")];
    buf_init(&item, SHOW_MAX);
    buf_print(&item, "%s{\"name\":\"", to->size > 0 ? "," : "");
    buf_text(&item, e->name);
    buf_print(&item, "\",\"version\":\"%s\",\"annotations\":", e->version);
    buf_text(&item, e->annotations);
    buf_text(&item, "}");
    if (x->r == 0)
        x->r = buf_add(to, item.data, item.size, &x->err);
}

/* ,"actions":[…],"feeds":[…] */
static int write_contents(struct call *c, const struct entity *package, struct buf *out,
                          struct err *err)
{
    const struct entity_query q = {
        .ns = package->ns, .type = ENTITY_ACTION, .package = package->name, .limit = CONTENTS_MAX};
    struct contents x = {0};

    buf_init(&x.lists[0], SHOW_MAX / 4);
    buf_init(&x.lists[1], SHOW_MAX / 4);
    int r = entity_list(store_db(c->invoke->store), &q, add_content, &x, err);
    if (r == 0 && (r = x.r) < 0)
        *err = x.err;
    if (r == 0) {
        buf_text(out, ",\"actions\":[");
        buf_put(out, x.lists[0].data, x.lists[0].size);
        buf_text(out, "],\"feeds\":[");
        buf_put(out, x.lists[1].data, x.lists[1].size);
        buf_text(out, "]");
    }
    buf_done(&x.lists[0]);
    buf_done(&x.lists[1]);
    return r;
}

/* What a binding is bound to: 1, and it; 0 when it is gone; ERR_REFUSED when it is not shared. */
static int find_target(struct call *c, const char *binding, struct entity **out, struct err *err)
{
    AUTO(identity) struct identity *owner = NULL;
    struct path p;

    if (!path_parse(binding, &p))
        return 0;
    int r = identity_by_name(c->invoke, p.ns, &owner, err);
    if (r > 0)
        r = entity_get(store_db(c->invoke->store), owner->user.id, "", p.name, out, err);
    bool own = strcmp(p.ns, c->who->user.name) == 0;
    if (r >= 0 && !own && (r == 0 || !entitled_to_package(c->who, *out)))
        return entitled_refuse(err, binding);
    return r;
}

static void reply_package(struct call *c, const struct entity *e)
{
    AUTO(entity) struct entity *target = NULL;
    AUTO(params) struct params merged = {0};
    AUTO(mem) char *parameters = NULL;
    AUTO(buf) struct buf more = {0}, body = {0};
    struct show_extra extra = {0};
    struct err err;
    int r = 0;

    buf_init(&more, SHOW_MAX);
    buf_init(&body, SHOW_MAX);
    if (e->binding)
        r = find_target(c, e->binding, &target, &err);
    if (r >= 0 && target) {
        params_add(&merged, target->parameters);
        params_add(&merged, e->parameters);
        extra.parameters = parameters = params_dup(&merged);
    }
    if (r >= 0 && (target || !e->binding))
        r = write_contents(c, target ? target : e, &more, &err);
    extra.more = more.data;
    if (r >= 0)
        r = show_entity(e, &extra, &body, &err);
    if (r < 0)
        call_error(c, &err);
    else
        call_reply(c, 200, &body);
}

void packages_get(struct call *c)
{
    AUTO(entity) struct entity *e = NULL;
    struct err err;

    if (!call_namespace(c) || !call_name_is_good(c, c->name))
        return;
    int r = entity_get(store_db(c->invoke->store), c->ns_id, "", c->name, &e, &err);
    if (r < 0)
        call_error(c, &err);
    else if (!call_is_own(c) &&
             (r == 0 || e->type != ENTITY_PACKAGE || !entitled_to_package(c->who, e)))
        call_refuse(c, "", c->name);
    else if (r == 0)
        call_fail(c, 404, "The requested resource '%s/%s' does not exist.", c->ns, c->name);
    else if (e->type != ENTITY_PACKAGE)
        call_fail(c, 409, "Resource by this name exists but is not in this collection.");
    else
        reply_package(c, e);
}

/* ---- changing ---- */

/* "ns/name" of the body's binding; "" for none. */
static int read_binding(struct call *c, const struct scan_text *value, struct buf *out,
                        struct err *err)
{
    struct scan_text ns, name;

    if (value->type != SCAN_OBJECT)
        return err_set(err, ERR_INVALID, "'binding' must be an object");
    ns = field(value, "namespace");
    name = field(value, "name");
    if (ns.n == 0 && name.n == 0)
        return 0;
    if (ns.n == 0 || name.n == 0)
        return err_set(err, ERR_INVALID, "'binding' needs both 'namespace' and 'name'");
    if (ns.type == SCAN_STRING && scan_equals(&ns, "_"))
        buf_text(out, c->who->user.name);
    else if (field_string(&ns, "namespace", out, err) < 0)
        return -(int)err->kind;
    int r = buf_add(out, "/", 1, err);
    return r == 0 ? field_string(&name, "name", out, err) : r;
}

static int check_target(struct call *c, const struct entity *e, const char *binding,
                        struct err *err)
{
    AUTO(entity) struct entity *target = NULL;
    AUTO(mem) char *self = mem_print("%s/%s", e->ns_name, e->name);

    if (strcmp(self, binding) == 0)
        return err_set(err, ERR_REFUSED, "Package binding '%.100s' contains a circular reference.",
                       binding);
    int r = find_target(c, binding, &target, err);
    if (r < 0)
        return r;
    if (r == 0)
        return err_set(err, ERR_UNUSABLE, "Binding references a package that does not exist.");
    if (target->type != ENTITY_PACKAGE)
        return err_set(err, ERR_CONFLICT, "Cannot bind to a resource that is not a package.");
    if (target->binding)
        return err_set(err, ERR_UNUSABLE, "Cannot bind to another package binding.");
    return 0;
}

/* A binding says in an annotation, too, what it is bound to. */
static void annotate(struct entity *e)
{
    AUTO(params) struct params all = {0};
    AUTO(buf) struct buf text = {0};
    struct path p;

    if (!e->binding || !path_parse(e->binding, &p))
        return;
    buf_init(&text, 2048);
    buf_print(&text, "{\"namespace\":\"%s\",\"name\":\"%s\"}", p.ns, p.name);
    params_add(&all, e->annotations);
    params_set(&all, "binding", text.data, text.size);
    free(e->annotations);
    e->annotations = params_dup(&all);
}

static int read_put(struct call *c, const struct scan_text *body, struct entity *e, struct err *err)
{
    struct scan_text value = field(body, "binding");
    AUTO(buf) struct buf binding = {0};
    int r = 0;

    buf_init(&binding, 1024);
    if (value.n > 0)
        r = read_binding(c, &value, &binding, err);
    if (r == 0 && binding.size > 0 && e->id != 0 && !e->binding)
        r = err_set(err, ERR_CONFLICT,
                    "Resource is a package and cannot be converted into a binding.");
    if (r == 0 && binding.size > 0)
        r = check_target(c, e, binding.data, err);
    if (r == 0)
        r = fields_common(body, e, err);
    if (r < 0)
        return r;
    if (binding.size > 0)
        entity_set(&e->binding, binding.data);
    annotate(e);
    return 0;
}

void packages_put(struct call *c)
{
    struct scan_text body;
    struct entity *e = NULL;
    struct err err;

    if (!call_may_change(c) || !call_name_is_good(c, c->name))
        return;
    if (strcmp(c->name, "default") == 0) {
        call_fail(c, 400, "Package name 'default' is reserved.");
        return;
    }
    if (!call_body(c, false, &body) || !fields_existing(c, ENTITY_PACKAGE, "", &e))
        return;
    if (read_put(c, &body, e, &err) == 0) {
        change_put(change_new(c, e, change_answer));
        return;
    }
    entity_unref(e);
    if (strstr(err.msg, "circular reference"))
        call_fail(c, 422, "%s", err.msg);
    else
        fields_refuse(c, &err);
}

void packages_delete(struct call *c)
{
    AUTO(entity) struct entity *e = NULL;
    bool force = false;
    struct err err;
    int64_t n = 0;

    if (!call_may_change(c) || !call_entity(c, ENTITY_PACKAGE, "", c->name, &e))
        return;
    const struct entity_query q = {.ns = c->ns_id, .type = ENTITY_ACTION, .package = c->name};
    int r = query_bool(&c->query, "force", &force, &err);
    if (r == 0)
        r = entity_count(store_db(c->invoke->store), &q, &n, &err);
    if (r < 0)
        call_error(c, &err);
    else if (n > 0 && !force)
        call_fail(c, 409,
                  "Package not empty (contains %lld %s). Set force param or delete package "
                  "contents.",
                  (long long)n, n == 1 ? "entity" : "entities");
    else
        change_delete(change_new(c, TAKE(e), change_answer));
}
