/* wow action create, wow action update */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/arguments.h"
#include "cli/rest/code.h"
#include "cli/rest/pairs.h"
#include "cli/rest/rest.h"
#include "cli/rest/value.h"
#include "cli/rest/verbs.h"
#include "cli/rest/web.h"

struct settings {
    struct rest_options rest;
    const char *name, *file;
    struct verb_list params, param_files, annotations, annotation_files, dropped;
    const char *kind, *main, *docker, *web, *secure;
    const char *timeout, *memory, *logs, *concurrency;
    bool sequence, copy, native;
};

#define OPTIONS                                                                                \
    REST_PARAMS, REST_ANNOTATIONS,                                                             \
        {"kind", 0, VERB_TEXT(kind, "KIND", NULL), "the runtime; else by the file's end"},     \
        {"main", 0, VERB_TEXT(main, "NAME", NULL), "the function that is the action"},         \
        {"sequence", 0, VERB_SWITCH(sequence), "CODE is a list of actions, a,b,/ns/pkg/c"},  \
        {"copy", 0, VERB_SWITCH(copy), "CODE is an action that is there"},                   \
        {"docker", 0, VERB_TEXT(docker, "IMAGE", NULL),                                        \
         "a container's image; no wowd runs it, another OpenWhisk does"},                      \
        {"native", 0, VERB_SWITCH(native), "CODE is a zip with a program, likewise"},        \
        {"web", 0, VERB_TEXT(web, "yes|true|raw|no|false", NULL), "whether it is a web action"}, \
        {"web-secure", 0, VERB_TEXT(secure, "SECRET", NULL),                                   \
         "what its callers must send; true: a number of chance; false: nothing"}, \
        {"timeout", 't', VERB_TEXT(timeout, "MS", NULL), "how long it may take"},              \
        {"memory", 'm', VERB_TEXT(memory, "MB", NULL), "how much memory it may have"},         \
        {"logsize", 'l', VERB_TEXT(logs, "MB", NULL), "how much it may log"},                  \
        {"concurrency", 'c', VERB_TEXT(concurrency, "N", NULL), "activations per container"}

static const struct verb_option create_options[] = {
    {VERB_OPERAND(name, "NAME"), "the action, [/NAMESPACE/][PACKAGE/]NAME"},
    {VERB_OPTIONAL(file, "CODE"),
     "a module, a zip, or source, in a file or folder; C and such is compiled"},
    OPTIONS,
    REST_OPTIONS,
    {VERB_END},
};

static const struct verb_option update_options[] = {
    {VERB_OPERAND(name, "NAME"), "the action, [/NAMESPACE/][PACKAGE/]NAME"},
    {VERB_OPTIONAL(file, "CODE"), "its new code; else the code stays"},
    OPTIONS,
    {"del-annotation", 0, VERB_LIST(dropped, "KEY"), "take an annotation away"},
    REST_OPTIONS,
    {VERB_END},
};

/* What goes into the request. */
struct change {
    struct pairs params, annotations;
    struct web web;
    struct buf exec, limits;
};

static void change_done(struct change *c)
{
    pairs_done(&c->params);
    pairs_done(&c->annotations);
    buf_done(&c->exec);
    buf_done(&c->limits);
}

static inline void change_auto(struct change *c) { change_done(c); }

static int put_limits(const struct settings *s, struct buf *out, struct err *err)
{
    const struct {
        const char *option, *name, *value;
    } limits[] = {{"timeout", "timeout", s->timeout},
                  {"memory", "memory", s->memory},
                  {"logsize", "logs", s->logs},
                  {"concurrency", "concurrency", s->concurrency}};

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char *end;
        if (!limits[i].value)
            continue;
        long n = strtol(limits[i].value, &end, 10);
        if (!limits[i].value[0] || *end || n < 0 || n > INT_MAX)
            return err_set(err, ERR_INVALID, "--%s: '%.60s' is not a number", limits[i].option,
                           limits[i].value);
        buf_print(out, "%s\"%s\":%ld", out->size > 0 ? "," : "", limits[i].name, n);
    }
    return 0;
}

/* "a,/ns/b" as the components of a sequence. */
static int put_sequence(const char *list, struct buf *out, struct err *err)
{
    AUTO(mem) char *copy = mem_dup(list);
    char *save = NULL;

    buf_text(out, "{\"kind\":\"sequence\",\"components\":[");
    for (char *at = strtok_r(copy, ",", &save), *first = at; at; at = strtok_r(NULL, ",", &save)) {
        AUTO(name) struct name n = {0};
        int r = name_parse_entity(at, &n, err);
        if (r < 0)
            return r;
        AUTO(mem) char *full = name_full(&n);
        buf_text(out, at == first ? "" : ",");
        buf_json_string(out, full, strlen(full));
    }
    buf_text(out, "]}");
    return 0;
}

/* The code, parameters and annotations of another action. */
static int copy(struct rest *r, const char *from, struct change *c, struct err *err)
{
    AUTO(name) struct name n = {0};
    struct scan_text exec, list;

    int done = name_parse_entity(from, &n, err);
    if (done == 0 && (done = rest_send_named(r, "GET", "actions", &n, "?code=true", NULL, err)) < 0)
        return rest_wrap(r, err, "Unable to get action '%s'", n.path);
    if (done < 0)
        return done;
    if (!value_get(&r->value, "exec", &exec))
        return err_set(err, ERR_UNUSABLE, "action '%s' has no code to copy", n.path);
    if (value_get(&r->value, "parameters", &list))
        pairs_take(&c->params, &list);
    if (value_get(&r->value, "annotations", &list))
        pairs_take(&c->annotations, &list);
    return buf_add(&c->exec, exec.at, exec.n, err);
}

static int put_exec(struct rest *r, const struct settings *s, struct change *c, struct err *err)
{
    const struct code code = {s->file, s->kind, s->main, s->docker, s->native};
    bool is_update = strcmp(r->call->verb->name, "update") == 0;

    if (s->file && s->copy)
        return copy(r, s->file, c, err);
    if (s->file && s->sequence)
        return put_sequence(s->file, &c->exec, err);
    if (is_update && !s->file && !s->docker && !s->sequence && !s->copy)
        return 0;
    if (s->sequence || s->copy)
        return err_set(err, ERR_INVALID, "An action name and code artifact are required.");
    return code_exec(&code, &c->exec, err);
}

/* An update's annotations may stand on those that are there. */
static int put_web(struct rest *r, const struct settings *s, const struct name *n, struct change *c,
                   struct err *err)
{
    bool is_update = strcmp(r->call->verb->name, "update") == 0;
    struct scan_text was = {0};

    c->web = (struct web){.mode = s->web, .secure = s->secure};
    if (!s->web && !s->secure)
        return 0;
    if (is_update) {
        int done = rest_send_named(r, "GET", "actions", n, "?code=false", NULL, err);
        if (done < 0 && r->status != 404)
            return rest_wrap(r, err, "Unable to get action '%s'", n->path);
        rest_forgive(r);
        was = done < 0 ? was : r->value;
    }
    return web_annotate(&c->web, &was, &c->annotations, err);
}

static int add(struct buf *out, const char *name, const char *open, const struct buf *value,
               const char *close, struct err *err)
{
    if (value->size == 0)
        return 0;
    buf_print(out, ",\"%s\":%s", name, open);
    int r = buf_add(out, value->data, value->size, err);
    return r == 0 ? buf_add(out, close, strlen(close), err) : r;
}

static int add_pairs(struct buf *out, const char *name, const struct pairs *p, struct err *err)
{
    if (p->n == 0)
        return 0;
    buf_print(out, ",\"%s\":", name);
    return pairs_put_array(p, out, err);
}

static int make_body(const struct settings *s, const struct name *n, const struct change *c,
                     struct buf *out, struct err *err)
{
    AUTO(buf) struct buf dropped;

    buf_init(&dropped, ARGUMENTS_MAX * 2);
    for (size_t i = 0; i < s->dropped.n; i++) {
        buf_text(&dropped, i > 0 ? "," : "");
        buf_json_string(&dropped, s->dropped.items[i], strlen(s->dropped.items[i]));
    }
    if (c->web.drops_secret)
        buf_print(&dropped, "%s\"require-whisk-auth\"", dropped.size > 0 ? "," : "");
    buf_text(out, "{\"namespace\":");
    buf_json_string(out, n->space, strlen(n->space));
    buf_text(out, ",\"name\":");
    buf_json_string(out, n->path, strlen(n->path));
    int r = add(out, "exec", "", &c->exec, "", err);
    if (r == 0)
        r = add_pairs(out, "annotations", &c->annotations, err);
    if (r == 0)
        r = add_pairs(out, "parameters", &c->params, err);
    if (r == 0)
        r = add(out, "limits", "{", &c->limits, "}", err);
    if (r == 0)
        r = add(out, "delAnnotations", "[", &dropped, "]", err);
    return r == 0 ? buf_add(out, "}", 1, err) : r;
}

static int prepare(struct rest *r, const struct settings *s, const struct name *n, struct change *c,
                   struct err *err)
{
    int done = pairs_read(&s->params, &s->param_files, &c->params, err);

    if (done == 0)
        done = pairs_read(&s->annotations, &s->annotation_files, &c->annotations, err);
    if (done == 0)
        done = put_limits(s, &c->limits, err);
    if (done == 0)
        done = put_exec(r, s, c, err);
    return done == 0 ? put_web(r, s, n, c, err) : done;
}

static int put(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    const char *query = call->verb->name[0] == 'u' ? "?overwrite=true" : "?overwrite=false";
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};
    AUTO(change) struct change c = {0};
    AUTO(buf) struct buf body;

    buf_init(&body, CODE_REQUEST_MAX);
    buf_init(&c.exec, CODE_REQUEST_MAX);
    buf_init(&c.limits, 4096);
    int done = rest_open_named(&r, call, &s->rest, s->name, &n, err);
    if (done == 0)
        done = prepare(&r, s, &n, &c, err);
    if (done == 0)
        done = make_body(s, &n, &c, &body, err);
    if (done < 0)
        return done;
    r.progress = n.path;
    if (rest_send_named(&r, "PUT", "actions", &n, query, &body, err) < 0)
        return rest_wrap(&r, err, "Unable to %s action '%s'", call->verb->name, n.path);
    rest_ok(&r, "%sd action %s", call->verb->name, n.path);
    return 0;
}

const struct verb verb_action_create = {
    .noun = "action",
    .name = "create",
    .about = "make an action of a module, or of source that becomes one",
    .more = "  wow action create hello hello.c         compiled, then sent\n"
            "  wow action create hello hello.wasm -m 128\n"
            "  wow action create both hello,add --sequence",
    .options = create_options,
    .size = sizeof(struct settings),
    .run = put,
};

const struct verb verb_action_update = {
    .noun = "action",
    .name = "update",
    .about = "change an action, or make it if it is not there",
    .options = update_options,
    .size = sizeof(struct settings),
    .run = put,
};
