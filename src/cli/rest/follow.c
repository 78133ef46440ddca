/* wow activation poll, wow logs: activations as they appear. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/private.h"
#include "cli/rest/activation.h"
#include "cli/rest/value.h"
#include "cli/rest/verbs.h"

#define EVERY_MS 1000
#define PAGE 200       /* what a server gives at once for limit=0 */
#define BEHIND_MS 300000 /* a record appears when its activation ends, which began so long ago */

struct settings {
    struct rest_options rest;
    const char *where;
    unsigned exit, seconds, minutes, hours, days;
    bool follow, strip;
};

#define SINCE(field, what) \
    {"since-" #field, 0, VERB_NUMBER(field, what, 0, 1000000, "0"), "also what began so long ago"}

static const struct verb_option poll_options[] = {
    {VERB_OPTIONAL(where, "ACTION"), "of this action, [PACKAGE/]NAME; else of all"},
    {"exit", 'e', VERB_NUMBER(exit, "SECONDS", 0, 1u << 30, "0"), "end after so long; 0: never"},
    SINCE(seconds, "SECONDS"),
    SINCE(minutes, "MINUTES"),
    SINCE(hours, "HOURS"),
    SINCE(days, "DAYS"),
    REST_OPTIONS,
    {VERB_END},
};

static const struct verb_option logs_options[] = {
    {VERB_OPTIONAL(where, "ACTION"), "of this action, [PACKAGE/]NAME; else of all"},
    {"follow", 'f', VERB_SWITCH(follow), "go on with what is invoked from now on"},
    {"strip", 'r', VERB_SWITCH(strip), "without times and streams"},
    REST_OPTIONS,
    {VERB_END},
};

/* Ids of activations. */
struct ids {
    char **items;
    size_t n;
};

struct follow {
    struct rest *rest;
    char *name;         /* percent-encoded; NULL: all */
    long long from_ms;  /* what began earlier is not asked for */
    long long last_ms;  /* when the newest that was seen began */
    long long quiet_ms; /* at the first look, what began until then is not shown; -1: all is */
    struct ids known;   /* that can be listed again */
    bool is_poll, strip;
};

static void ids_done(struct ids *ids)
{
    for (size_t i = 0; i < ids->n; i++)
        free(ids->items[i]);
    free(ids->items);
    *ids = (struct ids){0};
}

static void ids_add(struct ids *ids, char *id)
{
    ids->items = mem_grow(ids->items, (ids->n + 1) * sizeof *ids->items);
    ids->items[ids->n++] = id;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ids_have(const struct ids *sorted, const char *id)
{
    return sorted->n > 0 && bsearch(&id, sorted->items, sorted->n, sizeof id, by_text);
}

/* One that is new, whole. */
static void show(const struct follow *f)
{
    const struct rest *r = f->rest;
    struct scan_text logs;
    AUTO(mem) char *name = value_text(&r->value, "name");
    AUTO(mem) char *id = value_text(&r->value, "activationId");

    if (r->call->json) {
        value_print(stdout, &r->value, false);
    } else if (f->is_poll) {
        printf("\nActivation: '%s' (%s)\n", name ? name : "", id ? id : "");
        if (value_get(&r->value, "logs", &logs))
            value_print(stdout, &logs, true);
    } else {
        printf("==> %s %s <==\n", name ? name : "", id ? id : "");
        activation_print_logs(&r->value, f->strip);
    }
    fflush(stdout);
}

static int show_all(struct follow *f, const struct ids *fresh, struct err *err)
{
    for (size_t i = fresh->n; i > 0; i--) { /* the oldest first */
        AUTO(mem) char *path = mem_print("/namespaces/_/activations/%s", fresh->items[i - 1]);
        int done = rest_send(f->rest, "GET", path, NULL, SCAN_OBJECT, err);
        if (done < 0 && f->rest->status != 404)
            return done;
        if (done == 0)
            show(f);
    }
    return 0;
}

/* One page of the list; how many there were, or an error. Ids go to *seen and, if new, *fresh. */
static int ask_page(struct follow *f, unsigned skip, struct ids *seen, struct ids *fresh,
                    struct err *err)
{
    long long since = f->last_ms - BEHIND_MS > f->from_ms ? f->last_ms - BEHIND_MS : f->from_ms;
    AUTO(mem)
    char *path = mem_print("/namespaces/_/activations?limit=0&skip=%u&since=%lld%s%s", skip, since,
                           f->name ? "&name=" : "", f->name ? f->name : "");
    struct scan_text one;
    int n = 0;

    int done = rest_send(f->rest, "GET", path, NULL, SCAN_ARRAY, err);
    if (done < 0)
        return done;
    struct scan_walk w = scan_elements(&f->rest->value);
    for (; scan_next_element(&w, &one); n++) {
        char *id = value_text(&one, "activationId");
        long long start = value_number(&one, "start", 0);
        if (!id || id[strspn(id, "0123456789abcdef")]) {
            free(id);
            continue;
        }
        if (start > f->quiet_ms && !ids_have(&f->known, id))
            ids_add(fresh, mem_dup(id));
        ids_add(seen, id);
        f->last_ms = start > f->last_ms ? start : f->last_ms;
    }
    return n;
}

/* All that is new since the last time. */
static int poll_once(struct follow *f, struct err *err)
{
    struct ids seen = {0}, fresh = {0};
    int n = PAGE;

    for (unsigned skip = 0; n == PAGE; skip += PAGE)
        n = ask_page(f, skip, &seen, &fresh, err);
    int done = n < 0 ? n : show_all(f, &fresh, err);
    ids_done(&fresh);
    if (done < 0) {
        ids_done(&seen);
        return done;
    }
    if (seen.n > 0)
        qsort(seen.items, seen.n, sizeof *seen.items, by_text);
    ids_done(&f->known);
    f->known = seen;
    f->quiet_ms = -1;
    return 0;
}

/* From now on: what is not there yet, though it may have begun. *last is the newest that is. */
static int begin_now(struct follow *f, char **last, struct err *err)
{
    AUTO(mem)
    char *path = mem_print("/namespaces/_/activations?limit=1&skip=0%s%s", f->name ? "&name=" : "",
                           f->name ? f->name : "");
    struct scan_text first;

    int done = rest_send(f->rest, "GET", path, NULL, SCAN_ARRAY, err);
    if (done < 0)
        return done;
    struct scan_walk w = scan_elements(&f->rest->value);
    if (!scan_next_element(&w, &first))
        return 0;
    f->quiet_ms = value_number(&first, "start", 0);
    f->from_ms = f->quiet_ms > BEHIND_MS ? f->quiet_ms - BEHIND_MS : 0;
    *last = value_text(&first, "activationId");
    return 0;
}

static bool is_over(uint64_t began_us, unsigned after_s)
{
    return private_is_interrupted() ||
           (after_s > 0 && clock_mono_us() - began_us >= after_s * UINT64_C(1000000));
}

/* A server that is away for a while is asked again. */
static int poll_until(struct follow *f, unsigned after_s, struct err *err)
{
    const struct timespec pause = {EVERY_MS / 1000, EVERY_MS % 1000 * 1000000};
    uint64_t began = clock_mono_us();
    bool was_told = false;
    int done = 0;

    while (!is_over(began, after_s)) {
        done = poll_once(f, err);
        if (done < 0 && !private_is_interrupted() && !was_told)
            fprintf(stderr, "warning: %s; asking again\n",
                    f->rest->call->failure.text ? f->rest->call->failure.text : err->msg);
        was_told = done < 0;
        rest_forgive(f->rest);
        if (!is_over(began, after_s))
            nanosleep(&pause, NULL);
    }
    return 0;
}

static int open_follow(struct follow *f, const struct settings *s, struct err *err)
{
    AUTO(name) struct name n = {0};
    AUTO(buf) struct buf encoded;

    int r = name_parse(s->where ? s->where : "/_", &n, err);
    if (r < 0)
        return r;
    buf_init(&encoded, 8192);
    name_encode(&encoded, n.path);
    f->name = n.entity ? mem_dup(encoded.data) : NULL;
    f->quiet_ms = -1;
    private_catch_signals();
    http_stop_when(f->rest->http, private_is_interrupted);
    return 0;
}

static void follow_done(struct follow *f)
{
    ids_done(&f->known);
    free(f->name);
}

static inline void follow_auto(struct follow *f) { follow_done(f); }

static int poll(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    long long back = s->seconds + 60LL * s->minutes + 3600LL * s->hours + 86400LL * s->days;
    AUTO(rest) struct rest r = {0};
    AUTO(follow) struct follow f = {.rest = &r, .is_poll = true};
    AUTO(mem) char *last = NULL;

    int done = rest_open(&r, call, &s->rest, err);
    if (done == 0)
        done = open_follow(&f, s, err);
    if (done < 0)
        return done;
    f.from_ms = (long long)clock_epoch_ms() - 1000 * back;
    if (back == 0 && begin_now(&f, &last, err) < 0)
        return rest_wrap(&r, err, "Unable to poll for activations");
    if (!call->json)
        puts("Enter Ctrl-c to exit.\nPolling for activation logs");
    fflush(stdout);
    done = poll_until(&f, s->exit, err);
    if (private_is_interrupted()) {
        call->status = EXIT_ACTION_FAILED;
        if (!call->json)
            puts("Poll terminated");
    }
    return done;
}

/* The last activation's log, before what comes. */
static int show_last(struct follow *f, struct err *err)
{
    struct ids ids = {0};
    char *last = NULL;

    if (begin_now(f, &last, err) < 0)
        return rest_wrap(f->rest, err, "Unable to get logs");
    if (!last || last[strspn(last, "0123456789abcdef")]) {
        free(last);
        return 0;
    }
    ids_add(&ids, last);
    int done = show_all(f, &ids, err);
    ids_done(&ids);
    return done < 0 ? rest_wrap(f->rest, err, "Unable to get logs") : 0;
}

static int logs(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(follow) struct follow f = {.rest = &r, .strip = s->strip};

    int done = rest_open(&r, call, &s->rest, err);
    if (done == 0)
        done = open_follow(&f, s, err);
    if (done == 0)
        done = show_last(&f, err);
    return done == 0 && s->follow ? poll_until(&f, 0, err) : done;
}

const struct verb verb_activation_poll = {
    .noun = "activation",
    .name = "poll",
    .about = "show logs of activations as they end",
    .options = poll_options,
    .size = sizeof(struct settings),
    .run = poll,
};

const struct verb verb_logs = {
    .name = "logs",
    .about = "show the log of the last activation, and with -f of those that follow",
    .options = logs_options,
    .size = sizeof(struct settings),
    .run = logs,
};
