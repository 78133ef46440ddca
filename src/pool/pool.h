#pragma once

/*
 * The pool: containers, and the worker processes that run their activations. Doors (proxy/) make,
 * initialise, run and destroy containers; everything happens in the loop's thread, and nothing
 * here blocks. A container is a row in a table; it costs no process, descriptor or timer.
 */

#include <netinet/in.h>
#include <stdbool.h>

#include "http/loop.h"
#include "pool/activation.h"
#include "pool/settings.h"
#include "wow/err.h"

#define CONTAINER_ID_MAX 128
#define CONTAINER_ENV_MAX 512u    /* variables that an init may bring */
#define CONTAINER_OWN_ENV_MAX 64u /* that a container may have before */

struct pool;
struct container;

struct pool_events {
    void (*ready)(void *ctx);                   /* a worker is up: activations can run */
    void (*failed)(const char *why, void *ctx); /* workers cannot be had: wowd should end */
    /* An activation ran out of memory, and is about to be answered; may be NULL. */
    void (*exhausted)(const struct container *c, void *ctx);
    /* An init came for an address at which there is nothing: make it again; may be NULL. */
    struct container *(*former)(struct in_addr address, void *ctx);
};

int pool_new(struct loop *l, const struct pool_settings *settings, const struct pool_events *events,
             void *ctx, struct pool **out, struct err *err);
/*
 * Read the policy's file again; on error the one before stays. It holds for all that starts from
 * now on, also in containers that are there.
 */
int pool_load_policy(struct pool *p, struct err *err);
/* Stops everything: what waits or runs is answered with an error first. */
void pool_free(struct pool *p);
/* "wasmtime,wamr": the preferred one first. The pool's. */
const char *pool_engines(const struct pool *p);

/* Can it run actions of this kind? */
bool pool_has_kind(const struct pool *p, const char *kind);

/* How it is at this moment. */
struct pool_gauges {
    unsigned containers, workers, computing, queued;
    uint64_t charged, budget, cache_bytes;
    uint64_t known_uploads, unknown_uploads; /* by the cache, so far */
};
void pool_measure(const struct pool *p, struct pool_gauges *out);

/*
 * A new container. With id NULL it gets a random one of 64 hex digits; an id that exists is
 * ERR_CONFLICT, one with odd characters ERR_INVALID.
 */
int container_new(struct pool *p, const char *id, struct container **out, struct err *err);
struct container *container_find(struct pool *p, const char *id);
const char *container_id(const struct container *c);

/* What is decided about a container when it is made. Borrowed. */
struct container_config {
    unsigned memory_mb; /* the most its init may ask for, and what it has else; 0: the daemon's */
    const char *env;    /* "K=V\0" …; init's and run's count more */
    size_t env_size;
    const char *profile; /* of the policy, or NULL */
    const char *kind;    /* what its code is if init does not say; NULL: wasm. Not copied */
    bool logs;           /* it has a log file, wherever the daemon keeps them */
};
int container_configure(struct container *c, const struct container_config *config,
                        struct err *err);
bool container_is_ready(const struct container *c);

/* Before init: which profile of the policy holds for it. ERR_NOT_FOUND: there is no such one. */
int container_set_profile(struct container *c, const char *profile, struct err *err);

/* The container's own loopback address, for the action proxy door; allotted when first asked. */
struct in_addr container_address(struct container *c);
struct container *container_at(struct pool *p, struct in_addr address);
/* Give it a certain one, which it has had with a former wowd. ERR_CONFLICT: it is another's. */
int container_take_address(struct container *c, struct in_addr address, struct err *err);
/* The same as container_at, for an init, which may be meant for a container of a former wowd. */
struct container *container_at_or_former(struct pool *p, struct in_addr address);

/* Limits of an action, as OpenWhisk names them. */
struct container_limits {
    unsigned memory_mb;   /* 0: the daemon's own */
    unsigned timeout_ms;  /* no deadline lies further ahead; 0: what a run says, or the daemon */
    bool has_log;         /* log_kb counts, and 0 is a limit; else it is the daemon's own */
    unsigned log_kb;      /* 0: nothing of what it prints is kept */
    unsigned concurrency; /* activations at once; 0: as many as come */
};

/* What init says. Borrowed until done. */
struct container_init {
    const char *kind; /* what code is; NULL: wasm */
    bool binary;      /* of an interpreter's action: code is base64 of a zip, not source */
    const char *code; /* base64 text, or source */
    size_t code_size;
    const char *name;  /* the action's name, argv[0] */
    const char *entry; /* the function a reactor is called by */
    const char *ns;    /* namespace, or NULL */
    const char *env;   /* "K=V\0" … */
    size_t env_size;
    struct container_limits limits;
    const void *annotations; /* json_t: an object, or an array of {"key", "value"}; or NULL */
    /* Called once, also before container_init returns; err is NULL on success. */
    void (*done)(void *ctx, const struct err *err);
    void *ctx;
};

/* Once per container, a second time is ERR_CONFLICT; after a failure it may be tried again. */
void container_init(struct container *c, const struct container_init *init);

/* An activation that cannot even begin: it ends in the container's log file as any does. */
void container_refused(struct container *c);

/* Run an activation, which has its own done. The container must be ready. */
void container_run(struct container *c, struct activation *a);

/*
 * A paused container answers nothing: its activations stop where they are, at no cost but their
 * memory, and new ones wait. Their deadlines go on. ERR_CONFLICT: it is paused, or is not.
 */
int container_pause(struct container *c, struct err *err);
int container_resume(struct container *c, struct err *err);
bool container_is_paused(const struct container *c);

/* End its activations where they are. It answers no others; it can only be destroyed. */
void container_kill(struct container *c);

/* Forget it. Activations under way still finish. */
void container_destroy(struct container *c);
