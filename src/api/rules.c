/* Rules: which action a trigger invokes. */
#include <stdio.h>
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

void rules_list(struct call *c) { list_own(c, ENTITY_RULE, "rules"); }

static bool own_rule(struct call *c, struct entity **out)
{
    return call_may_change(c) && call_name_is_good(c, c->name) &&
           call_entity(c, ENTITY_RULE, "", c->name, out);
}

void rules_get(struct call *c)
{
    AUTO(entity) struct entity *e = NULL;
    AUTO(buf) struct buf body = {0};
    struct err err;

    if (!own_rule(c, &e))
        return;
    buf_init(&body, SHOW_MAX);
    if (show_entity(e, NULL, &body, &err) < 0)
        call_error(c, &err);
    else
        call_reply(c, 200, &body);
}

/* ---- PUT ---- */

/* A path as clients write it: "/ns/[package/]name", or {"path", "name"}. */
static int read_path(struct call *c, const struct scan_text *value, const char *what,
                     struct path *out, struct err *err)
{
    AUTO(buf) struct buf text = {0};
    int r = 0;

    buf_init(&text, 1024);
    if (value->type == SCAN_OBJECT) {
        struct scan_text path = field(value, "path"), name = field(value, "name");
        r = path.n ? field_string(&path, "path", &text, err) : 0;
        if (r == 0)
            r = buf_add(&text, "/", 1, err);
        if (r == 0 && name.n)
            r = field_string(&name, "name", &text, err);
    } else {
        r = field_string(value, what, &text, err);
    }
    if (r < 0)
        return r;
    if (!path_parse(text.data, out))
        return err_set(err, ERR_INVALID,
                       "requirement failed: The fully qualified name of the entity must contain "
                       "at least the namespace and the name of the entity.");
    if (strcmp(out->ns, "_") == 0)
        snprintf(out->ns, sizeof out->ns, "%s", c->who->user.name);
    return 0;
}

static int take_trigger(struct call *c, const struct scan_text *value, struct entity *e,
                        struct err *err)
{
    struct path p;

    int r = read_path(c, value, "trigger", &p, err);
    if (r < 0)
        return r;
    if (strcmp(p.ns, c->who->user.name) != 0 || p.package[0]) {
        AUTO(mem) char *full = mem_print("%s/%s", p.ns, p.name);
        return entitled_refuse(err, full);
    }
    entity_set(&e->trigger, p.name);
    return 0;
}

static int take_action(struct call *c, const struct scan_text *value, struct entity *e,
                       struct err *err)
{
    struct path p;

    int r = read_path(c, value, "action", &p, err);
    if (r < 0)
        return r;
    AUTO(mem) char *path = mem_print("%s/%s%s%s", p.ns, p.package, p.package[0] ? "/" : "", p.name);
    entity_set(&e->action, path);
    return 0;
}

/* Of another's namespace only what is in a shared package. */
static int check_action(struct call *c, const char *path, struct err *err)
{
    AUTO(action) struct action *a = NULL;
    bool own = strncmp(path, c->who->user.name, strlen(c->who->user.name)) == 0 &&
               path[strlen(c->who->user.name)] == '/';

    int r = action_find_path(c->invoke, path, &a, err);
    if (r < 0)
        return r;
    if (!own && (r == 0 || !entitled_to_action(c->who, a)))
        return entitled_refuse(err, path);
    return r > 0 ? 0 : err_set(err, ERR_UNUSABLE, "action /%s does not exist", path);
}

static int check_trigger(struct call *c, const struct entity *e, struct err *err)
{
    AUTO(entity) struct entity *trigger = NULL;

    int r = entity_get(store_db(c->invoke->store), e->ns, "", e->trigger, &trigger, err);
    if (r < 0)
        return r;
    if (r == 0 || trigger->type != ENTITY_TRIGGER)
        return err_set(err, ERR_UNUSABLE, "trigger /%s/%s does not exist", e->ns_name, e->trigger);
    return 0;
}

static int read_put(struct call *c, const struct scan_text *body, struct entity *e, struct err *err)
{
    struct scan_text trigger = field(body, "trigger"), action = field(body, "action");
    AUTO(mem) char *was = e->trigger ? mem_dup(e->trigger) : NULL;
    int r = 0;

    if (e->id == 0 && (trigger.n == 0 || action.n == 0))
        return err_set(err, ERR_UNUSABLE, "rule requires a valid trigger and a valid action");
    if (trigger.n > 0)
        r = take_trigger(c, &trigger, e, err);
    if (r == 0 && action.n > 0)
        r = take_action(c, &action, e, err);
    if (r == 0)
        r = check_trigger(c, e, err);
    if (r == 0)
        r = check_action(c, e->action, err);
    if (r == 0)
        r = fields_common(body, e, err);
    if (r < 0)
        return r;
    e->active |= !was; /* a new one is */
    e->linked |= e->active || strcmp(was, e->trigger) != 0;
    return 0;
}

void rules_put(struct call *c)
{
    struct scan_text body;
    struct entity *e = NULL;
    struct err err;

    if (!call_may_change(c) || !call_name_is_good(c, c->name) || !call_body(c, false, &body) ||
        !fields_existing(c, ENTITY_RULE, "", &e))
        return;
    if (read_put(c, &body, e, &err) == 0) {
        change_put(change_new(c, e, change_answer));
        return;
    }
    entity_unref(e);
    fields_refuse(c, &err);
}

/* ---- DELETE, POST ---- */

static void deleted(struct change *change, const struct err *err)
{
    change->entity->active = false; /* as OpenWhisk answers */
    change_answer(change, err);
}

void rules_delete(struct call *c)
{
    struct entity *e = NULL;

    if (own_rule(c, &e))
        change_delete(change_new(c, entity_copy(e), deleted));
    entity_unref(e);
}

static void set(struct change *change, const struct err *err)
{
    struct buf body;

    if (err) {
        call_error(change->call, err);
    } else {
        buf_init(&body, 8);
        buf_text(&body, "OK");
        change->call->request->type = "text/plain; charset=UTF-8";
        request_reply(change->call->request, 200, &body);
        call_free(change->call);
    }
    change_free(change);
}

/* {"status": "active"|"inactive"} */
static int read_status(const struct scan_text *body, bool *active, struct err *err)
{
    struct scan_text status = field(body, "status");
    AUTO(buf) struct buf text = {0};

    buf_init(&text, 256);
    if (status.n == 0)
        return err_set(err, ERR_INVALID, "'status' must be 'active' or 'inactive'");
    int r = field_string(&status, "status", &text, err);
    if (r < 0)
        return r;
    *active = strcmp(text.data, "active") == 0;
    if (*active || strcmp(text.data, "inactive") == 0)
        return 0;
    return err_set(err, ERR_INVALID, "requirement failed: %.100s is not a recognized rule state",
                   text.data);
}

void rules_post(struct call *c)
{
    AUTO(entity) struct entity *e = NULL, *trigger = NULL;
    struct scan_text body;
    bool active;
    struct err err;

    if (!own_rule(c, &e) || !call_body(c, false, &body))
        return;
    if (read_status(&body, &active, &err) < 0) {
        fields_refuse(c, &err);
        return;
    }
    int r = entity_get(store_db(c->invoke->store), e->ns, "", e->trigger, &trigger, &err);
    if (r < 0)
        call_error(c, &err);
    else if (active && (r == 0 || trigger->type != ENTITY_TRIGGER))
        call_fail(c, 404, "Only rules with existing triggers can be activated");
    else
        change_set_rule(change_new(c, entity_copy(e), set), active);
}
