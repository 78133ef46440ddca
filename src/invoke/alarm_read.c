/* What the parameters of the package alarms mean, in the words that its users know. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cron/cron.h"
#include "cron/date.h"
#include "invoke/alarm.h"

#define TEXT_MAX (1u << 20)
#define SHOWN "%.100s" /* of what a client sent, in an error */
#define MINUTES_MAX 52560000 /* a hundred years */
#define FIRST_MS 30000       /* an interval without a start begins so much later: time for rules */

static const char *const names[ALARM_PARAMETERS] = {[ALARM_EVENT] = "lifecycleEvent",
                                                    [ALARM_TRIGGER] = "triggerName",
                                                    [ALARM_KEY] = "authKey",
                                                    [ALARM_PATTERN] = "cron",
                                                    [ALARM_ZONE] = "timezone",
                                                    [ALARM_MINUTES] = "minutes",
                                                    [ALARM_DATE] = "date",
                                                    [ALARM_START] = "startDate",
                                                    [ALARM_STOP] = "stopDate",
                                                    [ALARM_MAX] = "maxTriggers",
                                                    [ALARM_AFTERWARDS] = "deleteAfterFire",
                                                    [ALARM_STRICT] = "strict",
                                                    [ALARM_PAYLOAD] = "trigger_payload"};

static bool is_empty(const struct scan_text *value)
{
    switch (value->type) {
    case SCAN_NULL:
        return true;
    case SCAN_BOOL:
        return value->n == 5;
    case SCAN_NUMBER:
        return strtod(value->at, NULL) == 0; /* what stands behind a number ends it */
    case SCAN_STRING:
        return value->n == 2;
    case SCAN_ARRAY:
    case SCAN_OBJECT:
        return false;
    }
    return false;
}

int alarm_given(const char *args, size_t n, struct alarm_given *out, struct err *err)
{
    struct scan_text object, key, value;

    memset(out, 0, sizeof *out);
    int r = scan_whole(args, n, &object, err);
    if (r < 0)
        return r;
    if (object.type != SCAN_OBJECT)
        return err_set(err, ERR_INVALID, "the arguments must be an object");
    struct scan_walk w = scan_members(&object);
    while (scan_next(&w, &key, &value))
        for (int i = 0; i < ALARM_PARAMETERS; i++)
            if (scan_equals(&key, names[i]))
                out->all[i] = is_empty(&value) ? (struct scan_text){0} : value;
    return 0;
}

char *alarm_text(const struct scan_text *value)
{
    struct buf text;
    struct err err;

    if (value->type != SCAN_STRING)
        return mem_dup_n(value->at ? value->at : "", value->n);
    buf_init(&text, TEXT_MAX);
    if (scan_unescape(value, &text, &err) < 0)
        buf_clear(&text);
    return text.data ? text.data : mem_dup("");
}

static void replace(char **field, char *text)
{
    free(*field);
    *field = text;
}

/* ---- one parameter each ---- */

static int set_cron(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err)
{
    char *text = alarm_text(v);
    struct err why;
    struct cron cron;

    (void)now;
    replace(&a->cron, text);
    if (v->type == SCAN_STRING && cron_parse(text, &cron, &why) == 0)
        return 0;
    return err_set(err, ERR_INVALID, "cron pattern '" SHOWN "' is not valid: %s", text,
                   v->type == SCAN_STRING ? why.msg : "it must be a string");
}

static int set_zone(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err)
{
    AUTO(zone) struct zone *zone = NULL;

    (void)now;
    replace(&a->zone, alarm_text(v));
    return zone_find(a->zone, &zone, err);
}

/* A whole number, or a text that is one; false: neither. */
static bool whole_number(const struct scan_text *v, int64_t *out)
{
    AUTO(mem) char *text = alarm_text(v);
    const char *digits = text + (text[0] == '-');
    size_t n = strlen(digits);

    if ((v->type != SCAN_NUMBER && v->type != SCAN_STRING) || n == 0 || n > 15 ||
        strspn(digits, "0123456789") != n)
        return false;
    *out = strtoll(text, NULL, 10);
    return true;
}

static int set_minutes(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err)
{
    (void)now;
    if (!whole_number(v, &a->minutes))
        return err_set(err, ERR_INVALID, "the minutes parameter must be an integer");
    if (a->minutes <= 0)
        return err_set(err, ERR_INVALID,
                       "the minutes parameter must be an integer greater than zero");
    if (a->minutes > MINUTES_MAX)
        return err_set(err, ERR_INVALID, "the minutes parameter must be at most %d", MINUTES_MAX);
    return 0;
}

static int set_date_of(char **field, enum alarm_parameter which, const struct scan_text *v,
                       int64_t now, struct err *err)
{
    AUTO(mem) char *text = alarm_text(v);
    int64_t ms;

    replace(field, mem_dup_n(v->at, v->n));
    if ((v->type != SCAN_NUMBER && v->type != SCAN_STRING) || !date_parse(text, &ms))
        return err_set(err, ERR_INVALID, "%s parameter '" SHOWN "' is not a valid Date",
                       names[which], text);
    if (ms <= now)
        return err_set(err, ERR_INVALID, "%s parameter '" SHOWN "' must be in the future",
                       names[which], text);
    return 0;
}

static int set_date(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err)
{
    return set_date_of(&a->date, ALARM_DATE, v, now, err);
}

static int set_start(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err)
{
    return set_date_of(&a->start, ALARM_START, v, now, err);
}

static int set_stop(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err)
{
    return set_date_of(&a->stop, ALARM_STOP, v, now, err);
}

static int set_max(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err)
{
    (void)now;
    if (a->kind != ALARM_CRON)
        return err_set(err, ERR_INVALID,
                       "maxTriggers is not supported for the interval trigger feed");
    if (!whole_number(v, &a->remaining) || a->remaining < -1 || a->remaining == 0)
        return err_set(err, ERR_INVALID,
                       "the maxTriggers parameter must be an integer greater than zero, or -1");
    if (a->stop)
        return err_set(err, ERR_INVALID,
                       "maxTriggers is not allowed when the stopDate parameter is specified");
    return 0;
}

static int set_afterwards(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err)
{
    char *text = alarm_text(v);

    (void)now;
    replace(&a->afterwards, text);
    for (char *p = text; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    if (strcmp(text, "false") == 0 || strcmp(text, "true") == 0 || strcmp(text, "rules") == 0)
        return 0;
    return err_set(err, ERR_INVALID,
                   "deleteAfterFire parameter must be one of [false, true, rules].");
}

static int set_strict(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err)
{
    AUTO(mem) char *text = alarm_text(v);

    (void)now;
    if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
        return err_set(err, ERR_INVALID, "the strict parameter must be true or false");
    replace(&a->strict, mem_dup(strcasecmp(text, "true") == 0 ? "true" : "false"));
    return 0;
}

static int set_payload(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err)
{
    (void)now;
    if (v->type == SCAN_OBJECT)
        replace(&a->payload, mem_dup_n(v->at, v->n));
    else if (v->type == SCAN_STRING)
        replace(&a->payload, mem_print("{\"payload\":%.*s}", (int)v->n, v->at));
    else
        return err_set(err, ERR_INVALID, "trigger_payload must be an object or a string, not %s",
                       scan_type_text(v->type));
    return 0;
}

#define OF(kind) (1u << (kind))
#define REPEATED (OF(ALARM_CRON) | OF(ALARM_INTERVAL))

static const struct setter {
    enum alarm_parameter which;
    unsigned kinds;
    int (*set)(struct alarm *a, const struct scan_text *v, int64_t now, struct err *err);
    const char *missing; /* it must be there */
} setters[] = {
    {ALARM_DATE, OF(ALARM_ONCE), set_date,
     "alarms once trigger feed is missing the date parameter"},
    {ALARM_AFTERWARDS, OF(ALARM_ONCE), set_afterwards, NULL},
    {ALARM_MINUTES, OF(ALARM_INTERVAL), set_minutes,
     "interval trigger feed is missing the minutes parameter"},
    {ALARM_PATTERN, OF(ALARM_CRON), set_cron, "alarms trigger feed is missing the cron parameter"},
    {ALARM_ZONE, OF(ALARM_CRON), set_zone, NULL},
    {ALARM_STRICT, OF(ALARM_CRON), set_strict, NULL},
    {ALARM_START, REPEATED, set_start, NULL},
    {ALARM_STOP, REPEATED, set_stop, NULL},
    {ALARM_MAX, REPEATED, set_max, NULL},
    {ALARM_PAYLOAD, REPEATED | OF(ALARM_ONCE), set_payload, NULL},
};

/* ---- all of them ---- */

/* How many were given, or an error. */
static int apply(struct alarm *a, const struct alarm_given *g, int64_t now, struct err *err)
{
    int n = 0;

    for (size_t i = 0; i < sizeof setters / sizeof *setters; i++) {
        const struct setter *s = &setters[i];
        const struct scan_text *value = &g->all[s->which];
        if (!(s->kinds & OF(a->kind)))
            continue;
        if (value->n == 0 && s->missing && a->revision == 0)
            return err_set(err, ERR_INVALID, "%s", s->missing);
        if (value->n == 0)
            continue;
        int r = s->set(a, value, now, err);
        if (r < 0)
            return r;
        n++;
    }
    return n;
}

static char *shown(const char *json)
{
    const struct scan_text value = {json, strlen(json), json[0] == '"' ? SCAN_STRING : SCAN_NUMBER};

    return alarm_text(&value);
}

static int check_order(const struct alarm *a, const struct alarm_given *g, struct err *err)
{
    int64_t from, to;

    if (!a->start || !a->stop)
        return 0;
    AUTO(mem) char *start = shown(a->start);
    AUTO(mem) char *stop = shown(a->stop);
    if (date_parse(start, &from) && date_parse(stop, &to) && from < to)
        return 0;
    if (g->all[ALARM_STOP].n > 0)
        return err_set(err, ERR_INVALID,
                       "stopDate parameter '" SHOWN
                       "' must be greater than the startDate parameter '" SHOWN "'",
                       stop, start);
    return err_set(err, ERR_INVALID,
                   "startDate parameter '" SHOWN
                   "' must be less than the stopDate parameter '" SHOWN "'",
                   start, stop);
}

int alarm_set(struct alarm *a, const struct alarm_given *g, int64_t now_ms, struct err *err)
{
    bool is_new = a->revision == 0;

    if (is_new)
        a->remaining = -1;
    int n = apply(a, g, now_ms, err);
    if (n < 0)
        return n;
    if (n == 0)
        return err_set(err, ERR_INVALID, "no updatable parameters were specified");
    if (!a->payload)
        a->payload = mem_dup("{}");
    if (a->kind == ALARM_INTERVAL && !a->start)
        a->start = mem_print("%lld", (long long)now_ms + FIRST_MS);
    int r = check_order(a, g, err);
    if (r < 0)
        return r;
    if (a->remaining == 0)
        return err_set(err, ERR_INVALID, "max triggers was reached: it needs another maxTriggers");
    a->since_ms = a->changed_ms = now_ms;
    replace(&a->reason, NULL);
    a->next_ms = alarm_next(a, now_ms);
    if (a->next_ms == 0)
        return err_set(err, ERR_INVALID, "%s",
                       a->kind == ALARM_ONCE
                           ? "the fire once date has expired"
                           : "the first scheduled trigger fire is not until after the stop date");
    return 0;
}
