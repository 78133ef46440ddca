/* Sleeps: {"ms": 300} gives {"from": 1764000000000, "until": 1764000000300}, wall clock times. */

#include <wow/action.h>

#include <errno.h>

static int64_t epoch_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static struct json *block(const struct json *args, struct wow_error *err)
{
    enum { DEFAULT = 300, MOST = 60000 };
    int64_t ms = wow_int_or(args, "ms", DEFAULT, err);

    if (wow_failed(err))
        return NULL;
    if (ms < 0 || ms > MOST)
        return wow_fail(err, "parameter 'ms' must be between 0 and 60000");

    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    int64_t from = epoch_ms();
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
    struct json *result = json_object();
    json_set(result, "from", json_int(from));
    json_set(result, "until", json_int(epoch_ms()));
    return result;
}

WOW_ACTION(block)
