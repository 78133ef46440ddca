#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

void log_event(const char *event, const char *fmt, ...)
{
    static char second[32]; /* the text of the second last seen: an activation is a line */
    static time_t seen;
    char line[1024];
    struct timespec now;
    struct tm tm;
    va_list ap;

    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != seen || !second[0]) {
        gmtime_r(&now.tv_sec, &tm);
        strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", &tm);
        seen = now.tv_sec;
    }
    size_t n =
        (size_t)snprintf(line, sizeof line, "%s.%03ldZ %s ", second, now.tv_nsec / 1000000, event);
    va_start(ap, fmt);
    int more = vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
    va_end(ap);
    n += more < 0 ? 0 : (size_t)more;
    if (n > sizeof line - 2)
        n = sizeof line - 2;
    /* What a client or guest said may stand in a value: one event stays one line. */
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < 0x20)
            line[i] = ' ';
    line[n++] = '\n';
    ssize_t r = write(STDERR_FILENO, line, n); /* one write, so that lines never mix */
    (void)r;
}
