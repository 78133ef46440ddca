#include "http/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "base/mem.h"

#define HOOKS 8
#define HOOK_ROUNDS 8
#define SIGNALS 3

struct hook {
    bool (*call)(void *ctx);
    void *ctx;
};

struct signal {
    uv_signal_t uv;
    void (*came)(void *ctx);
    void *ctx;
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_idle_t idle; /* while active, the loop polls without waiting */
    struct signal signals[SIGNALS];
    int signalc;
    struct hook hooks[HOOKS];
    int hookc;
};

struct watch {
    uv_poll_t uv;
    void (*ready)(void *ctx);
    void *ctx;
};

struct timer {
    uv_timer_t uv;
    void (*fired)(void *ctx);
    void *ctx;
};

static void idle(uv_idle_t *handle) { (void)handle; }

static void prepare(uv_prepare_t *handle)
{
    struct loop *l = handle->data;
    bool more = true;

    /* What one hook did may be work for another; but descriptors must get their turn. */
    for (int round = 0; more && round < HOOK_ROUNDS; round++) {
        more = false;
        for (int i = 0; i < l->hookc; i++)
            more |= l->hooks[i].call(l->hooks[i].ctx);
    }
    if (more)
        uv_idle_start(&l->idle, idle);
    else
        uv_idle_stop(&l->idle);
}

struct loop *loop_new(void)
{
    struct loop *l = NEW(struct loop);
    int r = uv_loop_init(&l->uv);

    assert(r == 0);
    (void)r;
    uv_prepare_init(&l->uv, &l->prepare);
    l->prepare.data = l;
    uv_prepare_start(&l->prepare, prepare);
    uv_idle_init(&l->uv, &l->idle);
    return l;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void loop_free(struct loop *l)
{
    uv_walk(&l->uv, close_handle, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    uv_loop_close(&l->uv);
    free(l);
}

void loop_run(struct loop *l) { uv_run(&l->uv, UV_RUN_DEFAULT); }

void loop_stop(struct loop *l) { uv_stop(&l->uv); }

static void released(uv_handle_t *handle) { free(handle); }

static void poll_ready(uv_poll_t *handle, int status, int events)
{
    struct watch *w = (struct watch *)handle;

    (void)status; /* an error shows when the descriptor is read */
    (void)events;
    w->ready(w->ctx);
}

struct watch *watch_new(struct loop *l, int fd, void (*ready)(void *ctx), void *ctx)
{
    struct watch *w = NEW(struct watch);
    int r = uv_poll_init(&l->uv, &w->uv, fd);

    assert(r == 0);
    (void)r;
    w->ready = ready;
    w->ctx = ctx;
    watch_for(w, true, false);
    return w;
}

void watch_for(struct watch *w, bool readable, bool writable)
{
    int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
    int r = events ? uv_poll_start(&w->uv, events, poll_ready) : uv_poll_stop(&w->uv);

    assert(r == 0);
    (void)r;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    uv_poll_stop(&w->uv);
    uv_close((uv_handle_t *)&w->uv, released);
}

static void timer_fired(uv_timer_t *handle)
{
    struct timer *t = (struct timer *)handle;

    t->fired(t->ctx);
}

struct timer *timer_new(struct loop *l, void (*fired)(void *ctx), void *ctx)
{
    struct timer *t = NEW(struct timer);

    uv_timer_init(&l->uv, &t->uv);
    t->fired = fired;
    t->ctx = ctx;
    return t;
}

void timer_set(struct timer *t, uint64_t ms)
{
    uv_update_time(t->uv.loop);
    uv_timer_start(&t->uv, timer_fired, ms, 0);
}

void timer_clear(struct timer *t) { uv_timer_stop(&t->uv); }

bool timer_is_set(const struct timer *t) { return uv_is_active((const uv_handle_t *)&t->uv) != 0; }

void timer_free(struct timer *t)
{
    if (!t)
        return;
    uv_timer_stop(&t->uv);
    uv_close((uv_handle_t *)&t->uv, released);
}

void loop_before_wait(struct loop *l, bool (*hook)(void *ctx), void *ctx)
{
    assert(l->hookc < HOOKS);
    l->hooks[l->hookc++] = (struct hook){hook, ctx};
}

static void signalled(uv_signal_t *handle, int number)
{
    struct signal *s = (struct signal *)handle;

    (void)number;
    s->came(s->ctx);
}

static void on_signal(struct loop *l, int number, void (*came)(void *ctx), void *ctx)
{
    assert(l->signalc < SIGNALS);
    struct signal *s = &l->signals[l->signalc++];
    s->came = came;
    s->ctx = ctx;
    uv_signal_init(&l->uv, &s->uv);
    uv_signal_start(&s->uv, signalled, number);
}

void loop_on_stop_signal(struct loop *l, void (*stop)(void *ctx), void *ctx)
{
    on_signal(l, SIGINT, stop, ctx);
    on_signal(l, SIGTERM, stop, ctx);
}

void loop_on_reload_signal(struct loop *l, void (*reload)(void *ctx), void *ctx)
{
    on_signal(l, SIGHUP, reload, ctx);
}
