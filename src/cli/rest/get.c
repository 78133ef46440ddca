/* wow action get, package get, trigger get, rule get */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/mem.h"
#include "cli/rest/code.h"
#include "cli/rest/feed.h"
#include "cli/rest/summary.h"
#include "cli/rest/value.h"
#include "cli/rest/verbs.h"

struct settings {
    struct rest_options rest;
    const char *name, *field, *save_as;
    bool summary, url, save;
};

#define OPTIONS                                                                  \
    {VERB_OPTIONAL(field, "FIELD"), "show this member only"},                    \
        {"summary", 's', VERB_SWITCH(summary),                                   \
         "name, description, parameters: * bound, ** bound and final"},          \
        REST_OPTIONS

static const struct verb_option action_options[] = {
    {VERB_OPERAND(name, "NAME"), "the action, [/NAMESPACE/][PACKAGE/]NAME"},
    OPTIONS,
    {"url", 'r', VERB_SWITCH(url), "where it is invoked; of a web action, where anyone can"},
    {"save", 0, VERB_SWITCH(save), "write the code to a file with the action's name"},
    {"save-as", 0, VERB_TEXT(save_as, "FILE", NULL), "write the code to this file"},
    {VERB_END},
};

static const struct verb_option options[] = {
    {VERB_OPERAND(name, "NAME"), "which, [/NAMESPACE/]NAME"},
    OPTIONS,
    {VERB_END},
};

static int show_field(const struct rest *r, const char *noun, const struct name *n,
                      const char *field, struct err *err)
{
    struct scan_text value;

    if (!value_get_nocase(&r->value, field, &value))
        return err_set(err, ERR_INVALID, "Invalid field filter '%.100s'.", field);
    if (!r->call->json)
        printf("ok: got %s %s, displaying field %s\n", noun, n->path, field);
    value_print(stdout, &value, !r->call->json);
    return 0;
}

static void put_path(struct buf *url, const char *part)
{
    buf_text(url, "/");
    name_encode(url, part);
}

static void show_url(const struct rest *r, const struct name *n)
{
    struct scan_text exported;
    bool is_web =
        value_pair(&r->value, "annotations", "web-export", &exported) && value_is_true(&exported);
    AUTO(mem) char *space = value_text(&r->value, "namespace");
    AUTO(buf) struct buf url;

    buf_init(&url, strlen(r->api) + 16384);
    if (space)
        space[strcspn(space, "/")] = '\0'; /* the package is not its part here */
    buf_text(&url, r->api);
    buf_text(&url, is_web ? "/web" : "/namespaces");
    put_path(&url, space && strlen(space) < 1024 ? space : "_");
    buf_text(&url, is_web ? "" : "/actions");
    if (n->package || is_web)
        put_path(&url, n->package ? n->package : "default");
    put_path(&url, n->entity);
    if (r->call->json)
        printf("{\"url\":\"%s\"}\n", url.data);
    else
        printf("ok: got action %s\n%s\n", n->entity, url.data);
}

/* The code's bytes. */
static int take_code(const struct scan_text *exec, struct buf *out, struct err *err)
{
    struct scan_text code = {0}, binary = {0};
    AUTO(mem) char *kind = value_text(exec, "kind");
    AUTO(buf) struct buf text;

    buf_init(&text, HTTP_ANSWER_MAX);
    if (kind && strcmp(kind, "sequence") == 0)
        return err_set(err, ERR_UNUSABLE, "Cannot save action sequences");
    if (!value_get(exec, "code", &code) || code.type != SCAN_STRING)
        return err_set(err, ERR_UNUSABLE, "Cannot save Docker images");
    value_get(exec, "binary", &binary);
    if (!value_is_true(&binary))
        return scan_unescape(&code, out, err);
    int r = scan_unescape(&code, &text, err);
    return r == 0 ? base64_decode(text.data ? text.data : "", text.size, out, err) : r;
}

/* A file that is there is not touched. */
static int write_new(const char *path, const struct buf *code, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    ssize_t n = 0;

    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_CONFLICT, "The file '%s' already exists", path);
    if (fd < 0)
        return err_errno(err, ERR_NOT_FOUND, "Cannot create file '%s'", path);
    for (size_t at = 0; at < code->size && n >= 0; at += (size_t)n)
        n = write(fd, code->data + at, code->size - at);
    if (close(fd) < 0 || n < 0)
        return err_errno(err, ERR_INTERNAL, "Cannot write file '%s'", path);
    return 0;
}

static int save(const struct rest *r, const struct settings *s, const struct name *n,
                struct err *err)
{
    struct scan_text exec;
    AUTO(buf) struct buf code, json;
    AUTO(mem) char *path = NULL, *kind = NULL, *here = NULL;

    buf_init(&code, HTTP_ANSWER_MAX);
    buf_init(&json, 65536);
    if (!value_get(&r->value, "exec", &exec))
        return err_set(err, ERR_UNUSABLE, "action '%s' has no code", n->path);
    int done = take_code(&exec, &code, err);
    if (done < 0)
        return done;
    kind = value_text(&exec, "kind");
    path = s->save_as ? mem_dup(s->save_as)
                      : mem_print("%s%s", n->entity, code_end(kind ? kind : "", &code));
    done = write_new(path, &code, err);
    if (done < 0)
        return done;
    here = realpath(path, NULL);
    const char *where = here ? here : path;
    buf_json_string(&json, where, strlen(where));
    if (r->call->json)
        printf("{\"file\":%s}\n", json.data);
    else
        printf("ok: saved action code to %s\n", where);
    return 0;
}

static int show(struct rest *r, const struct settings *s, const struct name *n, struct err *err)
{
    const char *noun = r->call->verb->noun;

    if (s->url)
        show_url(r, n);
    else if (s->summary && !r->call->json)
        summary_print(noun, &r->value);
    else if (s->save || s->save_as)
        return save(r, s, n, err);
    else if (s->field)
        return show_field(r, noun, n, s->field, err);
    else if (strcmp(noun, "trigger") != 0 || r->call->json || !feed_read(r, n)) {
        if (!r->call->json)
            printf("ok: got %s %s\n", noun, n->path);
        rest_print(r);
    }
    return 0;
}

static int get(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    const char *noun = call->verb->noun, *query = "";
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};
    AUTO(mem) char *collection = mem_print("%ss", noun);

    if (strcmp(noun, "action") == 0)
        query = s->save || s->save_as ? "?code=true" : "?code=false";
    int done = rest_open_named(&r, call, &s->rest, s->name, &n, err);
    if (done < 0)
        return done;
    if (rest_send_named(&r, "GET", collection, &n, query, NULL, err) < 0)
        return rest_wrap(&r, err, "Unable to get %s '%s'", noun, n.path);
    return show(&r, s, &n, err);
}

const struct verb verb_action_get =
    VERB("action", "get", action_options, "show an action, or save its code", get);
const struct verb verb_package_get =
    VERB("package", "get", options, "show a package and what is in it", get);
const struct verb verb_trigger_get =
    VERB("trigger", "get", options, "show a trigger and its rules", get);
const struct verb verb_rule_get = VERB("rule", "get", options, "show a rule and its status", get);
