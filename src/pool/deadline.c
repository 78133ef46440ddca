#include "pool/deadline.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

struct deadlines {
    struct activation **heap; /* heap[i] is due no later than its children 2i+1 and 2i+2 */
    size_t size, room;
    struct timer *timer;
    uint64_t set_ns; /* what the timer is set to; 0: not set */
    void (*expired)(struct activation *a, void *ctx);
    void *ctx;
};

static void put(struct deadlines *d, size_t at, struct activation *a)
{
    d->heap[at] = a;
    a->heap_at = at + 1;
}

/* Move the activation at a place up or down to where it belongs. */
static void settle(struct deadlines *d, size_t at)
{
    struct activation *a = d->heap[at];

    while (at > 0 && d->heap[(at - 1) / 2]->due_ns > a->due_ns) {
        put(d, at, d->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < d->size && d->heap[child + 1]->due_ns < d->heap[child]->due_ns)
            child++;
        if (child >= d->size || d->heap[child]->due_ns >= a->due_ns)
            break;
        put(d, at, d->heap[child]);
        at = child;
    }
    put(d, at, a);
}

/*
 * Set the timer for the earliest, unless it is set earlier already: most activations end long
 * before their deadline, and a timer that fires in vain is cheaper than one set for each. Its
 * milliseconds are rounded down, and the loop does not sleep through the last one: an invoker's
 * patience ends a few milliseconds after the deadline.
 */
static void arm(struct deadlines *d)
{
    if (d->size == 0 || (d->set_ns && d->set_ns <= d->heap[0]->due_ns))
        return;
    uint64_t now = clock_mono_ns(), due = d->heap[0]->due_ns;
    d->set_ns = due;
    timer_set(d->timer, due > now ? (due - now) / 1000000 : 0);
}

static void fired(void *ctx)
{
    struct deadlines *d = ctx;

    d->set_ns = 0;
    while (d->size > 0 && d->heap[0]->due_ns <= clock_mono_ns()) {
        struct activation *a = d->heap[0];
        deadlines_remove(d, a);
        d->expired(a, d->ctx);
    }
    arm(d);
}

struct deadlines *deadlines_new(struct loop *l, void (*expired)(struct activation *a, void *ctx),
                                void *ctx)
{
    struct deadlines *d = NEW(struct deadlines);

    d->timer = timer_new(l, fired, d);
    d->expired = expired;
    d->ctx = ctx;
    return d;
}

void deadlines_free(struct deadlines *d)
{
    if (!d)
        return;
    timer_free(d->timer);
    free(d->heap);
    free(d);
}

void deadlines_add(struct deadlines *d, struct activation *a)
{
    if (d->size == d->room) {
        d->room = d->room ? 2 * d->room : 64;
        d->heap = mem_grow(d->heap, d->room * sizeof(struct activation *));
    }
    put(d, d->size++, a);
    settle(d, d->size - 1);
    arm(d);
}

void deadlines_remove(struct deadlines *d, struct activation *a)
{
    size_t at = a->heap_at;

    if (at == 0)
        return;
    a->heap_at = 0;
    struct activation *last = d->heap[--d->size];
    if (last == a)
        return;
    put(d, at - 1, last);
    settle(d, at - 1);
}
