#include <stdlib.h>

#include "base/mem.h"
#include "pool/priv.h"

int pool_new(struct loop *l, const struct pool_settings *settings, const struct pool_events *events,
             void *ctx, struct pool **out, struct err *err)
{
    struct pool *p = NEW(struct pool);

    p->loop = l;
    p->settings = *settings;
    p->events = *events;
    p->ctx = ctx;
    int r = pool_load_policy(p, err);
    if (r == 0 && settings->uid_first && settings->uid_count < POOL_WORKERS_MAX(settings->workers))
        r = err_set(err, ERR_INVALID, "user ids for workers: %u are less than the %u there may be",
                    settings->uid_count, POOL_WORKERS_MAX(settings->workers));
    if (r == 0)
        r = heard_new(l, &p->heard, err);
    if (r == 0) {
        p->settings.prints = heard_end(p->heard);
        r = cache_open(settings->cache, (uint64_t)settings->cache_mb << 20, &p->cache, err);
    }
    if (r == 0)
        r = engines_find(&p->engines, &p->settings, p->cache, err);
    if (r == 0)
        r = processes_new(l, &p->settings, &p->engines, &schedule_events, p, &p->processes, err);
    if (r < 0) {
        cache_close(p->cache);
        heard_free(p->heard);
        policy_free(p->policy);
        free(p);
        return r;
    }
    kinds_init(&p->kinds);
    kinds_init(&p->kinds);
    p->compiles = compiles_new(l, &p->settings, p->cache, &p->engines);
    address_begin(p);
    schedule_init(p);
    *out = p;
    return 0;
}

const char *pool_engines(const struct pool *p) { return p->engines.names; }

bool pool_has_kind(const struct pool *p, const char *kind)
{
    return kinds_have(&p->kinds, kind, &p->settings);
}

void pool_measure(const struct pool *p, struct pool_gauges *out)
{
    const struct cache_counts counts = cache_counts(p->cache);

    *out = (struct pool_gauges){.containers = HASH_CNT(by_id, p->by_id),
                                .workers = p->workers,
                                .computing = p->computing,
                                .queued = queue_size(p->queue),
                                .charged = p->charged,
                                .budget = p->budget,
                                .cache_bytes = cache_bytes(p->cache),
                                .known_uploads = counts.known,
                                .unknown_uploads = counts.unknown};
}

void pool_free(struct pool *p)
{
    struct container *c, *next;

    if (!p)
        return;
    p->closing = true;
    compiles_free(p->compiles);
    schedule_close(p);
    HASH_ITER (by_id, p->by_id, c, next)
        container_destroy(c);
    for (unsigned i = 0; i < p->engines.n; i++)
        code_unref(p->engines.all[i].preload);
    cache_close(p->cache);
    heard_free(p->heard);
    kinds_done(&p->kinds);
    policy_free(p->policy);
    free(p);
}
