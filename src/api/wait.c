#include "api/wait.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"

/* Nearly all wait equally long, so that who comes last is due last: looked for from behind. */
struct waits {
    struct wait *first;
    struct timer *timer;
};

static void arm(struct waits *all)
{
    uint64_t now = clock_mono_ns();

    if (!all->first || timer_is_set(all->timer))
        return;
    uint64_t due = all->first->due_ns;
    timer_set(all->timer, due > now ? (due - now + 999999) / 1000000 : 0);
}

static void fired(void *ctx)
{
    struct waits *all = ctx;

    while (all->first && all->first->due_ns <= clock_mono_ns()) {
        struct wait *w = all->first;
        DL_DELETE(all->first, w);
        w->due(w);
    }
    arm(all);
}

void wait_add(struct api *a, struct wait *w, uint64_t ms, void (*due)(struct wait *w))
{
    if (!a->waits) {
        a->waits = NEW(struct waits);
        a->waits->timer = timer_new(a->invoke->loop, fired, a->waits);
    }
    struct waits *all = a->waits;
    struct wait *before = all->first ? all->first->prev : NULL; /* utlist: the last */

    w->due = due;
    w->due_ns = clock_mono_ns() + ms * 1000000;
    while (before && before->due_ns > w->due_ns)
        before = before == all->first ? NULL : before->prev;
    if (before) {
        DL_APPEND_ELEM(all->first, before, w);
    } else {
        DL_PREPEND(all->first, w);
        timer_set(all->timer, ms);
    }
    arm(all);
}

void wait_remove(struct api *a, struct wait *w) { DL_DELETE(a->waits->first, w); }

void waits_free(struct waits *all)
{
    if (!all)
        return;
    timer_free(all->timer);
    free(all);
}
