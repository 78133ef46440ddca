/* Arguments, environment, clocks, chance, sleep: what needs no descriptor. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "host/wasi_priv.h"

#define SUBSCRIPTIONS_MAX 1024u
#define RANDOM_CHUNK 65536u
#define TOLD_NS 1000000u /* nobody takes a place that is free for a shorter time */

static uint32_t size_of(const char *const *strings, int count)
{
    uint32_t bytes = 0;

    for (int i = 0; i < count; i++)
        bytes += (uint32_t)strlen(strings[i]) + 1;
    return bytes;
}

/* Pointers to strings at parameter 0, the strings themselves at parameter 1. */
static uint16_t put_strings(const struct wasi_call *c, const char *const *strings, int count)
{
    uint32_t text = arg32(c, 1);
    uint8_t *table = mem(c, arg32(c, 0), (uint32_t)count * (uint32_t)sizeof text);
    uint8_t *to = mem(c, text, size_of(strings, count));

    if (!table || !to)
        return WASI_FAULT;
    for (int i = 0; i < count; i++) {
        uint32_t n = (uint32_t)strlen(strings[i]) + 1;
        memcpy(table, &text, sizeof text);
        memcpy(to, strings[i], n);
        table += sizeof text;
        text += n;
        to += n;
    }
    return WASI_OK;
}

static uint16_t put_sizes(const struct wasi_call *c, const char *const *strings, int count)
{
    uint16_t r = wasi_put32(c, arg32(c, 0), (uint32_t)count);

    return r == WASI_OK ? wasi_put32(c, arg32(c, 1), size_of(strings, count)) : r;
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
    uint64_t ns = ns_of(&t), least = c->w->setup.clock_ns;
    return wasi_put64(c, arg32(c, 1), ns < least ? least : ns);
}

uint16_t wasi_clock_time_get(const struct wasi_call *c)
{
    clockid_t clock;
    struct timespec t;

    if (!host_clock(arg32(c, 0), &clock) || clock_gettime(clock, &t) < 0)
        return WASI_INVAL;
    uint64_t ns = ns_of(&t), step = c->w->setup.clock_ns;
    return wasi_put64(c, arg32(c, 2), step ? ns - ns % step : ns);
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
    const uint8_t *from = mem(c, arg32(c, 0), arg32(c, 2) * (uint32_t)sizeof *s);

    if (from)
        memcpy(s, from + i * sizeof *s, sizeof *s);
    return from != NULL;
}

/* A clock to sleep by: those of processor time stand still meanwhile. */
static uint16_t check_clock(uint32_t id, clockid_t *out)
{
    if (!host_clock(id, out))
        return WASI_INVAL;
    return *out == CLOCK_REALTIME || *out == CLOCK_MONOTONIC ? WASI_OK : WASI_NOTSUP;
}

/* How long until this one is due, ns; 0 for descriptors, which are always ready, and for errors. */
static uint64_t due_in(const struct subscription *s)
{
    struct timespec t;
    clockid_t clock;

    if (s->tag != EVENT_CLOCK || check_clock(s->id, &clock) != WASI_OK)
        return 0;
    if (!(s->flags & 1))
        return s->timeout;
    clock_gettime(clock, &t);
    return s->timeout > ns_of(&t) ? s->timeout - ns_of(&t) : 0;
}

static void sleep_ns(const struct wasi_call *c, uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
    const struct wasi_setup *s = &c->w->setup;

    if (ns == 0)
        return;
    bool tells = s->wait && ns >= TOLD_NS;
    if (tells)
        s->wait(s->ctx, true);
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
        ;
    if (tells)
        s->wait(s->ctx, false);
}

static void fill_event(const struct wasi_call *c, const struct subscription *s, struct event *e)
{
    struct wasi_fd *fd;
    clockid_t clock;

    *e = (struct event){.userdata = s->userdata, .type = s->tag};
    if (s->tag == EVENT_CLOCK) {
        e->error = check_clock(s->id, &clock);
        return;
    }
    e->error =
        s->tag > EVENT_WRITE ? WASI_INVAL : wasi_fd_get(c, s->id, RIGHT_POLL_FD_READWRITE, &fd);
    e->bytes = 1;
    if (e->error == WASI_OK && fd->kind == FD_STREAM && fd->stream == 0)
        e->bytes = c->w->setup.in.size - c->w->in_at;
}

uint16_t wasi_poll_oneoff(const struct wasi_call *c)
{
    uint32_t count = arg32(c, 2), written = 0;
    uint64_t due[SUBSCRIPTIONS_MAX], first = UINT64_MAX;
    struct subscription s;
    struct event e;

    if (count == 0 || count > SUBSCRIPTIONS_MAX)
        return WASI_INVAL;
    uint8_t *out = mem(c, arg32(c, 1), count * (uint32_t)sizeof e);
    if (!out || !mem(c, arg32(c, 3), sizeof written))
        return WASI_FAULT;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_subscription(c, i, &s))
            return WASI_FAULT;
        due[i] = due_in(&s);
        first = due[i] < first ? due[i] : first;
    }
    sleep_ns(c, first);
    for (uint32_t i = 0; i < count; i++) {
        if (due[i] > first || !read_subscription(c, i, &s))
            continue;
        fill_event(c, &s, &e);
        memcpy(out + written++ * sizeof e, &e, sizeof e);
    }
    return wasi_put32(c, arg32(c, 3), written);
}
