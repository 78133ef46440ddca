#pragma once

/*
 * Who asks: a user, with what it has used of its limits. Kept in memory and compared with the
 * store's row once a second, so that `wow user` need not tell wowd what it has changed.
 *
 * Actions that are to call wowd themselves need a key, and the user's secret is not known here:
 * they are given another one, made anew whenever wowd starts, which is accepted as well.
 */

#include <stdbool.h>
#include <uthash.h>

#include "store/user.h"

struct invoke;

struct identity {
    struct user user;
    unsigned refs; /* the tables', and one per request or activation */
    char own_secret[USER_SECRET + 1];
    uint64_t seen_ns; /* when the row was read */
    bool gone;
    /* Limits. */
    uint64_t minute; /* which one the two counts are of */
    unsigned invocations, fires;
    unsigned running; /* activations under way or in the queue */
    UT_hash_handle by_id, by_name, by_uuid;
};

/* 1 and the identity, with a reference; 0 when there is none, or the secret is not its own. */
int identity_by_key(struct invoke *v, const char *uuid, const char *secret, struct identity **out,
                    struct err *err);
int identity_by_name(struct invoke *v, const char *name, struct identity **out, struct err *err);
int identity_by_id(struct invoke *v, int64_t id, struct identity **out, struct err *err);
struct identity *identity_ref(struct identity *who);
void identity_unref(struct identity *who);
DEFINE_AUTO(identity, struct identity *, identity_unref)

void identity_close(struct invoke *v); /* empty the tables */
