#include "invoke/trigger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "invoke/entitle.h"
#include "invoke/invoke.h"
#include "invoke/limit.h"

#define ARGS_MAX (8u << 20)
#define LOG_MAX (16u << 20)

/* Invocations that wait for the transaction that accepts them, and all records it is to write. */
struct firing {
    struct invoke *invoke;
    struct invocation *invocations; /* utlist */
    struct frame *frames;           /* of the store's thread, until it is done */
};

struct frame {
    struct frame *next; /* utlist */
    size_t n;
    char record[];
};

struct rules {
    struct entity **all;
    unsigned n, active;
};

static void collect(void *ctx, const struct entity *rule)
{
    struct rules *r = ctx;

    r->all = mem_grow(r->all, (r->n + 1) * sizeof *r->all);
    r->all[r->n++] = entity_copy(rule);
    r->active += rule->active;
}

static void rules_done(struct rules *r)
{
    for (unsigned i = 0; i < r->n; i++)
        entity_unref(r->all[i]);
    free(r->all);
}

/* parameters < {"__ow_headers"} < body */
static int make_args(const struct trigger_fire *f, struct buf *out, struct err *err)
{
    AUTO(params) struct params params = {0};
    bool fixed;

    params_add(&params, f->trigger->parameters);
    params_set(&params, "__ow_headers", f->headers, strlen(f->headers));
    return params_apply(&params, f->body, out, &fixed, err);
}

static void discard(struct invocation *i) { invocation_free(i); }

static void add_frame(struct firing *firing, const struct record *r)
{
    size_t n = record_size(r);
    struct frame *f = mem_zero(sizeof *f + n);

    f->n = n;
    record_encode(r, f->record);
    LL_APPEND(firing->frames, f);
}

/* One of several that wait for each other; it counts as being under way. */
static void put_off(struct firing *firing, struct invocation *i)
{
    const struct record accepted = invocation_accepted(i);

    add_frame(firing, &accepted);
    i->is_accepted = true;
    i->who->running++;
    DL_APPEND(firing->invocations, i);
}

/* The trigger's arguments, over the action's parameters. */
static int give_args(struct invocation *i, const struct buf *args, bool *fixed, struct err *err)
{
    struct action *a = i->action;
    struct scan_text object;

    int r = scan_whole(args->data, args->size, &object, err);
    if (r == 0 && !a->is_sequence)
        return params_apply(&a->params, &object, &i->args, fixed, err);
    return r < 0 ? r : buf_add(&i->args, args->data, args->size, err);
}

/* Invoke a rule's action as the firing user would, at once or (firing) later; 0, or the status it
   would have been answered. */
static unsigned invoke_rule(struct invoke *v, const struct trigger_fire *f, struct firing *firing,
                            const struct entity *rule, const struct buf *args, struct record_id *id,
                            struct err *err)
{
    AUTO(action) struct action *a = NULL;
    bool fixed = false;

    int r = action_find_path(v, rule->action, &a, err);
    if (r < 0)
        return 500;
    if (r == 0) {
        err_set(err, ERR_NOT_FOUND, "The requested resource does not exist.");
        return 404;
    }
    if (!entitled_to_action(f->who, a)) {
        entitled_refuse(err, a->path);
        return 403;
    }
    if (!limit_invocation(v, f->who, err) || !limit_concurrency(v, f->who, err))
        return 429;
    struct invocation *i = invocation_new(v, f->who, a);
    r = give_args(i, args, &fixed, err);
    if (r == 0 && fixed && a->is_final) {
        invocation_free(i);
        err_set(err, ERR_INVALID,
                "Request defines parameters that are not allowed (e.g., reserved properties).");
        return 400;
    }
    snprintf(i->transaction, sizeof i->transaction, "%s", f->transaction);
    if (r == 0 && !firing)
        r = invocation_accept(i, err);
    if (r < 0) {
        invocation_free(i);
        return 500;
    }
    *id = i->id;
    i->done = discard;
    if (firing)
        put_off(firing, i);
    else
        invocation_start(i);
    return 0;
}

/* One line of the trigger's log, which is itself JSON, as a JSON string. */
static void put_line(struct buf *logs, const struct entity *rule, unsigned status,
                     const struct record_id *id, const char *error)
{
    AUTO(mem) char *name = mem_print("%s/%s", rule->ns_name, rule->name);
    char text[RECORD_ID_SIZE];
    AUTO(buf) struct buf line = {0};

    buf_init(&line, 16384);
    buf_text(&line, "{\"rule\":");
    buf_json_string(&line, name, strlen(name));
    buf_text(&line, ",\"action\":");
    buf_json_string(&line, rule->action, strlen(rule->action));
    buf_print(&line, ",\"statusCode\":%d,\"success\":%s,",
              status == 0    ? 0
              : status < 500 ? 1
                             : 3,
              status == 0 ? "true" : "false");
    if (status == 0) {
        record_id_text(id, text);
        buf_print(&line, "\"activationId\":\"%s\"}", text);
    } else {
        buf_text(&line, "\"error\":");
        buf_json_string(&line, error, strlen(error));
        buf_text(&line, "}");
    }
    if (logs->size > LOG_MAX - 4 * line.size) /* of so many rules the last are not told of */
        return;
    if (logs->size > 1)
        buf_text(logs, ",");
    buf_json_string(logs, line.data, line.size);
}

static int keep(struct invoke *v, const struct trigger_fire *f, struct firing *firing,
                const struct record_id *id, uint64_t start_ms, const struct buf *logs,
                struct err *err)
{
    const struct entity *t = f->trigger;
    AUTO(buf) struct buf head = {0}, response = {0};
    char text[RECORD_ID_SIZE];

    buf_init(&head, 16384);
    buf_init(&response, ARGS_MAX);
    record_id_text(id, text);
    buf_text(&head, "\"namespace\":");
    buf_json_string(&head, f->who->user.name, strlen(f->who->user.name));
    buf_text(&head, ",\"name\":");
    buf_json_string(&head, t->name, strlen(t->name));
    buf_print(&head,
              ",\"version\":\"%s\",\"activationId\":\"%s\",\"start\":%llu,\"publish\":false,"
              "\"annotations\":[]",
              t->version, text, (unsigned long long)start_ms);
    buf_text(&response, "{\"status\":\"success\",\"success\":true,\"result\":");
    buf_put(&response, f->body ? f->body->at : "{}", f->body ? f->body->n : 2);
    buf_text(&response, "}");
    const struct record r = {.type = RECORD_ENDED,
                             .id = *id,
                             .ns = f->who->user.id,
                             .start_ms = start_ms,
                             .path = {t->name, strlen(t->name)},
                             .head = {head.data, head.size},
                             .response = {response.data, response.size},
                             .logs = {logs->data, logs->size}};
    if (!firing)
        return store_keep(v->store, &r, err);
    add_frame(firing, &r);
    return 0;
}

static int fire(struct invoke *v, const struct trigger_fire *f, struct firing *firing,
                const struct rules *rules, struct record_id *id, struct err *err)
{
    AUTO(buf) struct buf args = {0}, logs = {0};
    struct record_id activation = {0};
    uint64_t start_ms = clock_epoch_ms();
    struct err why;
    char text[1200];

    buf_init(&args, ARGS_MAX);
    buf_init(&logs, LOG_MAX);
    int r = make_args(f, &args, err);
    if (r < 0)
        return r;
    store_next_id(v->store, id);
    buf_text(&logs, "[");
    for (unsigned i = 0; i < rules->n; i++) {
        const struct entity *rule = rules->all[i];
        unsigned status = 400;
        if (rule->active) {
            status = invoke_rule(v, f, firing, rule, &args, &activation, &why);
            snprintf(text, sizeof text, "%s", status ? why.msg : "");
        } else {
            snprintf(text, sizeof text, "Rule '%s/%s' is inactive, action '%s' was not activated.",
                     rule->ns_name, rule->name, rule->action);
        }
        put_line(&logs, rule, status, &activation, text);
    }
    buf_text(&logs, "]");
    r = keep(v, f, firing, id, start_ms, &logs, err);
    v->stats.fires += r == 0;
    return r < 0 ? r : 1;
}

static int fire_rules(struct invoke *v, const struct trigger_fire *f, struct firing *firing,
                      struct record_id *id, struct err *err)
{
    struct rules rules = {0};

    int r =
        entity_rules(store_db(v->store), f->trigger->ns, f->trigger->name, collect, &rules, err);
    if (r == 0 && rules.active > 0)
        r = fire(v, f, firing, &rules, id, err);
    rules_done(&rules);
    return r;
}

int trigger_fire(struct invoke *v, const struct trigger_fire *f, struct record_id *id,
                 struct err *err)
{
    return fire_rules(v, f, NULL, id, err);
}

int firing_prepare(struct invoke *v, const struct trigger_fire *f, struct firing **out,
                   struct err *err)
{
    struct firing *firing = NEW(struct firing);
    struct record_id id;

    firing->invoke = v;
    int r = fire_rules(v, f, firing, &id, err);
    if (r > 0)
        *out = firing;
    else
        firing_free(firing);
    return r;
}

int firing_save(const struct firing *f, struct db *db, struct err *err)
{
    const struct frame *frame;
    struct record record;
    int r = 0;

    LL_FOREACH(f->frames, frame)
    {
        if (r == 0 && record_decode(frame->record, frame->n, &record))
            r = record_save(db, &record, err);
    }
    return r;
}

static void end(struct firing *f, void (*what)(struct invocation *i))
{
    struct invocation *i, *next;
    struct frame *frame, *after;

    LL_FOREACH_SAFE(f->frames, frame, after) { free(frame); }
    DL_FOREACH_SAFE(f->invocations, i, next)
    {
        i->who->running--;
        what(i);
    }
    free(f);
}

void firing_start(struct firing *f) { end(f, invocation_start); }

void firing_free(struct firing *f)
{
    if (f)
        end(f, invocation_free);
}
