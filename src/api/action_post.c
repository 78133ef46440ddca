/* Invoking an action. */
#include <stdio.h>
#include <string.h>

#include "api/actions.h"
#include "api/handlers.h"
#include "api/invoked.h"
#include "api/show.h"

struct how {
    bool blocking, result_only;
    int64_t wait_ms;
};

static int read_how(const struct call *c, struct how *out, struct err *err)
{
    const char *timeout = query_get(&c->query, "timeout");

    *out = (struct how){.wait_ms = WAIT_MAX_MS};
    int r = query_bool(&c->query, "blocking", &out->blocking, err);
    if (r == 0)
        r = query_bool(&c->query, "result", &out->result_only, err);
    if (r == 0 && timeout &&
        (!query_number(timeout, &out->wait_ms) || out->wait_ms < 1 || out->wait_ms > WAIT_MAX_MS))
        r = err_set(err, ERR_INVALID,
                    "The query parameter 'timeout' was malformed:\nTimeout must be number of "
                    "milliseconds up to %d.",
                    WAIT_MAX_MS);
    return r;
}

static unsigned status_of(const struct invocation *i)
{
    switch (i->status) {
    case ACTIVATION_SUCCESS:
        return 200;
    case ACTIVATION_APPLICATION_ERROR:
    case ACTIVATION_DEVELOPER_ERROR:
        return 502;
    case ACTIVATION_WHISK_ERROR:
        return 500;
    }
    return 500;
}

/* The record, or only the result; of an array only the array. Logs come later, as in OpenWhisk. */
static void answer(struct invoked *w)
{
    const struct invocation *i = w->invocation;
    struct buf body;

    buf_init(&body, invocation_record_size(i));
    if (w->result_only || i->result.data[0] == '[')
        buf_put(&body, i->result.data, i->result.size);
    else
        invocation_record(i, i->action->is_sequence || i->action->is_conductor, &body);
    call_set_activation(w->call, &i->id);
    call_reply(w->call, status_of(i), &body);
}

static void late(struct invoked *w) { invoked_reply_id(w->call, 202, &w->invocation->id); }

static void discard(struct invocation *i) { invocation_free(i); }

static void start(struct call *c, struct invocation *i, const struct how *how)
{
    struct err err;

    if (how->blocking) {
        struct invoked *w = invoked_new(c, i, answer, late);
        w->result_only = how->result_only;
        invoked_start(w, (uint64_t)how->wait_ms);
        return;
    }
    if (invocation_accept(i, &err) < 0) {
        call_error(c, &err);
        invocation_free(i);
        return;
    }
    const struct record_id id = i->id;
    i->done = discard;
    invocation_start(i);
    invoked_reply_id(c, 202, &id);
}

/* The arguments: the body over the action's parameters. */
static int make_args(struct invocation *i, const struct scan_text *body, struct err *err)
{
    struct action *a = i->action;
    bool fixed = false;
    int r;

    if (a->is_sequence) /* its parts add their own */
        return buf_add(&i->args, body->at, body->n, err);
    r = params_apply(&a->params, body, &i->args, &fixed, err);
    if (r == 0 && fixed && a->is_final)
        r = err_set(err, ERR_INVALID,
                    "Request defines parameters that are not allowed (e.g., reserved "
                    "properties).");
    return r;
}

void actions_post(struct call *c)
{
    AUTO(action) struct action *a = NULL;
    struct scan_text body;
    struct how how;
    struct err err;

    if (!invoked_may(c, c->who) || !call_action(c, &a) || !invoked_has_room(c, c->who) ||
        !invoked_size_is_good(c) || !call_body(c, true, &body))
        return;
    if (read_how(c, &how, &err) < 0) {
        call_error(c, &err);
        return;
    }
    struct invocation *i = invocation_new(c->invoke, c->who, a);
    i->received_ns = c->received_ns;
    snprintf(i->transaction, sizeof i->transaction, "%s", c->tid);
    if (make_args(i, &body, &err) < 0) {
        invocation_free(i);
        call_error(c, &err);
        return;
    }
    start(c, i, &how);
}
