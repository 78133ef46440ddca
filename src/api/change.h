#pragma once

/* Changes of entities: to the store's thread, and back to the call. Not for other rooms. */

#include "api/call.h"

/* A change of an entity on its way to the store. What becomes of it is up to done. */
struct change {
    struct store_job job; /* first */
    struct call *call;
    struct entity *entity;
    struct buf code; /* of an action that brings some */
    bool active;     /* of a rule */
    int (*run)(struct db *db, const struct change *c, struct err *err);
    void (*done)(struct change *c, const struct err *err); /* owns it */
};
/* The entity moves into it. */
struct change *change_new(struct call *c, struct entity *e,
                          void (*done)(struct change *c, const struct err *err));
void change_put(struct change *c);
void change_delete(struct change *c);
void change_set_rule(struct change *c, bool active);
void change_free(struct change *c);
/* For changes whose answer is the entity: what failed, or entity_json. */
void change_answer(struct change *c, const struct err *err);
