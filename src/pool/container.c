#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "pool/priv.h"
#include "pool/sink.h"

#define LOG_MAX (64u << 20)
#define TIMEOUT_MAX_MS (365ull * 24 * 3600 * 1000)

_Static_assert(CONTAINER_OWN_ENV_MAX + CONTAINER_ENV_MAX + ACTIVATION_ENV_MAX <= WIRE_ENV_MAX,
               "a guest gets them all");

/* An init under way. */
struct initing {
    struct container *container;
    const json_t *annotations;
    struct source source; /* of an action that an interpreter runs */
    void (*done)(void *ctx, const struct err *err);
    void *ctx;
};

void container_drop_module(struct pool *p, struct module *m)
{
    if (!m || !module_unref(m))
        return;
    if (p->processes)
        schedule_forget(p, m);
    module_free(m);
}

void container_unref(struct container *c)
{
    if (--c->refs > 0)
        return;
    container_drop_module(c->pool, c->module);
    ask_done(&c->ask);
    free(c->profile);
    free(c->ns);
    free(c->strings);
    free(c->env);
    free(c);
}

static bool good_id(const char *id)
{
    size_t n = strlen(id);

    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)id[i]) && !strchr("-_.:", id[i]))
            return false;
    return n > 0 && n <= CONTAINER_ID_MAX && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

static void random_id(char out[65])
{
    unsigned char bytes[32];
    ssize_t n = getrandom(bytes, sizeof bytes, 0);

    assert(n == sizeof bytes);
    (void)n;
    hex_encode(bytes, sizeof bytes, out);
}

int container_new(struct pool *p, const char *id, struct container **out, struct err *err)
{
    char own[65];

    if (!id) {
        random_id(own);
        id = own;
    }
    if (!good_id(id))
        return err_set(err, ERR_INVALID,
                       "a container's id has 1 to %d letters, digits, '-', '_', '.' or ':'",
                       CONTAINER_ID_MAX);
    if (container_find(p, id))
        return err_set(err, ERR_CONFLICT, "container '%s' exists", id);
    if (HASH_CNT(by_id, p->by_id) >= POOL_CONTAINERS_MAX)
        return err_set(err, ERR_BUSY, "there are %u containers already", POOL_CONTAINERS_MAX);
    size_t n = strlen(id);
    struct container *c = mem_zero(sizeof *c + n + 1);
    memcpy(c->id, id, n);
    c->pool = p;
    c->refs = 1;
    HASH_ADD_KEYPTR(by_id, p->by_id, c->id, n, c);
    c->logs = p->settings.log_all;
    sink_create(container_logs(c), c->id);
    *out = c;
    return 0;
}

int container_configure(struct container *c, const struct container_config *config, struct err *err)
{
    const struct container_limits asked = {.memory_mb = config->memory_mb};
    unsigned count = 0;
    int r = 0;

    assert(c->state == CONTAINER_NEW);
    for (size_t i = 0; i < config->env_size; i++)
        count += config->env[i] == '\0';
    if (count > CONTAINER_OWN_ENV_MAX)
        return err_set(err, ERR_INVALID, "the environment has more than %u variables",
                       CONTAINER_OWN_ENV_MAX);
    if (config->profile)
        r = container_set_profile(c, config->profile, err);
    if (r == 0)
        r = limits_check(c, &asked, err);
    if (r < 0)
        return r;
    c->memory_mb = config->memory_mb;
    c->env = config->env_size ? mem_dup_n(config->env, config->env_size) : NULL;
    c->env_size = config->env_size;
    c->kind = config->kind;
    c->logs |= config->logs;
    return 0;
}

const char *container_logs(const struct container *c)
{
    return c->logs && c->state != CONTAINER_GONE ? c->pool->settings.container_logs : "";
}

struct container *container_find(struct pool *p, const char *id)
{
    struct container *c;

    HASH_FIND(by_id, p->by_id, id, strlen(id), c);
    return c;
}

const char *container_id(const struct container *c) { return c->id; }

int container_set_profile(struct container *c, const char *profile, struct err *err)
{
    if (c->state != CONTAINER_NEW)
        return err_set(err, ERR_CONFLICT, "container '%s' is initialised", c->id);
    if (!policy_has_profile(c->pool->policy, profile))
        return err_set(err, ERR_NOT_FOUND, "the policy has no profile '%.60s'", profile);
    free(c->profile);
    c->profile = mem_dup(profile);
    return 0;
}

bool container_is_ready(const struct container *c)
{
    return c->state == CONTAINER_READY && !c->killed;
}

static void set_address(struct container *c, struct in_addr address)
{
    c->address = address;
    HASH_ADD(by_address, c->pool->by_address, address, sizeof c->address, c);
}

struct in_addr container_address(struct container *c)
{
    struct pool *p = c->pool;

    while (c->address.s_addr == 0) {
        struct in_addr a = address_next(p);
        if (container_at(p, a))
            continue; /* after four million, one may still be in use */
        set_address(c, a);
    }
    return c->address;
}

int container_take_address(struct container *c, struct in_addr address, struct err *err)
{
    if (c->address.s_addr || container_at(c->pool, address))
        return err_set(err, ERR_CONFLICT, "its address is another's");
    set_address(c, address);
    return 0;
}

struct container *container_at_or_former(struct pool *p, struct in_addr address)
{
    struct container *c = container_at(p, address);

    return c || !p->events.former ? c : p->events.former(address, p->ctx);
}

struct container *container_at(struct pool *p, struct in_addr address)
{
    struct container *c;

    HASH_FIND(by_address, p->by_address, &address, sizeof address, c);
    return c;
}

static int set_paused(struct container *c, bool paused, struct err *err)
{
    if (c->paused == paused)
        return err_set(err, ERR_CONFLICT, "container '%s' is %s", c->id,
                       paused ? "paused already" : "not paused");
    halt_pause(c, paused);
    return 0;
}

int container_pause(struct container *c, struct err *err) { return set_paused(c, true, err); }

int container_resume(struct container *c, struct err *err) { return set_paused(c, false, err); }

bool container_is_paused(const struct container *c) { return c->paused; }

void container_kill(struct container *c)
{
    c->killed = true;
    halt_kill(c);
}

void container_destroy(struct container *c)
{
    if (c->state == CONTAINER_GONE)
        return;
    if (c->paused && c->pool->processes)
        halt_pause(c, false); /* what is under way still ends */
    sink_remove(container_logs(c), c->id);
    c->state = CONTAINER_GONE;
    HASH_DELETE(by_id, c->pool->by_id, c);
    if (c->address.s_addr)
        HASH_DELETE(by_address, c->pool->by_address, c);
    container_unref(c);
}

/* Keep what the worker will be told: "name\0entry\0" and the environment; the first counts. */
static void keep_strings(struct container *c, const struct container_init *init)
{
    size_t name = strlen(init->name) + 1, entry = strlen(init->entry) + 1;

    free(c->strings);
    c->head_size = name + entry;
    c->strings_size = c->head_size + init->env_size + c->env_size;
    c->strings = mem_zero(c->strings_size);
    memcpy(c->strings, init->name, name);
    memcpy(c->strings + name, init->entry, entry);
    if (init->env_size)
        memcpy(c->strings + c->head_size, init->env, init->env_size);
    if (c->env_size)
        memcpy(c->strings + c->head_size + init->env_size, c->env, c->env_size);
    free(c->ns);
    c->ns = init->ns ? mem_dup(init->ns) : NULL;
}

/* What the action asks for, with what its zip says once that is known; and may it have it? */
static int take_ask(struct container *c, const json_t *annotations, const char *manifest,
                    struct err *err)
{
    struct caps caps;

    ask_done(&c->ask);
    c->ask = (struct ask){0};
    int r = ask_read(annotations, manifest, &c->ask, err);
    if (r < 0)
        return r;
    limits_caps(c, NULL, &caps);
    return ask_check(&c->ask, &caps, err);
}

static void init_done(void *ctx, struct module *m, const struct err *err)
{
    struct initing *i = ctx;
    struct container *c = i->container;

    if (c->state == CONTAINER_STARTING) {
        c->state = err ? CONTAINER_NEW : CONTAINER_READY;
        c->module = m;
    } else {
        container_drop_module(c->pool, m);
    }
    if (err && c->state != CONTAINER_GONE)
        sink_say(container_logs(c), c->id, err->msg, true);
    i->done(i->ctx, err);
    source_done(&i->source);
    container_unref(c);
    free(i);
}

static void code_done(void *ctx, const struct compiled *made, const struct err *err)
{
    struct initing *i = ctx;
    struct container *c = i->container;
    struct err refused;

    if (!err && take_ask(c, i->annotations, made->ask, &refused) < 0)
        err = &refused;
    if (err)
        init_done(i, NULL, err);
    else if (i->source.sent)
        interpret(c, made->code, &i->source, init_done, i);
    else
        init_done(i, module_get(made->code, &c->ask.dirs, NULL), NULL);
}

/* What is to be compiled: the action's code itself, or what interprets it. */
static int choose_code(struct initing *i, const struct container_init *init,
                       struct compile_request *q, struct err *err)
{
    struct pool *p = i->container->pool;
    struct kind *kind;

    const char *name = init->kind ? init->kind : i->container->kind;
    int r = kinds_get(&p->kinds, name ? name : KIND_DEFAULT, &kind, err);
    if (r < 0 || !kind->file)
        return r;
    r = kind_read(kind, &p->settings, err);
    q->code = kind->code;
    q->size = kind->size;
    q->upload = kind->upload;
    q->entry = WIRE_ENTRY;
    source_init(&i->source, i->container, init, kind->name);
    return r;
}

/* The engine that the action's annotation names; NULL when it names none. */
static int choose_engine(struct pool *p, const json_t *annotations, struct engine **out,
                         struct err *err)
{
    const char *name;

    *out = NULL;
    int r = ask_text(annotations, "wow-engine", &name, err);
    if (r < 0 || !name)
        return r;
    r = engines_get(&p->engines, name, out, err);
    return r == 0 && (*out)->fault[0]
               ? err_set(err, ERR_UNUSABLE, "engine '%s': %s", (*out)->name, (*out)->fault)
               : r;
}

void container_init(struct container *c, const struct container_init *init)
{
    struct pool *p = c->pool;
    struct compile_request q = {.code = init->code, .size = init->code_size, .entry = init->entry};
    struct compiled known = {0};
    struct err err;

    if (c->state != CONTAINER_NEW || c->killed) {
        err_set(&err, ERR_CONFLICT, "Cannot initialize the action more than once.");
        sink_say(container_logs(c), c->id, err.msg, false);
        init->done(init->ctx, &err);
        return;
    }
    struct initing *i = NEW(struct initing);
    i->container = c;
    i->annotations = init->annotations;
    i->done = init->done;
    i->ctx = init->ctx;
    c->refs++;
    c->state = CONTAINER_STARTING;
    keep_strings(c, init);
    c->limits = init->limits;
    if (c->memory_mb && (c->limits.memory_mb == 0 || c->limits.memory_mb > c->memory_mb))
        c->limits.memory_mb = c->memory_mb;
    int r = limits_check(c, &init->limits, &err);
    if (r == 0) /* before anything is compiled for nothing */
        r = take_ask(c, init->annotations, "", &err);
    if (r == 0)
        r = choose_engine(p, init->annotations, &q.engine, &err);
    if (r == 0)
        r = choose_code(i, init, &q, &err);
    if (r == 0)
        r = compile(p->compiles, &q, &known, code_done, i, &err);
    if (r != 0)
        code_done(i, &known, r < 0 ? &err : NULL);
    code_unref(known.code);
}

void container_refused(struct container *c)
{
    sink_activation(container_logs(c), c->id, NULL, 0, 0);
}

/* How long it may take from now: the run's deadline counts, but not beyond the action's limit. */
static uint64_t time_for(const struct container *c, const struct activation *a)
{
    uint64_t now = clock_epoch_ms(), most = c->limits.timeout_ms;

    if (a->deadline_ms == 0)
        return most ? most : c->pool->settings.timeout_ms;
    if (most == 0)
        most = TIMEOUT_MAX_MS; /* and then what the policy says */
    if (a->deadline_ms <= now)
        return 0;
    return a->deadline_ms - now < most ? a->deadline_ms - now : most;
}

void container_run(struct container *c, struct activation *a)
{
    assert(c->state == CONTAINER_READY);
    container_begin(c, a);
}

void container_begin(struct container *c, struct activation *a)
{
    c->refs++;
    a->container = c;
    a->asked_ns = clock_mono_ns();
    a->timeout_ms = time_for(c, a);
    bool allowed = limits_apply(a);
    a->deadline_ns = a->asked_ns + a->timeout_ms * 1000000u;
    buf_init(&a->text, WIRE_OUTPUT_MAX);
    buf_init(&a->log, LOG_MAX);
    if (!allowed) {
        AUTO(mem) char *text = mem_print("The policy no longer has the profile '%s'.", c->profile);
        answer_failed(a, ACTIVATION_WHISK_ERROR, text);
    } else if (a->args_size + 1 + c->strings_size + a->strings.size > WIRE_INPUT_MAX) {
        answer_failed(a, ACTIVATION_DEVELOPER_ERROR,
                      "The action's arguments are larger than it can be given.");
    } else {
        schedule_run(c->pool, a);
    }
}
