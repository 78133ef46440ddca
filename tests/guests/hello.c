/* Says hello on both streams, and answers its arguments. */
#include <wow/action.h>

static struct json *hello(const struct json *args, struct wow_error *err)
{
    (void)err;
    fputs("hello stdout\n", stdout);
    fputs("hello stderr\n", stderr);
    return (struct json *)args;
}

WOW_ACTION(hello)
