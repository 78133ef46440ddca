/* wow package create, update, bind, refresh */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/arguments.h"
#include "cli/rest/pairs.h"
#include "cli/rest/rest.h"
#include "cli/rest/verbs.h"

struct settings {
    struct rest_options rest;
    const char *name, *as, *shared;
    struct verb_list params, param_files, annotations, annotation_files;
    bool overwrite;
};

static const struct verb_option put_options[] = {
    {VERB_OPERAND(name, "NAME"), "the package, [/NAMESPACE/]NAME"},
    REST_PARAMS,
    REST_ANNOTATIONS,
    {"shared", 0, VERB_TEXT(shared, "yes|no", NULL), "whether others may use what is in it"},
    REST_OPTIONS,
    {VERB_END},
};

static const struct verb_option bind_options[] = {
    {VERB_OPERAND(name, "PACKAGE"), "the package, /NAMESPACE/NAME"},
    {VERB_OPERAND(as, "NAME"), "what it is called in one's own namespace"},
    REST_PARAMS,
    REST_ANNOTATIONS,
    {"overwrite", 'o', VERB_SWITCH(overwrite), "change a binding that is there"},
    REST_OPTIONS,
    {VERB_END},
};

static const struct verb_option refresh_options[] = {
    {VERB_OPTIONAL(name, "/NAMESPACE"), "whose; else one's own"},
    REST_OPTIONS,
    {VERB_END},
};

static void put_text(struct buf *out, const char *name, const char *text)
{
    buf_print(out, "\"%s\":", name);
    buf_json_string(out, text, strlen(text));
}

/* `,"annotations":[…],"parameters":[…]`, those that were given. */
static int put_pairs(const struct settings *s, struct buf *out, struct err *err)
{
    AUTO(pairs) struct pairs params = {0}, annotations = {0};

    int r = pairs_read(&s->params, &s->param_files, &params, err);
    if (r == 0)
        r = pairs_read(&s->annotations, &s->annotation_files, &annotations, err);
    if (r == 0 && annotations.n > 0) {
        buf_text(out, ",\"annotations\":");
        r = pairs_put_array(&annotations, out, err);
    }
    if (r == 0 && params.n > 0) {
        buf_text(out, ",\"parameters\":");
        r = pairs_put_array(&params, out, err);
    }
    return r;
}

static int put(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    const char *query = call->verb->name[0] == 'u' ? "?overwrite=true" : "?overwrite=false";
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};
    AUTO(buf) struct buf body;

    buf_init(&body, 2 * ARGUMENTS_MAX);
    int done = rest_open_named(&r, call, &s->rest, s->name, &n, err);
    if (done < 0)
        return done;
    buf_text(&body, "{");
    put_text(&body, "namespace", n.space);
    buf_text(&body, ",");
    put_text(&body, "name", n.path);
    if (s->shared)
        buf_print(&body, ",\"publish\":%s", strcmp(s->shared, "yes") == 0 ? "true" : "false");
    done = put_pairs(s, &body, err);
    if (done < 0)
        return done;
    buf_text(&body, "}");
    if (rest_send_named(&r, "PUT", "packages", &n, query, &body, err) < 0)
        return rest_wrap(&r, err, "Unable to %s package '%s'", call->verb->name, n.path);
    rest_ok(&r, "%sd package %s", call->verb->name, n.path);
    return 0;
}

static int bind(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    const char *query = s->overwrite ? "?overwrite=true" : "?overwrite=false";
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name package = {0}, n = {0};
    AUTO(buf) struct buf body;

    buf_init(&body, 2 * ARGUMENTS_MAX);
    int done = rest_open_named(&r, call, &s->rest, s->name, &package, err);
    if (done == 0)
        done = name_parse_entity(s->as, &n, err);
    if (done < 0)
        return done;
    buf_text(&body, "{\"binding\":{");
    put_text(&body, "namespace", package.space);
    buf_text(&body, ",");
    put_text(&body, "name", package.path);
    buf_text(&body, "}");
    done = put_pairs(s, &body, err);
    if (done < 0)
        return done;
    buf_text(&body, "}");
    if (rest_send_named(&r, "PUT", "packages", &n, query, &body, err) < 0)
        return rest_wrap(&r, err, "Binding creation failed");
    rest_ok(&r, "created binding %s", s->as);
    return 0;
}

static int refresh(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};

    int done = rest_open(&r, call, &s->rest, err);
    if (done == 0)
        done = name_parse(s->name ? s->name : "/_", &n, err);
    if (done == 0 && n.entity)
        done = err_set(err, ERR_INVALID, "'%.100s' is no namespace", s->name);
    if (done < 0)
        return done;
    AUTO(mem) char *url = name_url(&n, "packages");
    AUTO(mem) char *path = mem_print("%s/refresh", url);
    const struct buf none = {0};
    if (rest_send(&r, "POST", path, &none, SCAN_NULL, err) < 0)
        return rest_wrap(&r, err, "Package refresh for namespace '%s' failed", n.space);
    rest_ok(&r, "'%s' refreshed successfully", n.space);
    return 0;
}

const struct verb verb_package_create =
    VERB("package", "create", put_options, "make a package, for actions that belong together", put);
const struct verb verb_package_update =
    VERB("package", "update", put_options, "change a package, or make it if it is not there", put);
const struct verb verb_package_bind =
    VERB("package", "bind", bind_options,
         "have somebody's shared package with parameters of one's own", bind);
const struct verb verb_package_refresh =
    VERB("package", "refresh", refresh_options, "have bindings made anew, where a server does that",
         refresh);
