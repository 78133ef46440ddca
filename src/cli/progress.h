#pragma once

/* How far a large request is, on a terminal's last line; nothing where stderr is none. */

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* NULL: nothing is shown */
    uint64_t began_us, shown_us;
    bool is_shown;
};

void progress_begin(struct progress *p, const char *what);
void progress_show(struct progress *p, uint64_t sent, uint64_t total);
void progress_end(struct progress *p);
