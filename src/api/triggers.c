/* Triggers. */
#include <stdlib.h>
#include <string.h>

#include "api/actions.h"
#include "api/change.h"
#include "api/fields.h"
#include "api/handlers.h"
#include "api/headers.h"
#include "api/invoked.h"
#include "api/list.h"
#include "api/show.h"
#include "base/mem.h"
#include "invoke/limit.h"
#include "invoke/trigger.h"

#define HEADERS_MAX (256u << 10)

void triggers_list(struct call *c) { list_own(c, ENTITY_TRIGGER, "triggers"); }

struct rules_writer {
    struct buf out;
    unsigned n;
};

/* "ns/rule":{"action":{"path","name"},"status"} */
static void add_rule(void *ctx, const struct entity *rule)
{
    struct rules_writer *w = ctx;
    AUTO(mem) char *name = mem_print("%s/%s", rule->ns_name, rule->name);

    if (w->out.size > SHOW_MAX / 4)
        return; /* of a hundred thousand rules, some are not shown */
    if (w->n++ > 0)
        buf_text(&w->out, ",");
    buf_json_string(&w->out, name, strlen(name));
    buf_text(&w->out, ":{\"action\":");
    show_path(rule->action, &w->out);
    buf_print(&w->out, ",\"status\":\"%s\"}", rule->active ? "active" : "inactive");
}

/* A trigger that has had a rule says which it has. */
static int write_trigger(struct call *c, const struct entity *e, struct buf *out, struct err *err)
{
    struct rules_writer w = {0};
    struct show_extra extra = {0};
    int r = 0;

    buf_init(&w.out, SHOW_MAX / 2);
    buf_text(&w.out, ",\"rules\":{");
    if (e->linked)
        r = entity_rules(store_db(c->invoke->store), e->ns, e->name, add_rule, &w, err);
    buf_text(&w.out, "}");
    if (e->linked)
        extra.more = w.out.data;
    if (r == 0)
        r = show_entity(e, &extra, out, err);
    buf_done(&w.out);
    return r;
}

static void reply_trigger(struct call *c, const struct entity *e)
{
    AUTO(buf) struct buf body = {0};
    struct err err;

    buf_init(&body, SHOW_MAX);
    if (write_trigger(c, e, &body, &err) < 0)
        call_error(c, &err);
    else
        call_reply(c, 200, &body);
}

/* The trigger in one's own namespace that the path names. False: answered. */
static bool own_trigger(struct call *c, struct entity **out)
{
    return call_may_change(c) && call_name_is_good(c, c->name) &&
           call_entity(c, ENTITY_TRIGGER, "", c->name, out);
}

void triggers_get(struct call *c)
{
    AUTO(entity) struct entity *e = NULL;

    if (own_trigger(c, &e))
        reply_trigger(c, e);
}

static void stored(struct change *change, const struct err *err)
{
    if (err)
        call_error(change->call, err);
    else
        reply_trigger(change->call, change->entity);
    change_free(change);
}

/* Who names a feed must name one that could be. */
static int check_feed(const struct entity *e, struct err *err)
{
    AUTO(params) struct params annotations = {0};
    AUTO(buf) struct buf text = {0};
    struct path p;

    params_add(&annotations, e->annotations);
    const struct param *feed = params_find(&annotations, "feed");
    if (!feed || e->id != 0)
        return 0;
    const struct scan_text value = {param_value(feed), feed->value_size, SCAN_STRING};
    buf_init(&text, 2048);
    if (value.at[0] != '"' || scan_unescape(&value, &text, err) < 0 || !path_parse(text.data, &p))
        return err_set(err, ERR_UNUSABLE, "Feed name is not valid");
    return 0;
}

void triggers_put(struct call *c)
{
    struct scan_text body;
    struct entity *e = NULL;
    struct err err;

    if (!call_may_change(c) || !call_name_is_good(c, c->name) || !call_body(c, false, &body) ||
        !fields_existing(c, ENTITY_TRIGGER, "", &e))
        return;
    if (fields_common(&body, e, &err) < 0 || check_feed(e, &err) < 0) {
        entity_unref(e);
        fields_refuse(c, &err);
        return;
    }
    change_put(change_new(c, e, stored));
}

void triggers_delete(struct call *c)
{
    struct entity *e = NULL;

    if (own_trigger(c, &e))
        change_delete(change_new(c, e, change_answer));
}

/* ---- firing ---- */

static void fire(struct call *c, const struct entity *trigger, const struct scan_text *body)
{
    AUTO(buf) struct buf headers = {0};
    struct record_id id;
    struct err err;

    buf_init(&headers, HEADERS_MAX);
    int r = headers_json(c->request, &headers, &err);
    const struct trigger_fire f = {.who = c->who,
                                   .trigger = trigger,
                                   .transaction = c->tid,
                                   .body = body,
                                   .headers = headers.data};
    if (r == 0)
        r = trigger_fire(c->invoke, &f, &id, &err);
    if (r < 0)
        call_error(c, &err);
    else if (r == 0)
        call_reply(c, 204, NULL);
    else
        invoked_reply_id(c, 202, &id);
}

void triggers_post(struct call *c)
{
    AUTO(entity) struct entity *e = NULL;
    struct scan_text body;
    struct err err;

    if (!limit_fire(c->invoke, c->who, &err)) {
        call_fail(c, 429, "%s", err.msg);
        return;
    }
    if (!own_trigger(c, &e) || !invoked_size_is_good(c) || !call_body(c, true, &body))
        return;
    if (store_is_writable(c->invoke->store, &err) < 0)
        call_error(c, &err);
    else
        fire(c, e, &body);
}
