#include "cli/invoke.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/client.h"

#define CODE_MAX (48u << 20)
#define REPLY_MAX (64u << 20)
#define WARM_RUNS 100

DEFINE_AUTO(client, struct client *, client_free)
DEFINE_AUTO(json, json_t *, json_decref)

struct settings {
    const char *executor, *file, *args, *engine;
    bool times;
};

static const struct verb_option options[] = {
    {VERB_OPERAND(file, "FILE.wasm"), "a wasm module, or a gzip or zip of one"},
    {VERB_OPTIONAL(args, "JSON"), "the arguments, an object or an array; else {}"},
    {"engine", 'e', VERB_TEXT(engine, "ENGINE", NULL),
     "which one is to run it; else it is wowd's choice"},
    {"executor", 0, VERB_TEXT(executor, "ADDR:PORT", NULL),
     "where wowd listens; else WOW_EXECUTOR, else 127.0.0.1:9000"},
    {"times", 0, VERB_SWITCH(times), "measure what the requests take"},
    {VERB_END},
};

struct plan {
    const char *executor, *file, *args, *engine;
    struct client *client;
    char id[128];
};

static int read_plan(const struct settings *s, struct plan *p, struct err *err)
{
    const char *environment = getenv("WOW_EXECUTOR");

    p->executor = s->executor ? s->executor : environment ? environment : "127.0.0.1:9000";
    p->file = s->file;
    p->args = s->args ? s->args : "{}";
    p->engine = s->engine;
    AUTO(json) json_t *args = json_loads(p->args, 0, NULL);
    if (!json_is_object(args) && !json_is_array(args))
        return err_set(err, ERR_INVALID, "invoke: the arguments are not a JSON object or array");
    return 0;
}

/* {"value": {"name", "code", "annotations"}} */
static int make_init(const struct plan *p, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf code;
    const char *slash = strrchr(p->file, '/'), *name = slash ? slash + 1 : p->file;

    buf_init(&code, CODE_MAX);
    int r = file_read(p->file, &code, err);
    if (r < 0)
        return r;
    AUTO(mem) char *text = mem_zero(code.size / 3 * 4 + 8);
    int n = EVP_EncodeBlock((unsigned char *)text, (unsigned char *)code.data, (int)code.size);
    buf_text(out, "{\"value\":{\"name\":");
    buf_json_string(out, name, strcspn(name, "."));
    buf_text(out, ",\"code\":\"");
    r = buf_add(out, text, (size_t)n, err);
    buf_text(out, "\"");
    if (p->engine) {
        buf_text(out, ",\"annotations\":{\"wow-engine\":");
        buf_json_string(out, p->engine, strlen(p->engine));
        buf_text(out, "}");
    }
    buf_text(out, "}}");
    return r;
}

/* POST to the container; an answer other than 200 is an error with its text. */
static int post(struct plan *p, const char *verb, const struct buf *body, struct buf *reply,
                struct err *err)
{
    char path[160];
    long status = 0;

    snprintf(path, sizeof path, "/%s%s%s", p->id, p->id[0] ? "/" : "", verb);
    int r = client_post(p->client, path, body, &status, reply, err);
    if (r < 0 || status == 200)
        return r;
    AUTO(json) json_t *all = json_loadb(reply->data ? reply->data : "", reply->size, 0, NULL);
    const char *text = json_string_value(json_object_get(all, "error"));
    return err_set(err, ERR_INTERNAL, "%s: %s (status %ld)", verb, text ? text : "no clear answer",
                   status);
}

static int start(struct plan *p, struct buf *reply, struct err *err)
{
    struct buf none = {0};

    int r = post(p, "start", &none, reply, err);
    if (r < 0)
        return r;
    AUTO(json) json_t *all = json_loadb(reply->data, reply->size, 0, NULL);
    const char *id = json_string_value(json_object_get(all, "containerId"));
    if (!id || strlen(id) >= sizeof p->id)
        return err_set(err, ERR_INTERNAL, "'%s' does not answer like wowd", p->executor);
    memcpy(p->id, id, strlen(id) + 1);
    return 0;
}

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Start, init and first run of a second container: its code is compiled now. */
static int time_cold(struct plan *p, const struct buf *init, const struct buf *run, uint64_t *us,
                     struct err *err)
{
    AUTO(buf) struct buf reply;
    struct buf none = {0};
    uint64_t from = clock_mono_us();

    buf_init(&reply, REPLY_MAX);
    p->id[0] = '\0';
    int r = start(p, &reply, err);
    if (r == 0)
        r = post(p, "init", init, &reply, err);
    if (r == 0)
        r = post(p, "run", run, &reply, err);
    *us = clock_mono_us() - from;
    return r == 0 ? post(p, "destroy", &none, &reply, err) : r;
}

static int time_warm(struct plan *p, const struct buf *run, uint64_t *us, struct err *err)
{
    uint64_t taken[WARM_RUNS];
    AUTO(buf) struct buf reply;
    int r = 0;

    buf_init(&reply, REPLY_MAX);
    for (int i = 0; i < WARM_RUNS && r == 0; i++) {
        uint64_t from = clock_mono_us();
        r = post(p, "run", run, &reply, err);
        taken[i] = clock_mono_us() - from;
    }
    qsort(taken, WARM_RUNS, sizeof *taken, by_size);
    *us = taken[WARM_RUNS / 2];
    return r;
}

/* In microseconds. */
struct times {
    uint64_t first, cold, warm;
};

static int measure(struct plan *p, const struct buf *init, const struct buf *run, struct times *t,
                   struct err *err)
{
    struct buf none = {0};
    AUTO(buf) struct buf reply;

    buf_init(&reply, REPLY_MAX);
    int r = time_warm(p, run, &t->warm, err);
    if (r == 0)
        r = post(p, "destroy", &none, &reply, err);
    return r == 0 ? time_cold(p, init, run, &t->cold, err) : r;
}

/* The record as wowd gave it; with --json, the times are part of it. */
static void print(const struct buf *reply, const struct times *t, bool json)
{
    double first = (double)t->first / 1e3, cold = (double)t->cold / 1e3;
    double warm = (double)t->warm / 1e3;

    if (t->warm > 0 && json)
        printf("%.*s,\"times\":{\"first_ms\":%.3f,\"cold_ms\":%.3f,\"warm_ms\":%.3f}}\n",
               (int)reply->size - 1, reply->data, first, cold, warm);
    else
        printf("%s\n", reply->data);
    if (t->warm > 0 && !json)
        printf("first of all  %8.3f ms   start + init + run, with what had to be compiled\n"
               "cold          %8.3f ms   start + init + run of another container of this code\n"
               "warm          %8.3f ms   run, median of %d\n",
               first, cold, warm, WARM_RUNS);
}

/* Start, init and run, and what is left to do with the container. */
static int run_once(struct plan *p, bool times, struct buf *reply, struct times *t, struct err *err)
{
    AUTO(buf) struct buf init, run, ignored;
    struct buf none = {0};

    buf_init(&init, 2 * CODE_MAX);
    buf_init(&run, REPLY_MAX);
    buf_init(&ignored, REPLY_MAX);
    int r = make_init(p, &init, err);
    if (r < 0)
        return r;
    buf_print(&run, "{\"value\":");
    buf_text(&run, p->args);
    buf_text(&run, "}");
    uint64_t from = clock_mono_us();
    if ((r = start(p, reply, err)) < 0 || (r = post(p, "init", &init, reply, err)) < 0 ||
        (r = post(p, "run", &run, reply, err)) < 0)
        return r;
    t->first = clock_mono_us() - from;
    return times ? measure(p, &init, &run, t, err) : post(p, "destroy", &none, &ignored, err);
}

static int invoke(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    struct plan p = {0};
    struct times times = {0};
    AUTO(buf) struct buf reply;

    buf_init(&reply, REPLY_MAX);
    int r = read_plan(s, &p, err);
    if (r == 0)
        r = client_new(p.executor, &p.client, err);
    if (r < 0)
        return r;
    AUTO(client) struct client *client = p.client;
    (void)client;
    r = run_once(&p, s->times, &reply, &times, err);
    if (r < 0)
        return r;
    AUTO(json) json_t *record = json_loadb(reply.data, reply.size, JSON_DECODE_ANY, NULL);
    call->status =
        json_is_true(json_object_get(record, "success")) ? EXIT_DONE : EXIT_ACTION_FAILED;
    print(&reply, &times, call->json);
    return 0;
}

const struct verb verb_invoke = {
    .name = "invoke",
    .about = "run a module once in a new container of a running wowd",
    .options = options,
    .size = sizeof(struct settings),
    .run = invoke,
};
