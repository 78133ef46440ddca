#include "pool/heard.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"

#define PERIOD_MS 10000
#define PERIOD_BYTES 16384u /* that are read in a period; then nobody listens until the next */
#define LINE_MAX_BYTES 800

struct heard {
    struct loop *loop;
    int ends[2];
    struct watch *watch;
    struct timer *timer;
    size_t left; /* of this period's bytes */
    char line[LINE_MAX_BYTES];
    size_t n;
};

static void say_line(struct heard *h)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->line[i] == '"')
            h->line[i] = '\'';
    if (h->n > 0)
        log_event("child.said", "text=\"%.*s\"", (int)h->n, h->line);
    h->n = 0;
}

static void ready(void *ctx)
{
    struct heard *h = ctx;
    char bytes[4096];
    size_t most = h->left < sizeof bytes ? h->left : sizeof bytes;
    ssize_t n = read(h->ends[0], bytes, most);

    if (n <= 0)
        return;
    if (!timer_is_set(h->timer))
        timer_set(h->timer, PERIOD_MS);
    h->left -= (size_t)n;
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] == '\n' || h->n == sizeof h->line)
            say_line(h);
        if (bytes[i] != '\n')
            h->line[h->n++] = bytes[i];
    }
    if (h->left > 0)
        return;
    log_event("child.noise", "for_ms=%d: more than %u bytes", PERIOD_MS, PERIOD_BYTES);
    watch_free(h->watch);
    h->watch = NULL;
}

static void new_period(void *ctx)
{
    struct heard *h = ctx;

    h->left = PERIOD_BYTES;
    if (!h->watch)
        h->watch = watch_new(h->loop, h->ends[0], ready, h);
}

int heard_new(struct loop *l, struct heard **out, struct err *err)
{
    struct heard *h = NEW(struct heard);

    h->loop = l;
    if (pipe2(h->ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        free(h);
        return err_errno(err, ERR_INTERNAL, "pipe");
    }
    h->timer = timer_new(l, new_period, h);
    new_period(h);
    *out = h;
    return 0;
}

int heard_end(const struct heard *h) { return h->ends[1]; }

void heard_free(struct heard *h)
{
    if (!h)
        return;
    say_line(h);
    watch_free(h->watch);
    timer_free(h->timer);
    close(h->ends[0]);
    close(h->ends[1]);
    free(h);
}
