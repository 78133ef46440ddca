/* wow action list, package list, trigger list, rule list; namespace list, namespace get, list */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/rest/rest.h"
#include "cli/rest/table.h"
#include "cli/rest/value.h"
#include "cli/rest/verbs.h"

#define PAGE 200 /* the most that a server gives at once, which it does for limit=0 */

struct settings {
    struct rest_options rest;
    const char *where;
    unsigned skip, limit;
    bool by_name;
};

#define ALPHABETICAL \
    {"name-sort", 'n', VERB_SWITCH(by_name), "in order of names; else the last changed is first"}
#define PAGING                                                                         \
    {"limit", 'l', VERB_NUMBER(limit, "N", 0, 1000000, "30"), "how many, at most"},    \
        {"skip", 's', VERB_NUMBER(skip, "N", 0, 1u << 30, "0"), "leave out the first"}

static const struct verb_option action_options[] = {
    {VERB_OPTIONAL(where, "/NAMESPACE|PACKAGE"), "of whom, or what; else one's own, all"},
    PAGING,
    ALPHABETICAL,
    REST_OPTIONS,
    {VERB_END},
};

static const struct verb_option list_options[] = {
    {VERB_OPTIONAL(where, "/NAMESPACE"), "of whom; else one's own"},
    PAGING,
    ALPHABETICAL,
    REST_OPTIONS,
    {VERB_END},
};

static const struct verb_option namespace_options[] = {REST_OPTIONS, {VERB_END}};

static const struct verb_option all_options[] = {
    {VERB_OPTIONAL(where, "/_"), "nothing else: it is one's own namespace"},
    ALPHABETICAL,
    REST_OPTIONS,
    {VERB_END},
};

/* A list does not tell a rule's status. */
static int ask_statuses(struct rest *r, struct table_rows *rows, struct err *err)
{
    for (size_t i = 0; i < rows->n; i++) {
        AUTO(mem) char *space = value_text(&rows->items[i].entity, "namespace");
        AUTO(mem) char *rule = value_text(&rows->items[i].entity, "name");
        AUTO(mem) char *full = mem_print("/%s/%s", space ? space : "_", rule ? rule : "");
        AUTO(name) struct name n = {0};
        int done = name_parse_entity(full, &n, err);
        if (done < 0)
            return done;
        if (rest_send_named(r, "GET", "rules", &n, "", NULL, err) < 0)
            return rest_wrap(r, err, "Unable to get status of rule '%s'", n.path);
        rows->items[i].status = value_text(&r->value, "status");
    }
    return 0;
}

/* Show an answer, which stays while rules are asked about. */
static int show(struct rest *r, enum table t, struct buf *answer, bool by_name, struct err *err)
{
    AUTO(table) struct table_rows rows = {0};
    struct scan_text array;

    int done = scan_whole(answer->data, answer->size, &array, err);
    if (done == 0)
        table_read(t, &array, &rows);
    if (done == 0 && t == TABLE_RULES)
        done = ask_statuses(r, &rows, err);
    if (done == 0)
        table_print(t, &rows, by_name);
    return done;
}

static void take_answer(struct rest *r, struct buf *out)
{
    *out = r->body;
    buf_init(&r->body, HTTP_ANSWER_MAX);
}

static enum table table_of(const char *noun)
{
    enum table t = TABLE_ACTIONS;

    while (strncmp(table_name(t), noun, strlen(noun)) != 0)
        t++;
    return t;
}

static int list(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    enum table t = table_of(call->verb->noun);
    AUTO(rest) struct rest r = {0};
    AUTO(name) struct name n = {0};
    AUTO(buf) struct buf answer = {0};

    int done = rest_open(&r, call, &s->rest, err);
    if (done == 0)
        done = name_parse(s->where ? s->where : "/_", &n, err);
    if (done < 0)
        return done;
    if (n.entity && (t != TABLE_ACTIONS || n.package))
        return err_set(err, ERR_INVALID,
                       "An entity name, '%.100s', was provided instead of a namespace. Valid "
                       "namespaces are of the following format: /NAMESPACE.",
                       n.path);
    AUTO(mem) char *url = name_url(&n, table_name(t));
    AUTO(mem)
    char *path = mem_print("%s%s?limit=%u&skip=%u", url, n.entity ? "/" : "", s->limit, s->skip);
    if (rest_send(&r, "GET", path, NULL, SCAN_ARRAY, err) < 0)
        return rest_wrap(&r, err, "Unable to obtain the list of %s for namespace '%s'",
                         table_name(t), strcmp(n.space, "_") == 0 ? "default" : n.space);
    if (call->json) {
        rest_print(&r);
        return 0;
    }
    take_answer(&r, &answer);
    return show(&r, t, &answer, s->by_name, err);
}

static int list_namespaces(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(buf) struct buf answer = {0};

    int done = rest_open(&r, call, &s->rest, err);
    if (done < 0)
        return done;
    if (rest_send(&r, "GET", "/namespaces", NULL, SCAN_ARRAY, err) < 0)
        return rest_wrap(&r, err, "Unable to obtain the list of available namespaces");
    if (call->json) {
        rest_print(&r);
        return 0;
    }
    take_answer(&r, &answer);
    return show(&r, TABLE_NAMESPACES, &answer, false, err);
}

/* All of one collection, page by page, as one array. */
static int ask_all(struct rest *r, enum table t, struct buf *out, struct err *err)
{
    size_t got = PAGE;

    buf_init(out, HTTP_ANSWER_MAX);
    buf_text(out, "[");
    for (size_t skip = 0; got == PAGE; skip += PAGE) {
        AUTO(mem)
        char *path = mem_print("/namespaces/_/%s?limit=0&skip=%zu", table_name(t), skip);
        struct scan_text one;
        int done = rest_send(r, "GET", path, NULL, SCAN_ARRAY, err);
        if (done < 0)
            return rest_wrap(r, err,
                             "Unable to obtain the list of entities for namespace "
                             "'default'");
        struct scan_walk w = scan_elements(&r->value);
        for (got = 0; scan_next_element(&w, &one); got++)
            if ((out->size > 1 && buf_add(out, ",", 1, err) < 0) ||
                buf_add(out, one.at, one.n, err) < 0)
                return -(int)err->kind;
    }
    return buf_add(out, "]", 1, err);
}

static void print_all(const struct buf answers[4])
{
    for (enum table t = TABLE_ACTIONS; t <= TABLE_RULES; t++) {
        struct scan_text array;
        struct err ignored;
        printf("%s\"%s\":", t == TABLE_ACTIONS ? "{" : ",", table_name(t));
        if (scan_whole(answers[t].data, answers[t].size, &array, &ignored) == 0)
            fwrite(array.at, 1, array.n, stdout);
    }
    puts("}");
}

static int show_all(struct rest *r, const struct settings *s, struct buf answers[4],
                    struct err *err)
{
    static const enum table order[] = {TABLE_PACKAGES, TABLE_ACTIONS, TABLE_TRIGGERS, TABLE_RULES};
    int done = 0;

    for (enum table t = TABLE_ACTIONS; t <= TABLE_RULES && done == 0; t++)
        done = ask_all(r, t, &answers[t], err);
    if (done < 0)
        return done;
    if (r->call->json) {
        print_all(answers);
        return 0;
    }
    puts("Entities in namespace: default");
    for (size_t i = 0; i < 4 && done == 0; i++)
        done = show(r, order[i], &answers[order[i]], s->by_name, err);
    return done;
}

static int get_namespace(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    struct buf answers[4] = {0};
    AUTO(rest) struct rest r = {0};

    int done = rest_open(&r, call, &s->rest, err);
    if (done == 0 && s->where && strcmp(s->where, "/_") != 0)
        done = err_set(err, ERR_INVALID, "Invalid argument(s): %.100s. No arguments are required.",
                       s->where);
    if (done == 0)
        done = show_all(&r, s, answers, err);
    for (size_t i = 0; i < 4; i++)
        buf_done(&answers[i]);
    return done;
}

const struct verb verb_action_list =
    VERB("action", "list", action_options, "the actions of a namespace or package", list);
const struct verb verb_package_list =
    VERB("package", "list", list_options, "the packages of a namespace", list);
const struct verb verb_trigger_list =
    VERB("trigger", "list", list_options, "the triggers of a namespace", list);
const struct verb verb_rule_list =
    VERB("rule", "list", list_options, "the rules of a namespace, with their status", list);
const struct verb verb_namespace_list =
    VERB("namespace", "list", namespace_options, "the namespaces of the key", list_namespaces);
const struct verb verb_namespace_get =
    VERB("namespace", "get", all_options, "all that is in the namespace", get_namespace);
const struct verb verb_list =
    VERB(NULL, "list", all_options, "all that is in the namespace of the key", get_namespace);
