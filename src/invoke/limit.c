#include "invoke/limit.h"

#include "base/clock.h"
#include "invoke/invoke.h"

static unsigned limit_of(int64_t own, unsigned of_all) { return own >= 0 ? (unsigned)own : of_all; }

unsigned limit_of_concurrency(const struct invoke *v, const struct identity *who)
{
    return limit_of(who->user.concurrent, v->settings.concurrent);
}

unsigned limit_of_invocations(const struct invoke *v, const struct identity *who)
{
    return limit_of(who->user.invocations, v->settings.invocations);
}

unsigned limit_of_fires(const struct invoke *v, const struct identity *who)
{
    return limit_of(who->user.fires, v->settings.fires);
}

/* OpenWhisk's windows are the minutes of the clock. */
static bool count(struct invoke *v, struct identity *who, unsigned *counter, unsigned limit,
                  struct err *err)
{
    uint64_t minute = clock_epoch_ms() / 60000;

    if (who->minute != minute) {
        who->minute = minute;
        who->invocations = who->fires = 0;
    }
    if (++*counter <= limit)
        return true;
    v->stats.rejected_rate++;
    err_set(err, ERR_BUSY, "Too many requests in the last minute (count: %u, allowed: %u).",
            *counter, limit);
    return false;
}

bool limit_invocation(struct invoke *v, struct identity *who, struct err *err)
{
    return count(v, who, &who->invocations, limit_of_invocations(v, who), err);
}

bool limit_fire(struct invoke *v, struct identity *who, struct err *err)
{
    return count(v, who, &who->fires, limit_of_fires(v, who), err);
}

bool limit_concurrency(struct invoke *v, struct identity *who, struct err *err)
{
    unsigned limit = limit_of_concurrency(v, who);

    if (who->running < limit)
        return true;
    v->stats.rejected_concurrency++;
    err_set(err, ERR_BUSY, "Too many concurrent requests in flight (count: %u, allowed: %u).",
            who->running, limit);
    return false;
}
