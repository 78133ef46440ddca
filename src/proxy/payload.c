#include "proxy/payload.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/scan.h"
#include "proxy/body.h"

#define LATE_MS 20 /* after the deadline, in which an invoker's clock gets there, too */

unsigned payload_status(enum err_kind kind)
{
    switch (kind) {
    case ERR_NONE:
        return 200;
    case ERR_INVALID:
        return STATUS_BAD_REQUEST;
    case ERR_NOT_FOUND:
        return STATUS_NOT_FOUND;
    case ERR_CONFLICT:
        return STATUS_CONFLICT;
    case ERR_TOO_LARGE:
        return 413;
    case ERR_BUSY:
        return STATUS_BUSY;
    case ERR_REFUSED:
        return STATUS_FORBIDDEN;
    case ERR_UNUSABLE:
        return STATUS_DEVELOPER;
    case ERR_INTERNAL:
        return STATUS_INTERNAL;
    }
    return STATUS_INTERNAL;
}

static void refuse(struct request *r, const struct err *err)
{
    request_reply_error(r, payload_status(err->kind), err->msg);
}

/* ---- init ---- */

/* What an init's body says, until the container is done with it. */
struct init_call {
    struct request *request;
    struct buf name, entry, kind, ns, env, code;
    struct scan_text code_text, annotations;
    json_t *annotation_tree;
    struct container_init init;
};

static void init_call_free(struct init_call *c)
{
    buf_done(&c->name);
    buf_done(&c->entry);
    buf_done(&c->kind);
    buf_done(&c->ns);
    buf_done(&c->env);
    buf_done(&c->code);
    json_decref(c->annotation_tree);
    free(c);
}

static int take_env(struct init_call *c, const struct scan_text *env, struct err *err)
{
    struct scan_text key, value;
    int r = 0;

    if (env->type == SCAN_NULL)
        return 0;
    if (env->type != SCAN_OBJECT)
        return err_set(err, ERR_INVALID, "'env' must be an object, not %s",
                       scan_type_text(env->type));
    unsigned count = 0;
    struct scan_walk w = scan_members(env);
    while (r == 0 && scan_next(&w, &key, &value)) {
        if (++count > CONTAINER_ENV_MAX)
            return err_set(err, ERR_INVALID, "the environment has more than %u variables",
                           CONTAINER_ENV_MAX);
        r = body_put_variable(&c->env, "", &key, &value, err);
        if (r == 0 && scan_equals(&key, "__OW_NAMESPACE") && value.type == SCAN_STRING)
            r = body_take_string("__OW_NAMESPACE", &value, &c->ns, err);
    }
    return r;
}

/* OpenWhisk's limits of an action, in its units: {"memory": MB, "timeout": ms, "logs": MB, …}. */
static int take_limits(struct init_call *c, const struct scan_text *limits, struct err *err)
{
    struct container_limits *l = &c->init.limits;
    const struct {
        const char *name;
        unsigned *to, unit, min, max;
        bool *has;
    } all[] = {{"memory", &l->memory_mb, 1, 1, 4096, NULL},
               {"timeout", &l->timeout_ms, 1, 1, 86400000, NULL},
               {"logs", &l->log_kb, 1024, 0, 10, &l->has_log},
               {"concurrency", &l->concurrency, 1, 1, 1000000, NULL}};
    struct scan_text key, value;
    uint64_t n;

    if (limits->type == SCAN_NULL)
        return 0;
    if (limits->type != SCAN_OBJECT)
        return err_set(err, ERR_INVALID, "'limits' must be an object, not %s",
                       scan_type_text(limits->type));
    struct scan_walk w = scan_members(limits);
    while (scan_next(&w, &key, &value))
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            if (!scan_equals(&key, all[i].name))
                continue;
            if (value.type != SCAN_NUMBER || !body_digits(value.at, value.n, &n) ||
                n < all[i].min || n > all[i].max)
                return err_set(err, ERR_INVALID, "limits: '%s' must be a number from %u to %u",
                               all[i].name, all[i].min, all[i].max);
            if (all[i].has)
                *all[i].has = true;
            *all[i].to = (unsigned)n * all[i].unit;
        }
    return 0;
}

static int take_init_member(struct init_call *c, const struct scan_text *key,
                            const struct scan_text *value, struct err *err)
{
    if (scan_equals(key, "name") && value->type != SCAN_NULL)
        return body_take_string("name", value, &c->name, err);
    if (scan_equals(key, "main") && value->type != SCAN_NULL)
        return body_take_string("main", value, &c->entry, err);
    if (scan_equals(key, "kind") && value->type != SCAN_NULL)
        return body_take_string("kind", value, &c->kind, err);
    if (scan_equals(key, "binary"))
        c->init.binary = value->type == SCAN_BOOL && value->n == 4;
    if (scan_equals(key, "env"))
        return take_env(c, value, err);
    if (scan_equals(key, "limits"))
        return take_limits(c, value, err);
    if (scan_equals(key, "code"))
        c->code_text = *value;
    if (scan_equals(key, "annotations"))
        c->annotations = *value;
    return 0;
}

static int take_annotations(struct init_call *c, struct err *err)
{
    json_error_t why;

    if (c->annotations.n == 0 || c->annotations.type == SCAN_NULL)
        return 0;
    if (c->annotations.type != SCAN_OBJECT && c->annotations.type != SCAN_ARRAY)
        return err_set(err, ERR_INVALID, "'annotations' must be an object or an array, not %s",
                       scan_type_text(c->annotations.type));
    c->annotation_tree = json_loadb(c->annotations.at, c->annotations.n, 0, &why);
    return c->annotation_tree ? 0 : err_set(err, ERR_INVALID, "'annotations': %s", why.text);
}

/* Base64 has no escapes but "\/"; most encoders write none, and the text is used where it is. */
static int take_code(struct init_call *c, struct err *err)
{
    const char *at;
    size_t n;

    bool is_string = c->code_text.type == SCAN_STRING;

    if (c->code_text.n == 0 || c->code_text.type == SCAN_NULL || (is_string && c->code_text.n == 2))
        return err_set(err, ERR_REFUSED, "Missing main/no code to execute.");
    if (!is_string)
        return err_set(err, ERR_INVALID, "'code' must be a string, not %s",
                       scan_type_text(c->code_text.type));
    if (!scan_plain(&c->code_text, &at, &n)) {
        int r = scan_unescape(&c->code_text, &c->code, err);
        if (r < 0)
            return r;
        at = c->code.data;
        n = c->code.size;
    }
    c->init.code = at;
    c->init.code_size = n;
    return 0;
}

static int read_init(struct init_call *c, struct err *err)
{
    struct scan_text body, key, value, inner = {0};

    int r = body_read(c->request, &body, err);
    if (r < 0)
        return r;
    struct scan_walk w = scan_members(&body);
    while (scan_next(&w, &key, &value))
        if (scan_equals(&key, "value"))
            inner = value;
    if (inner.n == 0 || inner.type == SCAN_NULL)
        return err_set(err, ERR_REFUSED, "Missing main/no code to execute.");
    if (inner.type != SCAN_OBJECT)
        return err_set(err, ERR_INVALID, "'value' must be an object, not %s",
                       scan_type_text(inner.type));
    w = scan_members(&inner);
    while (r == 0 && scan_next(&w, &key, &value))
        r = take_init_member(c, &key, &value, err);
    if (r == 0)
        r = take_annotations(c, err);
    return r == 0 ? take_code(c, err) : r;
}

static void init_done(void *ctx, const struct err *err)
{
    struct init_call *c = ctx;
    char text[512];

    if (!err) {
        request_reply(c->request, 200, NULL);
    } else if (err->kind == ERR_CONFLICT) {
        request_reply_error(c->request, STATUS_FORBIDDEN, err->msg);
    } else {
        snprintf(text, sizeof text, "Initialization has failed due to: %s.", err->msg);
        request_reply_error(c->request, payload_status(err->kind), text);
    }
    init_call_free(c);
}

void payload_init(struct request *r, struct container *container)
{
    struct init_call *c = NEW(struct init_call);
    struct err err;

    c->request = r;
    buf_init(&c->name, BODY_NAME_MAX);
    buf_init(&c->entry, BODY_NAME_MAX);
    buf_init(&c->kind, BODY_NAME_MAX);
    buf_init(&c->ns, BODY_NAME_MAX);
    buf_init(&c->env, BODY_ENV_MAX);
    buf_init(&c->code, r->body.size);
    if (read_init(c, &err) < 0) {
        refuse(r, &err);
        init_call_free(c);
        return;
    }
    c->init.name = c->name.size ? c->name.data : "action";
    c->init.entry = c->entry.size ? c->entry.data : WIRE_ENTRY;
    c->init.kind = c->kind.size ? c->kind.data : NULL;
    c->init.ns = c->ns.size ? c->ns.data : NULL;
    c->init.env = c->env.data;
    c->init.env_size = c->env.size;
    c->init.annotations = c->annotation_tree;
    c->init.done = init_done;
    c->init.ctx = c;
    container_init(container, &c->init);
}

/* ---- run ---- */

struct run_call {
    struct activation activation; /* first: done finds the rest behind it */
    struct request *request;
    payload_answer *answer;
    bool begun; /* its deadline has come, and the answer is under way */
    struct buf ns, scratch;
};

static void run_call_free(struct run_call *c)
{
    buf_done(&c->activation.strings);
    buf_done(&c->activation.text);
    buf_done(&c->activation.log);
    buf_done(&c->ns);
    buf_done(&c->scratch);
    free(c);
}

/* Epoch milliseconds, as a string or a number. */
static int take_deadline(struct run_call *c, const struct scan_text *value, struct err *err)
{
    const char *at = value->at;
    size_t n = value->n;
    uint64_t ms;

    if ((value->type != SCAN_NUMBER &&
         (value->type != SCAN_STRING || !scan_plain(value, &at, &n))) ||
        !body_digits(at, n, &ms))
        return err_set(err, ERR_INVALID, "'deadline' must be milliseconds since the epoch");
    c->activation.deadline_ms = ms;
    return 0;
}

static int take_namespace(struct run_call *c, const struct scan_text *value, struct err *err)
{
    int r = body_take_string("namespace", value, &c->ns, err);

    if (r == 0 && c->ns.size)
        c->activation.ns = c->ns.data;
    return r;
}

static int take_args(struct activation *a, const struct scan_text *value, struct err *err)
{
    bool absent = value->type == SCAN_NULL;

    if (!absent && value->type != SCAN_OBJECT && value->type != SCAN_ARRAY)
        return err_set(err, ERR_NOT_FOUND,
                       "The action did not receive a dictionary or array as an argument.");
    a->args = absent ? "{}" : value->at;
    a->args_size = absent ? 2 : value->n;
    return 0;
}

/* Every member but "value" also becomes __OW_NAME in the guest's environment. */
static int take_run_member(struct run_call *c, const struct scan_text *key,
                           const struct scan_text *value, struct err *err)
{
    struct activation *a = &c->activation;
    int r = 0;

    if (scan_equals(key, "value"))
        return take_args(a, value, err);
    if (scan_equals(key, "logs")) {
        a->wants_log = value->type == SCAN_BOOL && value->n == 4;
        return 0;
    }
    if (scan_equals(key, "stats")) {
        a->wants_stats = value->type == SCAN_BOOL && value->n == 4;
        return 0;
    }
    if (value->type == SCAN_NULL)
        return 0;
    if (scan_equals(key, "deadline"))
        r = take_deadline(c, value, err);
    else if (scan_equals(key, "namespace"))
        r = take_namespace(c, value, err);
    else if (scan_equals(key, "activation_id") && value->type == SCAN_STRING &&
             value->n < sizeof a->id)
        snprintf(a->id, sizeof a->id, "%.*s", (int)value->n - 2, value->at + 1);
    return r < 0 ? r : body_put_variable(&a->strings, "__OW_", key, value, err);
}

static int read_run(struct run_call *c, struct err *err)
{
    struct scan_text body, key, value;

    c->activation.args = "{}";
    c->activation.args_size = 2;
    int r = body_read(c->request, &body, err);
    if (r < 0)
        return r;
    unsigned count = 0;
    struct scan_walk w = scan_members(&body);
    while (r == 0 && scan_next(&w, &key, &value)) {
        if (++count > ACTIVATION_ENV_MAX)
            return err_set(err, ERR_INVALID, "the request's body has more than %u members",
                           ACTIVATION_ENV_MAX);
        r = take_run_member(c, &key, &value, err);
    }
    return r;
}

/* The deadline has come: the head of the answer is sent before the invoker gives up. */
static void run_late(struct activation *a)
{
    struct run_call *c = (struct run_call *)a;
    char text[ACTIVATION_LATE_TEXT];
    struct buf body;

    activation_late_text(a, text);
    buf_init(&body, 1024);
    buf_print(&body, "{\"error\":\"%s\"}", text);
    request_reply_begin(c->request, STATUS_DEVELOPER, &body);
    c->begun = true;
}

static void run_done(struct activation *a)
{
    struct run_call *c = (struct run_call *)a;
    struct buf body;

    if (a->late && a->expired && !c->begun)
        run_late(a);
    if (c->begun) {
        request_reply_end(c->request, LATE_MS);
        run_call_free(c);
        return;
    }
    buf_init(&body, a->result_size + a->log.size + 1024);
    unsigned status = c->answer(a, &body);
    request_reply(c->request, status, &body);
    run_call_free(c);
}

void payload_run(struct request *r, struct container *container, payload_answer *answer,
                 bool until_late)
{
    struct err err;

    if (!container_is_ready(container)) {
        request_reply_error(r, STATUS_FORBIDDEN, "System not initialized.");
        return;
    }
    struct run_call *c = NEW(struct run_call);
    c->request = r;
    c->answer = answer;
    c->activation.done = run_done;
    c->activation.late = until_late ? run_late : NULL;
    buf_init(&c->activation.strings, BODY_ENV_MAX);
    buf_init(&c->ns, BODY_NAME_MAX);
    if (read_run(c, &err) < 0) {
        container_refused(container);
        refuse(r, &err);
        run_call_free(c);
        return;
    }
    container_run(container, &c->activation);
}
