#include "store/alarm.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void alarm_done(struct alarm *a)
{
    free(a->name);
    free(a->cron);
    free(a->zone);
    free(a->date);
    free(a->start);
    free(a->stop);
    free(a->strict);
    free(a->afterwards);
    free(a->payload);
    free(a->reason);
    memset(a, 0, sizeof *a);
}

/* The columns of ALARM in sql.c. */
static void read_row(struct sqlite3_stmt *s, struct alarm *out)
{
    *out = (struct alarm){.trigger = row_int(s, 0),
                          .ns = row_int(s, 1),
                          .name = row_dup(s, 2),
                          .kind = (enum alarm_kind)row_int(s, 3),
                          .cron = row_dup(s, 4),
                          .zone = row_dup(s, 5),
                          .minutes = row_int(s, 6),
                          .date = row_dup(s, 7),
                          .start = row_dup(s, 8),
                          .stop = row_dup(s, 9),
                          .strict = row_dup(s, 10),
                          .afterwards = row_dup(s, 11),
                          .payload = row_dup(s, 12),
                          .remaining = row_int(s, 13),
                          .since_ms = row_int(s, 14),
                          .next_ms = row_int(s, 15), /* 0 for NULL */
                          .changed_ms = row_int(s, 16),
                          .reason = row_dup(s, 17),
                          .revision = row_int(s, 18)};
}

/* How many rows were read, at most max. */
static int read_rows(struct db *db, struct sqlite3_stmt *s, struct alarm *out, int max,
                     struct err *err)
{
    int n = 0, r = s ? 1 : -(int)err->kind;

    while (r > 0 && n < max && (r = db_step(db, s, err)) > 0)
        read_row(s, &out[n++]);
    if (r > 0)
        db_done(s);
    if (r < 0)
        while (n > 0)
            alarm_done(&out[--n]);
    return r < 0 ? r : n;
}

int alarm_get(struct db *db, int64_t trigger, struct alarm *out, struct err *err)
{
    return read_rows(db, db_get(db, SQL_ALARM_GET, err, "i", trigger), out, 1, err);
}

int alarm_put(struct db *db, const struct alarm *a, struct err *err)
{
    int r = db_run(db, SQL_ALARM_PUT, err, "iiittittttttiiiiti", a->trigger, a->ns,
                   (int64_t)a->kind, a->cron, a->zone, a->minutes, a->date, a->start, a->stop,
                   a->strict, a->afterwards, a->payload, a->remaining, a->since_ms, a->next_ms,
                   a->changed_ms, a->reason, a->revision);

    if (r == 0 || (r < 0 && err->kind == ERR_CONFLICT))
        return err_set(err, ERR_CONFLICT, "the trigger or its alarm was changed by another");
    return r < 0 ? r : 0;
}

int alarm_delete(struct db *db, const struct alarm *a, struct err *err)
{
    int r = db_run(db, SQL_ALARM_DELETE, err, "ii", a->trigger, a->revision);

    return r == 0 ? err_set(err, ERR_CONFLICT, "the alarm was changed by another") : r < 0 ? r : 0;
}

static int one_number(struct db *db, struct sqlite3_stmt *s, int64_t *out, struct err *err)
{
    int r = s ? db_step(db, s, err) : -(int)err->kind;

    if (r > 0) {
        *out = row_int(s, 0);
        db_done(s);
    }
    return r < 0 ? r : 0;
}

int alarm_count(struct db *db, int64_t ns, int64_t *out, struct err *err)
{
    struct sqlite3_stmt *s =
        ns ? db_get(db, SQL_ALARM_COUNT, err, "i", ns) : db_get(db, SQL_ALARM_COUNT_ALL, err, "");

    return one_number(db, s, out, err);
}

int alarm_next_due(struct db *db, int64_t *out, struct err *err)
{
    return one_number(db, db_get(db, SQL_ALARM_NEXT, err, ""), out, err);
}

int alarm_due(struct db *db, int64_t now_ms, struct alarm *out, int max, struct err *err)
{
    return read_rows(db, db_get(db, SQL_ALARM_DUE, err, "ii", now_ms, (int64_t)max), out, max, err);
}

int alarm_behind(struct db *db, int64_t now_ms, int64_t after, struct alarm *out, int max,
                 struct err *err)
{
    return read_rows(db, db_get(db, SQL_ALARM_BEHIND, err, "iii", now_ms, after, (int64_t)max), out,
                     max, err);
}

int alarm_ahead(struct db *db, int64_t ms, int64_t after, struct alarm *out, int max,
                struct err *err)
{
    return read_rows(db, db_get(db, SQL_ALARM_AHEAD, err, "iii", ms, after, (int64_t)max), out, max,
                     err);
}

int alarm_claim(struct db *db, const struct alarm *a, const struct alarm *then, struct err *err)
{
    return db_run(db, SQL_ALARM_CLAIM, err, "iiiiiit", a->trigger, a->revision, a->next_ms,
                  then->remaining, then->since_ms, then->next_ms, then->reason);
}
