#pragma once

/*
 * wowd's side of the processes guests run in: a zygote for each engine that is used, and workers
 * that it forks. A worker can be
 * given modules and activations as soon as it was asked for: they wait in its socket and memory.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "grant/policy.h"
#include "http/loop.h"
#include "pool/activation.h"
#include "pool/code.h"
#include "pool/engines.h"
#include "pool/settings.h"
#include "wire/message.h"
#include "wire/slot.h"

struct fetch;
struct multi;
struct processes;

struct worker_place {
    struct module *module;
    struct code *code;  /* an interpreter's, which stays loaded for others' data; or NULL */
    enum wow_tier tier; /* of its code, as it was loaded */
    uint64_t used;      /* when last; the least is replaced */
    unsigned held;      /* activations that refer to it */
};

struct worker {
    struct processes *owner;
    struct engine *engine;
    struct worker *prev, *next;
    uint32_t id, uid; /* uid: its own user; 0: the one of all */
    pid_t pid;        /* 0 until the zygote has told */
    int pidfd, sock, bell;
    struct watch *watch;
    struct wire_map map;
    bool doomed;  /* killed, or to be killed once its pid is known */
    bool stopped; /* its guest is paused */
    bool counted; /* the scheduler counts it as computing */
    bool worn;    /* to be replaced when it has nothing to do */
    char *ns;     /* the one namespace it has served; NULL: none yet */
    struct activation *slots[WIRE_SLOTS];
    unsigned slot_place[WIRE_SLOTS]; /* where their modules are; the worker could change its copy */
    unsigned active;                 /* slots in use */
    struct multi *multi;             /* its guest's connections; NULL: none */
    struct fetch *fetch;             /* its guest's request under way; or NULL */
    unsigned fetch_slot;             /* whose that is */
    uint32_t fetch_at;               /* where in the slot's output its response goes */
    uint64_t order;                  /* next slot's place in the row */
    uint64_t progress_ns;            /* when it was last seen to start something */
    uint64_t activations;
    uint64_t charged;       /* bytes its guest may come to use */
    uint64_t rings_from_ns; /* rings for nothing, and since when they are counted */
    uint32_t rings;
    uint64_t idle_since;  /* activations it had had when it was first seen idle, … */
    uint64_t idle_cpu_ns; /* … and its processor time then */
    uint32_t loads;
    uint64_t uses;
    struct worker_place places[WIRE_PLACES];
};

struct process_events {
    void (*news)(struct worker *w, void *ctx);               /* slots are done, or a guest sleeps */
    void (*exited)(struct worker *w, int status, void *ctx); /* it is freed afterwards */
    void (*restarted)(void *ctx);                            /* workers can be asked for again */
    void (*ready)(struct engine *e, void *ctx);              /* its first worker is up */
    void (*failed)(struct engine *e, const char *why, void *ctx); /* it has no workers */
};

int processes_new(struct loop *l, const struct pool_settings *settings, struct engines *engines,
                  const struct process_events *events, void *ctx, struct processes **out,
                  struct err *err);
/* Kills everything. Workers still there are reported as exited. */
void processes_free(struct processes *p);

/* Do guests get directories as mounts of their own? */
bool processes_own_mounts(const struct processes *p);
struct worker *processes_first(const struct processes *p); /* then worker->next */

/* Ask for a worker of that engine, whose zygote is started if it has none. */
int worker_spawn(struct processes *p, struct engine *e, struct worker **out, struct err *err);
void worker_kill(struct worker *w);
/* Stop it where it is, or let it go on; it can still be killed. */
void worker_stop(struct worker *w, bool stop);

/* Have a new worker load an interpreter that somebody is likely to want. */
void worker_preload(struct worker *w, struct code *code);
/* A module is about to be freed. */
void worker_forget(struct worker *w, const struct module *m);

/*
 * The place of a module in a worker, which is sent the module if it has not got it, with its
 * directories as far as caps have them. ERR_REFUSED: the worker is dead; any other error is the
 * module's.
 */
int worker_place(struct worker *w, struct module *m, const struct caps *caps, struct err *err);
/* Does it have the module, with the code of today? */
bool worker_has(const struct worker *w, const struct module *m);

/* Something in its memory is new: wake it if it sleeps. */
void worker_wake(struct worker *w);
/* Give a filled slot to the worker, and wake it. */
void worker_submit(struct worker *w, unsigned slot);
/* Take a slot back that the worker has not started; false when it has. */
bool worker_retract(struct worker *w, unsigned slot);

/* Is there news? Clears it. */
bool worker_bell(struct worker *w);
/* wowd is about to sleep: have the worker ring loudly. */
void worker_listen(struct worker *w);
