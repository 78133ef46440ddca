/* Actions: listing, reading, deleting. */

#include "api/actions.h"

#include <string.h>

#include "api/change.h"
#include "api/handlers.h"
#include "api/list.h"
#include "api/show.h"
#include "base/mem.h"
#include "invoke/entitle.h"
#include "store/name.h"

bool call_name_is_good(struct call *c, const char *name)
{
    size_t n = strlen(name);

    if (n > NAME_SIZE_MAX)
        call_fail(c, 400, "Name segement longer than allowed: %zu > %u.", n, NAME_SIZE_MAX);
    else if (!name_is_good(name, n))
        call_fail(c, 400, "The name of the entity contains illegal characters.");
    else
        return true;
    return false;
}

static const char *package_of(const struct call *c) { return c->package ? c->package : ""; }

bool call_may_change(struct call *c)
{
    if (!call_namespace(c))
        return false;
    if (call_is_own(c))
        return true;
    call_refuse(c, package_of(c), package_of(c)[0] ? "" : c->name);
    return false;
}

bool call_package_is_there(struct call *c)
{
    AUTO(entity) struct entity *package = NULL;

    if (!c->package)
        return true;
    if (!call_entity(c, ENTITY_PACKAGE, "", c->package, &package))
        return false;
    if (!package->binding)
        return true;
    call_fail(c, 400, "Operation not permitted on package binding.");
    return false;
}

/* May the caller see the package of another's namespace? False: answered. */
static bool sees_package(struct call *c)
{
    AUTO(entity) struct entity *package = NULL;
    struct err err;
    int r = c->package
                ? entity_get(store_db(c->invoke->store), c->ns_id, "", c->package, &package, &err)
                : 0;

    if (r < 0)
        call_error(c, &err);
    else if (r == 0 || package->type != ENTITY_PACKAGE || !entitled_to_package(c->who, package))
        call_refuse(c, package_of(c), c->package ? "" : c->name);
    else
        return true;
    return false;
}

bool call_action(struct call *c, struct action **out)
{
    AUTO(action) struct action *a = NULL;
    bool other = false;
    struct err err;

    if (!call_namespace(c) || !call_name_is_good(c, c->name) ||
        (c->package && !call_name_is_good(c, c->package)) || (!call_is_own(c) && !sees_package(c)))
        return false;
    int r = action_find(c->invoke, c->ns_id, package_of(c), c->name, &a, &other, &err);
    if (r > 0 && entitled_to_action(c->who, a)) {
        *out = TAKE(a);
        return true;
    }
    if (r > 0) /* what a binding is bound to is no longer shared */
        call_fail(c, 403, "The supplied authentication is not authorized to access '%s/%s'.",
                  a->package->ns_name, a->package->name);
    else if (r < 0)
        call_error(c, &err);
    else if (other)
        call_fail(c, 409, "Resource by this name exists but is not in this collection.");
    else
        call_not_found(c);
    return false;
}

void actions_list(struct call *c) { list_own(c, ENTITY_ACTION, "actions"); }

/* Of a package; of a binding, those of the package it is bound to. */
void actions_list_package(struct call *c)
{
    AUTO(entity) struct entity *package = NULL, *target = NULL;
    AUTO(identity) struct identity *owner = NULL;
    struct path p;
    struct err err;

    if (!call_namespace(c) || (!call_is_own(c) && !sees_package(c)) ||
        !call_entity(c, ENTITY_PACKAGE, "", c->package, &package))
        return;
    struct entity_query q = {.ns = c->ns_id, .type = ENTITY_ACTION, .package = c->package};
    if (package->binding) {
        int r =
            path_parse(package->binding, &p) ? identity_by_name(c->invoke, p.ns, &owner, &err) : 0;
        if (r > 0)
            r = entity_get(store_db(c->invoke->store), owner->user.id, "", p.name, &target, &err);
        if (r < 0) {
            call_error(c, &err);
            return;
        }
        if (r == 0 || !entitled_to_package(c->who, target)) {
            call_fail(c, 403, "The supplied authentication is not authorized to access '%s'.",
                      package->binding);
            return;
        }
        q.ns = target->ns;
        q.package = target->name;
    }
    list_answer(c, &q, "actions");
}

void actions_get(struct call *c)
{
    AUTO(action) struct action *a = NULL;
    AUTO(buf) struct buf code = {0}, body = {0};
    AUTO(mem) char *parameters = NULL, *binding = NULL;
    bool with_code = true;
    struct err err;

    if (!call_action(c, &a))
        return;
    buf_init(&code, CODE_MAX);
    buf_init(&body, SHOW_MAX);
    struct show_extra extra = {0};
    int r = query_bool(&c->query, "code", &with_code, &err);
    if (r == 0 && with_code && a->entity->has_code) {
        r = entity_code(store_db(c->invoke->store), a->entity, &code, &err);
        extra.code = &code;
    }
    if (a->package)
        extra.parameters = parameters = params_dup(&a->params);
    if (a->binding && !with_code)
        extra.binding = binding = mem_print("%s/%s", a->binding->ns_name, a->binding->name);
    if (r == 0)
        r = show_entity(a->entity, &extra, &body, &err);
    if (r < 0)
        call_error(c, &err);
    else
        call_reply(c, 200, &body);
}

void actions_delete(struct call *c)
{
    struct entity *e = NULL;

    if (call_may_change(c) && call_package_is_there(c) &&
        call_entity(c, ENTITY_ACTION, package_of(c), c->name, &e))
        change_delete(change_new(c, e, change_answer));
}
