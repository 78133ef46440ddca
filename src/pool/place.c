/* Where modules are in a worker, and how it is sent those that it has not got. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "pool/process.h"

static bool has_at(const struct worker *w, int at, const struct module *m)
{
    return w->places[at].module == m && w->places[at].tier == code_tier(m->code);
}

bool worker_has(const struct worker *w, const struct module *m)
{
    for (int i = 0; i < WIRE_PLACES; i++)
        if (has_at(w, i, m))
            return true;
    return false;
}

/* Where to put another module: a place that is free, or the one longest unused. */
static int choose_place(const struct worker *w)
{
    int best = -1;

    for (int i = 0; i < WIRE_PLACES; i++) {
        const struct worker_place *p = &w->places[i];
        if (!p->module && !p->code && p->held == 0)
            return i;
        if (p->held == 0 && (best < 0 || p->used < w->places[best].used))
            best = i;
    }
    return best;
}

/* A place where the module's code is loaded already, for other data; -1 when there is none. */
static int find_like(const struct worker *w, const struct module *m)
{
    for (int i = 0; i < WIRE_PLACES; i++)
        if (w->places[i].code == m->code && w->places[i].tier == code_tier(m->code))
            return i;
    return -1;
}

/* What goes with a LOAD message: descriptors, to be closed. */
struct load {
    int fds[WIRE_FDS_MAX];
    unsigned fdc;
    struct wow_code code; /* fd -1: as at `like` */
    int like;
};

static void load_done(struct load l)
{
    for (unsigned i = 0; i < l.fdc; i++)
        close(l.fds[i]);
}
DEFINE_AUTO(load, struct load, load_done)

/* In this order: the code, data, the granted directories. */
static int load_open(struct load *l, struct worker *w, const struct module *m,
                     const struct caps *caps, struct err *err)
{
    l->like = m->data ? find_like(w, m) : -1;
    l->code.tier = code_tier(m->code);
    if (l->like < 0) {
        if (!code_open(m->code, &l->code))
            return err_set(err, ERR_INTERNAL, "the module's code is gone from the cache");
        l->fds[l->fdc++] = l->code.fd;
    }
    if (m->data) {
        if (data_open(m->data, &l->fds[l->fdc], err) < 0)
            return -(int)err->kind;
        l->fdc++;
    }
    const struct roots *const roots[] = {caps->directories, caps->common};
    if (m->dirs.dirc > 0 &&
        dirs_open(&m->dirs, roots, 2, processes_own_mounts(w->owner), l->fds + l->fdc, err) < 0)
        return err_set(err, ERR_NOT_FOUND, /* it was there at init */
                       "a directory that the action was granted is gone, or granted no more");
    l->fdc += m->dirs.dirc;
    return 0;
}

static int send_load(struct worker *w, int place, const struct module *m, const struct load *l,
                     bool warm, struct err *err)
{
    const struct dirs *d = &m->dirs;
    struct wire_message msg = {.type = WIRE_LOAD,
                               .place = (uint32_t)place,
                               .tier = l->code.tier,
                               .code_size = l->code.size,
                               .like = (uint32_t)(l->like + 1),
                               .warm = warm,
                               .data_size = m->data ? (uint32_t)m->data->size : 0,
                               .dirs = d->dirc,
                               .writable = d->writable,
                               .names_size = d->names_size};

    if (d->names_size)
        memcpy(msg.names, d->names, d->names_size);
    return wire_send(w->sock, &msg, l->fds, l->fdc, MSG_DONTWAIT, err);
}

static int load(struct worker *w, int place, struct module *m, const struct caps *caps,
                struct err *err)
{
    AUTO(load) struct load l = {0};
    struct worker_place *p = &w->places[place];

    int r = load_open(&l, w, m, caps, err);
    if (r == 0)
        r = send_load(w, place, m, &l, false, err);
    if (r < 0)
        return r;
    if (m->data)
        code_ref(m->code);
    code_unref(p->code);
    *p = (struct worker_place){
        .module = m, .code = m->data ? m->code : NULL, .tier = l.code.tier, .held = p->held};
    w->loads++;
    return 0;
}

void worker_preload(struct worker *w, struct code *code)
{
    AUTO(load) struct load l = {0};
    const struct module alone = {.code = code};
    const struct caps none = {0};
    struct err err;

    if (load_open(&l, w, &alone, &none, &err) < 0 || send_load(w, 0, &alone, &l, true, &err) < 0)
        return; /* it will be loaded when it is needed, or say why not */
    code_ref(code);
    w->places[0] = (struct worker_place){.code = code, .tier = l.code.tier};
    w->loads++;
}

void worker_forget(struct worker *w, const struct module *m)
{
    for (int i = 0; i < WIRE_PLACES; i++)
        if (w->places[i].module == m)
            w->places[i].module = NULL;
}

int worker_place(struct worker *w, struct module *m, const struct caps *caps, struct err *err)
{
    int at = 0;

    while (at < WIRE_PLACES && !has_at(w, at, m))
        at++;
    if (at == WIRE_PLACES) {
        at = choose_place(w);
        if (at < 0)
            return err_set(err, ERR_BUSY, "all places of the worker are in use");
        int r = load(w, at, m, caps, err);
        if (r < 0)
            return r;
    }
    w->places[at].used = ++w->uses;
    return at;
}
