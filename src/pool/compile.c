#include "pool/compile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/tier.h"
#include "pool/child.h"
#include "wire/slot.h"

#define REFILL_MS 20 /* let who waits for the code have the processor first */

struct waiter {
    compile_done *done;
    void *ctx;
    char *ask; /* if it is not the job's: its upload is another, of the same module */
    struct waiter *next;
};

/* An upload on its way to code. It runs when it has a child. */
struct job {
    struct compiles *owner;
    struct job *next;
    char upload[SHA256_HEX]; /* hash of what was sent, and of the entry point */
    char *entry;
    const char *sent; /* the first waiter's */
    size_t size;
    int file;              /* the same as a file, once it was needed; -1 */
    struct engine *wanted; /* by who asked; NULL: the manifest's */
    struct engine *engine; /* that is to run it */
    enum wow_tier tier;
    struct cache_alias said; /* by the child; until then the key is "" */
    int out;
    struct child *child;
    struct waiter *waiters;
    uint64_t started_ns;
    struct code *better; /* nobody waits: code that has a baseline and is to have better */
};

struct compiles {
    struct loop *loop;
    const struct pool_settings *settings;
    struct cache *cache;
    struct engines *engines;
    struct job *jobs; /* in the order they came */
    unsigned background;
    struct child *spares[ENGINES_MAX]; /* compilers of baselines, ready; by the engine's index */
    struct timer *refill;
    bool closing;
};

static void start_jobs(struct compiles *c);

/* A compiler in reserve for each engine that is used and has a baseline: there it counts. */
static void keep_spares(void *ctx)
{
    struct compiles *c = ctx;
    struct err err;

    for (unsigned i = 0; i < c->engines->n && c->settings->tiering; i++) {
        const struct engine *e = &c->engines->all[i];
        const struct engine *maker = e->baseline;
        if (e->used && maker && !c->spares[maker->index] &&
            child_new(c->loop, c->settings, maker, WOW_BASELINE, &c->spares[maker->index], &err) <
                0)
            log_event("compile.fault", "engine=%s error=\"%s\"", maker->name, err.msg);
    }
}

struct compiles *compiles_new(struct loop *l, const struct pool_settings *settings,
                              struct cache *cache, struct engines *engines)
{
    struct compiles *c = NEW(struct compiles);

    c->loop = l;
    c->settings = settings;
    c->cache = cache;
    c->engines = engines;
    c->refill = timer_new(l, keep_spares, c);
    keep_spares(c);
    return c;
}

static void put_job(struct job *j)
{
    struct job **at = &j->owner->jobs;

    while (*at)
        at = &(*at)->next;
    j->next = NULL;
    *at = j;
}

static void unlink_job(struct job *j)
{
    struct job **at = &j->owner->jobs;

    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
}

/* It is out of the list. */
static void job_free(struct job *j)
{
    child_free(j->child);
    fd_close(j->file);
    fd_close(j->out);
    if (j->better) {
        j->owner->background--;
        code_unref(j->better);
    }
    free(j->entry);
    free(j);
}

/* Tell everyone who waits. */
static void tell(struct job *j, struct code *code, const struct err *err)
{
    struct compiled made = {.code = code};
    struct waiter *w = j->waiters;

    j->waiters = NULL;
    if (err)
        log_event("compile.fail", "upload=%.16s engine=%s tier=%s kind=\"%s\" error=\"%s\"",
                  j->upload, j->engine->name, tier_name(j->tier), err_kind_text(err->kind),
                  err->msg);
    while (w) {
        struct waiter *next = w->next;
        snprintf(made.ask, sizeof made.ask, "%s", w->ask ? w->ask : j->said.ask);
        w->done(w->ctx, &made, err);
        free(w->ask);
        free(w);
        w = next;
    }
}

static void finish(struct job *j, struct code *code, const struct err *err)
{
    unlink_job(j);
    tell(j, code, err);
    job_free(j);
}

/* Whoever sees the module first gets the baseline, if that can be had and is followed by better. */
static enum wow_tier first_tier(const struct compiles *c, const struct engine *e)
{
    return c->settings->tiering && e->baseline && c->background < POOL_BACKGROUND_MAX
               ? WOW_BASELINE
               : WOW_OPTIMISED;
}

/* Have it run once more, from the start. */
static void again(struct job *j, struct engine *e, enum wow_tier tier)
{
    child_free(j->child);
    j->child = NULL;
    fd_close(j->out);
    j->out = -1;
    j->said.key[0] = '\0';
    j->engine = e;
    j->tier = tier;
}

/* Another upload of the same module is being compiled: wait for that. */
static bool join_other(struct job *j)
{
    for (struct job *other = j->owner->jobs; other; other = other->next) {
        if (other == j || other->better || other->engine != j->engine ||
            strcmp(other->said.key, j->said.key) != 0)
            continue;
        for (struct waiter *w = j->waiters; w; w = w->next)
            w->ask = w->ask ? w->ask : mem_dup(j->said.ask);
        struct waiter **at = &other->waiters;
        while (*at)
            at = &(*at)->next;
        *at = j->waiters;
        j->waiters = NULL;
        unlink_job(j);
        job_free(j);
        return true;
    }
    return false;
}

/* Which engine is it for, after all? True when it is the one at work. */
static bool settle_engine(struct job *j)
{
    struct engine *e = j->wanted;
    struct err err;

    if (!e && engines_get(j->owner->engines, j->said.engine, &e, &err) < 0)
        finish(j, NULL, &err);
    else if (e != j->engine)
        again(j, e, first_tier(j->owner, e));
    else
        return true;
    return false;
}

static void named(void *ctx, const struct cache_alias *said)
{
    struct job *j = ctx;
    struct compiles *c = j->owner;

    j->said = *said;
    if (settle_engine(j)) {
        cache_set_alias(c->cache, j->upload, said);
        struct code *code = j->better ? NULL : code_find(j->engine, said->key);
        if (code)
            finish(j, code, NULL);
        else if (j->better || !join_other(j))
            child_go(j->child);
        code_unref(code);
    }
    start_jobs(c);
}

static void log_done(const struct job *j)
{
    log_event("compile.done", "module=%.16s engine=%s tier=%s ms=%.1f", j->said.key,
              j->engine->name, tier_name(j->tier), (double)(clock_mono_ns() - j->started_ns) / 1e6);
}

/* The optimised code is there: into the cache with it. */
static void keep_optimised(struct job *j)
{
    struct code *code = NULL;
    struct err err;

    int r = shelf_commit(j->engine->shelf, j->out, j->said.key, &err);
    if (r == 0) {
        log_done(j);
        code = code_came(j->engine, j->said.key, NULL);
    }
    finish(j, code, r < 0 ? &err : NULL);
    code_unref(code);
}

/*
 * The compiler says that the baseline is there. Who waits gets it now: the end of a process takes
 * a millisecond or two. The seal keeps it as it is, also from that process.
 */
static void keep_baseline(struct job *j)
{
    struct wow_code baseline = {.fd = j->out, .tier = WOW_BASELINE};
    struct stat st;

    if (fcntl(j->out, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) < 0 ||
        fstat(j->out, &st) < 0)
        return; /* then there is none */
    baseline.size = (size_t)st.st_size;
    j->out = -1;
    log_done(j);
    j->better = code_came(j->engine, j->said.key, &baseline);
    j->owner->background++;
    tell(j, j->better, NULL);
}

static void made(void *ctx)
{
    struct job *j = ctx;

    if (j->tier == WOW_BASELINE && !j->better && j->said.key[0])
        keep_baseline(j);
}

/* Behind all others: the same once more, better. */
static void improve(struct job *j)
{
    unlink_job(j);
    again(j, j->engine, WOW_OPTIMISED);
    put_job(j);
}

static void ended(void *ctx, bool refused, const struct err *err)
{
    struct job *j = ctx;
    struct compiles *c = j->owner;

    child_free(j->child);
    j->child = NULL;
    if (j->better && j->tier == WOW_BASELINE)
        improve(j);
    else if (refused)
        again(j, j->engine, WOW_OPTIMISED);
    else if (err)
        finish(j, NULL, err);
    else if (j->tier == WOW_BASELINE)
        again(j, j->engine, WOW_OPTIMISED);
    else
        keep_optimised(j);
    start_jobs(c);
}

/* The upload as a file of memory, which the child maps. */
static int keep_upload(struct job *j, struct err *err)
{
    AUTO(fd) int fd = memfd_create("upload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    size_t at = 0;

    while (fd >= 0 && at < j->size) {
        ssize_t n = write(fd, j->sent + at, j->size - at);
        if (n <= 0)
            return err_errno(err, ERR_INTERNAL, "keeping an upload");
        at += (size_t)n;
    }
    /* What one compiler could change, the next would read. */
    if (fd < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) < 0)
        return err_errno(err, ERR_INTERNAL, "memfd");
    j->file = TAKE_FD(fd);
    return 0;
}

/* Optimised code goes into the cache; a baseline only lives as long as it is needed. */
static int open_out(struct job *j, struct err *err)
{
    if (j->tier == WOW_OPTIMISED)
        return shelf_temporary(j->engine->shelf, &j->out, err);
    j->out = memfd_create("baseline", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return j->out < 0 ? err_errno(err, ERR_INTERNAL, "memfd") : 0;
}

/* Whose compiler is at work: a baseline may be another engine's. */
static const struct engine *maker_of(const struct job *j)
{
    return j->tier == WOW_BASELINE ? j->engine->baseline : j->engine;
}

static struct child *take_spare(struct compiles *c, const struct job *j)
{
    struct child **spare = &c->spares[maker_of(j)->index];

    if (j->tier != WOW_BASELINE)
        return NULL;
    timer_set(c->refill, REFILL_MS);
    if (*spare && !child_is_alive(*spare)) {
        child_free(*spare);
        *spare = NULL;
    }
    return TAKE(*spare);
}

static int start(struct job *j, struct err *err)
{
    static const struct child_events events = {.named = named, .made = made, .ended = ended};
    struct compiles *c = j->owner;

    j->started_ns = clock_mono_ns();
    int r = j->file < 0 ? keep_upload(j, err) : 0;
    if (r == 0)
        r = open_out(j, err);
    if (r < 0)
        return r;
    const struct child_order order = {.entry = j->entry,
                                      .upload = j->file,
                                      .out = j->out,
                                      .hurry = !j->better,
                                      .events = &events,
                                      .ctx = j};
    struct child *child = take_spare(c, j);
    if (!child)
        r = child_new(c->loop, c->settings, maker_of(j), j->tier, &child, err);
    if (r == 0)
        r = child_start(child, &order, err);
    if (r < 0)
        child_free(child);
    else
        j->child = child;
    return r;
}

/*
 * Processors go to those that somebody waits for, then to the background, in the order they came:
 * what has started there and finds no processor any more is stopped for a while.
 */
static void start_jobs(struct compiles *c)
{
    unsigned free = c->settings->workers;
    struct err err;

    for (int background = 0; background < 2; background++)
        for (struct job *j = c->jobs, *next; j && !c->closing; j = next) {
            next = j->next;
            if ((j->better != NULL) != (background == 1))
                continue;
            if (j->child && background)
                child_pause(j->child, free == 0);
            else if (!j->child && free > 0 && start(j, &err) < 0) {
                finish(j, NULL, &err);
                continue;
            }
            free -= j->child && free > 0;
        }
}

static void name_upload(const char *code, size_t n, const char *entry, char upload[SHA256_HEX])
{
    AUTO(mem) char *both = NULL;

    sha256_hex(code, n, upload);
    if (strcmp(entry, WIRE_ENTRY) !=
        0) { /* the entry point decides whether a reactor is accepted */
        both = mem_print("%s %s", upload, entry);
        sha256_hex(both, strlen(both), upload);
    }
}

static void add_waiter(struct job *j, compile_done *done, void *ctx)
{
    struct waiter *w = NEW(struct waiter);
    struct waiter **at = &j->waiters;

    w->done = done;
    w->ctx = ctx;
    while (*at)
        at = &(*at)->next;
    *at = w;
}

/* Is the code there already? Else *guess is the engine whose compiler is to look at it first. */
static int look(struct compiles *c, const struct compile_request *q, const char *upload,
                struct engine **guess, struct compiled *known, struct err *err)
{
    struct cache_alias alias;

    *guess = q->engine ? q->engine : c->engines->preferred;
    known->code = NULL;
    if (!cache_alias(c->cache, upload, &alias))
        return 0;
    if (!q->engine) {
        int r = engines_get(c->engines, alias.engine, guess, err);
        if (r < 0)
            return r;
    }
    known->code = code_find(*guess, alias.key);
    snprintf(known->ask, sizeof known->ask, "%s", alias.ask);
    return 0;
}

int compile(struct compiles *c, const struct compile_request *q, struct compiled *known,
            compile_done *done, void *ctx, struct err *err)
{
    char made[SHA256_HEX];
    const char *upload = q->upload ? q->upload : made;
    struct engine *engine;
    struct job *j = c->jobs;

    if (!q->upload)
        name_upload(q->code, q->size, q->entry, made);
    int r = look(c, q, upload, &engine, known, err);
    if (r < 0 || known->code)
        return r < 0 ? r : 1;
    while (j && (j->better || j->wanted != q->engine || strcmp(j->upload, upload) != 0))
        j = j->next;
    if (!j) {
        j = NEW(struct job);
        j->owner = c;
        memcpy(j->upload, upload, SHA256_HEX);
        j->entry = mem_dup(q->entry);
        j->sent = q->code;
        j->size = q->size;
        j->file = j->out = -1;
        j->wanted = q->engine;
        j->engine = engine;
        j->tier = first_tier(c, engine);
        put_job(j);
    }
    add_waiter(j, done, ctx);
    start_jobs(c);
    return 0;
}

void compiles_free(struct compiles *c)
{
    const struct err stopping = {.kind = ERR_INTERNAL, .msg = "wowd is stopping"};

    if (!c)
        return;
    c->closing = true;
    while (c->jobs)
        finish(c->jobs, NULL, &stopping);
    for (unsigned i = 0; i < ENGINES_MAX; i++)
        child_free(c->spares[i]);
    timer_free(c->refill);
    free(c);
}
