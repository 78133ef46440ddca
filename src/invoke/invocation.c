#include "invoke/invocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "invoke/invoke.h"
#include "invoke/runtimes.h"

#define RESULT_MAX (16u << 20)
#define LOGS_MAX (1u << 20) /* of what has no guest's log: sequences, actions that did not run */
#define HEAD_MAX (256u << 10)

struct invocation *invocation_new(struct invoke *v, struct identity *who, struct action *action)
{
    struct invocation *i = NEW(struct invocation);

    i->invoke = v;
    i->who = identity_ref(who);
    i->action = action_ref(action);
    store_next_id(v->store, &i->id);
    i->received_ns = clock_mono_ns();
    i->received_ms = clock_epoch_ms();
    buf_init(&i->args, RESULT_MAX);
    buf_init(&i->result, RESULT_MAX);
    buf_init(&i->logs, LOGS_MAX);
    buf_init(&i->head, HEAD_MAX);
    buf_init(&i->activation.strings, HEAD_MAX);
    v->running++;
    return i;
}

void invocation_free(struct invocation *i)
{
    if (!i)
        return;
    i->invoke->running--;
    identity_unref(i->who);
    action_unref(i->action);
    buf_done(&i->args);
    buf_done(&i->result);
    buf_done(&i->logs);
    buf_done(&i->head);
    buf_done(&i->activation.strings);
    buf_done(&i->activation.text);
    buf_done(&i->activation.log);
    free(i);
}

void invocation_start(struct invocation *i)
{
    if (i->action->is_sequence)
        sequence_start(i);
    else if (i->action->is_conductor)
        composition_start(i);
    else if (i->action->is_builtin)
        feed_start(i);
    else
        primitive_start(i);
}

struct record invocation_accepted(const struct invocation *i)
{
    return (struct record){.type = RECORD_ACCEPTED,
                           .id = i->id,
                           .ns = i->who->user.id,
                           .path = {i->action->path, strlen(i->action->path)},
                           .head = {i->args.data, i->args.size}};
}

int invocation_accept(struct invocation *i, struct err *err)
{
    const struct record r = invocation_accepted(i);
    int q = store_keep(i->invoke->store, &r, err);
    i->is_accepted = q == 0;
    return q;
}

/* ---- the record ---- */

static void put_text(struct buf *out, const char *name, const char *text)
{
    buf_text(out, name);
    buf_json_string(out, text, strlen(text));
}

static void write_head(struct invocation *i, const char *annotations)
{
    const struct entity *e = i->action->entity;
    struct buf *out = &i->head;
    char id[RECORD_ID_SIZE], cause[RECORD_ID_SIZE];

    record_id_text(&i->id, id);
    put_text(out, "\"namespace\":", i->who->user.name);
    put_text(out, ",\"name\":", e->name);
    buf_print(out,
              ",\"version\":\"%s\",\"activationId\":\"%s\",\"start\":%llu,\"end\":%llu,"
              "\"duration\":%llu,\"publish\":false",
              e->version, id, (unsigned long long)i->start_ms, (unsigned long long)i->end_ms,
              (unsigned long long)i->duration_ms);
    if (i->has_cause) {
        record_id_text(&i->cause, cause);
        buf_print(out, ",\"cause\":\"%s\"", cause);
    }
    buf_text(out, ",\"annotations\":[");
    buf_text(out, annotations);
    buf_text(out, "]");
}

void invocation_response(const struct invocation *i, struct buf *out)
{
    buf_print(out,
              "{\"status\":\"%s\",\"success\":%s,\"result\":", activation_status_text(i->status),
              i->status == ACTIVATION_SUCCESS ? "true" : "false");
    buf_put(out, i->result.data, i->result.size);
    buf_print(out, ",\"size\":%zu}", i->result.size);
}

size_t invocation_record_size(const struct invocation *i)
{
    return i->head.size + i->result.size + i->logs.size + 1024;
}

void invocation_record(const struct invocation *i, bool with_logs, struct buf *out)
{
    buf_text(out, "{");
    buf_put(out, i->head.data, i->head.size);
    put_text(out, ",\"subject\":", i->who->user.name);
    buf_text(out, ",\"response\":");
    invocation_response(i, out);
    buf_text(out, ",\"logs\":");
    if (with_logs)
        buf_put(out, i->logs.data, i->logs.size);
    else
        buf_text(out, "[]");
    buf_text(out, "}");
}

void invocation_fail(struct invocation *i, enum activation_status status, const char *text)
{
    i->status = status;
    buf_clear(&i->result);
    buf_text(&i->result, "{\"error\":");
    buf_json_string(&i->result, text, strlen(text));
    buf_text(&i->result, "}");
}

static void count(const struct invocation *i)
{
    struct stats *s = &i->invoke->stats;

    s->activations[runtime_index(i->action->entity->kind)][i->status]++;
}

/* The disk has it, as far as that was asked for. */
struct confirming {
    struct store_job job;
    struct invocation *invocation;
};

static void confirmed(struct store_job *j, const struct err *err)
{
    struct invocation *i = ((struct confirming *)j)->invocation;

    free(j);
    if (err) {
        i->is_lost = true;
        i->fault = *err;
    }
    i->done(i);
}

static void keep(struct invocation *i)
{
    struct buf response;
    const struct action *a = i->action;

    buf_init(&response, i->result.size + 256);
    invocation_response(i, &response);
    const struct record r = {.type = RECORD_ENDED,
                             .id = i->id,
                             .ns = i->who->user.id,
                             .was_accepted = i->is_accepted,
                             .start_ms = i->start_ms,
                             .status = i->status,
                             .path = {a->name, strlen(a->name)},
                             .head = {i->head.data, i->head.size},
                             .response = {response.data, response.size},
                             .logs = {i->logs.data, i->logs.size}};
    i->is_lost = store_keep(i->invoke->store, &r, &i->fault) < 0;
    buf_done(&response);
}

void invocation_end(struct invocation *i, const char *annotations)
{
    if (i->invoke->stopping && i->is_accepted) { /* it will be run again */
        i->done(i);
        return;
    }
    if (i->logs.size == 0)
        buf_text(&i->logs, "[]");
    write_head(i, annotations);
    count(i);
    keep(i);
    if (i->is_lost || !store_must_confirm(i->invoke->store)) {
        i->done(i);
        return;
    }
    struct confirming *c = NEW(struct confirming);
    c->job.done = confirmed;
    c->invocation = i;
    store_do(i->invoke->store, &c->job);
}
