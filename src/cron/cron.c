#include "cron/cron.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TEXT_MAX 256u
#define FIELDS 6
#define DAY 86400
#define DAYS_MAX (9 * 366) /* there may be eight years from one 29th of February to the next */
#define EVERY_HOUR 0xffffffu

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                          "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field {
    const char *name;
    int min, max;
    const char *const *names; /* of min and those behind it */
} fields[FIELDS] = {{"second", 0, 59, NULL},       {"minute", 0, 59, NULL},
                    {"hour", 0, 23, NULL},         {"day of the month", 1, 31, NULL},
                    {"month", 1, 12, month_names}, {"day of the week", 0, 7, day_names}};

static const struct {
    const char *name, *means;
} words[] = {{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
             {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
             {"@hourly", "0 * * * *"}};

/* ---- reading ---- */

static int bad(const struct field *f, const char *part, struct err *err)
{
    return err_set(err, ERR_INVALID, "'%.40s' is no %s", part, f->name);
}

/* A number or name at *at, which moves behind it. */
static bool read_one(const struct field *f, const char **at, int *out)
{
    const char *s = *at;

    if (isdigit((unsigned char)*s)) {
        size_t n = strspn(s, "0123456789");
        if (n > 4)
            return false;
        *out = (int)strtol(s, NULL, 10);
        *at = s + n;
        return *out >= f->min && *out <= f->max;
    }
    for (int i = 0; f->names && f->names[i]; i++)
        if (strncasecmp(s, f->names[i], 3) == 0) {
            *out = f->min + i;
            *at = s + 3;
            return true;
        }
    return false;
}

/* An element of a list: "*", "a" or "a-b", and perhaps "/step". */
static int read_part(const struct field *f, const char *part, uint64_t *mask, struct err *err)
{
    const char *at = part;
    int from = f->min, to = f->max, step = 1;

    if (*at == '*') {
        at++;
    } else {
        if (!read_one(f, &at, &from))
            return bad(f, part, err);
        if (*at == '-') {
            at++;
            if (!read_one(f, &at, &to))
                return bad(f, part, err);
        } else if (*at != '/') {
            to = from;
        }
    }
    if (*at == '/') {
        char *end;
        if (!isdigit((unsigned char)at[1]))
            return bad(f, part, err);
        long n = strtol(at + 1, &end, 10);
        step = n > 0 && n <= 100 ? (int)n : 0;
        at = end;
    }
    if (*at || step == 0 || from > to)
        return bad(f, part, err);
    for (int i = from; i <= to; i += step)
        *mask |= (uint64_t)1 << i;
    return 0;
}

static int read_field(const struct field *f, char *text, uint64_t *mask, struct err *err)
{
    char *part;

    *mask = 0;
    while ((part = strsep(&text, ",")) != NULL) {
        int r = read_part(f, part, mask, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static const char *meaning(const char *text)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i].name) == 0)
            return words[i].means;
    return text;
}

/* Its fields, the last at the end; how many there are, at most one more than there may be. */
static int split(char *text, char *out[FIELDS + 1])
{
    char *save = NULL, *word = strtok_r(text, " \t", &save);
    int n = 0;

    for (; word && n <= FIELDS; word = strtok_r(NULL, " \t", &save))
        out[n++] = word;
    return n;
}

int cron_parse(const char *text, struct cron *out, struct err *err)
{
    char copy[TEXT_MAX], *all[FIELDS + 1];
    uint64_t masks[FIELDS] = {1}; /* without seconds: at the first */
    int64_t never;

    text = meaning(text);
    if (strlen(text) >= sizeof copy)
        return err_set(err, ERR_INVALID, "it is longer than %u characters", TEXT_MAX - 1);
    memcpy(copy, text, strlen(text) + 1);
    int n = split(copy, all);
    if (n != FIELDS && n != FIELDS - 1)
        return err_set(err, ERR_INVALID, "it needs five fields, or six");
    for (int i = 0; i < n; i++) {
        int at = FIELDS - n + i;
        int r = read_field(&fields[at], all[i], &masks[at], err);
        if (r < 0)
            return r;
    }
    masks[5] = (masks[5] | masks[5] >> 7) & 0x7f; /* both of Sunday's numbers */
    *out = (struct cron){masks[0], masks[1], masks[2], masks[3], masks[4], masks[5]};
    if (!cron_next(out, NULL, 0, &never))
        return err_set(err, ERR_INVALID, "there is no such day");
    return 0;
}

/* ---- by a calendar without zones ---- */

static bool has(uint64_t mask, int i) { return mask >> i & 1; }

/* The first bit from one on; -1: none. */
static int bit_from(uint64_t mask, int i)
{
    mask = i > 63 ? 0 : mask >> i << i;
    return mask ? __builtin_ctzll(mask) : -1;
}

static bool day_matches(const struct cron *c, int64_t day)
{
    const time_t t = (time_t)(day * DAY);
    struct tm tm;

    gmtime_r(&t, &tm);
    if (!has(c->months, tm.tm_mon + 1))
        return false;
    bool all_days = c->days == 0xfffffffeu, all_weekdays = c->weekdays == 0x7f;
    bool day_is = has(c->days, tm.tm_mday), weekday_is = has(c->weekdays, tm.tm_wday);
    return all_days || all_weekdays ? day_is && weekday_is : day_is || weekday_is;
}

/* The first second of a day that matches from one on; -1: none. */
static int time_from(const struct cron *c, int from)
{
    int hour = from / 3600, minute = from / 60 % 60, second = from % 60;

    for (int h = bit_from(c->hours, hour); h >= 0; h = bit_from(c->hours, h + 1)) {
        int m = bit_from(c->minutes, h == hour ? minute : 0);
        for (; m >= 0; m = bit_from(c->minutes, m + 1)) {
            int s = bit_from(c->seconds, h == hour && m == minute ? second : 0);
            if (s >= 0)
                return h * 3600 + m * 60 + s;
        }
    }
    return -1;
}

/* The first that matches from one on; -1: none. */
static int64_t civil_from(const struct cron *c, int64_t t)
{
    int64_t day = t > 0 ? t / DAY : 0; /* behind the epoch, where clocks may be before it */
    int from = t > 0 ? (int)(t % DAY) : 0;

    for (int i = 0; i < DAYS_MAX; i++, day++, from = 0) {
        int second = day_matches(c, day) ? time_from(c, from) : -1;
        if (second >= 0)
            return day * DAY + second;
    }
    return -1;
}

/* ---- and with them ---- */

/* Between two times with different offsets: the first with that of the second. */
static int64_t change_between(const struct zone *z, int64_t a, int64_t b)
{
    int64_t offset = zone_offset(z, b);

    while (b - a > 1) {
        int64_t middle = a + (b - a) / 2;
        if (zone_offset(z, middle) == offset)
            b = middle;
        else
            a = middle;
    }
    return b;
}

/* When clocks first show a time; when they never do, the moment that they skip it. */
static int64_t first_shown(const struct zone *z, int64_t civil)
{
    int64_t before = zone_offset(z, civil - DAY), behind = zone_offset(z, civil + DAY);

    if (zone_offset(z, civil - before) == before)
        return civil - before;
    if (zone_offset(z, civil - behind) == behind)
        return civil - behind;
    return change_between(z, civil - DAY, civil + DAY);
}

static bool next_of_some_hours(const struct cron *c, const struct zone *z, int64_t after,
                               int64_t *out)
{
    int64_t civil = after + zone_offset(z, after) + 1;

    /* An hour that comes round again, or was skipped, is behind us. */
    for (int64_t t; (civil = civil_from(c, civil)) >= 0; civil++)
        if ((t = first_shown(z, civil)) > after) {
            *out = t;
            return true;
        }
    return false;
}

static bool next_of_every_hour(const struct cron *c, const struct zone *z, int64_t after,
                               int64_t *out)
{
    int64_t from = after + 1;

    for (;;) {
        int64_t offset = zone_offset(z, from), civil = civil_from(c, from + offset);
        if (civil < 0)
            return false;
        *out = civil - offset;
        if (zone_offset(z, *out) == offset)
            return true;
        /* Clocks were put on or back meanwhile. Far away, nothing matches before. */
        from = *out - from > 2 * DAY ? *out - DAY : change_between(z, from, *out);
    }
}

bool cron_next(const struct cron *c, const struct zone *z, int64_t after, int64_t *out)
{
    return c->hours == EVERY_HOUR ? next_of_every_hour(c, z, after, out)
                                  : next_of_some_hours(c, z, after, out);
}
