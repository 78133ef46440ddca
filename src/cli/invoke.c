#include "cli/invoke.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/remote.h"

#define WARM_RUNS 100

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

static int fill_in(struct settings *s, struct err *err)
{
    const char *environment = getenv("WOW_EXECUTOR");

    if (!s->executor)
        s->executor = environment ? environment : "127.0.0.1:9000";
    if (!s->args)
        s->args = "{}";
    AUTO(json) json_t *args = json_loads(s->args, 0, NULL);
    if (!json_is_object(args) && !json_is_array(args))
        return err_set(err, ERR_INVALID, "invoke: the arguments are not a JSON object or array");
    return 0;
}

/* {"value": {"code", "name", "annotations"}} */
static int make_init(const struct settings *s, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf members;
    const char *slash = strrchr(s->file, '/'), *name = slash ? slash + 1 : s->file;

    buf_init(&members, 65536);
    buf_text(&members, ",\"name\":");
    buf_json_string(&members, name, strcspn(name, "."));
    if (s->engine) {
        buf_text(&members, ",\"annotations\":{\"wow-engine\":");
        buf_json_string(&members, s->engine, strlen(s->engine));
        buf_text(&members, "}");
    }
    return remote_init_body(s->file, members.data, out, err);
}

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Start, init and first run of a second container: its code is compiled now. */
static int time_cold(struct remote *c, const struct buf *init, const struct buf *run, uint64_t *us,
                     struct err *err)
{
    AUTO(buf) struct buf reply;
    uint64_t from = clock_mono_us();

    buf_init(&reply, REMOTE_REPLY_MAX);
    int r = remote_start(c, err);
    if (r == 0)
        r = remote_init(c, init, err);
    if (r == 0)
        r = remote_run(c, run, &reply, err);
    *us = clock_mono_us() - from;
    return r == 0 ? remote_destroy(c, err) : r;
}

static int time_warm(struct remote *c, const struct buf *run, uint64_t *us, struct err *err)
{
    uint64_t taken[WARM_RUNS];
    AUTO(buf) struct buf reply;
    int r = 0;

    buf_init(&reply, REMOTE_REPLY_MAX);
    for (int i = 0; i < WARM_RUNS && r == 0; i++) {
        uint64_t from = clock_mono_us();
        r = remote_run(c, run, &reply, err);
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

static int measure(struct remote *c, const struct buf *init, const struct buf *run, struct times *t,
                   struct err *err)
{
    int r = time_warm(c, run, &t->warm, err);
    if (r == 0)
        r = remote_destroy(c, err);
    return r == 0 ? time_cold(c, init, run, &t->cold, err) : r;
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
static int run_once(const struct settings *s, struct remote *c, struct buf *reply, struct times *t,
                    struct err *err)
{
    AUTO(buf) struct buf init, run;

    buf_init(&init, 2 * REMOTE_CODE_MAX);
    buf_init(&run, REMOTE_REPLY_MAX);
    int r = make_init(s, &init, err);
    if (r < 0)
        return r;
    buf_print(&run, "{\"value\":");
    buf_text(&run, s->args);
    buf_text(&run, "}");
    uint64_t from = clock_mono_us();
    if ((r = remote_start(c, err)) < 0 || (r = remote_init(c, &init, err)) < 0 ||
        (r = remote_run(c, &run, reply, err)) < 0)
        return r;
    t->first = clock_mono_us() - from;
    return s->times ? measure(c, &init, &run, t, err) : remote_destroy(c, err);
}

static int invoke(struct verb_call *call, const void *settings, struct err *err)
{
    struct settings s = *(const struct settings *)settings;
    struct remote c = {0};
    struct times times = {0};
    AUTO(buf) struct buf reply;

    buf_init(&reply, REMOTE_REPLY_MAX);
    int r = fill_in(&s, err);
    if (r == 0)
        r = client_new(s.executor, &c.client, err);
    if (r == 0)
        r = run_once(&s, &c, &reply, &times, err);
    client_free(c.client);
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
