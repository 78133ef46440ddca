#pragma once

/*
 * A call that has invoked something and waits for it, or for as long as it may wait. Not for other
 * rooms.
 */

#include "api/call.h"
#include "api/wait.h"
#include "invoke/invocation.h"

struct invoked {
    struct wait wait;  /* first */
    struct call *call; /* NULL: it was answered, and the invocation goes on alone */
    struct invocation *invocation;
    /* Answer for an invocation that has ended, was kept, and had room. */
    void (*answer)(struct invoked *i);
    /* Answer for one that goes on. */
    void (*late)(struct invoked *i);
    bool result_only;
    int ext;      /* web actions: the extension */
    char *accept; /* and what the client accepts */
};

/* The call and the invocation become its own. */
struct invoked *invoked_new(struct call *c, struct invocation *i, void (*answer)(struct invoked *i),
                            void (*late)(struct invoked *i));
void invoked_start(struct invoked *i, uint64_t wait_ms);

/* Whether the caller may invoke something now: rate, store, number under way. False: answered. */
bool invoked_may(struct call *c, struct identity *who);
bool invoked_has_room(struct call *c, struct identity *who);
/* Content-Length is small enough. False: answered. */
bool invoked_size_is_good(struct call *c);

/* {"activationId": …} with a status */
void invoked_reply_id(struct call *c, unsigned status, const struct record_id *id);
