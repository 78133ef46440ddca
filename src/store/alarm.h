#pragma once

/*
 * Alarms: a trigger that is fired by the clock. One belongs to a trigger, and goes with it. Which
 * tick comes next is worked out elsewhere; here it is a number that one claim takes, once.
 */

#include <stdbool.h>
#include <stdint.h>

#include "store/db.h"

/* Also in the database: append only. */
enum alarm_kind { ALARM_CRON = 1, ALARM_INTERVAL, ALARM_ONCE };

struct alarm {
    int64_t trigger, ns;
    char *name; /* of the trigger */
    enum alarm_kind kind;
    char *cron, *zone; /* zone: "Europe/Berlin", or NULL for UTC */
    int64_t minutes;
    char *date, *start, *stop, *strict; /* JSON, as it was sent, or NULL */
    char *afterwards;                   /* "false", "true", "rules", or NULL */
    char *payload;                      /* a JSON object */
    int64_t remaining;                  /* fires; -1: any number */
    int64_t since_ms, next_ms;          /* next_ms 0: it is not active */
    int64_t changed_ms;                 /* when it became active, or ceased to be */
    char *reason;                       /* why it is not active */
    int64_t revision;                   /* 0: not stored yet */
};

void alarm_done(struct alarm *a);
static inline void alarm_auto(struct alarm *a) { alarm_done(a); }

/* 1 and a trigger's alarm, 0 when it has none. */
int alarm_get(struct db *db, int64_t trigger, struct alarm *out, struct err *err);

/* ERR_CONFLICT when it is no longer what was read. */
int alarm_put(struct db *db, const struct alarm *a, struct err *err);
int alarm_delete(struct db *db, const struct alarm *a, struct err *err);

/* Of one namespace; or, with 0, those of all that are active. */
int alarm_count(struct db *db, int64_t ns, int64_t *out, struct err *err);

/* Up to max alarms whose tick has come; how many. */
int alarm_due(struct db *db, int64_t now_ms, struct alarm *out, int max, struct err *err);
/* The same, the smallest trigger behind one first. */
int alarm_behind(struct db *db, int64_t now_ms, int64_t after, struct alarm *out, int max,
                 struct err *err);
/* Of those whose tick was worked out at a time that is later than this. */
int alarm_ahead(struct db *db, int64_t ms, int64_t after, struct alarm *out, int max,
                struct err *err);
/* When the next is due; 0: never. */
int alarm_next_due(struct db *db, int64_t *out, struct err *err);

/*
 * Take the tick next_ms of an alarm that was read, and have `then` — remaining, since_ms, next_ms
 * and reason — in its place. 1; or 0 when another has it, or the alarm was changed or is gone.
 */
int alarm_claim(struct db *db, const struct alarm *a, const struct alarm *then, struct err *err);
