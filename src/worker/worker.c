#include "worker/worker.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "host/guest.h"
#include "host/wasi.h"
#include "wire/message.h"

#define WARM_MEMORY (64u << 20) /* what no interpreter begins with */

/* Machine code, which places with other data share. */
struct loaded {
    struct wow_module *module;
    unsigned refs;
};

/* A module as wowd loaded it, with the directories its action was granted. */
struct place {
    struct loaded *code;
    char fault[200]; /* why code is NULL */
    int data;        /* an interpreter's, of data_size bytes; if there is any */
    uint32_t data_size;
    struct wasi_dir dirs[WIRE_DIRS_MAX];
    int dirc;
    char *names;
};

struct worker {
    struct wow_runtime *rt;
    struct wire_map map;
    int sock, bell;
    struct place places[WIRE_PLACES];
    uint32_t loads; /* LOAD messages so far */
    struct wasi *wasi;
};

static void ring(struct worker *w)
{
    uint64_t one = 1;

    atomic_store(&w->map.head->bell, 1);
    if (atomic_exchange(&w->map.head->wowd_sleeps, 0)) {
        ssize_t n = write(w->bell, &one, sizeof one);
        (void)n; /* can only fail when it is full of rings already */
    }
}

static void guest_waits(void *ctx) { ring(ctx); }

static bool read_message(struct worker *w);

/* A message may be about another activation: that of a module to be loaded, for example. */
static void guest_sleeps(void *ctx, const struct wire_call *call)
{
    struct worker *w = ctx;
    bool gone = false;

    atomic_store(&w->map.head->worker_sleeps, 1);
    /* Pairs with worker_wake's, in pool/process.c. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&call->state) == WIRE_CALL_ASKED)
        gone = !read_message(w);
    atomic_store(&w->map.head->worker_sleeps, 0);
    if (gone)
        _exit(0); /* with wowd; nobody waits for this guest any more */
}

static void loaded_unref(struct loaded *l)
{
    if (!l || --l->refs > 0)
        return;
    wow_engine.unload(l->module);
    free(l);
}

static void place_clear(struct place *p)
{
    loaded_unref(p->code);
    if (p->data_size > 0)
        close(p->data);
    for (int i = 0; i < p->dirc; i++)
        close(p->dirs[i].fd);
    free(p->names);
    *p = (struct place){0};
}

/* Give each name of a LOAD message its descriptor. */
static void place_dirs(struct place *p, const struct wire_message *m, const int *fds)
{
    p->names = malloc(m->names_size + 1u);
    if (!p->names)
        return;
    memcpy(p->names, m->names, m->names_size);
    p->names[m->names_size] = '\0';
    const char *name = p->names;
    for (uint32_t i = 0; i < m->dirs && i < WIRE_DIRS_MAX; i++) {
        p->dirs[i] =
            (struct wasi_dir){.fd = fds[i], .name = name, .writable = (m->writable >> i & 1) != 0};
        p->dirc++;
        name += strlen(name) + 1;
    }
}

/* The code that another place has, or that the descriptor is; NULL and err. */
static struct loaded *load_code(struct worker *w, const struct wire_message *m, int fd,
                                struct err *err)
{
    struct wow_code made = {.fd = fd, .size = m->code_size, .tier = (enum wow_tier)m->tier};
    struct loaded *l = m->like > 0 ? w->places[(m->like - 1) % WIRE_PLACES].code : NULL;

    if (m->like == 0 && (l = calloc(1, sizeof *l)) &&
        wow_engine.load(w->rt, &made, &l->module, err) < 0) {
        free(l);
        return NULL;
    }
    if (l)
        l->refs++;
    else
        err_set(err, ERR_INTERNAL, "its code is not where it was");
    return l;
}

/*
 * Have an interpreter prepare an action of no bytes, for nobody, and forget what it says: the next
 * instance finds code and memory in place.
 */
static void warm_up(struct worker *w, struct wow_module *m)
{
    static const char args[] = "{\"binary\":false}";
    struct wire_slot slot = {0}; /* with room for no log */
    struct guest_answer answer;
    AUTO(mem) uint8_t *output = malloc(WIRE_OUTPUT_MAX);
    struct guest_input in = {
        .module = m,
        .wasi = w->wasi,
        .name = "",
        .entry = WIRE_ENTRY,
        .args = {(const uint8_t *)args, sizeof args - 1},
        .prepares = true,
        .memory = WARM_MEMORY,
        .output = output,
        .output_max = WIRE_OUTPUT_MAX,
    };

    wire_log_begin(&in.log, &slot, output);
    if (output)
        guest_run(&in, &answer);
}

static void load(struct worker *w, const struct wire_message *m, int fds[WIRE_FDS_MAX])
{
    struct err err;

    w->loads++;
    if (m->place >= WIRE_PLACES)
        return;
    struct place *p = &w->places[m->place];
    AUTO(fd) int code = m->like == 0 ? *fds++ : -1;
    struct loaded *l = load_code(w, m, code, &err);
    place_clear(p);
    p->code = l;
    if (!l)
        snprintf(p->fault, sizeof p->fault, "%.190s", err.msg);
    p->data_size = m->data_size;
    if (m->data_size > 0)
        p->data = *fds++;
    place_dirs(p, m, fds);
    if (l && m->warm)
        warm_up(w, l->module);
}

/* Wait for a message and do what it says; false when wowd is gone. */
static bool read_message(struct worker *w)
{
    struct wire_message m;
    int fds[WIRE_FDS_MAX];
    struct err err;

    if (wire_receive(w->sock, &m, fds, 0, &err) <= 0)
        return false;
    if (m.type == WIRE_LOAD)
        load(w, &m, fds);
    return true;
}

/* Is there a variable of that name already? */
static bool has_variable(const struct guest_input *in, const char *variable)
{
    size_t n = strcspn(variable, "=") + 1;

    for (int i = 0; i < in->envc; i++)
        if (strncmp(in->env[i], variable, n) == 0)
            return true;
    return false;
}

/* Cut "name\0entry\0K=V\0…" into input. */
static void take_strings(struct guest_input *in, const char *at, uint32_t n)
{
    const char *end = at + n;

    for (int i = 0; at < end; i++) {
        if (i == 0)
            in->name = at;
        else if (i == 1)
            in->entry = at;
        else if (in->envc < (int)WIRE_ENV_MAX && !has_variable(in, at))
            in->env[in->envc++] = at;
        at += strlen(at) + 1;
    }
}

static void answer_slot(struct wire_slot *slot, const struct guest_answer *answer)
{
    slot->outcome = answer->outcome;
    slot->output_size = answer->output_size;
    slot->memory_used = answer->memory_used;
    memcpy(slot->text, answer->text, sizeof slot->text);
}

static void run_slot(struct worker *w, unsigned index)
{
    struct wire_slot *slot = &w->map.head->slots[index];
    struct place *p = &w->places[slot->place % WIRE_PLACES];
    struct guest_input in = {
        .module = p->code ? p->code->module : NULL,
        .wasi = w->wasi,
        .name = "",
        .entry = WIRE_ENTRY,
        .args = {wire_input(&w->map, index), slot->args_size},
        .dirs = p->dirs,
        .dirc = p->dirc,
        .data = p->data,
        .data_size = p->data_size,
        .prepares = slot->prepares != 0,
        .memory = slot->memory,
        .measure = slot->measure != 0,
        .output = wire_output(&w->map, index),
        .output_max = slot->output_limit,
        .clock_ns = slot->clock_ns,
        .call = &slot->call,
        .waits = guest_waits,
        .sleep = guest_sleeps,
        .ctx = w,
    };
    struct guest_answer answer = {.outcome = WIRE_INTERNAL};

    wire_log_begin(&in.log, slot, wire_log(&w->map, index));
    take_strings(&in, (const char *)in.args.data + slot->args_size + 1, slot->text_size);
    if (p->code)
        guest_run(&in, &answer);
    else
        snprintf(answer.text, sizeof answer.text, "The action's module could not be loaded: %s.",
                 p->fault[0] ? p->fault : "it was never sent");
    answer_slot(slot, &answer);
}

/* The queued slot that is first in order; -1 when there is none. */
static int next_slot(const struct worker *w)
{
    int best = -1;

    for (int i = 0; i < WIRE_SLOTS; i++) {
        const struct wire_slot *s = &w->map.head->slots[i];
        if (atomic_load_explicit(&s->state, memory_order_acquire) == WIRE_QUEUED &&
            (best < 0 || s->order < w->map.head->slots[best].order))
            best = i;
    }
    return best;
}

/* Take a queued slot and run it; false when there is none. */
static bool run_next(struct worker *w, bool *gone)
{
    int index = next_slot(w);
    uint32_t queued = WIRE_QUEUED;

    if (index < 0)
        return false;
    struct wire_slot *slot = &w->map.head->slots[index];
    if (!atomic_compare_exchange_strong(&slot->state, &queued, WIRE_TAKEN))
        return true; /* wowd took it back; look again */
    uint64_t from = clock_mono_ns();
    while (w->loads < slot->loads) {
        *gone = !read_message(w);
        if (*gone)
            return true;
    }
    run_slot(w, (unsigned)index);
    slot->run_ns = clock_mono_ns() - from;
    atomic_store_explicit(&slot->state, WIRE_DONE, memory_order_release);
    ring(w);
    return true;
}

/*
 * Look a while longer, leaving the processor to whoever else wants it: a wake-up costs both sides
 * far more. wowd says how often (docs/decisions/wakeups.md).
 */
static void linger(const struct worker *w)
{
    uint32_t rounds = atomic_load_explicit(&w->map.head->linger, memory_order_relaxed);

    for (uint32_t i = 0; i < rounds && next_slot(w) < 0; i++)
        sched_yield();
}

int worker_run(struct wow_runtime *rt, const struct worker_start *start, struct err *err)
{
    struct worker *w = calloc(1, sizeof *w);
    bool gone = false;

    if (!w)
        return err_set(err, ERR_INTERNAL, "out of memory");
    w->rt = rt;
    w->sock = start->sock;
    w->bell = start->bell;
    w->map = start->map;
    w->wasi = wasi_new();
    while (!gone) {
        if (run_next(w, &gone))
            continue;
        linger(w);
        if (next_slot(w) >= 0)
            continue;
        atomic_store(&w->map.head->worker_sleeps, 1);
        /* Pairs with worker_wake's, in pool/process.c. */
        atomic_thread_fence(memory_order_seq_cst);
        if (next_slot(w) < 0)
            gone = !read_message(w);
        atomic_store(&w->map.head->worker_sleeps, 0);
    }
    for (int i = 0; i < WIRE_PLACES; i++)
        place_clear(&w->places[i]);
    wasi_free(w->wasi);
    wire_map_close(&w->map);
    free(w);
    return 0;
}
