#include "drive.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/mem.h"

#define STALL_NS 180000000000u /* nothing for so long: what is under way is lost */
#define DRAIN_NS 60000000000u  /* so long after the end an open loop waits for its answers */
#define PREPARE_AT_ONCE 8u
#define KEPT_MAX 4000000u
#define OPEN_JOURNEYS 1024u

void drive_note(struct drive *d, const char *what, const char *text)
{
    if (!d->first[0])
        snprintf(d->first, sizeof d->first, "%s: %.250s", what, text ? text : "");
}

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* ---- which target ---- */

/* A number in [0, 1), the same ones in every run. */
static double chance(struct drive *d)
{
    d->chance ^= d->chance << 13;
    d->chance ^= d->chance >> 7;
    d->chance ^= d->chance << 17;
    return (double)(d->chance >> 11) / 9007199254740992.0;
}

static size_t choose_group(struct drive *d)
{
    size_t low = 0, high = d->plan.groupc - 1;

    if (d->load->in_turn) {
        size_t turn = d->turn;
        d->turn = turn + 1 < d->plan.groupc ? turn + 1 : 0;
        return turn;
    }
    double at = chance(d) * d->plan.groups[high].up_to;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (d->plan.groups[middle].up_to > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The warm one that nothing has run in for longest. */
static struct target *find_victim(struct drive *d)
{
    struct target *found = NULL;

    for (size_t i = 0; i < d->plan.targetc; i++) {
        struct target *t = &d->plan.targets[i];
        if (t->kind != TARGET_READY && t->state == TARGET_WARM && t->busy == 0 &&
            (!found || t->used_ns < found->used_ns))
            found = t;
    }
    return found;
}

/* The least busy of those that are warm, else one that is cold; NULL: wait. */
static struct target *choose_target(struct drive *d, const struct group *g, struct target **victim)
{
    struct target *best = NULL;

    *victim = NULL;
    for (size_t i = 0; i < g->targetc; i++) {
        struct target *t = g->targets[i];
        if (t->state == TARGET_WARM && (t->limit == 0 || t->busy < t->limit) &&
            (!best || t->busy < best->busy))
            best = t;
    }
    for (size_t i = 0; !best && i < g->targetc; i++) {
        struct target *t = g->targets[i];
        if (t->state != TARGET_COLD)
            continue;
        if (d->load->slots && d->warm >= d->load->slots && !(*victim = find_victim(d)))
            return NULL;
        best = t;
    }
    return best;
}

/* ---- requests ---- */

static bool begin(struct drive *d, size_t group, uint64_t intended_ns)
{
    struct target *victim, *t = NULL;
    struct journey *free_one = NULL;

    for (unsigned i = 0; d->busy < d->journeyc && !free_one && i < d->journeyc; i++)
        if (!d->journeys[i].busy)
            free_one = &d->journeys[i];
    if (free_one)
        t = choose_target(d, &d->plan.groups[group], &victim);
    if (!t)
        return false;
    enum step step = t->state == TARGET_WARM ? STEP_RUN : victim ? STEP_EVICT : STEP_START;
    journey_start(d, free_one, t, victim, step, intended_ns);
    return true;
}

static void put_aside(struct drive *d, size_t group, uint64_t intended_ns)
{
    if (d->queue_to == d->queue_room) {
        d->queue_room = d->queue_room ? 2 * d->queue_room : 1024;
        d->queue = mem_grow(d->queue, d->queue_room * sizeof *d->queue);
    }
    d->queue[d->queue_to++] = (struct waiting){group, intended_ns};
}

/* Those that waited, in their order, as far as there are targets for them. */
static void take_waiting(struct drive *d)
{
    size_t kept = d->queue_from;

    while (d->queue_from < d->queue_to && d->busy < d->journeyc) {
        for (kept = d->queue_from; kept < d->queue_to; kept++)
            if (begin(d, d->queue[kept].group, d->queue[kept].intended_ns))
                break;
        if (kept == d->queue_to)
            return;
        memmove(&d->queue[d->queue_from + 1], &d->queue[d->queue_from],
                (kept - d->queue_from) * sizeof *d->queue);
        d->queue_from++;
    }
    if (d->queue_from == d->queue_to)
        d->queue_from = d->queue_to = 0;
}

static void ask(struct drive *d, uint64_t intended_ns)
{
    size_t group = choose_group(d);

    d->issued++;
    if (d->queue_from < d->queue_to || !begin(d, group, intended_ns))
        put_aside(d, group, intended_ns);
}

static bool is_over(const struct drive *d, uint64_t now)
{
    return now >= d->until_ns || (d->load->count && d->issued >= d->load->count);
}

/* All that are due: as many as are missing, or as the rate says. */
static void ask_all(struct drive *d)
{
    uint64_t now = clock_mono_ns();

    take_waiting(d);
    if (d->load->rate == 0) {
        while (!is_over(d, now) && d->busy + (d->queue_to - d->queue_from) < d->load->connections)
            ask(d, clock_mono_ns());
        return;
    }
    while (!is_over(d, d->next_ns) && d->next_ns <= now) {
        uint64_t lag = now - d->next_ns;
        d->lag_sum_ns += lag;
        if (lag > d->lag_max_ns)
            d->lag_max_ns = lag;
        ask(d, d->next_ns);
        d->next_ns += (uint64_t)(-log(1 - chance(d)) / d->load->rate * 1e9);
        now = clock_mono_ns();
    }
}

void drive_over(struct drive *d, struct journey *j, bool failed)
{
    j->busy = false;
    j->target->busy--;
    d->busy--;
    if (failed && d->phase == PHASE_MEASURE)
        d->last_ns = clock_mono_ns();
}

/* ---- the loop ---- */

static uint64_t next_wake(const struct drive *d, uint64_t now, bool asking)
{
    uint64_t wake = now + STALL_NS;

    if (asking && d->load->rate > 0 && d->next_ns < d->until_ns && d->next_ns < wake)
        wake = d->next_ns;
    for (unsigned i = 0; d->sleepers && i < d->journeyc; i++)
        if (d->journeys[i].busy && d->journeys[i].wake_ns && d->journeys[i].wake_ns < wake)
            wake = d->journeys[i].wake_ns;
    return wake;
}

/* Wait for events and for what is due; false: nothing came for too long. */
static bool turn(struct drive *d, bool asking)
{
    struct epoll_event events[64];
    uint64_t now = clock_mono_ns(), wake = next_wake(d, now, asking);
    uint64_t ns = wake > now ? wake - now : 0;
    struct timespec wait = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    int n = epoll_pwait2(d->poll, events, 64, &wait, NULL);

    for (int i = 0; i < n; i++)
        journey_event(d, events[i].data.ptr, events[i].events);
    journey_bury(d);
    now = clock_mono_ns();
    for (unsigned i = 0; d->sleepers && i < d->journeyc; i++)
        if (d->journeys[i].busy && d->journeys[i].wake_ns && d->journeys[i].wake_ns <= now)
            journey_wake(d, &d->journeys[i]);
    return n != 0 || ns < STALL_NS;
}

/* Start a container and run it once, or stop it; nothing if that is not needed. */
static void bring(struct drive *d, struct target *t)
{
    bool stop = d->phase == PHASE_STOP;
    unsigned i = 0;

    if (t->kind == TARGET_READY || (stop ? !t->exists : t->state != TARGET_COLD))
        return;
    while (d->journeys[i].busy)
        i++;
    d->warm += stop && t->state == TARGET_COLD;
    journey_start(d, &d->journeys[i], t, NULL, stop ? STEP_STOP : STEP_START, clock_mono_ns());
}

/* All containers, a few at a time. */
static int bring_all(struct drive *d, enum phase phase, struct err *err)
{
    size_t next = 0;

    d->phase = phase;
    while (next < d->plan.targetc || d->busy > 0) {
        while (next < d->plan.targetc && d->busy < PREPARE_AT_ONCE)
            bring(d, &d->plan.targets[next++]);
        if (d->busy > 0 && !turn(d, false))
            return err_set(err, ERR_BUSY, "containers did not %s",
                           phase == PHASE_STOP ? "stop" : "start");
        if (d->first[0] && phase == PHASE_PREPARE)
            return err_set(err, ERR_INTERNAL, "%s", d->first);
    }
    return 0;
}

static void measure(struct drive *d)
{
    const struct load *l = d->load;
    bool lost = false;

    d->phase = PHASE_MEASURE;
    d->cpu_from = cpu_seconds();
    d->next_ns = clock_mono_ns();
    d->from_ns = d->last_ns = d->next_ns + (uint64_t)l->warmup_ms * 1000000;
    d->until_ns = d->from_ns + (uint64_t)l->time_ms * 1000000;
    ask_all(d);
    while (!lost && (d->busy > 0 || d->queue_from < d->queue_to ||
                     !is_over(d, l->rate > 0 ? d->next_ns : clock_mono_ns()))) {
        lost = !turn(d, true) || clock_mono_ns() > d->until_ns + DRAIN_NS;
        if (l->rate == 0 && clock_mono_ns() >= d->until_ns)
            d->queue_from = d->queue_to = 0; /* a closed loop's asks nobody answered in its time */
        ask_all(d);
    }
    d->cpu_until = cpu_seconds();
    if (lost) {
        d->lost += d->busy + (d->queue_to - d->queue_from);
        drive_note(d, "no answer", "for too long");
    }
}

static int set_up(struct drive *d, struct err *err)
{
    const struct load *l = d->load;

    if (l->rate == 0 && (l->connections == 0 || l->connections > OPEN_JOURNEYS))
        return err_set(err, ERR_INVALID, "1 to %u connections", OPEN_JOURNEYS);
    int r = plan_read(&d->plan, l->plan, err);
    if (r < 0)
        return r;
    prctl(PR_SET_TIMERSLACK, 1);
    d->chance = 0x9e3779b97f4a7c15u + l->seed;
    d->journeyc = l->rate > 0 ? OPEN_JOURNEYS : l->connections;
    if (d->journeyc < PREPARE_AT_ONCE)
        d->journeyc = PREPARE_AT_ONCE;
    d->journeys = mem_zero(d->journeyc * sizeof *d->journeys);
    for (unsigned i = 0; i < d->journeyc; i++)
        buf_init(&d->journeys[i].request, LOAD_REQUEST_MAX);
    d->classes = mem_zero(d->plan.classc * sizeof *d->classes);
    samples_init(&d->all, KEPT_MAX);
    for (size_t i = 0; i < d->plan.classc; i++)
        samples_init(&d->classes[i], KEPT_MAX);
    d->poll = epoll_create1(EPOLL_CLOEXEC);
    if (d->poll < 0)
        return err_errno(err, ERR_INTERNAL, "epoll_create1");
    if (l->trace && !(d->trace = fopen(l->trace, "we")))
        return err_errno(err, ERR_INTERNAL, "'%s'", l->trace);
    return 0;
}

static void tear_down(struct drive *d)
{
    journey_forget_links(d);
    journey_bury(d);
    for (unsigned i = 0; d->journeys && i < d->journeyc; i++)
        buf_done(&d->journeys[i].request);
    for (size_t i = 0; d->classes && i < d->plan.classc; i++)
        samples_done(&d->classes[i]);
    samples_done(&d->all);
    if (d->trace)
        fclose(d->trace);
    fd_close(d->poll);
    free(d->journeys);
    free(d->classes);
    free(d->queue);
    plan_done(&d->plan);
}

int load_drive(const struct load *l, struct err *err)
{
    struct drive d = {.load = l, .poll = -1};
    struct err ignored;

    int r = set_up(&d, err);
    if (r == 0 && l->prepare)
        r = bring_all(&d, PHASE_PREPARE, err);
    if (r == 0 && l->time_ms)
        measure(&d);
    if (r == 0)
        drive_report(&d);
    if (d.first[0])
        fprintf(stderr, "bench-load: first fault: %s\n", d.first);
    if (d.plan.targetc && d.poll >= 0 && !l->keep && bring_all(&d, PHASE_STOP, &ignored) < 0)
        fprintf(stderr, "bench-load: %s\n", ignored.msg);
    tear_down(&d);
    return r;
}
