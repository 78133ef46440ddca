#include "cron/date.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_MS 253402300799999 /* of the year 9999 */
#define TEXT_MAX 64

static bool is_number(const char *text)
{
    size_t n = strlen(text);

    return n > 0 && n <= 15 && strspn(text, "0123456789") == n;
}

/* GLib wants a time, with seconds. */
static bool complete(const char *text, char out[TEXT_MAX])
{
    size_t n = strlen(text);

    if (n < 10 || n + 12 > TEXT_MAX)
        return false;
    if (n == 10)
        snprintf(out, TEXT_MAX, "%sT00:00:00", text);
    else if (n >= 16 && text[16] != ':')
        snprintf(out, TEXT_MAX, "%.16s:00%s", text, text + 16);
    else
        snprintf(out, TEXT_MAX, "%s", text);
    return true;
}

static bool parse(const char *text, int64_t *out_ms)
{
    char whole[TEXT_MAX];

    if (is_number(text)) {
        *out_ms = strtoll(text, NULL, 10);
        return true;
    }
    if (!complete(text, whole))
        return false;
    GTimeZone *utc = g_time_zone_new_utc();
    GDateTime *date = g_date_time_new_from_iso8601(whole, utc);
    g_time_zone_unref(utc);
    if (!date)
        return false;
    *out_ms = g_date_time_to_unix(date) * 1000 + g_date_time_get_microsecond(date) / 1000;
    g_date_time_unref(date);
    return true;
}

bool date_parse(const char *text, int64_t *out_ms)
{
    int64_t ms;

    if (!parse(text, &ms) || ms < 0 || ms > LAST_MS)
        return false;
    *out_ms = ms;
    return true;
}
