#include "host/guest.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/scan.h"
#include "host/http.h"

/* The buffer ABI's exports. */
#define ALLOCATE "wasm_memory_buffer_allocate_space"
#define POINTER "get_wasm_memory_buffer_pointer"
#define LENGTH "get_wasm_memory_buffer_len"
#define BUFFER_FUNCTIONS 3u

/* An interpreter's. */
#define PREPARE "wow_prepare"
#define RUN "wow_run"

#define EXHAUSTED "The action exhausted its memory and was aborted."

#define ARGV_JSON_MAX 131071u /* a larger argument would not fit one string of a Linux argv */

/* Why a module has no shape that wow knows. */
static void explain(unsigned have, bool start, const char *missing, const char *entry,
                    struct err *err)
{
    if (have > 0 && have < BUFFER_FUNCTIONS)
        err_set(err, ERR_INVALID, "the module exports some of the buffer functions, but not '%s'",
                missing);
    else if (start && have > 0)
        err_set(err, ERR_INVALID, "the module exports no function '%s', which 'main' names", entry);
    else if (start)
        err_set(err, ERR_INVALID,
                "a plain WASI command begins at '_start': 'main' cannot name '%s'", entry);
    else if (have > 0)
        err_set(err, ERR_INVALID, "the module exports neither '_start' nor the entry point '%s'",
                entry);
    else
        err_set(err, ERR_INVALID,
                "the module exports neither '_start' nor the buffer functions ('" ALLOCATE "' …)");
}

enum guest_shape guest_shape(bool (*exports)(const void *module, const char *func),
                             const void *module, const char *entry, struct err *err)
{
    static const char *const buffer[BUFFER_FUNCTIONS] = {ALLOCATE, POINTER, LENGTH};
    bool start = exports(module, "_start");
    bool begins = start && strcmp(entry, WIRE_ENTRY) == 0; /* else main names a function */
    const char *missing = NULL;
    unsigned have = 0;

    for (unsigned i = 0; i < BUFFER_FUNCTIONS; i++) {
        bool there = exports(module, buffer[i]);
        have += there;
        missing = there ? missing : buffer[i];
    }
    if (have == BUFFER_FUNCTIONS && exports(module, PREPARE) && exports(module, RUN))
        return GUEST_INTERPRETER;
    if (have == 0 && begins)
        return GUEST_WASI;
    if (have == BUFFER_FUNCTIONS && begins)
        return GUEST_COMMAND;
    if (have == BUFFER_FUNCTIONS && exports(module, entry))
        return GUEST_REACTOR;
    explain(have, start, missing, entry, err);
    return GUEST_NONE;
}

/* The activation while it runs. */
struct run {
    struct guest_input *in;
    struct guest_answer *answer;
    struct wow_instance *instance;
    enum guest_shape shape;
};

static bool finish(struct run *run, enum wire_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Settle the activation's outcome. Returns false: there is nothing more to do. */
static bool finish(struct run *run, enum wire_outcome outcome, const char *fmt, ...)
{
    va_list ap;

    run->answer->outcome = outcome;
    run->answer->output_size = 0;
    va_start(ap, fmt);
    vsnprintf(run->answer->text, sizeof run->answer->text, fmt, ap);
    va_end(ap);
    return false;
}

static void guest_writes(void *ctx, int stream, const uint8_t *data, size_t n)
{
    struct run *run = ctx;

    /* A program's result is one line, so its lines must be records of their own. */
    while (run->shape == GUEST_WASI && n > 0) {
        const uint8_t *end = memchr(data, '\n', n);
        size_t line = end ? (size_t)(end - data) + 1 : n;
        wire_log_add(&run->in->log, stream, data, line);
        data += line;
        n -= line;
    }
    wire_log_add(&run->in->log, stream, data, n);
}

static void guest_waits(void *ctx, bool waiting)
{
    struct run *run = ctx;

    atomic_store_explicit(&run->in->log.slot->waiting, waiting, memory_order_release);
    if (run->in->waits)
        run->in->waits(run->in->ctx);
}

/* Has the guest asked for more memory than it may have? */
static bool was_refused(const struct run *run)
{
    struct wow_end end = {0};
    struct err err;

    return run->instance && wow_engine.exports(run->in->module, GUEST_REFUSED) &&
           wow_engine.call(run->instance, GUEST_REFUSED, NULL, &end, &err) == 0 &&
           end.kind == WOW_END_RETURN && end.value != 0;
}

static void guest_sleeps(void *ctx)
{
    const struct run *run = ctx;

    run->in->sleep(run->in->ctx, run->in->call);
}

/* Where a trap was, for the action's author, if the engine knows. */
static void log_trace(struct run *run, const struct wow_end *end)
{
    char line[256];

    for (const char *at = end->trace; at && *at;) {
        size_t n = strcspn(at, "\n");
        int size = snprintf(line, sizeof line, "%s %.*s\n",
                            at == end->trace ? "trap in" : "  called by", (int)n, at);
        size = size < (int)sizeof line ? size : (int)sizeof line - 1;
        wire_log_add(&run->in->log, 2, (const uint8_t *)line, (size_t)size);
        at += n + (at[n] == '\n');
    }
}

/* Did the guest go on to a good end? Otherwise the outcome is settled. */
static bool went_well(struct run *run, const struct wow_end *end)
{
    uint32_t code = 0;

    switch (end->kind) {
    case WOW_END_RETURN:
        return true;
    case WOW_END_STOP:
        if (!wasi_exited(run->in->wasi, &code) || code == 0)
            return true;
        return finish(run, WIRE_DEV_ERROR, "The action exited with status %u.", code);
    case WOW_END_TRAP:
        log_trace(run, end); /* before the engine is called again */
        if (was_refused(run))
            return finish(run, WIRE_MEMORY, EXHAUSTED);
        return finish(run, WIRE_DEV_ERROR, "The action trapped: %s.", end->text);
    case WOW_END_MEMORY:
        return finish(run, WIRE_MEMORY, EXHAUSTED);
    }
    assert(!"an end of no known kind");
    return false;
}

static bool call(struct run *run, const char *func, const int32_t *arg, int32_t *value)
{
    struct wow_end end = {0};
    struct err err;

    if (wow_engine.call(run->instance, func, arg, &end, &err) < 0)
        return finish(run, WIRE_DEV_ERROR, "The action's module is not as it should be: %s.",
                      err.msg);
    if (!went_well(run, &end))
        return false;
    if (value)
        *value = end.value;
    return true;
}

/* Have the guest make room for the arguments and put them there. */
static bool pass_args(struct run *run)
{
    struct wow_bytes args = run->in->args;
    int32_t size = (int32_t)args.size, at;

    if (!call(run, ALLOCATE, &size, NULL) || !call(run, POINTER, NULL, &at))
        return false;
    uint8_t *to = wow_engine.span(run->instance, (uint32_t)at, (uint32_t)size);
    if (!to)
        return finish(run, WIRE_DEV_ERROR,
                      "The action's buffer, %u bytes at offset %u, lies outside its memory.",
                      (uint32_t)size, (uint32_t)at);
    memcpy(to, args.data, args.size);
    return true;
}

static bool put_output(struct run *run, const char *text, size_t n)
{
    if (n > run->in->output_max - run->answer->output_size) {
        finish(run, WIRE_DEV_ERROR,
               "The action produced a response that exceeded the allowed length: %zu > %u bytes.",
               n, run->in->output_max);
        return false;
    }
    memcpy(run->in->output + run->answer->output_size, text, n);
    run->answer->output_size += (uint32_t)n;
    return true;
}

/* {"error": value}, which is what OpenWhisk keeps of an application error. */
static void put_error(struct run *run, const struct scan_text *value)
{
    run->answer->outcome = WIRE_APP_ERROR;
    (void)(put_output(run, "{\"error\":", 9) && put_output(run, value->at, value->n) &&
           put_output(run, "}", 1));
}

/* The value an object has under a name; of several the last, as most readers of JSON do. */
static bool member(const struct scan_text *object, const char *name, struct scan_text *out)
{
    struct scan_walk w = scan_members(object);
    struct scan_text key, value;
    bool found = false;

    while (scan_next(&w, &key, &value))
        if (scan_equals(&key, name)) {
            *out = value;
            found = true;
        }
    return found;
}

static void take_value(struct run *run, const struct scan_text *value)
{
    struct scan_text error;

    if (value->type != SCAN_OBJECT && value->type != SCAN_ARRAY) {
        finish(run, WIRE_DEV_ERROR, "The action did not return a dictionary or array.");
    } else if (value->type == SCAN_OBJECT && member(value, "error", &error)) {
        put_error(run, &error);
    } else {
        run->answer->outcome = WIRE_SUCCESS;
        put_output(run, value->at, value->n);
    }
}

static bool not_json(struct run *run, const char *text, size_t n, const struct err *err)
{
    int shown = n > 64 ? 64 : (int)n;

    return finish(run, WIRE_DEV_ERROR,
                  "The action did not produce a valid JSON response (%s): %.*s%s", err->msg, shown,
                  text, n > 64 ? "…" : "");
}

/* What an interpreter says of an action that failed, as a JSON string. */
static void take_fault(struct run *run, const struct scan_text *value)
{
    AUTO(buf) struct buf text;
    struct err err;

    buf_init(&text, value->n);
    if (scan_unescape(value, &text, &err) < 0)
        finish(run, WIRE_DEV_ERROR, "%s", err.msg);
    else
        finish(run, scan_equals(value, EXHAUSTED) ? WIRE_MEMORY : WIRE_DEV_ERROR, "%s", text.data);
}

/* The buffer's JSON: {"Ok": value} or {"Err": value}. */
static void take_envelope(struct run *run, const char *text, size_t n)
{
    struct scan_text all, value, error;
    struct err err;

    if (scan_whole(text, n, &all, &err) < 0) {
        not_json(run, text, n, &err);
    } else if (all.type == SCAN_OBJECT && member(&all, "Ok", &value)) {
        take_value(run, &value);
    } else if (all.type == SCAN_OBJECT && member(&all, "Err", &value)) {
        bool whisk = value.type == SCAN_OBJECT && member(&value, "error", &error);
        put_error(run, whisk ? &error : &value);
    } else if (run->shape == GUEST_INTERPRETER && all.type == SCAN_OBJECT &&
               member(&all, "Fault", &value) && value.type == SCAN_STRING) {
        take_fault(run, &value);
    } else {
        finish(run, WIRE_DEV_ERROR,
               "The action's response is %s without \"Ok\" or \"Err\", which say how it ended.",
               scan_type_text(all.type));
    }
}

/* Where the guest left its answer; false when the outcome is settled. */
static bool find_buffer(struct run *run, const char **text, size_t *size)
{
    int32_t at, n;

    if (!call(run, POINTER, NULL, &at) || !call(run, LENGTH, NULL, &n))
        return false;
    if ((uint32_t)n > WIRE_OUTPUT_MAX)
        return finish(run, WIRE_DEV_ERROR,
                      "The action produced a response that exceeded the allowed length: "
                      "%u > %u bytes.",
                      (uint32_t)n, WIRE_OUTPUT_MAX);
    const uint8_t *from = wow_engine.span(run->instance, (uint32_t)at, (uint32_t)n);
    if (!from)
        return finish(run, WIRE_DEV_ERROR,
                      "The action's response, %u bytes at offset %u, lies outside its memory.",
                      (uint32_t)n, (uint32_t)at);
    *text = (const char *)from;
    *size = (uint32_t)n;
    return true;
}

static void take_buffer(struct run *run)
{
    const char *text;
    size_t n;

    if (find_buffer(run, &text, &n))
        take_envelope(run, text, n);
}

/* Make of an action's code what its activations are to get; another status than 0: it cannot be. */
static void prepare(struct run *run)
{
    const char *bytes;
    int32_t status;
    size_t n;

    if (!pass_args(run) || !call(run, PREPARE, NULL, &status) || !find_buffer(run, &bytes, &n))
        return;
    run->answer->outcome = WIRE_SUCCESS;
    if (status != 0)
        finish(run, WIRE_DEV_ERROR, "%.*s", (int)(n < 1024 ? n : 1024), bytes);
    else
        put_output(run, bytes, n);
}

static void take_last_line(struct run *run)
{
    const char *text;
    uint32_t n;
    struct scan_text all;
    struct err err;

    if (!wire_log_take_result(&run->in->log, &text, &n))
        finish(run, WIRE_DEV_ERROR, "The action did not print a result.");
    else if (scan_whole(text, n, &all, &err) < 0)
        not_json(run, text, n, &err);
    else
        take_value(run, &all);
}

static void run_instance(struct run *run)
{
    switch (run->shape) {
    case GUEST_COMMAND:
        if (pass_args(run) && call(run, "_start", NULL, NULL))
            take_buffer(run);
        break;
    case GUEST_REACTOR:
        if (wow_engine.exports(run->in->module, "_initialize") &&
            !call(run, "_initialize", NULL, NULL))
            break;
        if (pass_args(run) && call(run, run->in->entry, NULL, NULL))
            take_buffer(run);
        break;
    case GUEST_WASI:
        if (call(run, "_start", NULL, NULL))
            take_last_line(run);
        break;
    case GUEST_INTERPRETER:
        if (run->in->prepares)
            prepare(run);
        else if (pass_args(run) && call(run, RUN, NULL, NULL))
            take_buffer(run);
        break;
    case GUEST_NONE:
        break;
    }
}

static bool module_exports(const void *module, const char *func)
{
    return wow_engine.exports(module, func);
}

/* How large an instance's memory is: the last of its pages that there is. */
static uint64_t memory_size(struct wow_instance *in)
{
    uint32_t there = 0, not_there = 65537; /* pages */

    while (not_there - there > 1) {
        uint32_t middle = there + (not_there - there) / 2;
        if (wow_engine.span(in, (middle - 1) * 65536u, 65536))
            there = middle;
        else
            not_there = middle;
    }
    return (uint64_t)there * 65536;
}

void guest_run(struct guest_input *in, struct guest_answer *answer)
{
    struct run run = {.in = in, .answer = answer};
    struct http http = {.call = in->call,
                        .region = in->output,
                        .wait = guest_waits,
                        .sleep = guest_sleeps,
                        .write = guest_writes,
                        .ctx = &run};
    struct err err;
    struct wow_end end = {0};
    char length[16];
    const char *argv[3] = {in->name, length, in->entry};

    *answer = (struct guest_answer){0};
    run.shape = guest_shape(module_exports, in->module, in->entry, &err);
    if (run.shape == GUEST_NONE) {
        finish(&run, WIRE_DEV_ERROR, "The action cannot be run: %s.", err.msg);
        return;
    }
    snprintf(length, sizeof length, "%zu", in->args.size);
    bool json_fits = in->args.size <= ARGV_JSON_MAX;
    if (run.shape == GUEST_WASI)
        argv[1] = (const char *)in->args.data;
    struct wasi_setup setup = {
        .engine = &wow_engine,
        .argc = run.shape == GUEST_INTERPRETER          ? 3
                : run.shape == GUEST_WASI && !json_fits ? 1
                                                        : 2,
        .argv = argv,
        .envc = in->envc,
        .env = in->env,
        .in = in->args,
        .dirs = in->dirs,
        .dirc = in->dirc,
        .data = in->data,
        .data_size = in->data_size,
        .clock_ns = in->clock_ns,
        .write = guest_writes,
        .wait = guest_waits,
        .ctx = &run,
        .http = in->call ? &http : NULL,
    };
    wasi_begin(in->wasi, &setup);
    struct wow_limits limits = {.memory = in->memory};
    if (wow_engine.spawn(in->module, &limits, in->wasi, &run.instance, &end, &err) < 0)
        finish(&run, WIRE_INTERNAL, "The action could not be instantiated: %s.", err.msg);
    else if (run.instance)
        run_instance(&run);
    else if (went_well(&run, &end))
        finish(&run, WIRE_DEV_ERROR, "The action ended before it was called.");
    if (run.instance && in->measure)
        answer->memory_used = memory_size(run.instance);
    if (run.instance)
        wow_engine.drop(run.instance);
    wasi_end(in->wasi);
}
