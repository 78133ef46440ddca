/* What a guest sees of time and chance: {"resolution", "realtime", "monotonic": […], "random"}. */
#include <time.h>
#include <unistd.h>
#include <wow/action.h>

#define LOOKS 200

static int64_t ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct json *look(const struct json *args, struct wow_error *err)
{
    struct json *result = json_object();
    struct json *list = json_set(result, "monotonic", json_array());
    struct timespec t;
    uint64_t chance;

    (void)args, (void)err;
    for (int i = 0; i < LOOKS; i++)
        json_add(list, json_int(ns(CLOCK_MONOTONIC)));
    json_set(result, "realtime", json_int(ns(CLOCK_REALTIME)));
    clock_getres(CLOCK_MONOTONIC, &t);
    json_set(result, "resolution", json_int((int64_t)t.tv_sec * 1000000000 + t.tv_nsec));
    if (getentropy(&chance, sizeof chance) == 0)
        json_set(result, "random", json_uint(chance));
    return result;
}

WOW_ACTION(look)
