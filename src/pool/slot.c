/* An activation as its guest will see it: what goes into a slot of shared memory. */
#include <string.h>

#include "pool/priv.h"

unsigned slot_find(const struct worker *w)
{
    unsigned i = 0;

    while (w->slots[i])
        i++;
    return i;
}

static uint8_t *put(uint8_t *to, const char *from, size_t n)
{
    if (n > 0)
        memcpy(to, from, n);
    return to + n;
}

void slot_fill(struct worker *w, unsigned slot, uint32_t place, const struct activation *a)
{
    const struct container *c = a->container;
    struct wire_slot *s = &w->map.head->slots[slot];
    uint8_t *to = wire_input(&w->map, slot);

    to = put(to, a->args, a->args_size);
    to = put(to, "", 1);
    to = put(to, c->strings, c->head_size);
    to = put(to, a->strings.data, a->strings.size); /* first: it counts more than init's */
    put(to, c->strings + c->head_size, c->strings_size - c->head_size);
    s->place = place;
    s->loads = w->loads;
    s->args_size = (uint32_t)a->args_size;
    s->text_size = (uint32_t)(c->strings_size + a->strings.size);
    s->log_limit = a->limits.log_kb * 1024;
    s->output_limit = a->prepares ? WIRE_OUTPUT_MAX : a->limits.result_kb * 1024;
    s->clock_ns = a->limits.clock_us * 1000ull;
    s->memory = budget_of(a);
    s->measure = a->wants_stats;
    s->prepares = a->prepares;
    s->order = w->order++;
    s->call.left = a->limits.http_requests;
    atomic_store_explicit(&s->call.state, WIRE_CALL_NONE, memory_order_relaxed);
    atomic_store_explicit(&s->waiting, 0, memory_order_relaxed);
    atomic_store_explicit(&s->log_size, 0, memory_order_relaxed);
    atomic_store_explicit(&s->log_cut, 0, memory_order_relaxed);
}
