#pragma once

/*
 * One compiling process, from wowd's side (compile/compiler.h has the other): it gets itself
 * ready, is given an upload, says what the module is called, is told to go on or is ended, and
 * leaves machine code in a file. It is limited in time, memory and output by itself, and by a
 * timer here.
 */

#include <stdbool.h>

#include "http/loop.h"
#include "pool/engines.h"
#include "pool/settings.h"
#include "wow/engine.h"
#include "wow/err.h"

struct child;

struct child_events {
    /* The module's name, and what its manifest asks for. Then child_go, or free. */
    void (*named)(void *ctx, const struct cache_alias *said);
    /* All the code is there, as far as it says; ended follows. */
    void (*made)(void *ctx);
    /*
     * It has ended; err is NULL when all the code is there. With refused, the baseline cannot do
     * what the optimising compiler may.
     */
    void (*ended)(void *ctx, bool refused, const struct err *err);
};

struct child_order {
    const char *entry;
    int upload; /* a file, base64; stays the caller's */
    int out;    /* an empty file for the code; stays the caller's */
    bool hurry; /* somebody waits for it; else it runs at low priority */
    const struct child_events *events;
    void *ctx;
};

/* Start one that makes itself ready. */
int child_new(struct loop *l, const struct pool_settings *settings, const struct engine *engine,
              enum wow_tier tier, struct child **out, struct err *err);
/* One may have died while it waited. */
bool child_is_alive(struct child *c);
/* Have it work. If it dies before it does, events tell. */
int child_start(struct child *c, const struct child_order *order, struct err *err);
void child_go(struct child *c);
/* Stop it for a while, to leave its processor to others; and let it go on. */
void child_pause(struct child *c, bool paused);
/* Kills it, if it has not ended; also from within events. NULL is fine. */
void child_free(struct child *c);
