/* Schedules: what they mean, what is refused, and that no tick is left out or made up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cron/cron.h"
#include "cron/date.h"
#include "test.h"

/* "2026-03-29 01:59:59", as UTC. */
static int64_t at(const char *text)
{
    struct tm tm = {0};

    strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    return (int64_t)timegm(&tm);
}

static const char *show(int64_t t)
{
    static char text[32];
    const time_t time = (time_t)t;
    struct tm tm;

    gmtime_r(&time, &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    return text;
}

/* Each is the first tick behind a time, in UTC. */
static const struct expected {
    const char *cron, *zone, *after, *next;
} table[] = {
    {"* * * * *", NULL, "2026-01-01 00:00:00", "2026-01-01 00:01:00"},
    {"* * * * *", NULL, "2025-12-31 23:59:59", "2026-01-01 00:00:00"},
    {"* * * * * *", NULL, "2026-01-01 00:00:00", "2026-01-01 00:00:01"},
    {"*/30 * * * * *", NULL, "2026-01-01 00:00:10", "2026-01-01 00:00:30"},
    {"5/15 * * * *", NULL, "2026-01-01 00:06:00", "2026-01-01 00:20:00"},
    {"0 */2 * * *", NULL, "2026-01-01 22:00:00", "2026-01-02 00:00:00"},
    {"0 9 8 * *", NULL, "2026-01-08 09:00:00", "2026-02-08 09:00:00"},
    {"0 0 29 2 *", NULL, "2096-03-01 00:00:00", "2104-02-29 00:00:00"},
    {"0 0 31 * *", NULL, "2026-01-31 00:00:00", "2026-03-31 00:00:00"},
    {"0 0 * jan sun", NULL, "2026-01-01 00:00:00", "2026-01-04 00:00:00"},
    {"0 0 * * 7", NULL, "2026-01-01 00:00:00", "2026-01-04 00:00:00"},
    {"0 0 * * fri-7", NULL, "2026-01-03 00:00:00", "2026-01-04 00:00:00"},
    {"0 0 13 * fri", NULL, "2026-01-01 00:00:00", "2026-01-02 00:00:00"}, /* either day */
    {"0 0 13 * fri", NULL, "2026-01-09 00:00:00", "2026-01-13 00:00:00"},
    {"1,2,40-42 3 * * *", NULL, "2026-01-01 03:02:00", "2026-01-01 03:40:00"},
    {"@hourly", NULL, "2026-01-01 03:02:00", "2026-01-01 04:00:00"},
    {"@Weekly", NULL, "2026-01-01 00:00:00", "2026-01-04 00:00:00"},
    {"0 12 * * *", "America/New_York", "2026-01-01 00:00:00", "2026-01-01 17:00:00"},
    {"0 12 * * *", "America/New_York", "1970-01-01 00:00:00", "1970-01-01 17:00:00"},
    {"0 12 * * *", "Asia/Kathmandu", "2026-01-01 00:00:00", "2026-01-01 06:15:00"},
    /* Berlin: at 01:00 UTC of 2026-03-29 clocks show 03:00 instead of 02:00. */
    {"30 2 * * *", "Europe/Berlin", "2026-03-28 01:30:00", "2026-03-29 01:00:00"},
    {"30 2 * * *", "Europe/Berlin", "2026-03-29 00:59:59", "2026-03-29 01:00:00"},
    {"30 2 * * *", "Europe/Berlin", "2026-03-29 01:00:00", "2026-03-30 00:30:00"},
    {"30 1-3 * * *", "Europe/Berlin", "2026-03-29 01:00:00", "2026-03-29 01:30:00"},
    {"30 * * * *", "Europe/Berlin", "2026-03-29 00:30:00", "2026-03-29 01:30:00"},
    /* At 01:00 UTC of 2026-10-25 they show 02:00 once more. */
    {"30 2 * * *", "Europe/Berlin", "2026-10-24 23:00:00", "2026-10-25 00:30:00"},
    {"30 2 * * *", "Europe/Berlin", "2026-10-25 00:30:00", "2026-10-26 01:30:00"},
    {"30 * * * *", "Europe/Berlin", "2026-10-25 00:30:00", "2026-10-25 01:30:00"},
    {"30 3 * * *", "Europe/Berlin", "2026-10-25 00:30:00", "2026-10-25 02:30:00"},
    {"0 * 1 7 *", "Europe/Berlin", "2026-01-01 00:00:00", "2026-06-30 22:00:00"},
    /* By the rule that is behind the table of changes. */
    {"0 12 1 7 *", "Europe/Berlin", "2080-01-01 00:00:00", "2080-07-01 10:00:00"},
    /* Samoa had no 30th of December 2011. */
    {"0 12 30 12 *", "Pacific/Apia", "2011-12-01 00:00:00", "2011-12-30 10:00:00"},
    {"0 12 * * *", "Pacific/Apia", "2011-12-30 10:00:00", "2011-12-30 22:00:00"},
};

TEST(the_next_tick)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct expected *e = &table[i];
        AUTO(zone) struct zone *zone = NULL;
        struct cron cron;
        struct err err;
        int64_t next = 0;
        if (e->zone)
            CHECK(zone_find(e->zone, &zone, &err) == 0);
        CHECK(cron_parse(e->cron, &cron, &err) == 0);
        CHECK(cron_next(&cron, zone, at(e->after), &next));
        if (next != at(e->next))
            fprintf(stderr, "%s %s after %s: %s, not %s\n", e->cron, e->zone ? e->zone : "UTC",
                    e->after, show(next), e->next);
        CHECK(next == at(e->next));
    }
}

TEST(what_is_refused)
{
    static const char *const bad[] = {"",
                                      "*",
                                      "* * * *",
                                      "* * * * * * *",
                                      "60 * * * *",
                                      "* 24 * * *",
                                      "* * 0 * *",
                                      "* * 32 * *",
                                      "* * * 0 *",
                                      "* * * 13 *",
                                      "* * * * 8",
                                      "*/0 * * * *",
                                      "5-1 * * * *",
                                      "1- * * * *",
                                      "-1 * * * *",
                                      "1,,2 * * * *",
                                      ", * * * *",
                                      "*/ * * * *",
                                      "1/x * * * *",
                                      "jan * * * *",
                                      "* * * sun *",
                                      "* * * janx *",
                                      "** * * * *",
                                      "0 0 30 feb *",
                                      "0 0 31 4,6 *",
                                      "@reboot",
                                      "@",
                                      "00000 * * * *",
                                      "? * * * *"};
    struct cron cron;
    struct err err;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (cron_parse(bad[i], &cron, &err) == 0)
            fprintf(stderr, "taken: %s\n", bad[i]);
        CHECK(cron_parse(bad[i], &cron, &err) < 0 && err.kind == ERR_INVALID);
    }
}

/* ---- against a search that tries each second ---- */

static bool shows(const struct cron *c, int64_t local)
{
    const time_t t = (time_t)local;
    struct tm tm;

    gmtime_r(&t, &tm);
    bool day = c->days >> tm.tm_mday & 1, weekday = c->weekdays >> tm.tm_wday & 1;
    bool either = c->days != 0xfffffffeu && c->weekdays != 0x7f;
    return (c->seconds >> tm.tm_sec & 1) && (c->minutes >> tm.tm_min & 1) &&
           (c->hours >> tm.tm_hour & 1) && (c->months >> (tm.tm_mon + 1) & 1) &&
           (either ? day || weekday : day && weekday);
}

static int64_t searched(const struct cron *c, const struct zone *z, int64_t after, int64_t until)
{
    bool some_hours = c->hours != 0xffffff;

    for (int64_t t = after + 1; t < until; t++) {
        int64_t offset = zone_offset(z, t), before = zone_offset(z, t - 1);
        /* Local times that a jump just now has skipped come now. */
        for (int64_t l = t + before; some_hours && l < t + offset; l++)
            if (shows(c, l))
                return t;
        bool again = some_hours && zone_offset(z, t - 3600) > offset;
        if (!again && shows(c, t + offset))
            return t;
    }
    return 0;
}

TEST(no_tick_is_left_out_or_made_up)
{
    static const char *const crons[] = {"*/7 * * * * *",  "0 */20 * * * *", "30 2 * * *",
                                        "0,30 1-3 * * *", "15 0/3 * * sun", "59 59 1,2,3 * * *",
                                        "0 0 2 29,25 * *"};
    const int64_t changes[] = {at("2026-03-29 00:00:00"), at("2026-10-24 23:50:00")};
    AUTO(zone) struct zone *zone = NULL;
    struct err err;

    CHECK(zone_find("Europe/Berlin", &zone, &err) == 0);
    for (size_t i = 0; i < sizeof crons / sizeof *crons; i++)
        for (int j = 0; j < 2; j++) {
            struct cron cron;
            int64_t t = changes[j], until = t + 5 * 3600, next = t;
            CHECK(cron_parse(crons[i], &cron, &err) == 0);
            while (t < until) {
                int64_t want = searched(&cron, zone, t, until);
                CHECK(cron_next(&cron, zone, t, &next));
                if (want ? next != want : next < until)
                    fprintf(stderr, "%s after %s\n", crons[i], show(t));
                CHECK(want ? next == want : next >= until);
                t = next;
            }
        }
}

TEST(zones)
{
    static const char *const bad[] = {
        "",       "Mars/Olympus", "/etc/localtime", "../zoneinfo/UTC",
        "Europe", "zone.tab",     "leapseconds",    "Europe/Berlin\n"};
    AUTO(zone) struct zone *zone = NULL;
    struct err err;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(zone_find(bad[i], &zone, &err) < 0);
    CHECK(zone_offset(NULL, 0) == 0);
}

TEST(dates)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: it is none */
    } all[] = {{"0", 0},
               {"1700000000123", 1700000000123},
               {"253402300799999", 253402300799999},
               {"253402300800000", -1},
               {"9999999999999999", -1},
               {"2019-01-31T23:59:00.000Z", 1548979140000},
               {"2019-01-31T23:59:00.250Z", 1548979140250},
               {"2019-01-31T23:59:00", 1548979140000},
               {"2019-01-31T23:59", 1548979140000},
               {"2019-01-31T23:59Z", 1548979140000},
               {"2019-02-01T00:59:00+01:00", 1548979140000},
               {"2019-01-31", 1548892800000},
               {"2019-02-29", -1},
               {"2019-1-1", -1},
               {"1969-12-31", -1},
               {"tomorrow", -1},
               {"", -1},
               {"-1", -1},
               {"1e9", -1},
               {"2019-01-31T23:59:00.000Zx", -1}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int64_t ms = -1;
        bool good = date_parse(all[i].text, &ms);
        if (good != (all[i].ms >= 0) || (good && ms != all[i].ms))
            fprintf(stderr, "'%s' is %lld\n", all[i].text, good ? (long long)ms : -1);
        CHECK(good == (all[i].ms >= 0) && (!good || ms == all[i].ms));
    }
}
