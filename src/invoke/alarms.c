/*
 * The clock: one timer for the alarm that is due next. A tick is fired by one transaction, which
 * takes it and accepts what it invokes; whatever happens to the process, it is fired once or not at
 * all, and what was accepted is run.
 */
#include "invoke/alarm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "invoke/invoke.h"
#include "invoke/limit.h"
#include "invoke/trigger.h"

#define BATCH 64
#define RETRY_MS 1000
#define MINUTE_MS 60000
#define AHEAD_MS (3 * 3600 * 1000) /* a clock that is put back by more was wrong before */

struct alarms {
    struct invoke *invoke;
    int fd;
    struct watch *watch;
    bool busy; /* a job of ours is under way */
    bool clock_set;
};

struct tick {
    struct alarm alarm, then;
    struct firing *firing;  /* NULL: no rule is active, or it may not be fired */
    struct entity *trigger; /* to be deleted afterwards */
    bool with_rules;
    bool fires; /* it is not dropped, nor postponed */
    bool lost;  /* the alarm was changed meanwhile */
};

struct batch {
    struct store_job job; /* first */
    struct alarms *alarms;
    struct tick all[BATCH];
    int n;
};

static void look(struct alarms *a);

/* ---- one tick ---- */

static void tick_done(struct tick *t)
{
    alarm_done(&t->alarm);
    alarm_done(&t->then);
    entity_unref(t->trigger);
}

static void drop(struct invoke *v, const struct tick *t, const char *why)
{
    v->stats.dropped_ticks++;
    log_event("alarm.drop", "ns=%lld trigger=\"%s\" error=\"%s\"", (long long)t->alarm.ns,
              t->alarm.name, why);
}

/* As POST /triggers/T would: the owner's limits, its active rules, a record. */
static int prepare_fire(struct invoke *v, struct tick *t, struct identity *who,
                        const struct entity *trigger, struct err *err)
{
    struct scan_text body;
    char transaction[33];
    int r = scan_whole(t->alarm.payload, strlen(t->alarm.payload), &body, err);

    random_text(transaction, sizeof transaction - 1);
    const struct trigger_fire f = {
        .who = who, .trigger = trigger, .transaction = transaction, .body = &body, .headers = "{}"};
    return r < 0 ? r : firing_prepare(v, &f, &t->firing, err);
}

/* Who fires but once is not to lose it to a limit. */
static void postpone(struct tick *t, int64_t now)
{
    alarm_done(&t->then);
    t->then = (struct alarm){.remaining = t->alarm.remaining,
                             .since_ms = now,
                             .next_ms = (now / MINUTE_MS + 1) * MINUTE_MS};
}

/* An error: the store is to blame, and it is to be tried again. */
static int fire(struct invoke *v, struct tick *t, struct err *err)
{
    AUTO(identity) struct identity *who = NULL;
    AUTO(entity) struct entity *trigger = NULL;
    const struct alarm *a = &t->alarm;
    struct err why;

    int r = identity_by_id(v, a->ns, &who, err);
    if (r > 0)
        r = entity_get(store_db(v->store), a->ns, "", a->name, &trigger, err);
    if (r <= 0) /* a user that is being deleted */
        return r;
    bool may = limit_fire(v, who, &why);
    if (!may && a->kind == ALARM_ONCE) {
        postpone(t, (int64_t)clock_epoch_ms());
    } else if (!may || prepare_fire(v, t, who, trigger, &why) < 0) {
        drop(v, t, why.msg);
    } else {
        t->fires = true;
        if (a->kind == ALARM_ONCE && a->afterwards && strcmp(a->afterwards, "false") != 0) {
            t->with_rules = strcmp(a->afterwards, "rules") == 0;
            t->trigger = TAKE(trigger);
        }
    }
    return 0;
}

/* The next tick is behind the time that this one's record tells. */
static int prepare(struct invoke *v, struct tick *t, struct err *err)
{
    int r = fire(v, t, err);

    if (r >= 0 && t->then.next_ms == 0)
        alarm_plan(&t->alarm, (int64_t)clock_epoch_ms(), true, &t->then);
    return r < 0 ? r : 0;
}

/* ---- in the store's thread ---- */

struct rules {
    struct entity **all;
    unsigned n;
};

static void collect(void *ctx, const struct entity *rule)
{
    struct rules *r = ctx;

    r->all = mem_grow(r->all, (r->n + 1) * sizeof *r->all);
    r->all[r->n++] = entity_copy(rule);
}

static int delete_rules(struct db *db, const struct entity *trigger, struct err *err)
{
    struct rules rules = {0};

    int r = entity_rules(db, trigger->ns, trigger->name, collect, &rules, err);
    for (unsigned i = 0; i < rules.n; i++) {
        if (r == 0)
            r = entity_delete(db, rules.all[i], err);
        entity_unref(rules.all[i]);
    }
    free(rules.all);
    return r;
}

static int save_tick(struct db *db, struct tick *t, struct err *err)
{
    int r = alarm_claim(db, &t->alarm, &t->then, err);

    t->lost = r == 0;
    if (r <= 0)
        return r;
    r = t->firing ? firing_save(t->firing, db, err) : 0;
    if (r == 0 && t->trigger && t->with_rules)
        r = delete_rules(db, t->trigger, err);
    if (r == 0 && t->trigger)
        r = entity_delete(db, t->trigger, err);
    return r;
}

static int save(struct db *db, struct store_job *j, struct err *err)
{
    struct batch *b = (struct batch *)j;
    int r = 0;

    for (int i = 0; i < b->n && r >= 0; i++)
        r = save_tick(db, &b->all[i], err);
    return r < 0 ? r : 0;
}

/* ---- back in the loop's ---- */

/* Wake up at a time of the wall's clock, and whenever that is set. */
static void arm(struct alarms *a, int64_t ms)
{
    const struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};

    if (a->fd >= 0)
        timerfd_settime(a->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL);
}

static void fault(struct alarms *a, const struct err *err)
{
    log_event("alarm.fault", "error=\"%s\"", err->msg);
    arm(a, (int64_t)clock_epoch_ms() + RETRY_MS);
}

static void begin_job(struct alarms *a, struct store_job *j)
{
    a->busy = true;
    a->invoke->running++; /* a drain waits for it */
    store_do(a->invoke->store, j);
}

static void end_job(struct alarms *a, const struct err *err)
{
    a->busy = false;
    a->invoke->running--;
    if (err)
        fault(a, err);
    else
        look(a);
}

static void saved(struct store_job *j, const struct err *err)
{
    struct batch *b = (struct batch *)j;
    struct alarms *a = b->alarms;

    for (int i = 0; i < b->n; i++) {
        struct tick *t = &b->all[i];
        a->invoke->stats.ticks += t->fires && !err && !t->lost;
        /* What was saved when wowd is stopping is run after the next start. */
        if (t->firing && (err || t->lost || a->invoke->stopping))
            firing_free(t->firing);
        else if (t->firing)
            firing_start(t->firing);
        tick_done(t);
    }
    free(b);
    end_job(a, err);
}

static void batch_free(struct batch *b)
{
    for (int i = 0; i < b->n; i++) {
        firing_free(b->all[i].firing);
        tick_done(&b->all[i]);
    }
    free(b);
}

static int begin_batch(struct alarms *a, struct alarm *due, int n, struct err *err)
{
    struct batch *b = NEW(struct batch);
    int r = store_is_writable(a->invoke->store, err);

    b->alarms = a;
    b->job = (struct store_job){.run = save, .done = saved, .writes = true};
    for (b->n = 0; b->n < n; b->n++)
        b->all[b->n].alarm = due[b->n];
    for (int i = 0; i < n && r >= 0; i++)
        r = prepare(a->invoke, &b->all[i], err);
    if (r < 0)
        batch_free(b);
    else
        begin_job(a, &b->job);
    return r < 0 ? r : 0;
}

/* ---- what nobody was there for, and clocks that are set ---- */

#define PAGE 32

struct replan {
    struct store_job job; /* first */
    struct alarms *alarms;
    bool at_start;
    unsigned missed;
};

typedef int page_of(struct db *db, int64_t ms, int64_t after, struct alarm *out, int max,
                    struct err *err);

/* Plan anew, without firing; how many, or an error. */
static int pass_over(struct db *db, page_of *page, int64_t limit, int64_t now, struct err *err)
{
    struct alarm all[PAGE], then;
    int64_t after = 0;
    int n, total = 0, r = 0;

    while ((n = page(db, limit, after, all, PAGE, err)) > 0 && r >= 0) {
        for (int i = 0; i < n; i++) {
            after = all[i].trigger;
            alarm_plan(&all[i], now, false, &then);
            if (r >= 0)
                r = alarm_claim(db, &all[i], &then, err);
            alarm_done(&then);
            alarm_done(&all[i]);
        }
        total += n;
    }
    return n < 0 ? n : r < 0 ? r : total;
}

static int replan(struct db *db, struct store_job *j, struct err *err)
{
    struct replan *p = (struct replan *)j;
    int64_t now = (int64_t)clock_epoch_ms();
    int n = pass_over(db, alarm_ahead, now + AHEAD_MS, now, err);

    if (n >= 0 && p->at_start)
        n = pass_over(db, alarm_behind, now, now, err);
    if (n >= 0 && p->at_start)
        p->missed = (unsigned)n;
    return n < 0 ? n : 0;
}

static void replanned(struct store_job *j, const struct err *err)
{
    struct replan *p = (struct replan *)j;
    struct alarms *a = p->alarms;

    a->invoke->stats.missed_ticks += p->missed;
    if (p->missed > 0)
        log_event("alarm.missed", "alarms=%u", p->missed);
    free(p);
    end_job(a, err);
}

static void begin_replan(struct alarms *a, bool at_start)
{
    struct replan *p = NEW(struct replan);

    p->alarms = a;
    p->at_start = at_start;
    p->job = (struct store_job){.run = replan, .done = replanned, .writes = true};
    begin_job(a, &p->job);
}

/* ---- the timer ---- */

static void look(struct alarms *a)
{
    struct alarm due[BATCH];
    struct db *db = store_db(a->invoke->store);
    int64_t next = 0;
    struct err err;

    if (a->busy || a->fd < 0) /* it looks when it is done */
        return;
    if (a->clock_set) {
        a->clock_set = false;
        begin_replan(a, false);
        return;
    }
    int n = alarm_due(db, (int64_t)clock_epoch_ms(), due, BATCH, &err);
    int r = n > 0 ? begin_batch(a, due, n, &err) : n;
    if (n == 0)
        r = alarm_next_due(db, &next, &err);
    if (r < 0)
        fault(a, &err);
    else if (n == 0)
        arm(a, next); /* 0: not at all */
}

static void came(void *ctx)
{
    struct alarms *a = ctx;
    uint64_t n;

    if (read(a->fd, &n, sizeof n) < 0 && errno == ECANCELED)
        a->clock_set = true;
    look(a);
}

void alarms_start(struct invoke *v)
{
    struct alarms *a = NEW(struct alarms);

    a->invoke = v;
    a->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    v->alarms = a;
    if (a->fd < 0) {
        log_event("alarm.fault", "error=\"no timer: %s\"", strerror(errno));
        return;
    }
    a->watch = watch_new(v->loop, a->fd, came, a);
    begin_replan(a, true);
}

void alarms_changed(struct invoke *v)
{
    if (v->alarms)
        look(v->alarms);
}

void alarms_stop(struct invoke *v)
{
    struct alarms *a = v->alarms;

    if (!a)
        return;
    watch_free(a->watch);
    a->watch = NULL;
    fd_close(a->fd);
    a->fd = -1;
}

void alarms_free(struct invoke *v)
{
    alarms_stop(v);
    free(v->alarms);
    v->alarms = NULL;
}
