/*
 * What gives a worker away that somebody has taken over: none of ours does such things. It is
 * ended, and the log says whose it was.
 */
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "pool/priv.h"

#define RINGS_NS 100000000u    /* in so long … */
#define RINGS_MAX 1000u        /* … a worker may ring so often and have nothing to tell */
#define IDLE_CPU_NS 50000000u  /* processor time that one with nothing to do may take */
#define LOOK_MS 1000

void suspect_report(struct worker *w, const char *what)
{
    log_event("worker.violation", "what=%s engine=%s pid=%d namespace=%.64s", what, w->engine->name,
              (int)w->pid, w->ns ? w->ns : "-");
    worker_kill(w);
}

/*
 * Did it ring for nothing? That happens with a guest that goes to sleep or wakes up, and when wowd
 * has found what was finished before it heard the ring: once for each that was. Rings without end
 * would take wowd's time from others.
 */
void suspect_ring(struct worker *w, unsigned finished)
{
    uint64_t now = clock_mono_ns();

    if (now - w->rings_from_ns > RINGS_NS) {
        w->rings_from_ns = now;
        w->rings = 0;
    }
    if (finished > 0)
        w->rings -= finished < w->rings ? finished : w->rings;
    else if (++w->rings > RINGS_MAX && !w->doomed)
        suspect_report(w, "rings");
}

/* The processor time that it has had, ns. */
static uint64_t cpu_ns(const struct worker *w)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(w->pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
        return 0; /* it has ended, as we shall be told */
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Has nothing to do, and computes: it said that an activation was done which goes on. */
static void look_at(struct worker *w)
{
    uint64_t cpu = cpu_ns(w);

    if (w->idle_since != w->activations) {
        w->idle_since = w->activations;
        w->idle_cpu_ns = cpu;
    } else if (cpu > w->idle_cpu_ns + IDLE_CPU_NS) {
        suspect_report(w, "idle");
    }
}

void suspect_look(void *ctx)
{
    struct pool *p = ctx;
    bool again = false;

    for (struct worker *w = processes_first(p->processes); w; w = w->next)
        if (w->ns && !w->doomed) {
            again = true;
            if (w->active == 0 && w->pid > 0)
                look_at(w);
        }
    if (again)
        timer_set(p->suspects, LOOK_MS);
}

void suspect_idle(struct pool *p)
{
    if (!timer_is_set(p->suspects))
        timer_set(p->suspects, LOOK_MS);
}
