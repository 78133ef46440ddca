/* wow action delete, package delete, trigger delete, rule delete */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/rest/feed.h"
#include "cli/rest/rule.h"
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

    int done = rest_open_named(&r, call, &s->rest, s->name, &n, err);
    if (done == 0 && s->disable)
        done = rule_set_active(&r, &n, false, err);
    if (done == 0 && strcmp(noun, "trigger") == 0)
        done = tell_feed(&r, &n, err);
    if (done < 0)
        return done;
    if (rest_send_named(&r, "DELETE", collection, &n, "", NULL, err) < 0)
        return rest_wrap(&r, err, "Unable to delete %s '%s'", noun, n.path);
    rest_ok(&r, "deleted %s %s", noun, n.path);
    return 0;
}

const struct verb verb_action_delete =
    VERB("action", "delete", options, "take an action away", delete);
const struct verb verb_package_delete =
    VERB("package", "delete", options, "take an empty package away", delete);
const struct verb verb_trigger_delete =
    VERB("trigger", "delete", options, "take a trigger away; its feed is told", delete);
const struct verb verb_rule_delete =
    VERB("rule", "delete", rule_options, "take a rule away", delete);
