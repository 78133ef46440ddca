#pragma once

/* What the operator decides about the pool. Strings are borrowed for as long as the pool lives. */

#include <stdbool.h>

struct pool_settings {
    const char *engine;   /* for actions that do not choose; a name, or "auto" */
    const char *programs; /* the directory they are in */
    const char *cache;    /* directory of machine code */
    const char *user;     /* whom workers and compilers become when wowd is root */
    unsigned uid_first;   /* or workers: each another, of so many; 0: none */
    unsigned uid_count;
    int prints;                 /* what children get as standard error; the pool's own */
    const char *policy;         /* the file that says what actions may ask for; "" for none */
    const char *grant_dirs;     /* directories that all may ask for, "A:B"; "" for none */
    const char *ca_file;        /* whom guests' requests trust beside the system's; "" for none */
    const char *data;           /* directory of what must survive a restart */
    const char *container_logs; /* where containers' log files go */
    bool log_all;               /* all containers have one, not only those that ask for it */
    bool tiering;               /* code never seen is answered from a baseline */
    bool trust_precompiled;     /* clients may send machine code */
    unsigned cache_mb;          /* what the cache may hold */
    unsigned workers;           /* how many guests compute at once */
    unsigned memory_mb;         /* linear memory of an action that asks for none */
    unsigned memory_max_mb;     /* that an action may ask for */
    unsigned budget_mb;         /* for all activations under way; 0: most of this machine's */
    unsigned wait_ms;           /* for a worker or memory, before an activation is refused */
    unsigned timeout_ms;        /* of an activation that names no deadline */
    unsigned log_kb;            /* what an activation may print */
    unsigned file_mb;           /* how large a file in a granted directory may become */
    unsigned compile_s;         /* processor time of a compiler */
    unsigned outbound;          /* HTTP requests of guests at once */
};

/* How many more worker processes there may be than guests that compute: for guests that sleep. */
#define POOL_SLEEPERS_MAX 256u
/* Activations that wait for a worker; beyond it, new ones are refused. */
#define POOL_WAITING_MAX 20000u
/* Guests that compute beyond `workers`, one of each namespace that would else have none. */
#define POOL_EXTRA_MAX 32u
/* Fresh workers that wait for a namespace that has none. */
#define POOL_SPARES 2u
/* A worker is replaced after so many activations, whatever an engine may have leaked. */
#define POOL_WORKER_ACTIVATIONS 1000000u
/* All the worker processes there may be. */
#define POOL_WORKERS_MAX(computing)                                                                \
    ((computing) + POOL_EXTRA_MAX + POOL_SPARES + POOL_SLEEPERS_MAX)
/* Memory of a worker beyond its guest's: the engine's own, and modules. */
#define POOL_WORKER_MB 1024u
/* Containers, of which each is a few hundred bytes. */
#define POOL_CONTAINERS_MAX 1000000u
/* Modules whose optimised code is still to be made; beyond it, callers wait for it. */
#define POOL_BACKGROUND_MAX 64u
