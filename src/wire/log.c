#include "wire/log.h"

#include <string.h>

#include "base/clock.h"

struct record {
    uint64_t time_ns;
    uint32_t n;
    uint32_t stream; /* 1, 2, or TAKEN: a program's result, not to be shown */
};

#define TAKEN 0u

void wire_log_begin(struct wire_writer *w, struct wire_slot *slot, uint8_t *region)
{
    *w = (struct wire_writer){.slot = slot, .at = region};
    atomic_store_explicit(&slot->log_size, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->log_cut, 0, memory_order_relaxed);
}

static struct record last_record(const struct wire_writer *w)
{
    struct record r;

    memcpy(&r, w->at + w->last, sizeof r);
    return r;
}

/* Start a record, or go on with the last; false when there is no room. */
static bool open_record(struct wire_writer *w, int stream)
{
    if (w->open && last_record(w).stream == (uint32_t)stream)
        return true;
    if (WIRE_LOG_MAX - w->size < sizeof(struct record) + 1)
        return false;
    struct record r = {.time_ns = clock_epoch_ns(), .stream = (uint32_t)stream};
    w->last = w->size;
    if (stream == 1) {
        w->last_out = w->size;
        w->outs++;
    }
    memcpy(w->at + w->size, &r, sizeof r);
    w->size += (uint32_t)sizeof r;
    w->open = true;
    return true;
}

static void append(struct wire_writer *w, const uint8_t *data, uint32_t n)
{
    struct record r = last_record(w);

    memcpy(w->at + w->size, data, n);
    r.n += n;
    memcpy(w->at + w->last, &r, sizeof r);
    w->size += n;
    w->payload += n;
    w->open = data[n - 1] != '\n';
}

void wire_log_add(struct wire_writer *w, int stream, const uint8_t *data, size_t n)
{
    if (n == 0 || atomic_load_explicit(&w->slot->log_cut, memory_order_relaxed))
        return;
    uint32_t room = w->slot->log_limit > w->payload ? w->slot->log_limit - w->payload : 0;
    bool cut = n > room;

    if (cut)
        n = room;
    if (n > 0 && open_record(w, stream)) {
        if (n > WIRE_LOG_MAX - w->size) {
            n = WIRE_LOG_MAX - w->size;
            cut = true;
        }
        append(w, data, (uint32_t)n);
    } else {
        cut = true;
    }
    if (cut)
        atomic_store_explicit(&w->slot->log_cut, 1, memory_order_relaxed);
    atomic_store_explicit(&w->slot->log_size, w->size, memory_order_release);
}

bool wire_log_take_result(struct wire_writer *w, const char **text, uint32_t *n)
{
    struct record r;

    if (w->outs == 0)
        return false;
    memcpy(&r, w->at + w->last_out, sizeof r);
    *text = (const char *)w->at + w->last_out + sizeof r;
    *n = r.n;
    while (*n > 0 && ((*text)[*n - 1] == '\n' || (*text)[*n - 1] == '\r'))
        *n -= 1;
    r.stream = TAKEN;
    memcpy(w->at + w->last_out, &r, sizeof r);
    w->outs = 0;
    return true;
}

bool wire_log_next(const uint8_t *region, uint32_t size, uint32_t *at, struct wire_record *out)
{
    struct record r;
    uint32_t from, n;

    do {
        if (size > WIRE_LOG_MAX || *at > size || size - *at < sizeof r)
            return false;
        memcpy(&r, region + *at, sizeof r);
        from = *at + (uint32_t)sizeof r;
        /* A kill may have come between a record's growth and its publication. */
        n = r.n <= size - from ? r.n : size - from;
        *at = from + n;
    } while (r.stream == TAKEN);
    *out = (struct wire_record){
        .time_ns = r.time_ns,
        .stream = r.stream == 2 ? 2 : 1,
        .text = (const char *)region + from,
        .n = n,
    };
    return true;
}
