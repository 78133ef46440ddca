#include "invoke/parts.h"

#include <string.h>

#include "base/clock.h"
#include "invoke/invoke.h"

#define IDS_MAX (256u << 10)

void parts_begin(struct parts *p, struct invocation *whole)
{
    p->whole = whole;
    buf_init(&p->ids, IDS_MAX);
    buf_text(&p->ids, "[");
    p->began_ms = clock_epoch_ms();
    if (!whole->atomics)
        whole->atomics = &p->atomics;
}

bool parts_may_go_on(struct parts *p, const struct action *a)
{
    const struct invocation *i = p->whole;
    unsigned max = i->invoke->settings.sequence_max;

    /* A sequence may come to hold itself, by way of a binding. */
    return a->is_sequence ? i->depth < max : ++*i->atomics <= max;
}

static int start(struct parts *p, struct action *a, const struct buf *args,
                 void (*begin)(struct invocation *i), void (*done)(struct invocation *part),
                 void *ctx, struct err *err)
{
    struct invocation *whole = p->whole, *part = invocation_new(whole->invoke, whole->who, a);
    struct scan_text object;
    bool fixed;
    int r = scan_whole(args->data ? args->data : "", args->size, &object, err);

    if (r == 0 && object.type == SCAN_OBJECT && !a->is_sequence)
        r = params_apply(&a->params, &object, &part->args, &fixed, err);
    else if (r == 0)
        r = buf_add(&part->args, args->data, args->size, err);
    if (r < 0) {
        invocation_free(part);
        return r;
    }
    part->has_cause = true;
    part->depth = whole->depth + 1;
    part->cause = whole->id;
    part->atomics = whole->atomics;
    memcpy(part->transaction, whole->transaction, sizeof part->transaction);
    part->done = done;
    part->ctx = ctx;
    begin(part);
    return 0;
}

int parts_start(struct parts *p, struct action *a, const struct buf *args,
                void (*done)(struct invocation *part), void *ctx, struct err *err)
{
    return start(p, a, args, invocation_start, done, ctx, err);
}

int parts_conduct(struct parts *p, const struct buf *args, void (*done)(struct invocation *part),
                  void *ctx, struct err *err)
{
    return start(p, p->whole->action, args, primitive_start, done, ctx, err);
}

/* Has the result a member `error`? */
static bool is_error(const struct invocation *part)
{
    struct scan_text object, key, value;
    struct err err;

    if (part->status != ACTIVATION_SUCCESS)
        return true;
    if (scan_whole(part->result.data, part->result.size, &object, &err) < 0 ||
        object.type != SCAN_OBJECT)
        return false;
    struct scan_walk w = scan_members(&object);
    while (scan_next(&w, &key, &value))
        if (scan_equals(&key, "error"))
            return true;
    return false;
}

bool parts_take(struct parts *p, const struct invocation *part)
{
    char id[RECORD_ID_SIZE];

    record_id_text(&part->id, id);
    buf_print(&p->ids, "%s\"%s\"", p->ids.size > 1 ? "," : "", id);
    p->duration_ms += part->duration_ms;
    if (part->action->entity->limits.memory_mb > p->memory_mb)
        p->memory_mb = part->action->entity->limits.memory_mb;
    return is_error(part);
}

void parts_end(struct parts *p, const char *more)
{
    struct invocation *i = p->whole;
    const struct entity_limits *l = &i->action->entity->limits;
    struct buf text;
    bool topmost = !i->has_cause;

    i->duration_ms = p->duration_ms;
    i->start_ms = p->began_ms;
    i->end_ms = clock_epoch_ms();
    buf_text(&p->ids, "]");
    buf_clear(&i->logs);
    buf_put(&i->logs, p->ids.data, p->ids.size);
    buf_done(&p->ids);
    buf_init(&text, 64u << 10);
    buf_text(&text, "{\"key\":\"path\",\"value\":");
    buf_json_string(&text, i->action->path, strlen(i->action->path));
    buf_print(&text,
              "},{\"key\":\"kind\",\"value\":\"sequence\"},{\"key\":\"topmost\",\"value\":%s}%s%s,"
              "{\"key\":\"waitTime\",\"value\":%llu},{\"key\":\"limits\",\"value\":{\"timeout\":"
              "%lld,\"memory\":%lld,\"logs\":%lld,\"concurrency\":%lld}}",
              topmost ? "true" : "false",
              topmost ? "" : ",{\"key\":\"causedBy\",\"value\":\"sequence\"}", more,
              (unsigned long long)(p->began_ms - i->received_ms), (long long)l->timeout_ms,
              (long long)(p->memory_mb ? p->memory_mb : l->memory_mb), (long long)l->logs_mb,
              (long long)l->concurrency);
    invocation_end(i, text.data);
    buf_done(&text);
}
