#include "pool/queue.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "base/mem.h"

struct line {
    const struct container *container;
    struct tenant *tenant;
    struct activation *first; /* utlist: doubly linked by prev and next */
    struct line *prev, *next; /* the tenant's lines, the one whose turn it is first */
    UT_hash_handle hh;
};

struct tenant {
    unsigned refs;
    unsigned running;
    struct line *by_container, *turns;
    struct tenant *prev, *next; /* the tenants that wait, the one whose turn it is first */
    UT_hash_handle hh;
    char name[];
};

struct queue {
    struct tenant *by_name, *turns;
    unsigned size;
};

struct queue *queue_new(void) { return NEW(struct queue); }

void queue_free(struct queue *q) { free(q); }

unsigned queue_size(const struct queue *q) { return q->size; }

struct tenant *tenant_ref(struct queue *q, const char *ns)
{
    size_t n = strlen(ns);
    struct tenant *t;

    HASH_FIND(hh, q->by_name, ns, n, t);
    if (!t) {
        t = mem_zero(sizeof *t + n + 1);
        memcpy(t->name, ns, n);
        HASH_ADD_KEYPTR(hh, q->by_name, t->name, n, t);
    }
    t->refs++;
    return t;
}

void tenant_unref(struct queue *q, struct tenant *t)
{
    if (--t->refs > 0)
        return;
    HASH_DELETE(hh, q->by_name, t);
    free(t);
}

unsigned tenant_running(const struct tenant *t) { return t->running; }

void tenant_count(struct tenant *t, int change) { t->running += (unsigned)change; }

static struct line *line_get(struct queue *q, struct tenant *t, const struct container *c)
{
    struct line *l;

    HASH_FIND_PTR(t->by_container, &c, l);
    if (l)
        return l;
    l = NEW(struct line);
    l->container = c;
    l->tenant = t;
    HASH_ADD_PTR(t->by_container, container, l);
    if (!t->turns)
        DL_APPEND(q->turns, t);
    DL_APPEND(t->turns, l);
    return l;
}

void queue_put(struct queue *q, struct activation *a, bool in_front)
{
    struct line *l = line_get(q, a->tenant, a->container);

    if (in_front)
        DL_PREPEND(l->first, a);
    else
        DL_APPEND(l->first, a);
    a->line = l;
    q->size++;
}

void queue_take(struct queue *q, struct activation *a)
{
    struct line *l = a->line;
    struct tenant *t = l->tenant;

    DL_DELETE(l->first, a);
    a->line = NULL;
    q->size--;
    DL_DELETE(t->turns, l);
    DL_DELETE(q->turns, t);
    if (l->first) {
        DL_APPEND(t->turns, l);
    } else {
        HASH_DELETE(hh, t->by_container, l);
        free(l);
    }
    if (t->turns)
        DL_APPEND(q->turns, t);
}

static struct activation *next_of(const struct tenant *t,
                                  bool (*may_start)(const struct activation *a))
{
    struct line *l;

    DL_FOREACH(t->turns, l)
    if (may_start(l->first))
        return l->first;
    return NULL;
}

struct activation *queue_next(struct queue *q, bool idle,
                              bool (*may_start)(const struct activation *a))
{
    struct activation *a = NULL;
    struct tenant *t;

    for (t = q->turns; t && !a; t = t->next)
        if (!idle || t->running == 0)
            a = next_of(t, may_start);
    return a;
}

struct activation *queue_any(struct queue *q) { return q->turns ? q->turns->turns->first : NULL; }
