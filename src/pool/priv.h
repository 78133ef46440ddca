#pragma once

/* What the files of this room share about the pool. */

#include <netinet/in.h>
#include <uthash.h>

#include "grant/ask.h"
#include "pool/cache.h"
#include "pool/code.h"
#include "pool/compile.h"
#include "pool/deadline.h"
#include "pool/engines.h"
#include "pool/heard.h"
#include "pool/kinds.h"
#include "pool/pool.h"
#include "pool/process.h"
#include "pool/queue.h"

#define LOGS_MAX_MB 10u

enum container_state { CONTAINER_NEW, CONTAINER_STARTING, CONTAINER_READY, CONTAINER_GONE };

struct container {
    struct pool *pool;
    enum container_state state;
    unsigned refs; /* the table's, and one per activation or init under way */
    struct in_addr address;
    struct container_limits limits; /* that the action asks for */
    struct ask ask;
    char *profile;    /* of the policy; or NULL */
    const char *kind; /* of its code, if init does not say; or NULL */
    unsigned running; /* activations with a worker */
    bool paused, killed;
    bool logs;          /* what it prints goes to a file */
    unsigned memory_mb; /* the most it may have; 0: the daemon's default */
    struct module *module;
    char *env; /* its own, "K=V\0" …, before init */
    size_t env_size;
    char *ns;                       /* the container's namespace, or NULL */
    char *strings;                  /* "name\0entry\0", then the environment, "K=V\0" … */
    size_t head_size, strings_size; /* of the two names; of all */
    UT_hash_handle by_id, by_address;
    char id[];
};

struct pool {
    struct loop *loop;
    struct pool_settings settings;
    struct pool_events events;
    void *ctx;
    struct policy *policy;
    struct cache *cache;
    struct heard *heard;
    struct engines engines;
    struct kinds kinds;
    struct data *prepared; /* actions' code as interpreters have it, by its name */
    struct compiles *compiles;
    struct processes *processes;
    struct deadlines *deadlines;
    struct timer *suspects; /* looks whether idle workers are idle */
    struct timer *reclaim;  /* looks for activations stuck behind a long one */
    struct container *by_id, *by_address;
    uint32_t address;    /* the next, see address.c */
    struct queue *queue; /* activations that wait for a worker, or for memory */
    uint64_t budget;     /* bytes */
    uint64_t charged;    /* bytes that the activations under way may come to use */
    unsigned computing;  /* workers whose guest runs and does not sleep */
    unsigned workers;    /* processes, doomed ones included */
    unsigned requests;   /* of guests, under way */
    bool closing;
};

void container_unref(struct container *c);
/* Where its log file goes; "" if it has none. */
const char *container_logs(const struct container *c);

/* address.c: the containers' addresses */
void address_begin(struct pool *p);
struct in_addr address_next(struct pool *p);

/* What is queued behind an activation of this age is taken back. */
#define STUCK_NS 1000000u

/* choose.c */
const char *choose_namespace(const struct activation *a);
/* A worker that may be given the activation now; NULL: it has to wait. */
struct worker *choose_worker(struct pool *p, const struct activation *a);
/* Keep a few workers that have served nobody, and not too many that have nothing to do. */
void choose_keep_spares(struct pool *p);
/*
 * Is there a guest that computes for long? Then nobody lingers: who yields the processor to it
 * does not get it back for many milliseconds.
 */
bool choose_is_crowded(const struct pool *p, uint64_t now);

/* budget.c: what activations may use together, bytes. */
uint64_t budget_bytes(const struct pool_settings *s);
uint64_t budget_of(const struct activation *a);
/* May the worker be given the activation? */
bool budget_fits(const struct pool *p, const struct worker *w, const struct activation *a);
/* What the worker's guests may come to use: one runs at a time, so it is that of the largest. */
void budget_charge(struct pool *p, struct worker *w, uint64_t bytes);

/* interpret.c: from an action's code to the module that runs it, by way of an interpreter. */
struct source {
    struct data *sent;
    bool binary;
    char key[SHA256_HEX]; /* what its prepared form is known by */
};
void source_init(struct source *s, const struct container *c, const struct container_init *init,
                 const char *kind);
void source_done(struct source *s);
/* done is called once, also before interpret returns; m is NULL if there is an error. */
typedef void interpret_done(void *ctx, struct module *m, const struct err *err);
void interpret(struct container *c, struct code *code, struct source *s, interpret_done *done,
               void *ctx);

/* container.c */
void container_begin(struct container *c, struct activation *a); /* it may still be starting */
void container_drop_module(struct pool *p, struct module *m);
/* limits.c */
/* What the container's actions may have in that namespace; NULL: its own. */
void limits_caps(const struct container *c, const char *ns, struct caps *out);
/* May the action have the limits it asks for? */
int limits_check(const struct container *c, const struct container_limits *asked, struct err *err);
/* Set an activation's limits, and cut its timeout. False: its container's profile is gone. */
bool limits_apply(struct activation *a);

/* slot.c */
unsigned slot_find(const struct worker *w); /* one that is free */
/* Copy what the guest is to see into shared memory. */
void slot_fill(struct worker *w, unsigned slot, uint32_t place, const struct activation *a);

/* listen.c */
bool listen_before_wait(void *pool);

/* suspect.c */
void suspect_report(struct worker *w, const char *what); /* it was taken over: end it */
void suspect_ring(struct worker *w, unsigned finished);  /* it has rung, and finished so many */
void suspect_idle(struct pool *p);                       /* a worker has nothing to do any more */
void suspect_look(void *pool);

/* halt.c */
void halt_pause(struct container *c, bool paused);
void halt_kill(struct container *c);

/* schedule.c */
void schedule_init(struct pool *p);
void schedule_run(struct pool *p, struct activation *a);
/* Does the worker compute, or sleep inside its guest? Keeps the count. */
void schedule_count(struct pool *p, struct worker *w);
/* Take back what the worker has not started, to the front of the queue. */
void schedule_retract(struct pool *p, struct worker *w);
/* Hand out what is queued, as far as there are workers and memory. */
void schedule_dispatch(struct pool *p);
void schedule_renew(struct pool *p); /* what workers were given may be refused today */
void schedule_close(struct pool *p);
void schedule_news(struct worker *w, void *pool);             /* it has rung */
void schedule_forget(struct pool *p, const struct module *m); /* it is about to be freed */
extern const struct process_events schedule_events;

/* call.c: guests' HTTP requests */
void call_look(struct pool *p, struct worker *w);                /* has its guest asked for one? */
void call_drop(struct pool *p, struct worker *w, unsigned slot); /* its activation is over */
void call_close(struct worker *w);                               /* it is gone */

/* answer.c: fill in an activation's answer and give it back to its door. */
#define ANSWER_GONE "The action did not produce a valid response and exited unexpectedly."
/* False when the worker cannot be trusted any more: what it left no honest one does. */
bool answer_slot(struct activation *a, const struct wire_map *map, unsigned slot);
void answer_failed(struct activation *a, enum activation_status status, const char *text);
