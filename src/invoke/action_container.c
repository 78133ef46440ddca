/* From an entity to an initialised container: code, environment, annotations, limits. */

#include "invoke/action_container.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "invoke/invoke.h"

#define ENV_MAX (1u << 20)

DEFINE_AUTO(json, json_t *, json_decref)

/* An init under way, and what it borrows until it is done. */
struct initing {
    struct action *action; /* NULL: only compiling */
    struct container *container;
    struct buf code, env;
    json_t *annotations;
    uint64_t began_ns;
    void (*done)(void *ctx, const struct err *err);
    void *ctx;
};

static void initing_free(struct initing *i)
{
    buf_done(&i->code);
    buf_done(&i->env);
    json_decref(i->annotations);
    free(i);
}

void action_drop_container(struct action *a)
{
    if (a->container && !a->invoke->closing)
        container_destroy(a->container);
    a->container = NULL;
}

/* What the pool reads of them; a value that jansson cannot hold is none that it asks for. */
static json_t *annotations_of(const struct entity *e)
{
    AUTO(params) struct params all = {0};
    json_t *object = json_object();

    params_add(&all, e->annotations);
    for (const struct param *p = all.all; p; p = p->hh.next) {
        json_t *key = json_loadb(p->text, p->key_size, JSON_DECODE_ANY, NULL);
        json_t *value = json_loadb(param_value(p), p->value_size, JSON_DECODE_ANY, NULL);
        if (key && value)
            json_object_set(object, json_string_value(key), value);
        json_decref(key);
        json_decref(value);
    }
    return object;
}

/* Parameters for initialisation: "K=V\0", values that are no texts as JSON, null as nothing. */
static int write_env(const struct params *params, struct buf *env, struct err *err)
{
    int r = 0;

    for (const struct param *p = params->all; p && r == 0; p = p->hh.next) {
        const struct scan_text key = {p->text, p->key_size, SCAN_STRING};
        struct scan_text value = {param_value(p), p->value_size, SCAN_STRING};
        if (!p->init)
            continue;
        r = scan_unescape(&key, env, err);
        if (r == 0)
            r = buf_add(env, "=", 1, err);
        if (r == 0 && value.at[0] == '"')
            r = scan_unescape(&value, env, err);
        else if (r == 0 && !p->is_null)
            r = buf_add(env, value.at, value.n, err);
        if (r == 0)
            r = buf_add(env, "", 1, err);
    }
    return r < 0 ? err_wrap(err, "parameters for initialization") : 0;
}

static struct container_limits limits_of(const struct entity_limits *l)
{
    return (struct container_limits){
        .memory_mb = (unsigned)l->memory_mb,
        .timeout_ms = (unsigned)l->timeout_ms,
        .has_log = true,
        .log_kb = (unsigned)l->logs_mb * 1024,
        .concurrency = l->instances > 0 ? (unsigned)(l->instances * l->concurrency) : 0};
}

/* Make a container and begin its init; i->code and i->env are filled. */
static void begin(struct initing *i, struct pool *pool, const struct entity *e,
                  void (*done)(void *ctx, const struct err *err))
{
    struct err err;

    i->annotations = annotations_of(e);
    if (container_new(pool, NULL, &i->container, &err) < 0) {
        done(i, &err);
        return;
    }
    const struct container_init init = {.kind = e->kind,
                                        .binary = e->binary,
                                        .code = i->code.data ? i->code.data : "",
                                        .code_size = i->code.size,
                                        .name = e->name,
                                        .entry = e->main && e->main[0] ? e->main : "main",
                                        .ns = e->ns_name,
                                        .env = i->env.data,
                                        .env_size = i->env.size,
                                        .limits = limits_of(&e->limits),
                                        .annotations = i->annotations,
                                        .done = done,
                                        .ctx = i};
    container_init(i->container, &init);
}

/* ---- a container to keep ---- */

static void tell(struct action *a, uint64_t init_ns, const struct err *err)
{
    struct waiting *w = a->waiting;

    a->waiting = NULL;
    while (w) {
        struct waiting *next = w->next;
        w->init_ns = init_ns;
        w->done(w, err);
        w = next;
    }
}

static void ready(void *ctx, const struct err *err)
{
    struct initing *i = ctx;
    struct action *a = i->action;

    a->initializing = false;
    if (!err)
        a->container = i->container;
    else if (i->container && !a->invoke->closing)
        container_destroy(i->container);
    tell(a, clock_mono_ns() - i->began_ns, err);
    initing_free(i);
    action_unref(a);
}

static struct initing *initing_new(void)
{
    struct initing *i = NEW(struct initing);

    i->began_ns = clock_mono_ns();
    buf_init(&i->env, ENV_MAX);
    buf_init(&i->code, CODE_MAX);
    return i;
}

static void make(struct action *a)
{
    struct initing *i = initing_new();
    struct err err;

    i->action = action_ref(a);
    a->initializing = true;
    int r = entity_code(store_db(a->invoke->store), a->entity, &i->code, &err);
    if (r == 0 && i->code.size == 0)
        r = err_set(&err, ERR_NOT_FOUND, "Missing main/no code to execute.");
    if (r == 0)
        r = write_env(&a->params, &i->env, &err);
    if (r < 0)
        ready(i, &err);
    else
        begin(i, a->invoke->pool, a->entity, ready);
}

void action_container(struct action *a, struct waiting *w)
{
    w->cold = false;
    w->init_ns = 0;
    w->began_ns = clock_mono_ns();
    if (a->container) {
        w->done(w, NULL);
        return;
    }
    w->next = a->waiting;
    a->waiting = w;
    w->cold = !a->initializing;
    if (!a->initializing)
        make(a);
}

/* ---- only compiling ---- */

static void prepared(void *ctx, const struct err *err)
{
    struct initing *i = ctx;

    i->done(i->ctx, err);
    if (i->container && i->action == NULL)
        container_destroy(i->container);
    initing_free(i);
}

void action_prepare(struct invoke *v, const struct entity *e, const char *code, size_t code_size,
                    void (*done)(void *ctx, const struct err *err), void *ctx)
{
    struct initing *i = initing_new();
    struct err err;

    i->done = done;
    i->ctx = ctx;
    if (buf_add(&i->code, code, code_size, &err) < 0)
        prepared(i, &err);
    else
        begin(i, v->pool, e, prepared);
}
