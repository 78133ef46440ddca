#include "pool/lines.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "wire/log.h"

/* The time of a record; the seconds' part is made anew only when they change. */
struct clock {
    time_t second;
    char text[LINES_TIME];
};

static void set_clock(struct clock *c, uint64_t ns)
{
    time_t second = (time_t)(ns / 1000000000u);
    uint64_t rest = ns % 1000000000u;
    struct tm tm;

    if (second != c->second || !c->text[0]) {
        gmtime_r(&second, &tm);
        if (strftime(c->text, sizeof c->text, "%Y-%m-%dT%H:%M:%S.000000000Z", &tm) == 0)
            snprintf(c->text, sizeof c->text, "1970-01-01T00:00:00.000000000Z"); /* no year's */
        c->second = second;
    }
    for (int i = LINES_TIME - 3; i > LINES_TIME - 12; i--, rest /= 10)
        c->text[i] = (char)('0' + rest % 10);
}

void lines_time(uint64_t epoch_ns, char out[LINES_TIME])
{
    struct clock c = {0};

    set_clock(&c, epoch_ns);
    memcpy(out, c.text, LINES_TIME);
}

struct line_text lines_own(int stream, const char *text)
{
    struct line_text line = {.stream = stream, .text = text, .n = strlen(text)};

    lines_time(clock_epoch_ns(), line.time);
    return line;
}

void lines_cut(unsigned limit, char text[LINES_CUT])
{
    snprintf(text, LINES_CUT,
             "Logs were truncated because the total bytes size exceeds the limit of %u bytes.",
             limit);
}

static bool each_of(const struct wire_record *r, struct clock *clock,
                    bool (*each)(const struct line_text *line, void *ctx), void *ctx)
{
    struct line_text line = {.stream = r->stream};
    const char *at = r->text, *end = r->text + r->n;
    bool go_on = true;

    set_clock(clock, r->time_ns);
    memcpy(line.time, clock->text, sizeof line.time);
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
    struct clock clock = {0};
    struct line_text cut;
    struct wire_record r;
    char text[LINES_CUT];

    while (wire_log_next(wire_log(map, slot), size, &at, &r))
        if (!each_of(&r, &clock, each, ctx))
            return;
    if (limit == 0 || atomic_load_explicit(&s->log_cut, memory_order_relaxed) == 0)
        return;
    lines_cut(limit, text);
    cut = lines_own(2, text);
    each(&cut, ctx);
}
