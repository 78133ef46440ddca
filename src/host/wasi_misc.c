/* Arguments, environment, clocks, chance, sleep: what needs no descriptor. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "host/wasi_priv.h"

#define SUBSCRIPTIONS_MAX 1024u
#define RANDOM_CHUNK 65536u
#define SLACK_NS 100000u /* the wall's clock and the one we sleep by do not run quite alike */

/* Pointers to strings at `table`, the strings themselves at `text`. */
static uint16_t put_strings(const struct wasi_call *c, const char *const *strings, int count)
{
    uint32_t table = arg32(c, 0), text = arg32(c, 1);

    for (int i = 0; i < count; i++) {
        uint32_t n = (uint32_t)strlen(strings[i]) + 1;
        if (wasi_put32(c, table, text) != WASI_OK || wasi_put(c, text, strings[i], n) != WASI_OK)
            return WASI_FAULT;
        table += 4;
        text += n;
    }
    return WASI_OK;
}

static uint16_t put_sizes(const struct wasi_call *c, const char *const *strings, int count)
{
    uint32_t bytes = 0;

    for (int i = 0; i < count; i++)
        bytes += (uint32_t)strlen(strings[i]) + 1;
    uint16_t r = wasi_put32(c, arg32(c, 0), (uint32_t)count);
    return r == WASI_OK ? wasi_put32(c, arg32(c, 1), bytes) : r;
}

uint16_t wasi_args_get(const struct wasi_call *c)
{
    return put_strings(c, c->w->setup.argv, c->w->setup.argc);
}

uint16_t wasi_args_sizes_get(const struct wasi_call *c)
{
    return put_sizes(c, c->w->setup.argv, c->w->setup.argc);
}

uint16_t wasi_environ_get(const struct wasi_call *c)
{
    return put_strings(c, c->w->setup.env, c->w->setup.envc);
}

uint16_t wasi_environ_sizes_get(const struct wasi_call *c)
{
    return put_sizes(c, c->w->setup.env, c->w->setup.envc);
}

static bool host_clock(uint32_t id, clockid_t *out)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
                                       CLOCK_THREAD_CPUTIME_ID};

    if (id >= sizeof clocks / sizeof *clocks)
        return false;
    *out = clocks[id];
    return true;
}

static uint64_t ns_of(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

uint16_t wasi_clock_res_get(const struct wasi_call *c)
{
    clockid_t clock;
    struct timespec t;

    if (!host_clock(arg32(c, 0), &clock) || clock_getres(clock, &t) < 0)
        return WASI_INVAL;
    return wasi_put64(c, arg32(c, 1), ns_of(&t));
}

uint16_t wasi_clock_time_get(const struct wasi_call *c)
{
    clockid_t clock;
    struct timespec t;

    if (!host_clock(arg32(c, 0), &clock) || clock_gettime(clock, &t) < 0)
        return WASI_INVAL;
    return wasi_put64(c, arg32(c, 2), ns_of(&t));
}

uint16_t wasi_random_get(const struct wasi_call *c)
{
    uint32_t at = arg32(c, 0), n = arg32(c, 1);
    uint8_t *to = mem(c, at, n);

    if (!to)
        return WASI_FAULT;
    while (n > 0) {
        ssize_t got = getrandom(to, n < RANDOM_CHUNK ? n : RANDOM_CHUNK, 0);
        if (got < 0 && errno != EINTR)
            return WASI_IO;
        if (got > 0) {
            to += got;
            n -= (uint32_t)got;
        }
    }
    return WASI_OK;
}

uint16_t wasi_sched_yield(const struct wasi_call *c)
{
    (void)c;
    sched_yield();
    return WASI_OK;
}

uint16_t wasi_proc_raise(const struct wasi_call *c)
{
    (void)c;
    return WASI_NOTSUP;
}

uint16_t wasi_sock_accept(const struct wasi_call *c)
{
    (void)c;
    return WASI_NOTSUP;
}

uint16_t wasi_sock_recv(const struct wasi_call *c) { return wasi_sock_accept(c); }

uint16_t wasi_sock_send(const struct wasi_call *c) { return wasi_sock_accept(c); }

uint16_t wasi_sock_shutdown(const struct wasi_call *c) { return wasi_sock_accept(c); }

/* ---- poll_oneoff ---- */

enum { EVENT_CLOCK, EVENT_READ, EVENT_WRITE };

struct subscription { /* 48 bytes in the guest */
    uint64_t userdata;
    uint8_t tag;
    uint8_t pad[7];
    uint32_t id; /* of a clock, or a descriptor */
    uint32_t pad2;
    uint64_t timeout, precision;
    uint16_t flags; /* 1: timeout is a point in time */
    uint8_t pad3[6];
};

struct event { /* 32 bytes in the guest */
    uint64_t userdata;
    uint16_t error;
    uint8_t type;
    uint8_t pad[5];
    uint64_t bytes;
    uint16_t flags;
    uint8_t pad2[6];
};

_Static_assert(sizeof(struct subscription) == 48 && sizeof(struct event) == 32, "as in the ABI");

static bool read_subscription(const struct wasi_call *c, uint32_t i, struct subscription *s)
{
    const uint8_t *from = mem(c, arg32(c, 0) + i * (uint32_t)sizeof *s, sizeof *s);

    if (from)
        memcpy(s, from, sizeof *s);
    return from != NULL;
}

/* How long until this one is due, ns; 0 for descriptors, which are always ready, and for errors. */
static uint64_t due_in(const struct subscription *s, uint16_t *error)
{
    struct timespec t;
    clockid_t clock;

    *error = WASI_OK;
    if (s->tag != EVENT_CLOCK)
        return 0;
    if (!host_clock(s->id, &clock) || clock_gettime(clock, &t) < 0) {
        *error = WASI_INVAL;
        return 0;
    }
    if (!(s->flags & 1))
        return s->timeout;
    return s->timeout > ns_of(&t) ? s->timeout - ns_of(&t) : 0;
}

static void sleep_ns(const struct wasi_call *c, uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
    const struct wasi_setup *s = &c->w->setup;

    if (ns == 0)
        return;
    if (s->wait)
        s->wait(s->ctx, true);
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
        ;
    if (s->wait)
        s->wait(s->ctx, false);
}

static void fill_event(const struct wasi_call *c, const struct subscription *s, struct event *e)
{
    struct wasi_fd *fd;

    *e = (struct event){.userdata = s->userdata, .type = s->tag};
    due_in(s, &e->error);
    if (s->tag == EVENT_CLOCK)
        return;
    e->error =
        s->tag > EVENT_WRITE ? WASI_INVAL : wasi_fd_get(c, s->id, RIGHT_POLL_FD_READWRITE, &fd);
    e->bytes = 1;
    if (e->error == WASI_OK && fd->kind == FD_STREAM && fd->stream == 0)
        e->bytes = c->w->setup.in.size - c->w->in_at;
}

uint16_t wasi_poll_oneoff(const struct wasi_call *c)
{
    uint32_t count = arg32(c, 2), written = 0, out = arg32(c, 1);
    uint64_t first = UINT64_MAX;
    struct subscription s;
    uint16_t error;

    if (count == 0 || count > SUBSCRIPTIONS_MAX)
        return WASI_INVAL;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_subscription(c, i, &s))
            return WASI_FAULT;
        uint64_t due = due_in(&s, &error);
        first = due < first ? due : first;
    }
    sleep_ns(c, first);
    for (uint32_t i = 0; i < count; i++) {
        struct event e;
        if (!read_subscription(c, i, &s))
            return WASI_FAULT;
        /* A relative one says the same as before; one in absolute time has come nearer. */
        uint64_t due = due_in(&s, &error);
        if (due > (s.flags & 1 ? SLACK_NS : first))
            continue;
        fill_event(c, &s, &e);
        if (wasi_put(c, out + written * (uint32_t)sizeof e, &e, sizeof e) != WASI_OK)
            return WASI_FAULT;
        written++;
    }
    return wasi_put32(c, arg32(c, 3), written);
}
