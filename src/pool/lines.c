#include "pool/lines.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "wire/log.h"

void lines_time(uint64_t ns, char out[LINES_TIME])
{
    time_t s = (time_t)(ns / 1000000000u);
    struct tm tm;

    gmtime_r(&s, &tm);
    size_t at = strftime(out, LINES_TIME, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + at, LINES_TIME - at, ".%09lluZ", (unsigned long long)(ns % 1000000000u));
}

void lines_cut(unsigned limit, char text[160])
{
    snprintf(text, 160,
             "Logs were truncated because the total bytes size exceeds the limit of %u bytes.",
             limit);
}

static bool each_of(const struct wire_record *r,
                    bool (*each)(const struct line_text *line, void *ctx), void *ctx)
{
    struct line_text line = {.time_ns = r->time_ns, .stream = r->stream};
    const char *at = r->text, *end = r->text + r->n;
    bool go_on = true;

    while (at < end && go_on) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        line.text = at;
        line.n = (size_t)((stop ? stop : end) - at);
        go_on = each(&line, ctx);
        at += line.n + 1;
    }
    return go_on;
}

void lines_each(const struct wire_map *map, unsigned slot, unsigned limit,
                bool (*each)(const struct line_text *line, void *ctx), void *ctx)
{
    const struct wire_slot *s = &map->head->slots[slot];
    uint32_t size = atomic_load_explicit(&s->log_size, memory_order_acquire), at = 0;
    struct wire_record r;
    char text[160];

    while (wire_log_next(wire_log(map, slot), size, &at, &r))
        if (!each_of(&r, each, ctx))
            return;
    if (limit == 0 || atomic_load_explicit(&s->log_cut, memory_order_relaxed) == 0)
        return;
    lines_cut(limit, text);
    each(&(struct line_text){clock_epoch_ns(), 2, text, strlen(text)}, ctx);
}
