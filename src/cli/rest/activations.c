/* wow activation list */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/rest/rest.h"
#include "cli/rest/value.h"
#include "cli/rest/verbs.h"

struct settings {
    struct rest_options rest;
    const char *where, *since, *upto;
    unsigned skip, limit;
    bool full;
};

static const struct verb_option options[] = {
    {VERB_OPTIONAL(where, "NAME"), "of this action or trigger, [PACKAGE/]NAME; else of all"},
    {"limit", 'l', VERB_NUMBER(limit, "N", 0, 1000000, "30"), "how many, at most; 0: 200"},
    {"skip", 's', VERB_NUMBER(skip, "N", 0, 1u << 30, "0"), "leave out the first"},
    {"full", 'f', VERB_SWITCH(full), "whole records"},
    {"since", 0, VERB_TEXT(since, "MS", NULL), "begun then or later, in ms since 1970"},
    {"upto", 0, VERB_TEXT(upto, "MS", NULL), "begun then or earlier"},
    REST_OPTIONS,
    {VERB_END},
};

static const char *const statuses[] = {"success", "application error", "developer error",
                                       "internal error"};

/* What a row shows. */
struct row {
    char when[32], *id, *kind, *entity;
    const char *start, *status;
    char duration[32];
};

static void row_done(struct row *w)
{
    free(w->id);
    free(w->kind);
    free(w->entity);
}

/* 5 as "5ms", 61500 as "1m1.5s". */
static void put_duration(long long ms, char out[32])
{
    char seconds[16];

    if (ms < 1000) {
        snprintf(out, 32, ms > 0 ? "%lldms" : "0s", ms);
        return;
    }
    int n = snprintf(seconds, sizeof seconds, "%lld.%03lld", ms / 1000 % 60, ms % 1000);
    while (seconds[n - 1] == '0')
        n--;
    n -= seconds[n - 1] == '.';
    if (ms >= 3600000)
        snprintf(out, 32, "%lldh%lldm%.*ss", ms / 3600000, ms / 60000 % 60, n, seconds);
    else if (ms >= 60000)
        snprintf(out, 32, "%lldm%.*ss", ms / 60000, n, seconds);
    else
        snprintf(out, 32, "%.*ss", n, seconds);
}

/* At most max bytes, the middle left out. */
static void shorten(char *text, size_t max)
{
    size_t n = strlen(text), head = max - max / 2, tail = max / 2 - 3;

    if (n <= max)
        return;
    memcpy(text + head, "...", 3);
    memmove(text + head + 3, text + n - tail, tail + 1);
}

static char *part(const struct scan_text *record, const char *member, size_t max)
{
    char *text = value_text(record, member);

    if (!text)
        return mem_dup("");
    shorten(text, max);
    return text;
}

static void read_row(const struct scan_text *record, struct row *out)
{
    struct scan_text v;
    long long start = value_number(record, "start", 0), end = value_number(record, "end", 0);
    long long status = value_number(record, "statusCode", 0);
    time_t at = (time_t)(start / 1000);
    struct tm tm = {0};
    AUTO(mem) char *space = part(record, "namespace", 20);
    AUTO(mem) char *name = part(record, "name", 30);
    AUTO(mem) char *version = part(record, "version", 20);

    localtime_r(&at, &tm);
    strftime(out->when, sizeof out->when, "%Y-%m-%d %H:%M:%S", &tm);
    out->id = part(record, "activationId", 64);
    out->kind =
        value_pair(record, "annotations", "kind", &v) ? value_plain(&v) : mem_dup("unknown");
    out->entity = mem_print("%s/%s:%s", space, name, version);
    out->start = value_pair(record, "annotations", "initTime", &v) ? "cold" : "warm";
    out->status = statuses[status > 0 && status < 4 ? status : 0];
    put_duration(value_number(record, "duration", 0) > 0 ? end - start : 0, out->duration);
}

static void print_rows(const struct row *rows, size_t n)
{
    int kind = 4, status = 7; /* columns: "Kind", "success" */

    if (n == 0) {
        puts("");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        kind = (int)strlen(rows[i].kind) > kind ? (int)strlen(rows[i].kind) : kind;
        status = (int)strlen(rows[i].status) > status ? (int)strlen(rows[i].status) : status;
    }
    printf("%-19s %-32s %-*s %-6s%-10s %-*s %-6s\n", "Datetime", "Activation ID", kind, "Kind",
           "Start", "Duration", status, "Status", "Entity");
    for (size_t i = 0; i < n; i++)
        printf("%s %-32s %-*s %-5s %-10s %-*s %s\n", rows[i].when, rows[i].id, kind, rows[i].kind,
               rows[i].start, rows[i].duration, status, rows[i].status, rows[i].entity);
}

static void show(const struct rest *r)
{
    struct row *rows = NULL;
    struct scan_text one;
    size_t n = 0;

    struct scan_walk w = scan_elements(&r->value);
    while (scan_next_element(&w, &one)) {
        rows = mem_grow(rows, (n + 1) * sizeof *rows);
        read_row(&one, &rows[n++]);
    }
    print_rows(rows, n);
    for (size_t i = 0; i < n; i++)
        row_done(&rows[i]);
    free(rows);
}

static void show_full(const struct rest *r)
{
    struct scan_text one;

    puts("activations");
    struct scan_walk w = scan_elements(&r->value);
    while (scan_next_element(&w, &one))
        value_print(stdout, &one, true);
}

static int put_time(struct buf *out, const char *option, const char *text, struct err *err)
{
    if (!text)
        return 0;
    if (!text[0] || text[strspn(text, "0123456789")] || strlen(text) > 18)
        return err_set(err, ERR_INVALID, "--%s: '%.60s' is not a number of milliseconds", option,
                       text);
    buf_print(out, "&%s=%s", option, text);
    return 0;
}

static int make_path(const struct settings *s, struct buf *out, struct err *err)
{
    AUTO(name) struct name n = {0};

    int r = name_parse(s->where ? s->where : "/_", &n, err);
    if (r < 0)
        return r;
    buf_print(out, "/namespaces/_/activations?limit=%u&skip=%u%s", s->limit, s->skip,
              s->full ? "&docs=true" : "");
    if (n.entity) {
        buf_text(out, "&name=");
        name_encode(out, n.path);
    }
    r = put_time(out, "since", s->since, err);
    return r == 0 ? put_time(out, "upto", s->upto, err) : r;
}

static int list(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(buf) struct buf path;

    buf_init(&path, 65536);
    int done = rest_open(&r, call, &s->rest, err);
    if (done == 0)
        done = make_path(s, &path, err);
    if (done < 0)
        return done;
    if (rest_send(&r, "GET", path.data, NULL, SCAN_ARRAY, err) < 0)
        return rest_wrap(&r, err,
                         "Unable to obtain the list of activations for namespace 'default'");
    if (call->json)
        rest_print(&r);
    else if (s->full)
        show_full(&r);
    else
        show(&r);
    return 0;
}

const struct verb verb_activation_list = {
    .noun = "activation",
    .name = "list",
    .about = "activations, the newest first",
    .options = options,
    .size = sizeof(struct settings),
    .run = list,
};
