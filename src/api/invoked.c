#include "api/invoked.h"

#include <stdlib.h>

#include "base/mem.h"
#include "invoke/limit.h"

struct invoked *invoked_new(struct call *c, struct invocation *i, void (*answer)(struct invoked *i),
                            void (*late)(struct invoked *i))
{
    struct invoked *w = NEW(struct invoked);

    w->call = c;
    w->invocation = i;
    w->answer = answer;
    w->late = late;
    return w;
}

static void ended(struct invocation *i)
{
    struct invoked *w = i->ctx;
    struct call *c = w->call;

    if (c) {
        wait_remove(c->api, &w->wait);
        if (i->is_refused)
            call_unavailable(c);
        else if (i->is_lost)
            call_fail(c, 500, "The activation's record could not be kept: %s", i->fault.msg);
        else
            w->answer(w);
    }
    invocation_free(i);
    free(w->accept);
    free(w);
}

/* It has waited for long enough. What goes on is promised now. */
static void due(struct wait *wait)
{
    struct invoked *w = (struct invoked *)wait;
    struct call *c = w->call;
    struct err err;

    w->call = NULL;
    if (invocation_accept(w->invocation, &err) < 0) {
        call_error(c, &err);
        return;
    }
    w->call = c;
    w->late(w);
    w->call = NULL;
}

void invoked_start(struct invoked *i, uint64_t wait_ms)
{
    i->invocation->done = ended;
    i->invocation->ctx = i;
    wait_add(i->call->api, &i->wait, wait_ms, due);
    invocation_start(i->invocation);
}

bool invoked_may(struct call *c, struct identity *who)
{
    struct err err;

    if (limit_invocation(c->invoke, who, &err))
        return true;
    call_fail(c, 429, "%s", err.msg);
    return false;
}

bool invoked_has_room(struct call *c, struct identity *who)
{
    struct err err;

    if (!limit_concurrency(c->invoke, who, &err))
        call_fail(c, 429, "%s", err.msg);
    else if (store_is_writable(c->invoke->store, &err) < 0)
        call_error(c, &err);
    else
        return true;
    return false;
}

bool invoked_size_is_good(struct call *c)
{
    if (c->request->body.size <= PAYLOAD_MAX)
        return true;
    call_fail(c, 413, "Request larger than allowed: %zu > %u bytes.", c->request->body.size,
              PAYLOAD_MAX);
    return false;
}

/* An id to be told, once the disk has what it stands for. */
struct telling {
    struct store_job job; /* first */
    struct call *call;
    struct record_id id;
    unsigned status;
};

static void reply_id(struct call *c, unsigned status, const struct record_id *id)
{
    char text[RECORD_ID_SIZE];
    struct buf body;

    record_id_text(id, text);
    buf_init(&body, 256);
    buf_print(&body, "{\"activationId\":\"%s\"}", text);
    call_set_activation(c, id);
    call_reply(c, status, &body);
}

static void confirmed(struct store_job *j, const struct err *err)
{
    struct telling *t = (struct telling *)j;

    if (err)
        call_error(t->call, err);
    else
        reply_id(t->call, t->status, &t->id);
    free(t);
}

void invoked_reply_id(struct call *c, unsigned status, const struct record_id *id)
{
    struct store *s = c->invoke->store;

    if (!store_must_confirm(s)) {
        reply_id(c, status, id);
        return;
    }
    struct telling *t = NEW(struct telling);
    t->job.done = confirmed;
    t->call = c;
    t->id = *id;
    t->status = status;
    store_do(s, &t->job);
}
