/*
 * Which worker an activation goes to, and how many workers there are. The order of preference is
 * the one at the head of schedule.c.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "pool/priv.h"

#define SHORT_NS 200000u /* an activation that others may be queued behind */
#define LONG_NS 4000000u /* a guest that runs for longer computes, as far as we care */

const char *choose_namespace(const struct activation *a)
{
    return a->ns ? a->ns : a->container->ns ? a->container->ns : a->container->id;
}

static bool serves(const struct worker *w, const struct engine *e, const char *ns)
{
    return w->engine == e && w->ns && strcmp(w->ns, ns) == 0;
}

static struct engine *engine_of(const struct activation *a)
{
    return code_runner(a->container->module->code);
}

bool choose_is_crowded(const struct pool *p, uint64_t now)
{
    for (const struct worker *w = processes_first(p->processes); w; w = w->next)
        if (w->counted && now - w->progress_ns > LONG_NS)
            return true;
    return false;
}

static struct worker *spawn(struct pool *p, struct engine *e)
{
    struct worker *w;
    struct err err;

    if (p->workers >= POOL_WORKERS_MAX(p->settings.workers))
        return NULL;
    if (worker_spawn(p->processes, e, &w, &err) < 0) {
        if (err.kind != ERR_REFUSED) /* else its zygote has died, and is about to be started anew */
            log_event("worker.fault", "engine=%s error=\"%s\"", e->name, err.msg);
        return NULL;
    }
    p->workers++;
    if (e->preload && code_runner(e->preload) == e)
        worker_preload(w, e->preload);
    return w;
}

/* Cases 1 and 2 above: a worker that has nothing else to do. */
static struct worker *find_idle(struct pool *p, const struct activation *a)
{
    const char *ns = choose_namespace(a);
    struct engine *e = engine_of(a);
    struct worker *best = NULL, *fresh = NULL, *other = NULL;

    for (struct worker *w = processes_first(p->processes); w; w = w->next) {
        if (w->doomed || w->active > 0)
            continue;
        if (serves(w, e, ns)) {
            if (worker_has(w, a->container->module))
                return w;
            best = w;
        } else if (!w->ns) {
            if (w->engine == e)
                fresh = w;
        } else if (!other || w->progress_ns < other->progress_ns) {
            other = w;
        }
    }
    if (best || fresh)
        return best ? best : fresh;
    if (other)
        worker_kill(other);
    return spawn(p, e);
}

/* Case 3: a worker whose activations are known to be short, and the least of them. */
static struct worker *find_queue(struct pool *p, const struct activation *a, uint64_t now)
{
    const char *ns = choose_namespace(a);
    struct engine *e = engine_of(a);
    struct worker *best = NULL;

    if (a->container->module->typical_ns == 0 || a->container->module->typical_ns > SHORT_NS)
        return NULL;
    for (struct worker *w = processes_first(p->processes); w; w = w->next)
        if (!w->doomed && !w->stopped && !w->worn && w->active < WIRE_SLOTS && w->counted &&
            serves(w, e, ns) && now - w->progress_ns < STUCK_NS &&
            (!best || w->active < best->active))
            best = w;
    return best;
}

struct worker *choose_worker(struct pool *p, const struct activation *a)
{
    uint64_t now;

    if (p->computing < p->settings.workers)
        return find_idle(p, a);
    now = clock_mono_ns();
    if (tenant_running(a->tenant) == 0 && p->computing < p->settings.workers + POOL_EXTRA_MAX &&
        choose_is_crowded(p, now))
        return find_idle(p, a);
    return find_queue(p, a, now);
}

void choose_keep_spares(struct pool *p)
{
    unsigned spares[ENGINES_MAX] = {0}, idle = 0;
    struct worker *oldest = NULL;

    for (struct worker *w = processes_first(p->processes); w; w = w->next) {
        if (w->doomed)
            continue;
        spares[w->engine->index] += !w->ns;
        if (w->ns && w->active == 0) {
            idle++;
            if (!oldest || w->progress_ns < oldest->progress_ns)
                oldest = w;
        }
    }
    if (idle > p->settings.workers + POOL_SPARES)
        worker_kill(oldest);
    for (unsigned i = 0; i < p->engines.n; i++) {
        struct engine *e = &p->engines.all[i];
        while (e->used && !e->fault[0] && spares[i] < POOL_SPARES && !p->closing && spawn(p, e))
            spares[i]++;
    }
}
