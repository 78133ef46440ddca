/* wow action invoke */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/arguments.h"
#include "cli/rest/activation.h"
#include "cli/rest/pairs.h"
#include "cli/rest/value.h"
#include "cli/rest/verbs.h"

struct settings {
    struct rest_options rest;
    const char *name;
    struct verb_list params, param_files;
    bool blocking, result;
};

static const struct verb_option options[] = {
    {VERB_OPERAND(name, "NAME"), "the action, [/NAMESPACE/][PACKAGE/]NAME"},
    REST_PARAMS,
    {"blocking", 'b', VERB_SWITCH(blocking), "wait for its end, and show the activation"},
    {"result", 'r', VERB_SWITCH(result), "wait for its end, and show the result only"},
    REST_OPTIONS,
    {VERB_END},
};

/* Is this how a failing action is reported? */
static bool is_failed_activation(const struct rest *r)
{
    struct scan_text v;

    return r->status == 502 && !value_get(&r->value, "code", &v) &&
           (value_get(&r->value, "response", &v) || value_get(&r->value, "error", &v));
}

enum invoked activation_invoke(struct rest *r, const struct name *n, const struct buf *args,
                               bool blocking, bool result, struct err *err)
{
    AUTO(mem) char *url = name_url(n, "actions");
    AUTO(mem)
    char *path = mem_print("%s?blocking=%s&result=%s", url, blocking ? "true" : "false",
                           result ? "true" : "false");

    if (rest_ask(r, "POST", path, args, err) < 0)
        return INVOKED_NOT;
    if (is_failed_activation(r))
        return INVOKED_FAILED;
    if (rest_judge(r, err) < 0)
        return INVOKED_NOT;
    if (r->value.n == 0) {
        r->call->failure.status = EXIT_NO_ANSWER;
        err_set(err, ERR_INTERNAL, "what listens at %s does not answer like OpenWhisk", r->host);
        return INVOKED_NOT;
    }
    return blocking && r->status == 202 ? INVOKED_UNFINISHED : INVOKED;
}

void activation_print(const struct rest *r, FILE *out, const struct name *n, const char *says)
{
    AUTO(mem) char *id = value_text(&r->value, "activationId");

    fprintf(out, "ok: invoked /%s/%s%s with id %s\n", n->space, n->path, says, id ? id : "");
}

/* What happened, on stdout, or stderr when it did not go well; the exit status. */
static int show(const struct rest *r, const struct settings *s, const struct name *n,
                enum invoked how)
{
    FILE *out = how == INVOKED || r->call->json ? stdout : stderr;

    if (r->call->json)
        value_print(out, &r->value, false);
    else if (how == INVOKED_UNFINISHED)
        activation_print(r, out, n, ", but the request has not yet finished,");
    else if (!s->result)
        activation_print(r, out, n, "");
    if (!r->call->json && how != INVOKED_UNFINISHED && (s->blocking || s->result))
        value_print(out, &r->value, true);
    return how == INVOKED ? EXIT_DONE : how == INVOKED_UNFINISHED ? EXIT_UNFINISHED : rest_exit(r);
}

static int invoke(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};
    AUTO(buf) struct buf body;

    buf_init(&body, 2 * ARGUMENTS_MAX);
    int done = rest_open_named(&r, call, &s->rest, s->name, &n, err);
    if (done == 0)
        done = pairs_read_object(&s->params, &s->param_files, &body, err);
    if (done < 0)
        return done;
    enum invoked how = activation_invoke(&r, &n, &body, s->blocking || s->result, s->result, err);
    if (how == INVOKED_NOT)
        return rest_wrap(&r, err, "Unable to invoke action '%s'", n.path);
    call->status = show(&r, s, &n, how);
    return 0;
}

const struct verb verb_action_invoke = {
    .noun = "action",
    .name = "invoke",
    .about = "run an action",
    .more = "Without -b or -r the activation's id is shown; wow activation get ID shows the rest.",
    .options = options,
    .size = sizeof(struct settings),
    .run = invoke,
};
