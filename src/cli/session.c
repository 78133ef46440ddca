#include "cli/session.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/scan.h"
#include "cli/remote.h"
#include "cli/symbols.h"

#define MEMBERS_MAX (16u << 20) /* a command line has 2 MiB, each byte at most 6 in JSON */

DEFINE_AUTO(json, json_t *, json_decref)
DEFINE_AUTO(symbols, struct symbols *, symbols_free)

struct session {
    const struct session_settings *settings;
    struct private *private;
    struct buf members; /* of init's value, but for the name */
};

/* Times of one run, in microseconds. */
struct figures {
    uint64_t ready, run;
};

void session_end(struct session *s)
{
    if (!s)
        return;
    private_stop(s->private);
    buf_done(&s->members);
    free(s);
}

/* A list that is asked for by an annotation and granted by the policy: the same texts. */
static void ask(struct buf *annotations, struct buf *policy, const char *annotation,
                const char *key, const struct verb_list *texts)
{
    if (texts->n == 0)
        return;
    buf_print(annotations, "%s\"%s\":[", annotations->size > 0 ? "," : "", annotation);
    buf_print(policy, "%s\"%s\":[", policy->size > 0 ? "," : "", key);
    for (size_t i = 0; i < texts->n; i++) {
        const char *text = texts->items[i];
        buf_text(annotations, i > 0 ? "," : "");
        buf_text(policy, i > 0 ? "," : "");
        buf_json_string(annotations, text, strlen(text));
        buf_json_string(policy, text, strlen(text));
    }
    buf_text(annotations, "]");
    buf_text(policy, "]");
}

/* "data:ro" by the directory's full path. */
static int full_path(const char *dir, char **out, struct err *err)
{
    size_t n = strlen(dir);
    bool read_only = n > 3 && strcmp(dir + n - 3, ":ro") == 0;
    AUTO(mem) char *name = mem_dup_n(dir, read_only ? n - 3 : n);
    AUTO(mem) char *path = realpath(name, NULL);

    if (!path)
        return err_errno(err, ERR_NOT_FOUND, "--dir '%s'", name);
    *out = mem_print("%s%s", path, read_only ? ":ro" : "");
    return 0;
}

/* What the action asks for, and the policy that grants just that. */
static int ask_all(const struct session_settings *s, struct buf *annotations, struct buf *policy,
                   struct err *err)
{
    AUTO(mem) char **paths = mem_zero((s->dirs.n + 1) * sizeof *paths);
    struct verb_list dirs = {.items = (const char **)paths};
    int r = 0;

    while (dirs.n < s->dirs.n && (r = full_path(s->dirs.items[dirs.n], &paths[dirs.n], err)) == 0)
        dirs.n++;
    if (r == 0) {
        ask(annotations, policy, "dir", "directories", &dirs);
        ask(annotations, policy, "wow-net", "hosts", &s->nets);
    }
    while (dirs.n > 0)
        free(paths[--dirs.n]);
    return r;
}

/* What init says of the action besides its name and code. */
static int make_members(const struct session_settings *s, struct buf *out, struct buf *policy,
                        struct err *err)
{
    AUTO(buf) struct buf annotations;

    buf_init(&annotations, MEMBERS_MAX);
    int r = arguments_members(&s->annotations, &annotations, err);
    if (r == 0)
        r = ask_all(s, &annotations, policy, err);
    if (r < 0)
        return r;
    buf_print(out, ",\"limits\":{\"memory\":%u,\"timeout\":%u},\"env\":{", s->memory_mb,
              s->timeout_ms);
    r = arguments_members(&s->env, out, err);
    buf_text(out, "},\"annotations\":{");
    buf_put(out, annotations.data, annotations.size);
    buf_text(out, "}");
    return r;
}

int session_start(const struct session_settings *settings, struct session **out, struct err *err)
{
    struct session *s = NEW(struct session);
    AUTO(buf) struct buf grants;

    s->settings = settings;
    buf_init(&s->members, 3 * MEMBERS_MAX);
    buf_init(&grants, MEMBERS_MAX);
    int r = make_members(settings, &s->members, &grants, err);
    AUTO(mem) char *policy = mem_print("{\"default\":{%s}}", grants.data ? grants.data : "");
    const struct private_settings how = {.engine = settings->engine,
                                         .policy = policy,
                                         .optimised = settings->optimised,
                                         .verbose = settings->verbose};
    if (r == 0)
        r = private_start(&how, &s->private, err);
    if (r < 0) {
        session_end(s);
        return r;
    }
    *out = s;
    return 0;
}

static int add_arguments(const struct session_settings *s, const char *dir, struct buf *out,
                         struct err *err)
{
    AUTO(mem) char *beside = mem_print("%s/in.json", dir ? dir : "");
    struct arguments a = {.json = s->json, .file = s->param_file, .params = s->params};

    if (!a.json && !a.file && a.params.n == 0 && dir && access(beside, F_OK) == 0)
        a.file = beside;
    return arguments_make(&a, out, err);
}

/* "path/to/add.wasm" is the action add. */
static void put_name(struct buf *out, const char *module)
{
    const char *slash = strrchr(module, '/'), *name = slash ? slash + 1 : module;

    buf_json_string(out, name, strcspn(name, "."));
}

static int make_init(const struct session *s, const char *module, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf members;

    buf_init(&members, 3 * MEMBERS_MAX);
    buf_text(&members, ",\"name\":");
    put_name(&members, module);
    buf_put(&members, s->members.data, s->members.size);
    return remote_init_body(module, members.data, out, err);
}

/* As OpenWhisk's invoker sends it. What takes time has been done before: the deadline is set. */
static void make_run(const struct session *s, const char *module, const struct buf *arguments,
                     struct buf *out)
{
    buf_print(out, "{\"logs\":true,\"stats\":true,\"deadline\":\"%llu\",\"action_name\":",
              (unsigned long long)clock_epoch_ms() + s->settings->timeout_ms);
    put_name(out, module);
    buf_text(out, ",\"value\":");
    buf_put(out, arguments->data, arguments->size);
    buf_text(out, "}");
}

/* "2026-11-24T09:02:22.288501262Z stdout: text" as it was printed; NULL: not such a line. */
static const char *printed(const json_t *line)
{
    const char *text = json_string_value(line), *at = text ? strstr(text, ": ") : NULL;

    return at ? at + 2 : NULL;
}

static void print_log(const struct scan_text *lines, const char *module)
{
    AUTO(json) json_t *all = json_loadb(lines->at, lines->n, JSON_ALLOW_NUL, NULL);
    size_t n = json_array_size(all), traps = 0, i;
    AUTO(mem) const char **texts = mem_zero((n + 1) * sizeof *texts);
    json_t *line;

    json_array_foreach (all, i, line) {
        texts[i] = printed(line) ? printed(line) : "";
        traps += strncmp(texts[i], "trap in ", 8) == 0;
    }
    AUTO(symbols) struct symbols *symbols = traps > 0 ? symbols_open(module) : NULL;
    if (symbols)
        symbols_find(symbols, texts, n);
    for (i = 0; i < n; i++) {
        const char *where = symbols ? symbols_where(symbols, texts[i]) : NULL;
        fprintf(stderr, "%s%s%s\n", texts[i], where ? " at " : "", where ? where : "");
    }
}

static void print_bytes(uint64_t bytes)
{
    if (bytes % (1u << 20) == 0)
        fprintf(stderr, ", %llu MiB of memory", (unsigned long long)bytes >> 20);
    else
        fprintf(stderr, ", %llu KiB of memory", (unsigned long long)bytes >> 10);
}

/* "wow: success in 0.041 ms, 128 KiB of memory, wasmtime baseline; ready after 9.0 ms" */
static void print_figures(const struct scan_text *status, const struct scan_text *text,
                          const struct figures *f)
{
    AUTO(json) json_t *stats = json_loadb(text->at, text->n, 0, NULL);
    const json_t *us = json_object_get(stats, "run_us");
    const char *engine = json_string_value(json_object_get(stats, "engine"));
    const char *tier = json_string_value(json_object_get(stats, "tier"));

    fprintf(stderr, "wow: %.*s", (int)status->n - 2, status->at + 1);
    fprintf(stderr, " in %.3f ms",
            (us && !json_is_null(us) ? json_number_value(us) : (double)f->run) / 1e3);
    if (us && !json_is_null(us))
        print_bytes((uint64_t)json_integer_value(json_object_get(stats, "memory")));
    fprintf(stderr, ", %s %s; ready after %.1f ms\n", engine ? engine : "no engine",
            tier ? tier : "", (double)f->ready / 1e3);
}

static int print(const struct buf *record, const char *module, const struct figures *f, bool json,
                 bool *failed, struct err *err)
{
    struct scan_text all, key, value, status = {0}, result = {0}, logs = {0}, stats = {0};
    const struct {
        const char *name;
        struct scan_text *to;
    } parts[] = {{"status", &status}, {"result", &result}, {"logs", &logs}, {"stats", &stats}};
    AUTO(buf) struct buf file;

    buf_init(&file, 6 * PATH_MAX + 2);
    int r = scan_whole(record->data ? record->data : "", record->size, &all, err);
    if (r < 0 || all.type != SCAN_OBJECT)
        return err_set(err, ERR_INTERNAL, "the daemon's answer makes no sense");
    struct scan_walk w = scan_members(&all);
    while (scan_next(&w, &key, &value))
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            if (scan_equals(&key, parts[i].name))
                *parts[i].to = value;
    if (status.n < 2 || result.n == 0 || logs.n == 0 || stats.n == 0)
        return err_set(err, ERR_INTERNAL, "the daemon's answer lacks a part");
    *failed = !scan_equals(&status, "success");
    if (json) {
        buf_json_string(&file, module, strlen(module));
        printf("%.*s,\"file\":%s,\"times\":{\"ready_ms\":%.3f,\"run_ms\":%.3f}}\n", (int)all.n - 1,
               all.at, file.data, (double)f->ready / 1e3, (double)f->run / 1e3);
    } else {
        print_log(&logs, module);
        printf("%.*s\n", (int)result.n, result.at);
        fflush(stdout);
        print_figures(&status, &stats, f);
    }
    return 0;
}

int session_run(struct session *s, const char *module, const char *dir, bool json, bool *failed,
                struct err *err)
{
    struct remote c = {.client = private_client(s->private)};
    AUTO(buf) struct buf arguments, body, record;
    struct figures f;

    buf_init(&arguments, ARGUMENTS_MAX);
    buf_init(&body, 2 * REMOTE_CODE_MAX);
    buf_init(&record, REMOTE_REPLY_MAX);
    int r = add_arguments(s->settings, dir, &arguments, err);
    if (r == 0)
        r = make_init(s, module, &body, err);
    if (r < 0)
        return r;
    uint64_t from = clock_mono_us();
    if ((r = remote_start(&c, err)) < 0 || (r = remote_init(&c, &body, err)) < 0)
        return r;
    buf_clear(&body);
    make_run(s, module, &arguments, &body);
    uint64_t ready = clock_mono_us();
    if ((r = remote_run(&c, &body, &record, err)) < 0)
        return r;
    f = (struct figures){.ready = ready - from, .run = clock_mono_us() - ready};
    r = remote_destroy(&c, err);
    return r == 0 ? print(&record, module, &f, json, failed, err) : r;
}
