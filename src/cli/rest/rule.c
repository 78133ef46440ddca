/* wow rule create, update, enable, disable, status */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/rest/rule.h"
#include "cli/rest/value.h"
#include "cli/rest/verbs.h"

struct settings {
    struct rest_options rest;
    const char *name, *trigger, *action;
};

#define NAME {VERB_OPERAND(name, "NAME"), "the rule, [/NAMESPACE/]NAME"}

static const struct verb_option put_options[] = {
    NAME,
    {VERB_OPERAND(trigger, "TRIGGER"), "whenever this is fired"},
    {VERB_OPERAND(action, "ACTION"), "this is invoked"},
    REST_OPTIONS,
    {VERB_END},
};

static const struct verb_option options[] = {NAME, REST_OPTIONS, {VERB_END}};

static int put_full(struct buf *out, const char *member, const char *text, struct err *err)
{
    AUTO(name) struct name n = {0};

    int r = name_parse_entity(text, &n, err);
    if (r < 0)
        return r;
    AUTO(mem) char *full = name_full(&n);
    buf_print(out, ",\"%s\":", member);
    buf_json_string(out, full, strlen(full));
    return 0;
}

static int put(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    const char *query = call->verb->name[0] == 'u' ? "?overwrite=true" : "?overwrite=false";
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};
    AUTO(buf) struct buf body;

    buf_init(&body, 65536);
    int done = rest_open_named(&r, call, &s->rest, s->name, &n, err);
    if (done < 0)
        return done;
    buf_text(&body, "{\"name\":");
    buf_json_string(&body, n.path, strlen(n.path));
    buf_text(&body, ",\"status\":\"\"");
    done = put_full(&body, "trigger", s->trigger, err);
    if (done == 0)
        done = put_full(&body, "action", s->action, err);
    if (done < 0)
        return done;
    buf_text(&body, "}");
    if (rest_send_named(&r, "PUT", "rules", &n, query, &body, err) < 0)
        return rest_wrap(&r, err, "Unable to %s rule '%s'", call->verb->name, n.path);
    rest_ok(&r, "%sd rule %s", call->verb->name, n.path);
    return 0;
}

int rule_set_active(struct rest *r, const struct name *n, bool active, struct err *err)
{
    AUTO(mem) char *path = name_url(n, "rules");
    AUTO(buf) struct buf body;

    buf_init(&body, 256);
    buf_print(&body, "{\"status\":\"%s\",\"trigger\":null,\"action\":null}",
              active ? "active" : "inactive");
    if (rest_send(r, "POST", path, &body, SCAN_NULL, err) < 0)
        return rest_wrap(r, err, "Unable to %s rule '%s'", active ? "enable" : "disable", n->path);
    return 0;
}

/* enable, disable */
static int set_state(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};

    int done = rest_open_named(&r, call, &s->rest, s->name, &n, err);
    if (done == 0)
        done = rule_set_active(&r, &n, call->verb->name[0] == 'e', err);
    if (done == 0)
        rest_ok(&r, "%sd rule %s", call->verb->name, n.path);
    return done;
}

static int status(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};

    int done = rest_open_named(&r, call, &s->rest, s->name, &n, err);
    if (done < 0)
        return done;
    if (rest_send_named(&r, "GET", "rules", &n, "", NULL, err) < 0)
        return rest_wrap(&r, err, "Unable to get status of rule '%s'", n.path);
    AUTO(mem) char *says = value_text(&r.value, "status");
    rest_ok(&r, "rule %s is %s", n.path, says ? says : "unknown");
    return 0;
}

const struct verb verb_rule_create =
    VERB("rule", "create", put_options, "have a trigger invoke an action", put);
const struct verb verb_rule_update =
    VERB("rule", "update", put_options, "change a rule, or make it if it is not there", put);
const struct verb verb_rule_enable =
    VERB("rule", "enable", options, "make a rule active", set_state);
const struct verb verb_rule_disable =
    VERB("rule", "disable", options, "make a rule inactive", set_state);
const struct verb verb_rule_status =
    VERB("rule", "status", options, "say whether a rule is active", status);
