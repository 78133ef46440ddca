/* What time it is: {} gives {"iso": "2026-11-24T13:30:00.123Z", "epoch_ms": …, …}. */

#include <wow/action.h>

static int64_t nanoseconds(const struct timespec *t)
{
    return t->tv_sec * INT64_C(1000000000) + t->tv_nsec;
}

static struct json *tell(const struct json *args, struct wow_error *err)
{
    struct timespec now, ticks, grain;
    struct tm utc;
    char date[32], iso[48];

    (void)args;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || clock_gettime(CLOCK_MONOTONIC, &ticks) != 0 ||
        clock_getres(CLOCK_MONOTONIC, &grain) != 0)
        return wow_fail(err, "there is no clock");
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
    snprintf(iso, sizeof iso, "%s.%03dZ", date, (int)(now.tv_nsec / 1000000));

    struct json *result = json_object();
    json_set(result, "iso", json_string(iso));
    json_set(result, "epoch_ms", json_int(nanoseconds(&now) / 1000000));
    json_set(result, "monotonic_ns", json_int(nanoseconds(&ticks)));
    json_set(result, "resolution_ns", json_int(nanoseconds(&grain)));
    return result;
}

WOW_ACTION(tell)
