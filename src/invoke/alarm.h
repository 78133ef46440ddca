#pragma once

/*
 * Alarms, OpenWhisk's package of that name, in wowd itself: its actions set a trigger's alarm
 * (feed.c), and the clock fires it (alarms.c). In between is what parameters mean (alarm_read.c),
 * and which tick is next (alarm.c).
 */

#include "base/scan.h"
#include "store/alarm.h"

struct invoke;

/* What the actions are told, by name; absent ones have no text. */
enum alarm_parameter {
    ALARM_EVENT,
    ALARM_TRIGGER,
    ALARM_KEY,
    ALARM_PATTERN,
    ALARM_ZONE,
    ALARM_MINUTES,
    ALARM_DATE,
    ALARM_START,
    ALARM_STOP,
    ALARM_MAX,
    ALARM_AFTERWARDS,
    ALARM_STRICT,
    ALARM_PAYLOAD,
    ALARM_PARAMETERS
};
struct alarm_given {
    struct scan_text all[ALARM_PARAMETERS];
};

/* From an action's arguments, a JSON object. What JavaScript takes for false is absent. */
int alarm_given(const char *args, size_t n, struct alarm_given *out, struct err *err);
/* A string's text, or a number's; the caller's. */
char *alarm_text(const struct scan_text *value);

/* Make a new alarm of a kind, or (revision > 0) change one; its next tick is worked out. */
int alarm_set(struct alarm *a, const struct alarm_given *g, int64_t now_ms, struct err *err);

/* The tick behind a time, ms; 0: there is none any more. May be called in any thread. */
int64_t alarm_next(const struct alarm *a, int64_t now_ms);
/*
 * What comes after the tick that was due: remaining, since_ms, next_ms and reason (the caller's) of
 * *then. fired: it was; else it is passed over, since nobody was there, or because the clock was
 * set.
 */
void alarm_plan(const struct alarm *a, int64_t now_ms, bool fired, struct alarm *then);
/* For READ: {"config", "status"}. */
void alarm_show(const struct alarm *a, const char *ns, struct buf *out);

/* Fire what is due from now on, until alarms_stop. */
void alarms_start(struct invoke *v);
void alarms_stop(struct invoke *v);
void alarms_free(struct invoke *v);
/* Some alarm was changed. */
void alarms_changed(struct invoke *v);
