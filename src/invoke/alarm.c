#include "invoke/alarm.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cron/cron.h"
#include "cron/date.h"

#define MINUTE_MS 60000

/* A date that was checked when it was given. */
static int64_t date_of(const char *json)
{
    const struct scan_text value = {json, strlen(json), json[0] == '"' ? SCAN_STRING : SCAN_NUMBER};
    AUTO(mem) char *text = alarm_text(&value);
    int64_t ms = 0;

    return date_parse(text, &ms) ? ms : 0;
}

static int64_t next_of_cron(const struct alarm *a, int64_t from_ms)
{
    AUTO(zone) struct zone *zone = NULL;
    struct cron cron;
    int64_t next;
    struct err err;

    /* Zones come and go with the system's database. */
    if (a->zone && zone_find(a->zone, &zone, &err) < 0)
        return 0;
    if (cron_parse(a->cron, &cron, &err) < 0 || !cron_next(&cron, zone, from_ms / 1000, &next))
        return 0;
    return next * 1000;
}

static int64_t next_of_interval(const struct alarm *a, int64_t start, int64_t now)
{
    int64_t every = a->minutes * MINUTE_MS;

    return start > now ? start : start + ((now - start) / every + 1) * every;
}

int64_t alarm_next(const struct alarm *a, int64_t now_ms)
{
    int64_t start = a->start ? date_of(a->start) : 0, next = 0;

    switch (a->kind) {
    case ALARM_CRON: /* one that falls on the start counts */
        next = next_of_cron(a, start > now_ms ? start - 1 : now_ms);
        break;
    case ALARM_INTERVAL:
        next = next_of_interval(a, start, now_ms);
        break;
    case ALARM_ONCE:
        next = date_of(a->date);
        next = next > now_ms ? next : 0;
        break;
    }
    return a->stop && next > date_of(a->stop) ? 0 : next;
}

static const char *reason_of(const struct alarm *a, bool fired, const struct alarm *then)
{
    if (then->remaining == 0)
        return "Automatically disabled after reaching max triggers";
    if (a->kind == ALARM_ONCE)
        return fired ? "Automatically disabled after firing once"
                     : "the fire once date has expired";
    if (!fired)
        return "the next scheduled trigger fire is after the stop date";
    return a->kind == ALARM_CRON
               ? "Automatically disabled after firing last scheduled cron trigger"
               : "Automatically disabled after firing last scheduled interval trigger";
}

void alarm_plan(const struct alarm *a, int64_t now_ms, bool fired, struct alarm *then)
{
    /* The clock may have been put back since it was due: never again the same tick. */
    int64_t from = fired && a->next_ms > now_ms ? a->next_ms : now_ms;

    *then = (struct alarm){.remaining = a->remaining, .since_ms = now_ms};
    if (fired && then->remaining > 0)
        then->remaining--;
    if (then->remaining != 0)
        then->next_ms = alarm_next(a, from);
    if (then->next_ms == 0)
        then->reason = mem_dup(reason_of(a, fired, then));
}

/* ---- READ ---- */

static void put_string(struct buf *out, const char *name, const char *text)
{
    if (!text)
        return;
    buf_text(out, name);
    buf_json_string(out, text, strlen(text));
}

static void put_json(struct buf *out, const char *name, const char *json)
{
    if (!json)
        return;
    buf_text(out, name);
    buf_text(out, json);
}

static void put_status(const struct alarm *a, struct buf *out)
{
    const time_t seconds = (time_t)(a->changed_ms / 1000);
    char text[32];
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_print(out, ",\"status\":{\"active\":%s,\"dateChanged\":%lld,\"dateChangedISO\":\"%s\"",
              a->next_ms ? "true" : "false", (long long)a->changed_ms, text);
    if (a->reason) {
        buf_text(out, ",\"reason\":{\"kind\":\"AUTO\"");
        put_string(out, ",\"message\":", a->reason);
        buf_text(out, "}");
    }
    buf_text(out, "}}");
}

void alarm_show(const struct alarm *a, const char *ns, struct buf *out)
{
    put_string(out, "{\"config\":{\"name\":", a->name);
    put_string(out, ",\"namespace\":", ns);
    put_json(out, ",\"payload\":", a->payload);
    put_json(out, ",\"strict\":", a->strict ? a->strict : "false");
    put_json(out, ",\"date\":", a->date);
    put_string(out, ",\"deleteAfterFire\":", a->afterwards);
    put_json(out, ",\"startDate\":", a->start);
    put_json(out, ",\"stopDate\":", a->stop);
    if (a->kind == ALARM_INTERVAL)
        buf_print(out, ",\"minutes\":%lld", (long long)a->minutes);
    put_string(out, ",\"cron\":", a->cron);
    put_string(out, ",\"timezone\":", a->zone);
    buf_text(out, "}");
    put_status(a, out);
}
