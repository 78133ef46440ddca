/*
 * Who runs where. A worker serves one namespace; as many guests compute as the settings say, and
 * a guest that sleeps makes room for another. An activation goes, in this order, to
 *
 *   1. an idle worker of its namespace, best one that has the module loaded,
 *   2. a worker that has served nobody, or a new one, or an idle one of another namespace, which
 *      is killed and made anew,
 *   3. when enough guests compute: behind a short activation in a worker of its namespace, so that
 *      the worker finds it without being woken,
 *   4. the queue.
 *
 * What waits behind an activation that turns out to be long is taken back and goes elsewhere.
 *
 * A namespace that runs nothing does not wait for others' long activations: it gets a worker beyond
 * the number that compute, and the system shares the processors among them. An activation starts
 * when what it may come to use fits into the budget of memory; one that has waited for too long
 * is refused.
 */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "pool/priv.h"

#define RECLAIM_MS 2
#define WORKER_LINGER 60   /* how often workers look for another activation */
#define STILLBORN_MAX 100u  /* then there is no point in forking more */
#define TRIM_BYTES 65536u   /* a slot that used more gives memory back */

void schedule_count(struct pool *p, struct worker *w)
{
    bool computing = false;

    for (unsigned i = 0; i < WIRE_SLOTS && w->active > 0 && !w->stopped && !computing; i++)
        computing = w->slots[i] &&
                    !atomic_load_explicit(&w->map.head->slots[i].waiting, memory_order_acquire);
    p->computing += (unsigned)computing - (unsigned)w->counted;
    w->counted = computing;
}

static bool may_start(const struct activation *a)
{
    const struct container *c = a->container;

    return !c->paused && c->running < a->limits.concurrency &&
           tenant_running(a->tenant) < a->limits.activations;
}

/* Let it wait, for its turn or until that has taken too long. */
static void enqueue(struct pool *p, struct activation *a, bool in_front)
{
    uint64_t due = clock_mono_ns() + p->settings.wait_ms * 1000000ull;

    deadlines_remove(p->deadlines, a);
    a->due_ns = due < a->deadline_ns && !a->container->paused ? due : a->deadline_ns;
    deadlines_add(p->deadlines, a);
    queue_put(p->queue, a, in_front);
    if (!timer_is_set(p->reclaim))
        timer_set(p->reclaim, RECLAIM_MS);
}

/* It is about to be answered. */
static void leave(struct pool *p, struct activation *a)
{
    deadlines_remove(p->deadlines, a);
    if (a->line)
        queue_take(p->queue, a);
    tenant_unref(p->queue, a->tenant);
}

/* Give an activation, which may be in the queue, to a worker; it may have others before it. */
static int give(struct pool *p, struct worker *w, struct activation *a, struct err *err)
{
    struct caps caps = {0};

    if (a->container->module->dirs.dirc > 0)
        limits_caps(a->container, a->ns, &caps);
    int place = worker_place(w, a->container->module, &caps, err);
    if (place < 0)
        return place;
    unsigned slot = slot_find(w);
    if (!w->ns)
        w->ns = mem_dup(choose_namespace(a));
    slot_fill(w, slot, (uint32_t)place, a);
    w->places[place].held++;
    w->slot_place[slot] = (unsigned)place;
    w->slots[slot] = a;
    w->active++;
    w->activations++;
    if (budget_of(a) > w->charged)
        budget_charge(p, w, budget_of(a));
    if (a->line)
        queue_take(p->queue, a);
    if (a->due_ns != a->deadline_ns) {
        deadlines_remove(p->deadlines, a);
        a->due_ns = a->deadline_ns;
        deadlines_add(p->deadlines, a);
    }
    a->container->running++;
    tenant_count(a->tenant, 1);
    a->worker = w;
    a->slot = slot;
    a->tier = w->places[place].tier;
    a->engine = w->engine;
    uint64_t now = clock_mono_ns();
    a->given_ns = now;
    if (w->active == 1)
        w->progress_ns = now;
    else if (!timer_is_set(p->reclaim))
        timer_set(p->reclaim, RECLAIM_MS);
    atomic_store_explicit(&w->map.head->linger, choose_is_crowded(p, now) ? 0 : WORKER_LINGER,
                          memory_order_relaxed);
    worker_submit(w, slot);
    schedule_count(p, w);
    return 0;
}

/* It has left its worker. */
static void ended(struct activation *a)
{
    a->worker = NULL;
    a->container->running--;
    tenant_count(a->tenant, -1);
}

/* Free a slot: its activation is answered, or goes elsewhere. */
static void free_slot(struct pool *p, struct worker *w, unsigned slot)
{
    struct wire_slot *s = &w->map.head->slots[slot];

    call_drop(p, w, slot);
    w->slots[slot] = NULL;
    w->active--;
    if (w->active == 0) {
        budget_charge(p, w, 0);
        suspect_idle(p);
        if (w->stopped)
            worker_stop(w, false); /* its guest had ended before it stopped */
        if (w->worn)
            worker_kill(w);
    }
    w->places[w->slot_place[slot]].held--;
    atomic_store_explicit(&s->state, WIRE_FREE, memory_order_release);
    schedule_count(p, w);
}

/*
 * Run an activation now, if there is a worker for it. False when there is none; true when it was
 * given to one, or answered because it cannot be.
 */
static bool place(struct pool *p, struct activation *a)
{
    const struct engine *e = code_runner(a->container->module->code);
    struct worker *w;
    struct err err;

    bool killed = a->container->killed;
    if (e->fault[0] || killed) {
        leave(p, a);
        answer_failed(a, killed ? ACTIVATION_DEVELOPER_ERROR : ACTIVATION_WHISK_ERROR,
                      killed ? ANSWER_GONE : e->fault);
        return true;
    }
    while ((w = choose_worker(p, a)) != NULL && budget_fits(p, w, a)) {
        int r = give(p, w, a, &err);
        if (r == 0)
            return true;
        if (err.kind == ERR_REFUSED) { /* it has died, and we have not yet been told */
            worker_kill(w);
            continue;
        }
        leave(p, a);
        answer_failed(a, ACTIVATION_WHISK_ERROR, err.msg);
        return true;
    }
    return false;
}

void schedule_dispatch(struct pool *p)
{
    struct activation *a;

    while (!p->closing && queue_size(p->queue) > 0) {
        a = queue_next(p->queue, false, may_start);
        if (a && place(p, a))
            continue;
        a = a ? queue_next(p->queue, true, may_start) : NULL;
        if (!a || !place(p, a))
            return;
    }
}

void schedule_run(struct pool *p, struct activation *a)
{
    a->tenant = tenant_ref(p->queue, choose_namespace(a));
    a->due_ns = a->deadline_ns;
    deadlines_add(p->deadlines, a);
    if (queue_size(p->queue) == 0 && may_start(a) && place(p, a))
        return;
    if (queue_size(p->queue) >= POOL_WAITING_MAX) {
        leave(p, a);
        a->refused = true;
        answer_failed(a, ACTIVATION_WHISK_ERROR, "Too many activations wait for a worker.");
        return;
    }
    enqueue(p, a, false);
    if (tenant_running(a->tenant) == 0)
        schedule_dispatch(p);
}

/* Give the answer to one that was in no worker. */
static void give_up(struct pool *p, struct activation *a)
{
    bool is_crowded = tenant_running(a->tenant) >= a->limits.activations;
    char text[160];

    leave(p, a);
    if (a->due_ns == a->deadline_ns) {
        answer_failed(a, ACTIVATION_DEVELOPER_ERROR, NULL);
        return;
    }
    a->expired = false;
    a->refused = true;
    if (is_crowded)
        snprintf(text, sizeof text,
                 "The activation was not started: its namespace may run %u at once, and did so for "
                 "%u milliseconds.",
                 a->limits.activations, p->settings.wait_ms);
    else
        snprintf(text, sizeof text,
                 "The activation was not started: for %u milliseconds there was no processor, or "
                 "not %u MB of memory, free for it.",
                 p->settings.wait_ms, a->limits.memory_mb);
    answer_failed(a, ACTIVATION_WHISK_ERROR, text);
}

void schedule_retract(struct pool *p, struct worker *w)
{
    for (;;) {
        int latest = -1;
        for (int i = 0; i < WIRE_SLOTS; i++)
            if (w->slots[i] && atomic_load(&w->map.head->slots[i].state) == WIRE_QUEUED &&
                (latest < 0 || w->map.head->slots[i].order > w->map.head->slots[latest].order))
                latest = i;
        if (latest < 0)
            return;
        struct activation *a = w->slots[latest];
        if (worker_retract(w, (unsigned)latest)) {
            free_slot(p, w, (unsigned)latest);
            ended(a);
            enqueue(p, a, true);
        }
    }
}

static void reclaim(void *ctx)
{
    struct pool *p = ctx;
    uint64_t now = clock_mono_ns();
    bool again = false;

    for (struct worker *w = processes_first(p->processes); w; w = w->next) {
        if (w->active < 2 || w->doomed || w->stopped)
            continue;
        if (now - w->progress_ns >= STUCK_NS)
            schedule_retract(p, w);
        again |= w->active >= 2;
    }
    schedule_dispatch(p);
    if (again || queue_next(p->queue, true, may_start))
        timer_set(p->reclaim, RECLAIM_MS);
}

/* A smoothed running time: one slow run does not change it much. */
static void learn(struct module *m, uint64_t ns)
{
    m->typical_ns = m->typical_ns ? (7 * m->typical_ns + ns) / 8 : ns + 1;
}

static void finish_slot(struct pool *p, struct worker *w, unsigned slot)
{
    struct activation *a = w->slots[slot];
    bool large =
        a->args_size > TRIM_BYTES || a->requests > 0 ||
        w->map.head->slots[slot].output_size > TRIM_BYTES ||
        atomic_load_explicit(&w->map.head->slots[slot].log_size, memory_order_relaxed) > TRIM_BYTES;

    ended(a);
    leave(p, a);
    if (atomic_load_explicit(&w->map.head->slots[slot].state, memory_order_acquire) == WIRE_DONE)
        learn(a->container->module, w->map.head->slots[slot].run_ns); /* else it was killed */
    w->progress_ns = clock_mono_ns();
    if (!answer_slot(a, &w->map, slot))
        suspect_report(w, "result");
    if (large)
        wire_trim(&w->map, slot);
    free_slot(p, w, slot); /* only now: the answer pointed into it */
}

/* An engine may leak. */
static bool is_worn(const struct worker *w)
{
    return w->worn || w->activations > POOL_WORKER_ACTIVATIONS ||
           (w->engine->loads_max > 0 && w->loads >= w->engine->loads_max);
}

void schedule_news(struct worker *w, void *ctx)
{
    struct pool *p = ctx;
    unsigned finished = 0;

    for (unsigned i = 0; i < WIRE_SLOTS; i++)
        if (w->slots[i] &&
            atomic_load_explicit(&w->map.head->slots[i].state, memory_order_acquire) == WIRE_DONE) {
            finish_slot(p, w, i);
            finished++;
        }
    suspect_ring(w, finished);
    call_look(p, w);
    schedule_count(p, w);
    if (w->active > 1 && !w->counted)
        schedule_retract(p, w); /* its guest sleeps: do not wait behind it */
    if (w->active == 0 && is_worn(w))
        worker_kill(w);
    if (queue_size(p->queue) > 0)
        schedule_dispatch(p);
    choose_keep_spares(p);
}

/* An engine cannot run anything. Without the preferred one there is no point in going on. */
static void failed(struct engine *e, const char *why, void *ctx)
{
    struct pool *p = ctx;

    if (p->closing)
        return;
    log_event("engine.failed", "engine=%s error=\"%s\"", e->name, why);
    snprintf(e->fault, sizeof e->fault, "%.190s", why);
    if (e == p->engines.preferred)
        p->events.failed(why, p->ctx);
}

static void exited(struct worker *w, int status, void *ctx)
{
    struct pool *p = ctx;

    p->workers--;
    const bool by_itself = !w->doomed;
    if (by_itself && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        suspect_report(w, "call");
    else if (by_itself)
        log_event("worker.exit", "pid=%d status=%d active=%u", (int)w->pid, status, w->active);
    struct engine *e = w->engine;
    e->stillborn = by_itself && w->activations == 0 ? e->stillborn + 1 : 0;
    if (e->stillborn == STILLBORN_MAX)
        failed(e, "workers end before they are given anything", p);
    if (!p->closing)
        schedule_retract(p, w);
    for (unsigned i = 0; i < WIRE_SLOTS; i++)
        if (w->slots[i])
            finish_slot(p, w, i);
    call_close(w);
    if (p->closing)
        return;
    choose_keep_spares(p);
    schedule_dispatch(p);
}

static void ready(struct engine *e, void *ctx)
{
    struct pool *p = ctx;

    if (e == p->engines.preferred)
        p->events.ready(p->ctx);
}

static void restarted(void *ctx)
{
    struct pool *p = ctx;

    if (p->closing)
        return;
    choose_keep_spares(p);
    schedule_dispatch(p);
}

const struct process_events schedule_events = {.news = schedule_news,
                                               .exited = exited,
                                               .restarted = restarted,
                                               .ready = ready,
                                               .failed = failed};

static void expired(struct activation *a, void *ctx)
{
    struct pool *p = ctx;
    struct worker *w = a->worker;

    a->expired = true;
    if (w && worker_retract(w, a->slot)) {
        free_slot(p, w, a->slot);
        ended(a);
        give_up(p, a);
    } else if (w && atomic_load(&w->map.head->slots[a->slot].state) == WIRE_DONE) {
        schedule_news(w, p); /* just in time */
    } else if (w) {
        if (a->late)
            a->late(a);
        worker_kill(w); /* answered when it is gone */
    } else if (!w && a->container->paused && a->due_ns != a->deadline_ns) {
        a->expired = false; /* it waits for its container */
        a->due_ns = a->deadline_ns;
        deadlines_add(p->deadlines, a);
    } else if (!w) {
        give_up(p, a);
    }
}

void schedule_renew(struct pool *p)
{
    for (struct worker *w = processes_first(p->processes); w; w = w->next) {
        w->worn = w->ns != NULL;
        if (w->worn && w->active == 0)
            worker_kill(w);
    }
    choose_keep_spares(p);
    schedule_dispatch(p);
}

void schedule_init(struct pool *p)
{
    p->queue = queue_new();
    p->budget = budget_bytes(&p->settings);
    p->deadlines = deadlines_new(p->loop, expired, p);
    p->reclaim = timer_new(p->loop, reclaim, p);
    p->suspects = timer_new(p->loop, suspect_look, p);
    loop_before_wait(p->loop, listen_before_wait, p);
    choose_keep_spares(p);
}

void schedule_forget(struct pool *p, const struct module *m)
{
    for (struct worker *w = processes_first(p->processes); w; w = w->next)
        worker_forget(w, m);
}

void schedule_close(struct pool *p)
{
    struct activation *a;

    while ((a = queue_any(p->queue)) != NULL) {
        leave(p, a);
        answer_failed(a, ACTIVATION_WHISK_ERROR, "wowd is stopping.");
    }
    processes_free(p->processes); /* answers what runs */
    p->processes = NULL;
    deadlines_free(p->deadlines);
    queue_free(p->queue);
    timer_free(p->reclaim);
    timer_free(p->suspects);
}
