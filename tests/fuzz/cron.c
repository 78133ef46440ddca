/* A schedule, a line end, and a date: what can be read has a next tick, behind the one before. */
#include <assert.h>

#include "cron/cron.h"
#include "cron/date.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct zone *zone;
    char *text = strndup((const char *)data, size), *date = strchr(text, '\n');
    int64_t ms = 0, next;
    struct cron cron;
    struct err err;

    if (!zone)
        zone_find("Europe/Berlin", &zone, &err);
    if (date)
        *date++ = '\0';
    bool is_date = date && date_parse(date, &ms);
    assert(!is_date || (ms >= 0 && ms <= 253402300799999));
    if (cron_parse(text, &cron, &err) == 0)
        for (int i = 0; i < 3; i++) {
            assert(cron_next(&cron, i == 0 ? NULL : zone, ms / 1000, &next));
            assert(next > ms / 1000 && next - ms / 1000 < 9 * 366 * 86400LL);
            ms = next * 1000;
        }
    free(text);
    return 0;
}
