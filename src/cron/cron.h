#pragma once

/*
 * Schedules as crontab(5) writes them: minute, hour, day of the month, month and day of the week,
 * with seconds in front if there are six fields. A field is *, a number, a range, either of them
 * with a step, or a list of these; months and days of the week have names, and Sunday is 0 or 7.
 * When both days are restricted, either will do. @yearly, @monthly, @weekly, @daily, @hourly too.
 */

#include <stdbool.h>
#include <stdint.h>

#include "cron/zone.h"

struct cron {
    uint64_t seconds, minutes; /* a bit for each that matches */
    uint64_t hours, days, months, weekdays;
};

/* ERR_INVALID, and what is wrong with it. */
int cron_parse(const char *text, struct cron *out, struct err *err);

/*
 * The first time that matches behind another, in seconds since the epoch; false: none ever does.
 *
 * Where clocks are put forward, what they skip comes at the moment they are; where they are put
 * back, what comes round again does not count twice. But a schedule for every hour goes by what the
 * clocks show, whatever they do.
 */
bool cron_next(const struct cron *c, const struct zone *z, int64_t after, int64_t *out);
