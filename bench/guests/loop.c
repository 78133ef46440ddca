/* Never ends: what a deadline is for. */

#include <wow/action.h>

static struct json *loop(const struct json *args, struct wow_error *err)
{
    volatile int go = 1;

    (void)err;
    while (go)
        ;
    return (struct json *)args;
}

WOW_ACTION(loop)
