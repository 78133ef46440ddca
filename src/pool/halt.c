/* Containers that are stopped while their guests run: for a while, or for good. */
#include "pool/priv.h"

static bool runs(const struct worker *w, const struct container *c)
{
    for (int i = 0; i < WIRE_SLOTS; i++)
        if (w->slots[i] && w->slots[i]->container == c)
            return true;
    return false;
}

/*
 * A worker whose guest is the container's is stopped; what was queued behind it goes elsewhere, or
 * waits if it is the container's too. Resumed, the worker goes on.
 */
void halt_pause(struct container *c, bool paused)
{
    struct pool *p = c->pool;

    c->paused = paused;
    for (struct worker *w = processes_first(p->processes); w; w = w->next) {
        if (!runs(w, c))
            continue;
        schedule_retract(p, w);
        if (runs(w, c) && w->stopped != paused)
            worker_stop(w, paused);
        schedule_count(p, w);
    }
    schedule_dispatch(p);
}

/* Kill the worker whose guest is the container's; what is queued is answered by place. */
void halt_kill(struct container *c)
{
    struct pool *p = c->pool;

    c->paused = false;
    for (struct worker *w = processes_first(p->processes); w; w = w->next) {
        if (!runs(w, c))
            continue;
        schedule_retract(p, w);
        if (runs(w, c))
            worker_kill(w);
    }
    schedule_dispatch(p);
}
