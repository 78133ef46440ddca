/*
 * How wowd hears that workers have finished: it looks before it sleeps, for a few microseconds
 * while an answer is near, and has them ring loudly when it does sleep
 * (docs/decisions/wakeups.md).
 */
#include <sched.h>

#include "base/clock.h"
#include "pool/priv.h"

#define LINGER 20       /* how often to look for answers before sleeping */
#define SOON_NS 100000u /* an answer is expected soon after so long at most */

/* Take what workers have finished; false when none has anything. */
static bool collect(struct pool *p)
{
    bool found = false;

    for (struct worker *w = processes_first(p->processes), *next; w; w = next) {
        next = w->next;
        if (w->active > 0 && worker_bell(w)) {
            schedule_news(w, p);
            found = true;
        }
    }
    return found;
}

/* Has a worker been given something a moment ago, and does no guest compute for long? */
static bool is_answer_near(const struct pool *p)
{
    uint64_t now = clock_mono_ns();
    bool near = false;

    for (const struct worker *w = processes_first(p->processes); w && !near; w = w->next)
        near = w->counted && now - w->progress_ns < SOON_NS;
    return near && !choose_is_crowded(p, now);
}

/* Before the loop sleeps: are there answers, or will there be very soon? */
bool listen_before_wait(void *ctx)
{
    struct pool *p = ctx;
    bool rung = false;

    if (collect(p))
        return true;
    for (int i = 0; i < LINGER && is_answer_near(p); i++) {
        sched_yield();
        if (collect(p))
            return true;
    }
    for (struct worker *w = processes_first(p->processes); w; w = w->next)
        if (w->active > 0) {
            worker_listen(w);
            rung |= atomic_load(&w->map.head->bell) != 0;
        }
    return rung;
}
