#include "api/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"

#define TARGET_MAX 8192u

#define NS "/api/v1/namespaces/:ns"

const struct route routes[] = {
    {"GET", "/", ROUTE_ANYONE, info_root, "Limits and kinds of this server", "", "", "Info"},
    {"GET", "/ping", ROUTE_ANYONE, info_ping, "Is it there?", "", "", ""},
    {"GET", "/ready", ROUTE_ANYONE, info_ready, "Can it run actions, and record that?", "", "",
     "Ready"},
    {"GET", "/metrics", ROUTE_ANYONE, metrics_get, "What it does, for Prometheus", "", "", ""},
    {"GET", "/dashboard", ROUTE_ANYONE, dashboard_get, "A page that shows what runs", "", "", ""},
    {"GET", "/dashboard/dashboard.js", ROUTE_ANYONE, dashboard_get, "Its script", "", "", ""},
    {"GET", "/dashboard/dashboard.css", ROUTE_ANYONE, dashboard_get, "Its style", "", "", ""},
    {"GET", "/api/v1", ROUTE_ANYONE, info_api, "Version of this interface", "", "", "Version"},
    {"GET", "/api/v1/api-docs", ROUTE_ANYONE, info_document, "This document", "", "", "Any"},
    {"GET", "/api/v1/namespaces", ROUTE_KEY, namespaces_list, "The caller's namespace", "", "",
     "Names"},
    {"GET", NS "/limits", ROUTE_KEY, namespaces_limits, "A namespace's limits", "", "", "Any"},

    {"GET", NS "/actions", ROUTE_KEY, actions_list, "List actions", "limit skip count", "", "List"},
    {"GET", NS "/actions/:package/", ROUTE_KEY, actions_list_package, "List a package's actions",
     "limit skip count", "", "List"},
    {"GET", NS "/actions/:name", ROUTE_KEY, actions_get, "An action", "code", "", "Action"},
    {"PUT", NS "/actions/:name", ROUTE_KEY, actions_put, "Create or update an action", "overwrite",
     "ActionPut", "Action"},
    {"DELETE", NS "/actions/:name", ROUTE_KEY, actions_delete, "Delete an action", "", "",
     "Action"},
    {"POST", NS "/actions/:name", ROUTE_KEY, actions_post, "Invoke an action",
     "blocking result timeout", "Arguments", "Outcome"},
    {"GET", NS "/actions/:package/:name", ROUTE_KEY, actions_get, "A package's action", "code", "",
     "Action"},
    {"PUT", NS "/actions/:package/:name", ROUTE_KEY, actions_put,
     "Create or update a package's action", "overwrite", "ActionPut", "Action"},
    {"DELETE", NS "/actions/:package/:name", ROUTE_KEY, actions_delete, "Delete a package's action",
     "", "", "Action"},
    {"POST", NS "/actions/:package/:name", ROUTE_KEY, actions_post, "Invoke a package's action",
     "blocking result timeout", "Arguments", "Outcome"},

    {"GET", NS "/packages", ROUTE_KEY, packages_list, "List packages", "limit skip count", "",
     "List"},
    {"POST", NS "/packages/refresh", ROUTE_KEY, packages_refresh, "Not implemented", "", "", ""},
    {"GET", NS "/packages/:name", ROUTE_KEY, packages_get, "A package, and what is in it", "", "",
     "Package"},
    {"PUT", NS "/packages/:name", ROUTE_KEY, packages_put, "Create, update or bind a package",
     "overwrite", "PackagePut", "Package"},
    {"DELETE", NS "/packages/:name", ROUTE_KEY, packages_delete, "Delete a package", "force", "",
     "Package"},

    {"GET", NS "/triggers", ROUTE_KEY, triggers_list, "List triggers", "limit skip count", "",
     "List"},
    {"GET", NS "/triggers/:name", ROUTE_KEY, triggers_get, "A trigger, and its rules", "", "",
     "Trigger"},
    {"PUT", NS "/triggers/:name", ROUTE_KEY, triggers_put, "Create or update a trigger",
     "overwrite", "TriggerPut", "Trigger"},
    {"DELETE", NS "/triggers/:name", ROUTE_KEY, triggers_delete, "Delete a trigger", "", "",
     "Trigger"},
    {"POST", NS "/triggers/:name", ROUTE_KEY, triggers_post, "Fire a trigger", "", "Arguments",
     "Outcome"},

    {"GET", NS "/rules", ROUTE_KEY, rules_list, "List rules", "limit skip count", "", "List"},
    {"GET", NS "/rules/:name", ROUTE_KEY, rules_get, "A rule, and whether it is active", "", "",
     "Rule"},
    {"PUT", NS "/rules/:name", ROUTE_KEY, rules_put, "Create or update a rule", "overwrite",
     "RulePut", "Rule"},
    {"DELETE", NS "/rules/:name", ROUTE_KEY, rules_delete, "Delete a rule", "", "", "Rule"},
    {"POST", NS "/rules/:name", ROUTE_KEY, rules_post, "Activate or deactivate a rule", "",
     "RuleStatus", ""},

    {"GET", NS "/activations", ROUTE_KEY, activations_list, "List activations",
     "limit skip count name since upto docs", "", "List"},
    {"GET", NS "/activations/:name", ROUTE_KEY, activations_get, "An activation's record", "", "",
     "Activation"},
    {"GET", NS "/activations/:name/result", ROUTE_KEY, activations_result, "Its response", "", "",
     "Response"},
    {"GET", NS "/activations/:name/logs", ROUTE_KEY, activations_logs, "Its logs", "", "", "Logs"},

    {"*", "/api/v1/web/:ns/:package/:name*", ROUTE_ANYONE, web_any, "A web action", "", "", "Any"},
};

const size_t routec = sizeof routes / sizeof *routes;

/* ---- matching ---- */

/* What a path has in the places of a route. */
struct match {
    struct {
        const char *at;
        size_t n;
    } ns, package, name;
    const char *rest;
};

static void take(struct match *m, const char *variable, size_t n, const char *at, size_t size)
{
    if (n == 2 && memcmp(variable, "ns", 2) == 0) {
        m->ns.at = at;
        m->ns.n = size;
    } else if (n == 7) {
        m->package.at = at;
        m->package.n = size;
    } else {
        m->name.at = at;
        m->name.n = size;
    }
}

static bool matches(const char *pattern, const char *path, struct match *m)
{
    *m = (struct match){.rest = ""};
    while (*pattern) {
        if (*pattern == ':') {
            size_t name = strcspn(++pattern, "/*"), n = strcspn(path, "/");
            if (n == 0)
                return false;
            take(m, pattern, name, path, n);
            pattern += name;
            path += n;
        } else if (*pattern == '*') {
            m->rest = path;
            return true;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    /* One more '/' does no harm. */
    return *path == '\0' || (path[0] == '/' && path[1] == '\0');
}

static bool same_method(const char *route, const char *method)
{
    return strcmp(route, "*") == 0 || strcmp(route, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route, "GET") == 0);
}

/* The route; or, when only the method is wrong, NULL and the methods there are. */
static const struct route *find(const struct request *r, struct match *m, char allowed[64])
{
    size_t n = 0;

    allowed[0] = '\0';
    for (size_t i = 0; i < routec; i++) {
        if (!matches(routes[i].path, r->path, m))
            continue;
        if (same_method(routes[i].method, r->method))
            return &routes[i];
        n += (size_t)snprintf(allowed + n, 64 - n, "%s%s", n ? ", " : "", routes[i].method);
    }
    return NULL;
}

/* ---- what every answer has ---- */

/* The client's own id, if it will do as one. */
static void set_tid(struct call *c)
{
    const char *sent = request_header(c->request, "X-Request-ID");
    size_t n = sent ? strlen(sent) : 0;

    if (n > 0 && n <= CALL_TID_MAX && strncmp(sent, "sid_", 4) != 0 &&
        request_set_header(c->request, "X-Request-ID", sent)) {
        memcpy(c->tid, sent, n + 1);
        return;
    }
    random_text(c->tid, 32);
    request_set_header(c->request, "X-Request-ID", c->tid);
}

static void set_cors(struct request *r)
{
    request_set_header(r, "Access-Control-Allow-Origin", "*");
    request_set_header(r, "Access-Control-Allow-Headers",
                       "Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent");
    request_set_header(r, "Access-Control-Allow-Methods", "GET, DELETE, POST, PUT, HEAD");
}

static char *unescaped(const char *at, size_t n)
{
    char *text = at ? mem_dup_n(at, n) : NULL;

    if (text)
        n = query_unescape(text, n, false);
    for (size_t i = 0; text && i < n; i++)
        if (text[i] == '\0')
            text[i] = '/'; /* no name has one either */
    return text;
}

static void refuse_route(struct call *c, const char *allowed)
{
    if (strcmp(c->request->method, "OPTIONS") == 0 &&
        strncmp(c->request->path, "/api/v1/", 8) == 0) {
        call_reply(c, 200, NULL);
    } else if (allowed[0]) {
        request_set_header(c->request, "Allow", allowed);
        call_fail(c, 405, "HTTP method not allowed, supported methods: %s", allowed);
    } else {
        call_fail(c, 404, "The requested resource could not be found.");
    }
}

static void dispatch(struct call *c)
{
    char allowed[64];
    struct match m;
    const struct route *route = find(c->request, &m, allowed);

    /* These have headers of their own. */
    if (!route || (route->handle != web_any && route->handle != dashboard_get))
        set_cors(c->request);
    if (!route) {
        refuse_route(c, allowed);
        return;
    }
    c->ns = unescaped(m.ns.at, m.ns.n);
    c->package = unescaped(m.package.at, m.package.n);
    c->name = unescaped(m.name.at, m.name.n);
    c->rest = m.rest;
    if (route->who == ROUTE_ANYONE || auth_require(c))
        route->handle(c);
}

void api_handle(struct request *r, void *ctx)
{
    struct api *a = ctx;
    struct call *c = NEW(struct call);

    c->api = a;
    c->invoke = a->invoke;
    c->request = r;
    c->received_ns = clock_mono_ns();
    set_tid(c);
    if (strlen(r->path) + strlen(r->query) > TARGET_MAX) {
        call_fail(c, 414, "The request target is longer than allowed: %zu > %u bytes.",
                  strlen(r->path) + strlen(r->query), TARGET_MAX);
        return;
    }
    query_init(&c->query, r->query);
    if (a->draining) {
        request_set_header(r, "Connection", "close");
        call_unavailable(c);
    } else {
        dispatch(c);
    }
}

void api_refuse(struct request *r, const char *text, struct buf *body)
{
    char tid[33];

    random_text(tid, sizeof tid - 1);
    request_set_header(r, "X-Request-ID", tid);
    set_cors(r);
    buf_text(body, "{\"error\":");
    buf_json_string(body, text, strlen(text));
    buf_print(body, ",\"code\":\"%s\"}", tid);
}
