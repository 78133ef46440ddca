#pragma once

/*
 * Firing a trigger: each active rule invokes its action, and nobody waits. The trigger has an
 * activation of its own, whose log says what came of each rule.
 */

#include "invoke/invocation.h"

struct trigger_fire {
    struct identity *who;
    const struct entity *trigger;
    const char *transaction;
    const struct scan_text *body; /* an object, or NULL */
    const char *headers;          /* the request's, as a JSON object */
};

/*
 * 1 and the activation's id, when it is kept; 0 when no rule is active, and then nothing has
 * happened.
 */
int trigger_fire(struct invoke *v, const struct trigger_fire *f, struct record_id *id,
                 struct err *err);

/*
 * The same in steps, for who has more to write in the transaction that makes it durable. 1 and what
 * is to be saved, which nobody has been told of; 0 when no rule is active.
 */
struct firing;
int firing_prepare(struct invoke *v, const struct trigger_fire *f, struct firing **out,
                   struct err *err);
/* In the store's thread, in a transaction. */
int firing_save(const struct firing *f, struct db *db, struct err *err);
/* Saved: it goes on, and is gone. Not saved, or not to go on before the next start: it is gone. */
void firing_start(struct firing *f);
void firing_free(struct firing *f);
