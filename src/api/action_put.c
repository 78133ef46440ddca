/* Creating and updating an action. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/actions.h"
#include "api/change.h"
#include "api/exec.h"
#include "api/fields.h"
#include "api/handlers.h"
#include "api/show.h"
#include "base/clock.h"
#include "base/mem.h"
#include "invoke/runtimes.h"
#include "invoke/limit.h"

#define OWN_ANNOTATIONS 256u /* bytes of those that are not the user's */

/* ---- limits ---- */

static int check_limit(const char *what, const char *unit, int64_t n, int64_t min, int64_t max,
                       struct err *err)
{
    if (n >= min && n <= max)
        return 0;
    return err_set(err, ERR_UNUSABLE, "%s %lld%s %s allowed threshold of %lld%s", what,
                   (long long)n, unit, n > max ? "exceeds" : "below",
                   (long long)(n > max ? max : min), unit);
}

static int take_limit(const struct scan_text *limits, const char *name, int64_t *out,
                      struct err *err)
{
    struct scan_text value = field(limits, name);
    char text[24];

    if (value.n == 0)
        return 0;
    snprintf(text, sizeof text, "%.*s", (int)value.n, value.at);
    if (value.type != SCAN_NUMBER || value.n >= sizeof text ||
        strspn(text, "-0123456789") != value.n)
        return err_set(err, ERR_INVALID, "limits: '%s' must be a whole number", name);
    *out = strtoll(text, NULL, 10);
    return 0;
}

/* Field by field: those that are not given stay. */
static int take_limits(struct call *c, const struct scan_text *body, struct entity *e,
                       struct err *err)
{
    struct scan_text limits = field(body, "limits");
    unsigned at_once = limit_of_concurrency(c->invoke, c->who);
    struct entity_limits *l = &e->limits;
    const struct {
        const char *name, *what, *unit;
        int64_t *n, min, max;
    } all[] = {
        {"timeout", "duration", " milliseconds", &l->timeout_ms, TIMEOUT_MIN_MS, TIMEOUT_MAX_MS},
        {"memory", "memory size", " MB", &l->memory_mb, MEMORY_MIN_MB,
         c->invoke->settings.memory_max_mb},
        {"logs", "log size", " MB", &l->logs_mb, 0, LOGS_MAX_MB},
        {"concurrency", "concurrency", "", &l->concurrency, 1, CONCURRENCY_MAX},
        {"instances", "instances", "", &l->instances, -1, INT32_MAX}};

    if (limits.n > 0 && limits.type != SCAN_OBJECT)
        return err_set(err, ERR_INVALID, "'limits' must be an object");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int r = limits.n ? take_limit(&limits, all[i].name, all[i].n, err) : 0;
        if (r == 0)
            r = check_limit(all[i].what, all[i].unit, *all[i].n, all[i].min, all[i].max, err);
        if (r < 0)
            return r;
    }
    return l->instances <= (int64_t)at_once
               ? 0
               : err_set(err, ERR_UNUSABLE,
                         "Max action instance concurrency must not exceed your namespace "
                         "concurrency of %u.",
                         at_once);
}

/* ---- annotations and parameters ---- */

static int drop_annotations(const struct scan_text *body, struct params *all, struct err *err)
{
    struct scan_text names = field(body, "delAnnotations"), name;

    if (names.n == 0)
        return 0;
    if (names.type != SCAN_ARRAY)
        return err_set(err, ERR_INVALID, "'delAnnotations' must be an array");
    struct scan_walk w = scan_elements(&names);
    while (scan_next_element(&w, &name)) {
        AUTO(buf) struct buf text = {0};
        buf_init(&text, name.n + 1);
        int r = field_string(&name, "delAnnotations", &text, err);
        if (r < 0)
            return r;
        params_remove(all, text.data);
    }
    return 0;
}

/* The old ones without those to be dropped, under the new ones; and what the server says itself. */
static int merge_annotations(const struct scan_text *body, const struct params *given,
                             struct entity *e, struct err *err)
{
    AUTO(params) struct params all = {0};
    AUTO(buf) struct buf kind = {0};

    params_add(&all, e->annotations);
    int r = drop_annotations(body, &all, err);
    if (r < 0)
        return r;
    AUTO(mem) char *text = params_dup(given);
    params_add(&all, text);
    if (e->id == 0 && !params_find(&all, "provide-api-key"))
        params_set(&all, "provide-api-key", "false", 5);
    buf_init(&kind, 256);
    buf_json_string(&kind, e->kind, strlen(e->kind));
    params_set(&all, "exec", kind.data, kind.size);
    if (all.bytes > PARAMETERS_MAX + OWN_ANNOTATIONS) /* each update may add some */
        return err_set(err, ERR_TOO_LARGE, "annotations larger than allowed: %zu > %u bytes.",
                       all.bytes, PARAMETERS_MAX);
    free(e->annotations);
    e->annotations = params_dup(&all);
    return 0;
}

/* A sequence has one parameter, its components, and takes no others. */
static void set_parameters(struct entity *e, const struct params *given, bool has_given,
                           bool was_sequence)
{
    AUTO(params) struct params all = {0};
    bool is_sequence = strcmp(e->kind, KIND_SEQUENCE) == 0;

    if (is_sequence)
        params_set(&all, "_actions", e->components, strlen(e->components));
    if (!is_sequence && !has_given && !was_sequence)
        return; /* they stay */
    free(e->parameters);
    e->parameters = params_dup(is_sequence || !has_given ? &all : given);
}

/* ---- putting it together ---- */

static int read_put(struct call *c, const struct scan_text *body, struct entity *e,
                    struct buf *code, struct err *err)
{
    AUTO(params) struct params parameters = {0}, annotations = {0};
    bool was_sequence = e->kind && strcmp(e->kind, KIND_SEQUENCE) == 0;
    bool has_parameters = field(body, "parameters").n > 0;
    struct scan_text publish = field(body, "publish");

    int r = exec_read(c, body, e, code, err);
    if (r == 0)
        r = fields_version(body, e, err);
    if (r == 0 && publish.n > 0 && publish.type != SCAN_BOOL)
        r = err_set(err, ERR_INVALID, "'publish' must be a boolean");
    if (r == 0)
        r = take_limits(c, body, e, err);
    if (r == 0)
        r = fields_params(body, "parameters", &parameters, err);
    if (r == 0)
        r = fields_params(body, "annotations", &annotations, err);
    if (r == 0)
        r = merge_annotations(body, &annotations, e, err);
    if (r < 0)
        return r;
    set_parameters(e, &parameters, has_parameters, was_sequence);
    if (publish.n > 0)
        e->publish = publish.n == 4;
    e->updated_ms = clock_epoch_ms();
    return 0;
}

/* The answer has the code, as it was sent, or as it is kept. */
static void answer(struct change *change)
{
    struct call *c = change->call;
    struct entity *e = change->entity;
    AUTO(buf) struct buf body = {0};
    struct err err;
    int r = 0;

    buf_init(&body, SHOW_MAX);
    if (e->has_code && change->code.size == 0)
        r = entity_code(store_db(c->invoke->store), e, &change->code, &err);
    const struct show_extra extra = {.code = e->has_code ? &change->code : NULL};
    if (r == 0)
        r = show_entity(e, &extra, &body, &err);
    if (r < 0)
        call_error(c, &err);
    else
        call_reply(c, 200, &body);
    change_free(change);
}

/*
 * OpenWhisk takes any code and says at the first invocation what is wrong with it. So does wow, but
 * it knows by now, and says so in a header.
 */
static void prepared(void *ctx, const struct err *err)
{
    struct change *change = ctx;
    char text[512];

    if (err) {
        snprintf(text, sizeof text, "199 wowd \"%.400s\"", err->msg);
        for (char *p = text + 10; *p; p++)
            if ((unsigned char)*p < 0x20 || *p == '"' || *p == '\\')
                *p = ' ';
        text[strlen(text) - 1] = '"';
        request_set_header(change->call->request, "Warning", text);
    }
    answer(change);
}

/* Stored. What runs is made now, not when somebody waits for a first answer. */
static void stored(struct change *change, const struct err *err)
{
    if (err) {
        call_error(change->call, err);
        change_free(change);
    } else if (change->code.size > 0) {
        action_prepare(change->call->invoke, change->entity, change->code.data, change->code.size,
                       prepared, change);
    } else {
        answer(change);
    }
}

void actions_put(struct call *c)
{
    struct scan_text body;
    struct entity *e = NULL;
    struct err err;

    if (!call_may_change(c) || !call_name_is_good(c, c->name) || !call_package_is_there(c) ||
        !call_body(c, false, &body) ||
        !fields_existing(c, ENTITY_ACTION, c->package ? c->package : "", &e))
        return;
    if (e->id == 0)
        e->limits = (struct entity_limits){.timeout_ms = TIMEOUT_MS,
                                           .memory_mb = MEMORY_MB,
                                           .logs_mb = LOGS_MB,
                                           .concurrency = 1,
                                           .instances = -1};
    struct change *change = change_new(c, e, stored);
    if (read_put(c, &body, e, &change->code, &err) < 0) {
        fields_refuse(c, &err);
        change_free(change);
        return;
    }
    change_put(change);
}
