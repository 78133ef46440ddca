/* wow trigger create, update, fire */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/arguments.h"
#include "cli/rest/feed.h"
#include "cli/rest/value.h"
#include "cli/rest/verbs.h"

struct settings {
    struct rest_options rest;
    const char *name, *feed;
    struct verb_list params, param_files, annotations, annotation_files;
    struct verb_list feed_params, trigger_params;
};

#define NAME {VERB_OPERAND(name, "NAME"), "the trigger, [/NAMESPACE/]NAME"}
#define SEPARATE                                                                               \
    {"feed-param", 'F', VERB_PAIRS(feed_params, "KEY VALUE"), "a parameter of the feed only"}, \
        {"trigger-param", 'T', VERB_PAIRS(trigger_params, "KEY VALUE"),                        \
         "a parameter of the trigger only"}

static const struct verb_option create_options[] = {
    NAME,
    {"feed", 'f', VERB_TEXT(feed, "ACTION", NULL), "what is to fire it; -p is then for the feed"},
    REST_PARAMS,
    SEPARATE,
    REST_ANNOTATIONS,
    REST_OPTIONS,
    {VERB_END},
};

static const struct verb_option update_options[] = {
    NAME, REST_PARAMS, SEPARATE, REST_ANNOTATIONS, REST_OPTIONS, {VERB_END},
};

static const struct verb_option fire_options[] = {NAME, REST_PARAMS, REST_OPTIONS, {VERB_END}};

/* What was given, and for whom. */
struct given {
    struct pairs feed, trigger, annotations;
    bool is_separate; /* -F or -T */
};

static void given_done(struct given *g)
{
    pairs_done(&g->feed);
    pairs_done(&g->trigger);
    pairs_done(&g->annotations);
}

static inline void given_auto(struct given *g) { given_done(g); }

/* Parameters of -p are the feed's when there is one. */
static int read_given(const struct settings *s, bool has_feed, struct given *g, struct err *err)
{
    const struct verb_list none = {0};

    g->is_separate = s->feed_params.n > 0 || s->trigger_params.n > 0;
    if (g->is_separate && (s->params.n > 0 || s->param_files.n > 0))
        return err_set(err, ERR_INVALID,
                       "Incorrect usage. Cannot combine --feed-param or "
                       "--trigger-param flag with neither --param nor "
                       "--param-file flag");
    if (s->feed_params.n > 0 && !has_feed)
        return err_set(err, ERR_INVALID,
                       "Incorrect usage. Trigger without a feed cannot have feed parameters");
    int r = pairs_read(&s->annotations, &s->annotation_files, &g->annotations, err);
    if (r == 0 && !g->is_separate)
        return pairs_read(&s->params, &s->param_files, has_feed ? &g->feed : &g->trigger, err);
    if (r == 0)
        r = pairs_read(&s->feed_params, &none, &g->feed, err);
    return r == 0 ? pairs_read(&s->trigger_params, &none, &g->trigger, err) : r;
}

static int put(struct rest *r, const struct name *n, const struct given *g, const char *query,
               struct err *err)
{
    AUTO(buf) struct buf body;

    buf_init(&body, 4 * ARGUMENTS_MAX);
    buf_text(&body, "{\"name\":");
    buf_json_string(&body, n->path, strlen(n->path));
    int done = 0;
    if (g->annotations.n > 0) {
        buf_text(&body, ",\"annotations\":");
        done = pairs_put_array(&g->annotations, &body, err);
    }
    if (done == 0 && g->trigger.n > 0) {
        buf_text(&body, ",\"parameters\":");
        done = pairs_put_array(&g->trigger, &body, err);
    }
    if (done == 0)
        done = buf_add(&body, "}", 1, err);
    return done == 0 ? rest_send_named(r, "PUT", "triggers", n, query, &body, err) : done;
}

/* The trigger is there and its feed failed: both go. What is told is the failure. */
static void undo(struct rest *r, const char *feed, const struct name *n)
{
    struct verb_failure was = r->call->failure;
    struct err ignored;

    r->call->failure.text = NULL;
    feed_tell(r, feed, "DELETE", n, NULL, &ignored);
    if (rest_send_named(r, "DELETE", "triggers", n, "", NULL, &ignored) < 0)
        fprintf(stderr, "warning: Unable to delete trigger '%s': %s\n", n->path, ignored.msg);
    free(r->call->failure.text);
    r->call->failure = was;
}

static int make(struct rest *r, const struct settings *s, const struct name *n, struct err *err)
{
    AUTO(given) struct given g = {0};
    AUTO(name) struct name feed = {0};
    AUTO(mem) char *full = NULL;

    int done = read_given(s, s->feed != NULL, &g, err);
    if (done == 0 && s->feed && (done = name_parse_entity(s->feed, &feed, err)) == 0) {
        full = name_full(&feed);
        pairs_set_text(&g.annotations, "feed", full);
    }
    if (done < 0)
        return done;
    if (put(r, n, &g, "?overwrite=false", err) < 0)
        return rest_wrap(r, err, "Unable to create trigger '%s'", n->path);
    if (full && feed_tell(r, full, "CREATE", n, &g.feed, err) < 0) {
        undo(r, full, n);
        return rest_wrap(r, err, "Unable to create trigger '%s'", n->path);
    }
    rest_ok(r, "created trigger %s", n->path);
    return 0;
}

static int create(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};

    int done = rest_open_named(&r, call, &s->rest, s->name, &n, err);
    return done == 0 ? make(&r, s, &n, err) : done;
}

/* One that is there: itself, or its feed, or with -F and -T both. */
static int change(struct rest *r, const struct settings *s, const struct name *n, struct err *err)
{
    AUTO(given) struct given g = {0};
    AUTO(mem) char *feed = feed_of(r);

    int done = read_given(s, feed != NULL, &g, err);
    if (done < 0)
        return done;
    if ((!feed || g.is_separate) && put(r, n, &g, "?overwrite=true", err) < 0)
        return rest_wrap(r, err, "Unable to update trigger '%s'", n->path);
    if (feed && (!g.is_separate || g.feed.n > 0) &&
        feed_tell(r, feed, "UPDATE", n, &g.feed, err) < 0)
        return rest_wrap(r, err, "Unable to update trigger '%s'", n->path);
    rest_ok(r, "updated trigger %s", n->path);
    return 0;
}

static int update(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};

    int done = rest_open_named(&r, call, &s->rest, s->name, &n, err);
    if (done < 0)
        return done;
    if (rest_send_named(&r, "GET", "triggers", &n, "", NULL, err) == 0)
        return change(&r, s, &n, err);
    if (r.status != 404)
        return rest_wrap(&r, err, "Unable to get trigger '%s'", n.path);
    rest_forgive(&r);
    return make(&r, s, &n, err);
}

static int fire(struct verb_call *call, const void *settings, struct err *err)
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
    AUTO(mem) char *path = name_url(&n, "triggers");
    if (rest_send(&r, "POST", path, &body, SCAN_NULL, err) < 0)
        return rest_wrap(&r, err, "Unable to fire trigger '%s'", n.path);
    AUTO(mem) char *id = value_text(&r.value, "activationId"); /* none when no rule is active */
    rest_ok(&r, "triggered /%s/%s with id %s", n.space, n.path, id ? id : "");
    return 0;
}

const struct verb verb_trigger_create =
    VERB("trigger", "create", create_options, "make a trigger, that rules bind to actions", create);
const struct verb verb_trigger_update =
    VERB("trigger", "update", update_options, "change a trigger, or its feed; or make it", update);
const struct verb verb_trigger_fire =
    VERB("trigger", "fire", fire_options, "fire a trigger: its rules' actions are invoked", fire);
