#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define LARGE (1u << 20)   /* bytes that are worth a line at once */
#define LONG_US 1000000u   /* else it takes so long first */
#define EVERY_US 100000u

void progress_begin(struct progress *p, const char *what)
{
    *p =
        (struct progress){.what = isatty(STDERR_FILENO) ? what : NULL, .began_us = clock_mono_us()};
}

void progress_show(struct progress *p, uint64_t sent, uint64_t total)
{
    uint64_t now = clock_mono_us();

    if (!p->what || total == 0 || (total < LARGE && now - p->began_us < LONG_US) ||
        now - p->shown_us < EVERY_US)
        return;
    p->shown_us = now;
    p->is_shown = true;
    if (sent < total)
        fprintf(stderr, "\r\033[K%s: %.1f of %.1f MiB sent", p->what, (double)sent / (1 << 20),
                (double)total / (1 << 20));
    else
        fprintf(stderr, "\r\033[K%s: %.1f MiB sent, waiting", p->what, (double)total / (1 << 20));
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->is_shown)
        fputs("\r\033[K", stderr);
    p->what = NULL;
}
