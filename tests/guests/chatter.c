/* Prints its "name" on both streams, "lines" times, and sleeps for a millisecond after each. */
#include <wow/action.h>

#include <time.h>

static struct json *chatter(const struct json *args, struct wow_error *err)
{
    const char *name = wow_string(args, "name", err);
    const struct timespec pause = {.tv_nsec = 1000000};

    for (int64_t i = wow_int(args, "lines", err); i > 0; i--) {
        fputs(name, stdout);
        fputs("\n", stdout);
        fputs(name, stderr);
        fputs("\n", stderr);
        nanosleep(&pause, NULL);
    }
    return (struct json *)args;
}

WOW_ACTION(chatter)
