/* An invocation of an action with code: its container, the pool, and what came of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "invoke/invocation.h"
#include "invoke/invoke.h"

#define AGAIN_MS 500 /* an accepted invocation that found no room is tried again */
#define ANNOTATIONS_MAX (64u << 10)
#define LOG_ROOM 4096u /* for a line of ours */

static void end(struct invocation *i)
{
    struct buf text;

    i->who->running--;
    buf_init(&text, ANNOTATIONS_MAX);
    buf_text(&text, i->action->annotation_text);
    buf_print(&text, ",{\"key\":\"waitTime\",\"value\":%llu},{\"key\":\"timeout\",\"value\":%s}",
              (unsigned long long)i->wait_ms, i->timed_out ? "true" : "false");
    if (i->cold)
        buf_print(&text, ",{\"key\":\"initTime\",\"value\":%llu}", (unsigned long long)i->init_ms);
    if (i->has_cause)
        buf_text(&text, ",{\"key\":\"causedBy\",\"value\":\"sequence\"}");
    invocation_end(i, text.data);
    buf_done(&text);
}

static void put_variable(struct buf *out, const char *name, const char *value)
{
    size_t n = strlen(value);

    buf_put(out, name, strlen(name));
    buf_put(out, "=", 1);
    buf_put(out, value, n + 1);
}

/* What OpenWhisk tells an action about the activation. */
static void write_context(struct invocation *i)
{
    const struct action *a = i->action;
    struct buf *out = &i->activation.strings;
    char id[RECORD_ID_SIZE], deadline[32], text[1200];

    record_id_text(&i->id, id);
    snprintf(i->activation.id, sizeof i->activation.id, "%s", id);
    snprintf(deadline, sizeof deadline, "%llu",
             (unsigned long long)clock_epoch_ms() +
                 (unsigned long long)a->entity->limits.timeout_ms);
    snprintf(text, sizeof text, "/%s", a->path);
    put_variable(out, "__OW_API_HOST", i->invoke->settings.api_host);
    put_variable(out, "__OW_NAMESPACE", i->who->user.name);
    put_variable(out, "__OW_ACTION_NAME", text);
    put_variable(out, "__OW_ACTION_VERSION", a->entity->version);
    put_variable(out, "__OW_ACTIVATION_ID", id);
    put_variable(out, "__OW_TRANSACTION_ID", i->transaction);
    put_variable(out, "__OW_DEADLINE", deadline);
    if (a->wants_key) {
        snprintf(text, sizeof text, "%s:%s", i->who->user.uuid, i->who->own_secret);
        put_variable(out, "__OW_API_KEY", text);
    }
}

/* OpenWhisk adds a line to the log when an action did not end as it should. */
static void put_log_line(struct invocation *i, const char *text)
{
    char line[256];
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(line + n, sizeof line - n, ".%09ldZ stderr: %s", now.tv_nsec, text);
    if (i->logs.size > 0) { /* open the array again */
        i->logs.size--;
        buf_text(&i->logs, i->logs.size > 1 ? "," : "");
    } else {
        buf_text(&i->logs, "[");
    }
    buf_json_string(&i->logs, line, strlen(line));
    buf_text(&i->logs, "]");
}

/* Beyond OpenWhisk's limit a result is cut, and an error. */
static void take_result(struct invocation *i, const struct activation *a)
{
    struct buf text;

    i->status = a->status;
    if (a->result_size <= PAYLOAD_MAX) {
        buf_put(&i->result, a->result, a->result_size);
        return;
    }
    buf_init(&text, PAYLOAD_MAX + 256);
    buf_print(&text,
              "The action produced a response that exceeded the allowed length: %zu > %u bytes. "
              "The truncated response was: ",
              a->result_size, PAYLOAD_MAX);
    buf_put(&text, a->result, PAYLOAD_MAX);
    buf_text(&i->result, "{\"error\":");
    buf_json_string(&i->result, text.data, text.size);
    buf_text(&i->result, "}");
    buf_done(&text);
    i->status = ACTIVATION_APPLICATION_ERROR;
}

static void take_times(struct invocation *i, const struct activation *a)
{
    struct stats *s = &i->invoke->stats;
    uint64_t now_ns = clock_mono_ns(), now_ms = clock_epoch_ms();
    uint64_t init = i->cold ? i->init_ns : 0;
    uint64_t longest = a->given_ns ? now_ns - a->given_ns : 0; /* given to no worker: none */
    uint64_t run = a->run_ns && a->run_ns < longest ? a->run_ns : longest;
    uint64_t whole = now_ns - i->received_ns;
    uint64_t wait = whole > init + run ? whole - init - run : 0;

    i->end_ms = now_ms;
    i->init_ms = (init + 500000) / 1000000;
    i->duration_ms = (init + run + 500000) / 1000000;
    i->wait_ms = wait / 1000000;
    i->start_ms = i->end_ms - i->duration_ms;
    i->timed_out = a->expired;
    *(i->cold ? &s->cold : &s->warm) += 1;
    histogram_add(&s->wait, wait);
    histogram_add(&s->run, run);
    histogram_add(&s->latency[i->cold], whole);
    if (i->cold)
        histogram_add(&s->init, init);
}

/* There was no room. Who waits is told so; what was accepted, or is part of more, waits on. */
static void refused(struct invocation *i)
{
    struct invoke *v = i->invoke;

    if (v->stopping || (!i->is_accepted && !i->has_cause)) {
        i->who->running--;
        i->is_refused = true;
        i->done(i);
        return;
    }
    buf_done(&i->activation.text);
    buf_done(&i->activation.log);
    DL_APPEND(v->delayed, i);
    if (!timer_is_set(v->retry))
        timer_set(v->retry, AGAIN_MS);
}

void primitive_retry(void *invoke)
{
    struct invoke *v = invoke;
    struct invocation *all = v->delayed, *i, *next;

    v->delayed = NULL;
    DL_FOREACH_SAFE(all, i, next)
    {
        if (!v->stopping) {
            action_container(i->action, &i->waiting);
            continue;
        }
        invocation_fail(i, ACTIVATION_WHISK_ERROR, "wowd is stopping.");
        end(i);
    }
}

/* The log moves: it may be large. */
static void take_log(struct invocation *i, struct activation *a)
{
    buf_done(&i->logs);
    i->logs = a->log;
    i->logs.limit += LOG_ROOM;
    buf_init(&a->log, 0);
}

static void ended(struct activation *a)
{
    struct invocation *i = a->ctx;

    if (a->refused) {
        buf_clear(&i->result);
        buf_put(&i->result, a->result, a->result_size);
        i->status = a->status;
        refused(i);
        return;
    }
    take_times(i, a);
    if (i->invoke->stopping && a->status == ACTIVATION_DEVELOPER_ERROR) /* it is we who end it */
        invocation_fail(i, ACTIVATION_WHISK_ERROR, "wowd is stopping.");
    else
        take_result(i, a);
    if (a->wants_log)
        take_log(i, a);
    if (i->status == ACTIVATION_DEVELOPER_ERROR && a->wants_log)
        put_log_line(i, "The action did not initialize or run as expected. Log data might be "
                        "missing.");
    end(i);
}

static void run(struct invocation *i)
{
    struct activation *a = &i->activation;

    buf_clear(&a->strings);
    write_context(i);
    a->args = i->args.size ? i->args.data : "{}";
    a->args_size = i->args.size ? i->args.size : 2;
    a->ns = i->who->user.name;
    a->wants_log = i->action->entity->limits.logs_mb > 0;
    a->done = ended;
    a->ctx = i;
    container_run(i->action->container, a);
}

/* It could not be initialised: nothing has run. */
static void init_failed(struct invocation *i, const struct err *err)
{
    bool ours = err->kind == ERR_INTERNAL || err->kind == ERR_BUSY;
    char text[512];

    i->cold = true;
    i->init_ns = clock_mono_ns() - i->waiting.began_ns;
    i->init_ms = (i->init_ns + 500000) / 1000000;
    i->duration_ms = i->init_ms;
    i->end_ms = clock_epoch_ms();
    i->start_ms = i->end_ms - i->duration_ms;
    if (err->kind == ERR_NOT_FOUND) /* no code at all */
        snprintf(text, sizeof text, "%s", err->msg);
    else
        snprintf(text, sizeof text, "Initialization has failed due to: %s.", err->msg);
    invocation_fail(i, ours ? ACTIVATION_WHISK_ERROR : ACTIVATION_DEVELOPER_ERROR, text);
    if (i->action->entity->limits.logs_mb > 0)
        put_log_line(i, "The action did not initialize or run as expected. Log data might be "
                        "missing.");
    end(i);
}

static void has_container(struct waiting *w, const struct err *err)
{
    struct invocation *i = (struct invocation *)w;

    i->cold = w->cold;
    i->init_ns = w->init_ns;
    if (err)
        init_failed(i, err);
    else
        run(i);
}

void primitive_start(struct invocation *i)
{
    i->who->running++;
    i->waiting.done = has_container;
    action_container(i->action, &i->waiting);
}
