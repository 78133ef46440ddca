/* wow action delete, package delete, trigger delete, rule delete */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/rest/feed.h"
#include "cli/rest/verbs.h"

struct settings {
    struct rest_options rest;
    const char *name;
    bool disable;
};

#define NAME {VERB_OPERAND(name, "NAME"), "which, [/NAMESPACE/]NAME"}

static const struct verb_option options[] = {NAME, REST_OPTIONS, {VERB_END}};
static const struct verb_option rule_options[] = {
    NAME,
    {"disable", 0, VERB_SWITCH(disable), "make it inactive first"},
    REST_OPTIONS,
    {VERB_END},
};

static int disable(struct rest *r, const struct name *n, struct err *err)
{
    AUTO(mem) char *path = name_url(n, "rules");
    AUTO(buf) struct buf body;

    buf_init(&body, 256);
    buf_text(&body, "{\"status\":\"inactive\",\"trigger\":null,\"action\":null}");
    if (rest_send(r, "POST", path, &body, SCAN_NULL, err) < 0)
        return rest_wrap(r, err, "Unable to disable rule '%s'", n->path);
    return 0;
}

/* A feed is told before its trigger goes; when that fails, the trigger goes all the same. */
static int tell_feed(struct rest *r, const struct name *n, struct err *err)
{
    struct err ignored;

    if (rest_send_named(r, "GET", "triggers", n, "", NULL, err) < 0)
        return rest_wrap(r, err, "Unable to get trigger '%s'", n->path);
    AUTO(mem) char *feed = feed_of(r);
    if (feed && feed_tell(r, feed, "DELETE", n, NULL, &ignored) < 0) {
        fprintf(stderr, "warning: %s\n", ignored.msg);
        rest_forgive(r);
    }
    return 0;
}

static int delete(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    const char *noun = call->verb->noun;
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};
    AUTO(mem) char *collection = mem_print("%ss", noun);

    int done = rest_open(&r, call, &s->rest, err);
    if (done == 0)
        done = name_parse_entity(s->name, &n, err);
    if (done == 0 && s->disable)
        done = disable(&r, &n, err);
    if (done == 0 && strcmp(noun, "trigger") == 0)
        done = tell_feed(&r, &n, err);
    if (done < 0)
        return done;
    if (rest_send_named(&r, "DELETE", collection, &n, "", NULL, err) < 0)
        return rest_wrap(&r, err, "Unable to delete %s '%s'", noun, n.path);
    rest_ok(&r, "deleted %s %s", noun, n.path);
    return 0;
}

#define DELETE(what, table, says)        \
    {                                    \
        .noun = what,                    \
        .name = "delete",                \
        .about = says,                   \
        .options = table,                \
        .size = sizeof(struct settings), \
        .run = delete,                   \
    }

const struct verb verb_action_delete = DELETE("action", options, "take an action away");
const struct verb verb_package_delete = DELETE("package", options, "take an empty package away");
const struct verb verb_trigger_delete =
    DELETE("trigger", options, "take a trigger away; its feed is told");
const struct verb verb_rule_delete = DELETE("rule", rule_options, "take a rule away");
