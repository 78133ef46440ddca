/*
 * The actions of /whisk.system/alarms: what clients invoke when a trigger is made, read, changed or
 * deleted whose feed they are. They run here, not in a container.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "invoke/alarm.h"
#include "invoke/invocation.h"
#include "invoke/invoke.h"

#define ANNOTATIONS_MAX (64u << 10)

/* A change of an alarm, on its way to the store. */
struct setting {
    struct store_job job; /* first */
    struct invocation *invocation;
    const char *event;
    struct alarm alarm;
    bool is_new, is_deleted;
};

/* ---- the end ---- */

static void end(struct invocation *i)
{
    struct buf text;

    i->who->running--;
    i->end_ms = clock_epoch_ms();
    i->duration_ms = i->end_ms > i->start_ms ? i->end_ms - i->start_ms : 0;
    buf_init(&text, ANNOTATIONS_MAX);
    buf_text(&text, i->action->annotation_text);
    buf_text(&text, ",{\"key\":\"waitTime\",\"value\":0},{\"key\":\"timeout\",\"value\":false}");
    if (i->has_cause)
        buf_text(&text, ",{\"key\":\"causedBy\",\"value\":\"sequence\"}");
    invocation_end(i, text.data);
    buf_done(&text);
}

/* The package's errors are the answer of an action that it called itself: {"error": {"error"}}. */
static void fail(struct invocation *i, const struct err *err)
{
    i->status = err->kind == ERR_INTERNAL ? ACTIVATION_WHISK_ERROR : ACTIVATION_APPLICATION_ERROR;
    buf_clear(&i->result);
    buf_text(&i->result, "{\"error\":{\"error\":");
    buf_json_string(&i->result, err->msg, strlen(err->msg));
    buf_text(&i->result, "}}");
}

/* ---- the store ---- */

static int save(struct db *db, struct store_job *j, struct err *err)
{
    const struct setting *s = (const struct setting *)j;
    unsigned max = s->invocation->invoke->settings.alarms;
    int64_t n = 0;

    if (s->is_deleted)
        return alarm_delete(db, &s->alarm, err);
    int r = s->is_new ? alarm_count(db, s->alarm.ns, &n, err) : 0;
    if (r == 0 && s->is_new && n >= (int64_t)max)
        return err_set(err, ERR_BUSY,
                       "the namespace has %lld alarms, and may have %u: delete one first",
                       (long long)n, max);
    return r < 0 ? r : alarm_put(db, &s->alarm, err);
}

static void saved(struct store_job *j, const struct err *err)
{
    struct setting *s = (struct setting *)j;
    struct invocation *i = s->invocation;

    log_event("alarm.change", "user=%s event=%s trigger=\"%s\" next=%lld error=\"%s\"",
              i->who->user.name, s->event, s->alarm.name, (long long)s->alarm.next_ms,
              err ? err->msg : "");
    if (err)
        fail(i, err);
    else
        buf_text(&i->result, "{\"status\":\"success\"}");
    alarms_changed(i->invoke);
    alarm_done(&s->alarm);
    free(s);
    end(i);
}

/* ---- the beginning ---- */

/* The key that clients send along must be the caller's. */
static int check_key(struct invocation *i, const struct scan_text *key, struct err *err)
{
    AUTO(identity) struct identity *who = NULL;
    AUTO(mem) char *text = alarm_text(key);
    char *secret = strchr(text, ':');

    if (key->n == 0)
        return 0;
    if (secret)
        *secret++ = '\0';
    int r = identity_by_key(i->invoke, text, secret ? secret : "", &who, err);
    if (r < 0 || (r > 0 && who->user.id == i->who->user.id))
        return r < 0 ? r : 0;
    return err_set(err, ERR_REFUSED,
                   "Trigger authentication request failed: the authKey is not the caller's.");
}

/* Of "/namespace/trigger" the trigger; the namespace is the caller's, whatever is said. */
static char *trigger_name(const struct scan_text *value)
{
    AUTO(mem) char *text = alarm_text(value);
    const char *second = text[0] == '/' ? strchr(text + 1, '/') : NULL;

    return mem_dup(text[0] != '/' ? text : second ? second + 1 : "");
}

/* The trigger that it is about, with its alarm, if it has one. */
static int find(struct invocation *i, const struct alarm_given *g, struct alarm *out,
                struct err *err)
{
    AUTO(mem) char *name = trigger_name(&g->all[ALARM_TRIGGER]);
    AUTO(entity) struct entity *e = NULL;
    struct db *db = store_db(i->invoke->store);

    if (g->all[ALARM_TRIGGER].n == 0)
        return err_set(err, ERR_INVALID, "no trigger name parameter was provided");
    int r = check_key(i, &g->all[ALARM_KEY], err);
    if (r == 0)
        r = entity_get(db, i->who->user.id, "", name, &e, err);
    if (r < 0)
        return r;
    if (r == 0 || e->type != ENTITY_TRIGGER)
        return err_set(err, ERR_NOT_FOUND,
                       "Trigger authentication request failed: there is no trigger '/%s/%.100s'.",
                       i->who->user.name, name);
    r = alarm_get(db, e->id, out, err);
    if (r == 0)
        *out = (struct alarm){.trigger = e->id, .ns = e->ns, .name = mem_dup(e->name)};
    return r < 0 ? r : 0;
}

static int want(const struct alarm *a, bool exists, struct err *err)
{
    if (exists == (a->revision > 0))
        return 0;
    return exists ? err_set(err, ERR_NOT_FOUND, "could not find trigger %.100s in the database",
                            a->name)
                  : err_set(err, ERR_CONFLICT, "the trigger %.100s has an alarm already", a->name);
}

static enum alarm_kind kind_of(const struct action *a)
{
    const char *name = a->entity->name;

    return strcmp(name, "interval") == 0 ? ALARM_INTERVAL
           : strcmp(name, "once") == 0   ? ALARM_ONCE
                                         : ALARM_CRON;
}

static int create(struct invocation *i, const struct alarm_given *g, struct setting *s,
                  struct err *err)
{
    s->is_new = true;
    s->alarm.kind = kind_of(i->action);
    int r = want(&s->alarm, false, err);
    return r < 0 ? r : alarm_set(&s->alarm, g, (int64_t)clock_epoch_ms(), err);
}

static int update(struct invocation *i, const struct alarm_given *g, struct setting *s,
                  struct err *err)
{
    (void)i;
    int r = want(&s->alarm, true, err);
    return r < 0 ? r : alarm_set(&s->alarm, g, (int64_t)clock_epoch_ms(), err);
}

static int delete(struct invocation *i, const struct alarm_given *g, struct setting *s,
                  struct err *err)
{
    (void)i;
    (void)g;
    s->is_deleted = true;
    return want(&s->alarm, true, err);
}

static int read_it(struct invocation *i, const struct alarm_given *g, struct setting *s,
                   struct err *err)
{
    (void)g;
    int r = want(&s->alarm, true, err);
    if (r == 0)
        alarm_show(&s->alarm, i->who->user.name, &i->result);
    return r;
}

static const struct event {
    const char *name;
    int (*handle)(struct invocation *i, const struct alarm_given *g, struct setting *s,
                  struct err *err);
    bool changes;
} events[] = {{"CREATE", create, true},
              {"READ", read_it, false},
              {"UPDATE", update, true},
              {"DELETE", delete, true}};

static const struct event *event_of(const struct scan_text *value)
{
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (value->type == SCAN_STRING && scan_equals(value, events[i].name))
            return &events[i];
    return NULL;
}

/* 1: it goes on in the store; 0: done. */
static int handle(struct invocation *i, struct setting *s, struct err *err)
{
    struct alarm_given g;

    int r =
        alarm_given(i->args.size ? i->args.data : "{}", i->args.size ? i->args.size : 2, &g, err);
    if (r < 0)
        return r;
    const struct event *event = g.all[ALARM_EVENT].n ? event_of(&g.all[ALARM_EVENT]) : NULL;
    if (!event)
        return err_set(err, ERR_INVALID, "unsupported lifecycleEvent");
    s->event = event->name;
    r = find(i, &g, &s->alarm, err);
    if (r == 0)
        r = event->handle(i, &g, s, err);
    return r < 0 ? r : event->changes;
}

void feed_start(struct invocation *i)
{
    struct setting *s = NEW(struct setting);
    struct err err;

    i->who->running++;
    i->start_ms = clock_epoch_ms();
    i->status = ACTIVATION_SUCCESS;
    int r = handle(i, s, &err);
    if (r > 0) {
        s->invocation = i;
        s->job = (struct store_job){.run = save, .done = saved, .writes = true};
        store_do(i->invoke->store, &s->job);
        return;
    }
    if (r < 0)
        fail(i, &err);
    alarm_done(&s->alarm);
    free(s);
    end(i);
}
