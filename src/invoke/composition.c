/*
 * Compositions: an action annotated "conductor" says which action comes next,
 * {"action", "params", "state"}, and is asked again with that action's result and the state, until
 * it names none. Source: Apache OpenWhisk, docs/conductors.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "invoke/entitle.h"
#include "invoke/invoke.h"
#include "invoke/parts.h"

#define TEXT_MAX (4u << 20)

struct composition {
    struct parts parts; /* first */
    struct buf args;    /* of the next part */
    struct buf state;   /* JSON, what the conductor gets back; empty: nothing */
    unsigned calls;     /* of the conductor */
};

static void conduct(struct composition *c);

static void composition_end(struct composition *c)
{
    parts_end(&c->parts, ",{\"key\":\"conductor\",\"value\":true}");
    buf_done(&c->args);
    buf_done(&c->state);
    free(c);
}

/* The end, with an error of the composition itself. */
static void composition_fail(struct composition *c, const char *text)
{
    invocation_fail(c->parts.whole, ACTIVATION_APPLICATION_ERROR, text);
    composition_end(c);
}

static void set_result(struct composition *c, enum activation_status status, const char *at,
                       size_t n)
{
    c->parts.whole->status = status;
    buf_clear(&c->parts.whole->result);
    buf_put(&c->parts.whole->result, at, n);
}

/* A component's result goes to the conductor, with the state over it. */
static void component_ended(struct invocation *part)
{
    struct composition *c = part->ctx;
    AUTO(params) struct params members = {0};
    struct scan_text state, result, key, value;
    bool fixed;
    struct err err;
    int r = scan_whole(part->result.data, part->result.size, &result, &err);

    parts_take(&c->parts, part);
    buf_clear(&c->args);
    if (r == 0 && result.type == SCAN_OBJECT && c->state.size > 0 &&
        scan_whole(c->state.data, c->state.size, &state, &err) == 0 && state.type == SCAN_OBJECT) {
        struct scan_walk w = scan_members(&result);
        while (scan_next(&w, &key, &value))
            params_put(&members, &key, &value);
        r = params_apply(&members, &state, &c->args, &fixed, &err);
    } else if (r == 0) {
        r = buf_add(&c->args, result.at, result.n, &err);
    }
    invocation_free(part);
    if (r < 0)
        composition_fail(c, "Too much data in the composition.");
    else
        conduct(c);
}

/* The component that the conductor has named. */
static void run_component(struct composition *c, const struct scan_text *name)
{
    struct invocation *whole = c->parts.whole;
    AUTO(action) struct action *a = NULL;
    AUTO(buf) struct buf plain = {0};
    char path[1100], text[1400];
    struct err err;

    buf_init(&plain, 1024);
    if (name->type != SCAN_STRING || scan_unescape(name, &plain, &err) < 0) {
        snprintf(text, sizeof text,
                 "Failed to parse action name from json value %.*s during "
                 "composition.",
                 name->n > 1000 ? 1000 : (int)name->n, name->at);
        composition_fail(c, text);
        return;
    }
    /* A bare name, or package/name, is of the caller's namespace. */
    const char *own = whole->who->user.name, *at = plain.data;
    if (at[0] == '/')
        snprintf(path, sizeof path, "%s", strncmp(at, "/_/", 3) == 0 ? at + 2 : at);
    if (at[0] != '/' || strncmp(at, "/_/", 3) == 0)
        snprintf(path, sizeof path, "/%s/%s", own, at[0] == '/' ? at + 3 : at);
    int r = action_find_path(whole->invoke, path, &a, &err);
    if (r <= 0) {
        snprintf(text, sizeof text, "Failed to resolve action with name '%s' during composition.",
                 at);
        composition_fail(c, text);
    } else if (!entitled_to_action(whole->who, a)) {
        snprintf(text, sizeof text,
                 "Failed entitlement check for action with name '%s' during composition.", at);
        composition_fail(c, text);
    } else if (!parts_may_go_on(&c->parts, a)) {
        composition_fail(c, "Too many actions in the composition.");
    } else if (parts_start(&c->parts, a, &c->args, component_ended, c, &err) < 0) {
        composition_fail(c, err.msg);
    }
}

/* What the conductor's result says: go on, or end. */
static void conductor_ended(struct invocation *part)
{
    struct composition *c = part->ctx;
    struct scan_text result, key, value, action = {0}, params = {0};
    bool failed = parts_take(&c->parts, part);
    struct err err;

    set_result(c, part->status, part->result.data, part->result.size);
    invocation_free(part);
    if (failed) {
        composition_end(c);
        return;
    }
    const struct buf *text = &c->parts.whole->result;
    buf_clear(&c->state);
    int r = scan_whole(text->data, text->size, &result, &err);
    if (r == 0 && result.type == SCAN_OBJECT) {
        struct scan_walk w = scan_members(&result);
        while (r == 0 && scan_next(&w, &key, &value)) {
            if (scan_equals(&key, "action"))
                action = value;
            else if (scan_equals(&key, "params"))
                params = value;
            else if (scan_equals(&key, "state"))
                r = buf_add(&c->state, value.at, value.n, &err);
        }
    }
    buf_clear(&c->args);
    buf_put(&c->args, params.n ? params.at : "{}", params.n ? params.n : 2);
    if (action.n) {
        AUTO(mem) char *name = mem_dup_n(action.at, action.n);
        action.at = name; /* the result it stood in may be replaced by an error */
        run_component(c, &action);
        return;
    }
    if (params.n)
        set_result(c, ACTIVATION_SUCCESS, c->args.data, c->args.size);
    composition_end(c);
}

static void conduct(struct composition *c)
{
    struct invocation *whole = c->parts.whole;
    struct err err;

    /* The conductor is invoked once more than its components. */
    if (++c->calls > 2 * whole->invoke->settings.sequence_max + 1) {
        composition_fail(c, "Too many actions in the composition.");
        return;
    }
    if (parts_conduct(&c->parts, &c->args, conductor_ended, c, &err) < 0)
        composition_fail(c, err.msg);
}

void composition_start(struct invocation *i)
{
    struct composition *c = NEW(struct composition);

    parts_begin(&c->parts, i);
    buf_init(&c->args, TEXT_MAX);
    buf_init(&c->state, TEXT_MAX);
    buf_put(&c->args, i->args.data, i->args.size);
    conduct(c);
}
