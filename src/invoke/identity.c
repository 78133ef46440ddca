#include "invoke/identity.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "invoke/invoke.h"

#define FRESH_NS 1000000000u

struct identity *identity_ref(struct identity *who)
{
    who->refs++;
    return who;
}

void identity_unref(struct identity *who)
{
    if (!who || --who->refs > 0)
        return;
    OPENSSL_cleanse(who->own_secret, sizeof who->own_secret);
    free(who);
}

static void unlink_names(struct invoke *v, struct identity *who)
{
    HASH_DELETE(by_name, v->by_name, who);
    HASH_DELETE(by_uuid, v->by_uuid, who);
}

static void link_names(struct invoke *v, struct identity *who)
{
    HASH_ADD_KEYPTR(by_name, v->by_name, who->user.name, strlen(who->user.name), who);
    HASH_ADD_KEYPTR(by_uuid, v->by_uuid, who->user.uuid, strlen(who->user.uuid), who);
}

static void drop(struct invoke *v, struct identity *who)
{
    who->gone = true;
    unlink_names(v, who);
    HASH_DELETE(by_id, v->by_id, who);
    identity_unref(who);
}

/* A row as it was read just now, of a user that may be known. */
static struct identity *keep(struct invoke *v, const struct user *u)
{
    struct identity *who;

    HASH_FIND(by_id, v->by_id, &u->id, sizeof u->id, who);
    if (who) {
        unlink_names(v, who);
        who->user = *u;
    } else {
        who = NEW(struct identity);
        who->refs = 1;
        who->user = *u;
        random_text(who->own_secret, USER_SECRET);
        HASH_ADD(by_id, v->by_id, user.id, sizeof who->user.id, who);
    }
    link_names(v, who);
    who->seen_ns = clock_mono_ns();
    return who;
}

/* Is what we know of it still so? It may not outlive the call. */
static int refresh(struct invoke *v, struct identity **who, struct err *err)
{
    struct user u;

    if (clock_mono_ns() - (*who)->seen_ns < FRESH_NS)
        return 1;
    int r = user_by_id(store_db(v->store), (*who)->user.id, &u, err);
    if (r > 0)
        *who = keep(v, &u);
    else if (r == 0)
        drop(v, *who);
    return r;
}

/* Known, and still so; else look it up. */
static int settle(struct invoke *v, struct identity *known, const char *text,
                  int (*look)(struct db *db, const char *text, struct user *out, struct err *err),
                  struct identity **out, struct err *err)
{
    struct user u;
    int r = known ? refresh(v, &known, err) : 0;

    if (r == 0) { /* a name may have gone to another user */
        r = look(store_db(v->store), text, &u, err);
        known = r > 0 ? keep(v, &u) : NULL;
    }
    if (r > 0 && known->user.disabled)
        return 0;
    if (r > 0)
        *out = identity_ref(known);
    return r;
}

int identity_by_name(struct invoke *v, const char *name, struct identity **out, struct err *err)
{
    struct identity *who;

    HASH_FIND(by_name, v->by_name, name, strlen(name), who);
    return settle(v, who, name, user_by_name, out, err);
}

int identity_by_key(struct invoke *v, const char *uuid, const char *secret, struct identity **out,
                    struct err *err)
{
    struct identity *who;

    HASH_FIND(by_uuid, v->by_uuid, uuid, strlen(uuid), who);
    int r = settle(v, who, uuid, user_by_uuid, &who, err);
    if (r <= 0)
        return r;
    bool fits = strcmp(who->user.uuid, uuid) == 0 && strlen(secret) == USER_SECRET &&
                (user_key_fits(&who->user, secret) ||
                 CRYPTO_memcmp(who->own_secret, secret, USER_SECRET) == 0);
    if (fits)
        *out = who;
    else
        identity_unref(who);
    return fits;
}

int identity_by_id(struct invoke *v, int64_t id, struct identity **out, struct err *err)
{
    struct identity *who;
    struct user u;

    HASH_FIND(by_id, v->by_id, &id, sizeof id, who);
    int r = who ? refresh(v, &who, err) : user_by_id(store_db(v->store), id, &u, err);
    if (r <= 0)
        return r;
    if (!who)
        who = keep(v, &u);
    if (who->user.disabled)
        return 0;
    *out = identity_ref(who);
    return 1;
}

void identity_close(struct invoke *v)
{
    struct identity *who, *next;

    HASH_ITER (by_id, v->by_id, who, next)
        drop(v, who);
}
