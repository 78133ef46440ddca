#include "api/openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/routes.h"

/* Parameters of queries, by the names that routes give them. */
static const struct {
    const char *name, *schema, *text;
} queries[] = {
    {"limit", "{\"type\":\"integer\",\"minimum\":0,\"maximum\":200}",
     "0 is as many as there may be"},
    {"skip", "{\"type\":\"integer\",\"minimum\":0}", "so many of the first are left out"},
    {"count", "{\"type\":\"boolean\"}", "answer only how many there are"},
    {"code", "{\"type\":\"boolean\"}", "with the code"},
    {"overwrite", "{\"type\":\"boolean\"}", "update what is there"},
    {"force", "{\"type\":\"boolean\"}", "with all that is in it"},
    {"blocking", "{\"type\":\"boolean\"}", "wait for the end"},
    {"result", "{\"type\":\"boolean\"}", "answer only the result"},
    {"timeout", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":60000}", "wait so long, ms"},
    {"name", "{\"type\":\"string\"}", "of an action, or package/action, or trigger"},
    {"since", "{\"type\":\"integer\",\"minimum\":0}", "started then or later, ms"},
    {"upto", "{\"type\":\"integer\",\"minimum\":0}", "started then or earlier, ms"},
    {"docs", "{\"type\":\"boolean\"}", "whole records"},
};

/* ---- schemas ---- */

#define REF(name) "{\"$ref\":\"#/components/schemas/" name "\"}"
#define OBJECT(required, properties) \
    "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" properties "}}"
#define STRING "{\"type\":\"string\"}"
#define INTEGER "{\"type\":\"integer\"}"
#define BOOLEAN "{\"type\":\"boolean\"}"

#define NAME \
    "{\"type\":\"string\",\"pattern\":\"^\\\\w([\\\\w@ .&-]{0,254}[\\\\w@.&-])?$\"}"
#define ACTIVATION_ID "{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{32}$\"}"

#define ENTITY_REQUIRED                                                       \
    "\"namespace\",\"name\",\"version\",\"publish\",\"updated\",\"annotations\""
#define ENTITY_PROPERTIES                                                             \
    "\"namespace\":" STRING ",\"name\":" STRING ",\"version\":" STRING ",\"publish\":" BOOLEAN \
    ",\"updated\":" INTEGER ",\"annotations\":" REF("Pairs") ",\"parameters\":" REF("Pairs")
#define THREE_NUMBERS "^[0-9]{1,9}\\\\.[0-9]{1,9}\\\\.[0-9]{1,9}$"
#define PUT_PROPERTIES                                                                  \
    "\"version\":{\"type\":\"string\",\"pattern\":\"" THREE_NUMBERS "\"}," \
    "\"publish\":" BOOLEAN ",\"annotations\":" REF("Pairs") ",\"parameters\":" REF("Pairs")
#define PATH OBJECT("\"path\",\"name\"", "\"path\":" STRING ",\"name\":" STRING)

static const struct {
    const char *name, *schema;
} schemas[] = {
    {"Any", "{}"},
    {"Error", OBJECT("\"error\",\"code\"", "\"error\":" STRING ",\"code\":" STRING)},
    {"Pair", OBJECT("\"key\",\"value\"", "\"key\":" STRING ",\"value\":{},\"init\":" BOOLEAN)},
    {"Pairs", "{\"type\":\"array\",\"items\":" REF("Pair") "}"},
    {"Names", "{\"type\":\"array\",\"items\":" STRING "}"},
    {"List", "{\"anyOf\":[{\"type\":\"array\",\"items\":{\"type\":\"object\"}},{\"type\":"
             "\"object\"}]}"},
    {"Info", OBJECT("\"description\",\"support\",\"api_paths\",\"limits\",\"runtimes\"",
                    "\"description\":" STRING ",\"api_paths\":" REF("Names"))},
    {"Version", OBJECT("\"build\",\"buildno\"", "\"build\":" STRING ",\"buildno\":" STRING)},
    {"Ready", OBJECT("\"ready\"", "\"ready\":" BOOLEAN)},
    {"Arguments", "{\"type\":\"object\"}"},
    {"Limits", OBJECT("", "\"timeout\":" INTEGER ",\"memory\":" INTEGER ",\"logs\":" INTEGER
                          ",\"concurrency\":" INTEGER ",\"instances\":" INTEGER)},
    {"Exec", OBJECT("\"kind\"", "\"kind\":" STRING ",\"code\":" STRING ",\"binary\":" BOOLEAN
                                ",\"main\":" STRING ",\"components\":" REF("Names"))},
    {"Action", OBJECT(ENTITY_REQUIRED ",\"exec\",\"limits\",\"parameters\"",
                      ENTITY_PROPERTIES ",\"exec\":" REF("Exec") ",\"limits\":" REF("Limits"))},
    {"ActionPut", OBJECT("", PUT_PROPERTIES ",\"exec\":" REF("Exec") ",\"limits\":" REF(
                                 "Limits") ",\"delAnnotations\":" REF("Names"))},
    {"Package", OBJECT(ENTITY_REQUIRED ",\"binding\"",
                       ENTITY_PROPERTIES ",\"binding\":{\"type\":\"object\"},\"actions\":{"
                                         "\"type\":\"array\"},\"feeds\":{\"type\":\"array\"}")},
    {"PackagePut", OBJECT("", PUT_PROPERTIES
                          ",\"binding\":" OBJECT("", "\"namespace\":" STRING ",\"name\":" STRING))},
    {"Trigger", OBJECT(ENTITY_REQUIRED ",\"limits\"",
                       ENTITY_PROPERTIES ",\"limits\":{\"type\":\"object\"},\"rules\":{"
                                         "\"type\":\"object\"}")},
    {"TriggerPut", OBJECT("", PUT_PROPERTIES)},
    {"Rule", OBJECT(ENTITY_REQUIRED ",\"trigger\",\"action\",\"status\"",
                    ENTITY_PROPERTIES ",\"trigger\":" PATH ",\"action\":" PATH
                                      ",\"status\":{\"enum\":[\"active\",\"inactive\"]}")},
    {"RulePut", OBJECT("", PUT_PROPERTIES ",\"trigger\":" STRING ",\"action\":" STRING)},
    {"RuleStatus", OBJECT("\"status\"", "\"status\":{\"enum\":[\"active\",\"inactive\"]}")},
    {"Response", OBJECT("\"status\",\"success\",\"result\"",
                        "\"status\":{\"enum\":[\"success\",\"application error\",\"action "
                        "developer error\",\"whisk internal error\"]},\"success\":" BOOLEAN
                        ",\"result\":{},\"size\":" INTEGER)},
    {"Activation",
     OBJECT("\"namespace\",\"name\",\"version\",\"subject\",\"activationId\",\"start\","
            "\"publish\",\"response\",\"logs\",\"annotations\"",
            "\"activationId\":" ACTIVATION_ID ",\"start\":" INTEGER ",\"end\":" INTEGER
            ",\"duration\":" INTEGER ",\"response\":" REF("Response") ",\"logs\":" REF(
                "Names") ",\"annotations\":" REF("Pairs"))},
    {"Logs", OBJECT("\"logs\"", "\"logs\":" REF("Names"))},
    {"Outcome", "{\"anyOf\":[{\"type\":\"object\"},{\"type\":\"array\"}]}"},
};

/* ---- paths ---- */

/* /namespaces/{ns} of /namespaces/:ns; the names, in their order, to each. */
static void put_path(struct buf *b, const char *path)
{
    while (*path && *path != '*') {
        size_t n = strcspn(path + 1, ":/*") + 1;
        if (*path == ':')
            buf_print(b, "{%.*s}", (int)n - 1, path + 1);
        else
            buf_put(b, path, n);
        path += n;
    }
}

static void put_segments(struct buf *b, const char *path, bool *first)
{
    const char *schema = strstr(path, "/activations/") ? ACTIVATION_ID : NAME;

    for (const char *at = strchr(path, ':'); at; at = strchr(at + 1, ':')) {
        int n = (int)strcspn(at + 1, "/*");
        buf_print(b, "%s{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,\"schema\":%s}",
                  *first ? "" : ",", n, at + 1, at[1] == 'n' && at[2] == 's' ? NAME : schema);
        *first = false;
    }
}

static void put_query(struct buf *b, const char *names, bool *first)
{
    while (*names) {
        size_t n = strcspn(names, " ");
        for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
            if (strlen(queries[i].name) == n && memcmp(queries[i].name, names, n) == 0)
                buf_print(
                    b, "%s{\"name\":\"%s\",\"in\":\"query\",\"description\":\"%s\",\"schema\":%s}",
                    *first ? "" : ",", queries[i].name, queries[i].text, queries[i].schema);
        *first = false;
        names += n + (names[n] == ' ');
    }
}

static void put_content(struct buf *b, const char *schema)
{
    buf_print(b,
              "\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
              "\"#/components/schemas/%s\"}}}",
              schema);
}

/* Invocations are answered in more ways than others. */
static void put_responses(struct buf *b, const struct route *r)
{
    static const char *const outcomes[] = {"202", "502", "500"};

    buf_text(b, "\"responses\":{");
    if (strcmp(r->answer, "Any") == 0 && strcmp(r->method, "*") == 0) {
        buf_text(b, "\"default\":{\"description\":\"what the action answers\"}}");
        return;
    }
    buf_text(b, "\"200\":{\"description\":\"done\"");
    if (r->answer[0]) {
        buf_text(b, ",");
        put_content(b, r->answer);
    }
    buf_text(b, "}");
    for (size_t i = 0; strcmp(r->answer, "Outcome") == 0 && i < 3; i++) {
        buf_print(b, ",\"%s\":{\"description\":\"%s\",", outcomes[i],
                  i == 0 ? "accepted" : "the action failed");
        put_content(b, r->answer);
        buf_text(b, "}");
    }
    if (strcmp(r->answer, "Outcome") == 0)
        buf_text(b, ",\"204\":{\"description\":\"no rule is active\"}");
    buf_text(b, ",\"default\":{\"description\":\"refused\",");
    put_content(b, "Error");
    buf_text(b, "}}");
}

/* get_namespaces_ns_actions: the method and the path's words. */
static void put_name(struct buf *b, const char *method, const char *path)
{
    char name[160];
    size_t n = (size_t)snprintf(name, sizeof name, "%s%s", method, path);

    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]))
            name[i] = '_';
    buf_text(b, name);
}

static void put_operation(struct buf *b, const char *method, const struct route *r)
{
    bool first = true;

    buf_print(b, "\"%s\":{\"operationId\":\"", method);
    put_name(b, method, r->path);
    buf_print(b, "\",\"summary\":\"%s\",\"security\":[%s],\"parameters\":[", r->summary,
              r->who == ROUTE_KEY ? "{\"key\":[]}" : "");
    put_segments(b, r->path, &first);
    put_query(b, r->query, &first);
    buf_text(b, "],");
    if (r->body[0]) {
        buf_print(b, "\"requestBody\":{\"required\":%s,",
                  strcmp(r->body, "Arguments") == 0 ? "false" : "true");
        put_content(b, r->body);
        buf_text(b, "},");
    }
    put_responses(b, r);
    buf_text(b, "}");
}

/* All methods of one path; the first of its routes is at from. */
static void put_methods(struct buf *b, size_t from)
{
    static const char *const any[] = {"get", "post", "put", "delete", "patch"};
    const struct route *r = &routes[from];
    char method[8];

    if (strcmp(r->method, "*") == 0) {
        for (size_t i = 0; i < 5; i++) {
            buf_text(b, i ? "," : "");
            put_operation(b, any[i], r);
        }
        return;
    }
    for (size_t i = from; i < routec; i++) {
        if (strcmp(routes[i].path, r->path) != 0)
            continue;
        snprintf(method, sizeof method, "%s", routes[i].method);
        for (char *m = method; *m; m++)
            *m = (char)tolower((unsigned char)*m);
        buf_text(b, i > from ? "," : "");
        put_operation(b, method, &routes[i]);
    }
}

static bool is_first(size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(routes[i].path, routes[at].path) == 0)
            return false;
    return true;
}

void openapi_write(struct buf *out)
{
    buf_text(out, "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"OpenWhisk REST API, as wowd speaks "
                  "it\",\"version\":\"" WOW_VERSION "\"},\"paths\":{");
    for (size_t i = 0; i < routec; i++) {
        if (!is_first(i))
            continue;
        buf_text(out, i ? ",\"" : "\"");
        put_path(out, routes[i].path);
        buf_text(out, "\":{");
        put_methods(out, i);
        buf_text(out, "}");
    }
    buf_text(out, "},\"components\":{\"securitySchemes\":{\"key\":{\"type\":\"http\",\"scheme\":"
                  "\"basic\"}},\"schemas\":{");
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        buf_print(out, "%s\"%s\":", i ? "," : "", schemas[i].name);
        buf_text(out, schemas[i].schema);
    }
    buf_text(out, "}}}");
}
