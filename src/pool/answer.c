/* From what a worker left in a slot to an activation's answer. All of it may be hostile. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scan.h"
#include "engine/tier.h"
#include "pool/lines.h"
#include "pool/priv.h"
#include "pool/sink.h"

#define LOG_END 512u   /* what stands behind a log that was cut */
#define LINE_FRAME 64u /* of a line, its time and stream */

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

void activation_stats(const struct activation *a, struct buf *out)
{
    buf_text(out, ",\"stats\":{");
    if (a->engine)
        buf_print(out, "\"engine\":\"%s\",\"tier\":\"%s\"", a->engine->name, tier_name(a->tier));
    else
        buf_text(out, "\"engine\":null,\"tier\":null");
    if (a->run_ns) /* it ended by itself */
        buf_print(out, ",\"run_us\":%.3f,\"memory\":%llu}", (double)a->run_ns / 1e3,
                  (unsigned long long)a->memory_used);
    else
        buf_text(out, ",\"run_us\":null,\"memory\":null}");
}

static void set_error(struct activation *a, enum activation_status status, const char *text)
{
    buf_clear(&a->text);
    if (a->prepares) {
        buf_text(&a->text, text);
    } else {
        buf_text(&a->text, "{\"error\":");
        buf_json_string(&a->text, text, strlen(text));
        buf_text(&a->text, "}");
    }
    a->status = status;
    a->result = a->text.data;
    a->result_size = a->text.size;
}

static void give_back(struct activation *a)
{
    log_event(a->prepares ? "prepare" : "activation",
              "id=%s container=%.12s engine=%s tier=%s status=%d us=%llu", a->id[0] ? a->id : "-",
              container_id(a->container), a->engine ? a->engine->name : "-",
              a->engine ? tier_name(a->tier) : "-", a->status,
              (unsigned long long)(clock_mono_ns() - a->asked_ns) / 1000);
    struct container *c = a->container;
    a->done(a);
    container_unref(c);
}

/*
 * One line as OpenWhisk keeps it: "2026-11-23T09:02:22.288501262Z stdout: text". Whole or not at
 * all: the log limit counts the bytes of all of them.
 */
static bool add_line(const struct line_text *line, void *ctx)
{
    struct activation *a = ctx;
    size_t before = a->log.size, most = a->log.limit;

    if (line->n > most - before)
        return false;
    a->log.limit = before + BUF_JSON_MAX(line->n) + LINE_FRAME;
    buf_text(&a->log, before > 1 ? ",\"" : "\"");
    buf_put(&a->log, line->time, LINES_TIME - 1);
    buf_text(&a->log, line->stream == 2 ? " stderr: " : " stdout: ");
    buf_json_text(&a->log, line->text, line->n);
    buf_put(&a->log, "\"", 1);
    a->log.limit = most;
    if (a->log.size <= most)
        return true;
    buf_cut(&a->log, before);
    return false;
}

static bool add_line_or_cut(const struct line_text *line, void *ctx)
{
    struct activation *a = ctx;
    char text[LINES_CUT];

    if (add_line(line, a))
        return true;
    lines_cut(a->limits.log_kb * 1024, text);
    a->log.limit += LOG_END;
    const struct line_text cut = lines_own(2, text);
    add_line(&cut, a);
    return false;
}

static void collect_log(struct activation *a, const struct wire_map *map, unsigned slot)
{
    const unsigned limit = a->limits.log_kb * 1024;

    a->log.limit = limit + 2;
    buf_text(&a->log, "[");
    lines_each(map, slot, limit, add_line_or_cut, a);
    a->log.limit += LOG_END;
    buf_text(&a->log, "]");
}

/*
 * Take the result out of the slot. The worker has checked that it is JSON, but one in a guest's
 * hands can say so of anything, and change it while we look: so the copy is checked once more. What
 * an interpreter has prepared are bytes that only it reads, for the same namespace.
 */
static bool take_result(struct activation *a, const struct wire_map *map, unsigned slot,
                        uint32_t size)
{
    struct scan_text all;
    struct err err;

    buf_put(&a->text, wire_output(map, slot), size);
    a->result = a->text.data;
    a->result_size = a->text.size;
    return a->prepares || (scan_whole(a->result, a->result_size, &all, &err) == 0 &&
                           (all.type == SCAN_OBJECT || all.type == SCAN_ARRAY));
}

/* False when no honest worker leaves such a thing. */
static bool take_outcome(struct activation *a, const struct wire_map *map, unsigned slot)
{
    const struct wire_slot *s = &map->head->slots[slot];
    uint32_t outcome = s->outcome, size = s->output_size;
    char text[sizeof s->text];

    memcpy(text, s->text, sizeof text);
    a->run_ns = s->run_ns;
    a->memory_used = s->measure ? s->memory_used : 0;
    text[sizeof text - 1] = '\0';
    if (outcome != WIRE_SUCCESS && outcome != WIRE_APP_ERROR) {
        if (outcome == WIRE_MEMORY && a->container->pool->events.exhausted)
            a->container->pool->events.exhausted(a->container, a->container->pool->ctx);
        set_error(a, outcome == WIRE_INTERNAL ? ACTIVATION_WHISK_ERROR : ACTIVATION_DEVELOPER_ERROR,
                  text);
        return outcome <= WIRE_INTERNAL;
    }
    a->status = outcome == WIRE_SUCCESS ? ACTIVATION_SUCCESS : ACTIVATION_APPLICATION_ERROR;
    if (size <= WIRE_OUTPUT_MAX && take_result(a, map, slot, size))
        return true;
    set_error(a, ACTIVATION_DEVELOPER_ERROR, ANSWER_GONE);
    return false;
}

void activation_late_text(const struct activation *a, char text[ACTIVATION_LATE_TEXT])
{
    snprintf(text, ACTIVATION_LATE_TEXT,
             "The action exceeded its time limits of %llu milliseconds%s.",
             (unsigned long long)a->timeout_ms, a->prepares ? " during initialization" : "");
}

static void answer_expired(struct activation *a)
{
    char text[ACTIVATION_LATE_TEXT];

    activation_late_text(a, text);
    set_error(a, ACTIVATION_DEVELOPER_ERROR, text);
}

bool answer_slot(struct activation *a, const struct wire_map *map, unsigned slot)
{
    uint32_t state = atomic_load_explicit(&map->head->slots[slot].state, memory_order_acquire);

    const struct container *c = a->container;
    bool honest = true;

    if (a->wants_log)
        collect_log(a, map, slot);
    if (!a->prepares)
        sink_activation(container_logs(c), c->id, map, slot, a->limits.log_kb * 1024);
    if (state == WIRE_DONE)
        honest = take_outcome(a, map, slot);
    else if (a->expired)
        answer_expired(a);
    else
        set_error(a, ACTIVATION_DEVELOPER_ERROR, ANSWER_GONE);
    give_back(a);
    return honest;
}

void answer_failed(struct activation *a, enum activation_status status, const char *text)
{
    const struct container *c = a->container;

    if (a->wants_log)
        buf_text(&a->log, "[]");
    if (!a->prepares)
        sink_activation(container_logs(c), c->id, NULL, 0, 0);
    if (text)
        set_error(a, status, text);
    else
        answer_expired(a);
    give_back(a);
}
