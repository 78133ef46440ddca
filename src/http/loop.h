#pragma once

/*
 * The event loop of wowd, on libuv: descriptors to watch, timers, signals, and a word before it
 * blocks. One thread; everything here is called from it. Callbacks run from loop_run only.
 */

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct watch; /* a descriptor that becomes readable, or writable */
struct timer;

struct loop *loop_new(void);
void loop_free(struct loop *l); /* all watches and timers must have been freed */

void loop_run(struct loop *l); /* until loop_stop */
void loop_stop(struct loop *l);

/* fd stays the caller's and must stay open until watch_free. */
struct watch *watch_new(struct loop *l, int fd, void (*ready)(void *ctx), void *ctx);
/* From now on: tell when it can be read, written, either, or (with neither) no more. */
void watch_for(struct watch *w, bool readable, bool writable);
void watch_free(struct watch *w);

/* A timer that is not set. timer_set may be called again before it fires: the last one counts. */
struct timer *timer_new(struct loop *l, void (*fired)(void *ctx), void *ctx);
void timer_set(struct timer *t, uint64_t ms);
bool timer_is_set(const struct timer *t);
void timer_clear(struct timer *t);
void timer_free(struct timer *t);

/*
 * Called before the loop waits for events, in order of registration. A hook returns true when it
 * did something: then all are called again, and the loop only blocks when none had anything to do.
 */
void loop_before_wait(struct loop *l, bool (*hook)(void *ctx), void *ctx);

/* SIGINT and SIGTERM; and SIGHUP. */
void loop_on_stop_signal(struct loop *l, void (*stop)(void *ctx), void *ctx);
void loop_on_reload_signal(struct loop *l, void (*reload)(void *ctx), void *ctx);
