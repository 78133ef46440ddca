/* Changes of entities: by the store's thread, and back to the call they are for. */
#include "api/change.h"

#include <stdlib.h>

#include "api/show.h"
#include "base/log.h"
#include "base/mem.h"
#include "invoke/action.h"

struct change *change_new(struct call *c, struct entity *e,
                          void (*done)(struct change *c, const struct err *err))
{
    struct change *change = NEW(struct change);

    change->call = c;
    change->entity = e;
    change->done = done;
    buf_init(&change->code, CODE_MAX);
    return change;
}

void change_free(struct change *c)
{
    entity_unref(c->entity);
    buf_done(&c->code);
    free(c);
}

static int run(struct db *db, struct store_job *j, struct err *err)
{
    const struct change *c = (const struct change *)j;

    return c->run(db, c, err);
}

/* What is known of it in memory is out of date from now on. */
static void finished(struct store_job *j, const struct err *err)
{
    struct change *c = (struct change *)j;
    const struct entity *e = c->entity;

    action_forget(c->call->invoke, e->ns, e->package, e->name);
    log_event("rest.change", "user=%s method=%s path=\"%s\" version=%s error=\"%s\"",
              c->call->who->user.name, c->call->request->method, c->call->request->path, e->version,
              err ? err->msg : "");
    c->done(c, err);
}

static void start(struct change *c,
                  int (*what)(struct db *db, const struct change *c, struct err *err))
{
    c->run = what;
    c->job = (struct store_job){.run = run, .done = finished, .writes = true};
    store_do(c->call->invoke->store, &c->job);
}

static int put(struct db *db, const struct change *c, struct err *err)
{
    return entity_put(db, c->entity, c->code.data, err);
}

static int delete(struct db *db, const struct change *c, struct err *err)
{
    return entity_delete(db, c->entity, err);
}

static int set_rule(struct db *db, const struct change *c, struct err *err)
{
    return entity_set_rule(db, c->entity, c->active, err);
}

void change_put(struct change *c) { start(c, put); }

void change_delete(struct change *c) { start(c, delete); }

void change_set_rule(struct change *c, bool active)
{
    c->active = active;
    start(c, set_rule);
}

void change_answer(struct change *c, const struct err *err)
{
    struct buf body;
    struct err why;

    buf_init(&body, SHOW_MAX);
    if (err)
        call_error(c->call, err);
    else if (show_entity(c->entity, NULL, &body, &why) < 0)
        call_error(c->call, &why);
    else
        call_reply(c->call, 200, &body);
    buf_done(&body);
    change_free(c);
}
