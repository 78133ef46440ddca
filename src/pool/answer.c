/* From what a worker left in a slot to an activation's answer. All of it may be hostile. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/tier.h"
#include "pool/priv.h"
#include "wire/log.h"

#define LOG_END 512u /* what stands behind a log that was cut */

const char *activation_status_text(enum activation_status status)
{
    static const char *const texts[] = {
        [ACTIVATION_SUCCESS] = "success",
        [ACTIVATION_APPLICATION_ERROR] = "application error",
        [ACTIVATION_DEVELOPER_ERROR] = "action developer error",
        [ACTIVATION_WHISK_ERROR] = "whisk internal error",
    };
    return texts[status];
}

static void set_error(struct activation *a, enum activation_status status, const char *text)
{
    buf_clear(&a->text);
    buf_text(&a->text, "{\"error\":");
    buf_json_string(&a->text, text, strlen(text));
    buf_text(&a->text, "}");
    a->status = status;
    a->result = a->text.data;
    a->result_size = a->text.size;
}

static void give_back(struct activation *a)
{
    log_event("activation", "id=%s container=%.12s engine=%s tier=%s status=%d us=%llu",
              a->id[0] ? a->id : "-", container_id(a->container), a->engine ? a->engine->name : "-",
              a->engine ? tier_name(a->tier) : "-", a->status,
              (unsigned long long)(clock_mono_ns() - a->asked_ns) / 1000);
    struct container *c = a->container;
    a->done(a);
    container_unref(c);
}

/* One line as OpenWhisk keeps it: "2026-11-23T09:02:22.288501262Z stdout: text". */
static int add_line(struct buf *out, const struct wire_record *r, const char *line, size_t n,
                    struct err *err)
{
    char head[64];
    time_t s = (time_t)(r->time_ns / 1000000000u);
    struct tm tm;
    AUTO(buf) struct buf text, json;

    gmtime_r(&s, &tm);
    size_t at = strftime(head, sizeof head, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(head + at, sizeof head - at,
             ".%09lluZ %s: ", (unsigned long long)(r->time_ns % 1000000000u),
             r->stream == 2 ? "stderr" : "stdout");
    buf_init(&text, n + sizeof head);
    buf_init(&json, 6 * (n + sizeof head));
    buf_text(&text, head);
    buf_put(&text, line, n);
    if (out->size > 1)
        buf_text(&json, ",");
    buf_json_string(&json, text.data, text.size);
    return buf_add(out, json.data, json.size, err); /* whole or not at all */
}

static int add_record(struct buf *out, const struct wire_record *r, struct err *err)
{
    const char *at = r->text, *end = r->text + r->n;
    int q = 0;

    while (at < end && q == 0) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        q = add_line(out, r, at, n, err);
        at += n + 1;
    }
    return q;
}

static void collect_log(struct activation *a, const struct wire_map *map, unsigned slot)
{
    const struct wire_slot *s = &map->head->slots[slot];
    uint32_t size = atomic_load_explicit(&s->log_size, memory_order_acquire), at = 0;
    const uint8_t *region = wire_log(map, slot);
    struct wire_record r;
    struct err err;
    bool cut = atomic_load_explicit(&s->log_cut, memory_order_relaxed) != 0;

    buf_text(&a->log, "[");
    while (wire_log_next(region, size, &at, &r))
        if (add_record(&a->log, &r, &err) < 0) {
            cut = true;
            break;
        }
    a->log.limit += LOG_END;
    if (cut) {
        char text[160];
        unsigned limit = a->container->pool->settings.log_kb * 1024;
        r = (struct wire_record){.time_ns = clock_epoch_ns(), .stream = 2};
        int n = snprintf(text, sizeof text,
                         "Logs were truncated because the total bytes size exceeds the limit of %u "
                         "bytes.",
                         limit);
        add_line(&a->log, &r, text, (size_t)n, &err);
    }
    buf_text(&a->log, "]");
}

static void take_outcome(struct activation *a, const struct wire_map *map, unsigned slot)
{
    const struct wire_slot *s = &map->head->slots[slot];
    uint32_t outcome = s->outcome, size = s->output_size;
    char text[sizeof s->text];

    memcpy(text, s->text, sizeof text);
    text[sizeof text - 1] = '\0';
    if ((outcome == WIRE_SUCCESS || outcome == WIRE_APP_ERROR) && size > 1 &&
        size <= WIRE_OUTPUT_MAX) {
        a->status = outcome == WIRE_SUCCESS ? ACTIVATION_SUCCESS : ACTIVATION_APPLICATION_ERROR;
        a->result = (const char *)wire_output(map, slot);
        a->result_size = size;
    } else {
        set_error(a, outcome == WIRE_INTERNAL ? ACTIVATION_WHISK_ERROR : ACTIVATION_DEVELOPER_ERROR,
                  text);
    }
}

static void answer_expired(struct activation *a)
{
    char text[100];

    snprintf(text, sizeof text, "The action exceeded its time limits of %llu milliseconds.",
             (unsigned long long)a->timeout_ms);
    set_error(a, ACTIVATION_DEVELOPER_ERROR, text);
}

void answer_slot(struct activation *a, const struct wire_map *map, unsigned slot)
{
    uint32_t state = atomic_load_explicit(&map->head->slots[slot].state, memory_order_acquire);

    if (a->wants_log)
        collect_log(a, map, slot);
    if (state == WIRE_DONE)
        take_outcome(a, map, slot);
    else if (a->expired)
        answer_expired(a);
    else
        set_error(a, ACTIVATION_DEVELOPER_ERROR,
                  "The action did not produce a valid response and exited unexpectedly.");
    give_back(a);
}

void answer_failed(struct activation *a, enum activation_status status, const char *text)
{
    if (a->wants_log)
        buf_text(&a->log, "[]");
    if (text)
        set_error(a, status, text);
    else
        answer_expired(a);
    give_back(a);
}
