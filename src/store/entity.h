#pragma once

/*
 * Actions, packages, triggers and rules, as they are stored: one struct for all, since most of
 * what they have they have in common, and they share one space of names. One that was read is not
 * changed any more; who wants to change it makes a copy. For one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/sha256.h"
#include "store/db.h"

/* Also in the database: append only. */
enum entity_type { ENTITY_ACTION = 1, ENTITY_PACKAGE, ENTITY_TRIGGER, ENTITY_RULE };

struct entity_limits {
    int64_t timeout_ms, memory_mb, logs_mb, concurrency;
    int64_t instances; /* -1: not said */
};

struct entity {
    unsigned refs;
    int64_t id, revision; /* 0: not stored yet */
    int64_t ns;
    char *ns_name, *package, *name; /* package: "" outside of one */
    enum entity_type type;
    char *version;
    bool publish;
    uint64_t updated_ms;
    char *annotations, *parameters; /* JSON arrays of {"key", "value"} */

    /* Actions. */
    char *kind;
    bool binary;
    char *main;       /* NULL: not said */
    char *components; /* of a sequence: a JSON array of "/ns/[package/]name" */
    bool has_code;
    unsigned char code_hash[SHA256_SIZE];
    struct entity_limits limits;

    char *binding; /* packages: "ns/name", or NULL */
    /* Rules. */
    char *trigger; /* its name, in the rule's namespace */
    char *action;  /* "ns/[package/]name" */
    bool active;
    bool linked; /* rules: its trigger knows of it. Triggers: a rule was linked to it once */
};

struct entity *entity_new(enum entity_type type, int64_t ns, const char *ns_name,
                          const char *package, const char *name);
struct entity *entity_copy(const struct entity *e); /* with one reference */
struct entity *entity_ref(struct entity *e);
void entity_unref(struct entity *e);
DEFINE_AUTO(entity, struct entity *, entity_unref)

/* Replace one of its texts by a copy; NULL for none. */
void entity_set(char **field, const char *text);

/* "package/name", or "name". The caller's. */
char *entity_path(const struct entity *e);

/* 1 and the entity, 0 when there is none, or an error. */
int entity_get(struct db *db, int64_t ns, const char *package, const char *name,
               struct entity **out, struct err *err);

struct entity_query {
    int64_t ns;
    enum entity_type type;
    const char *package; /* NULL: all, whether in a package or not */
    bool shared;         /* packages that others may see */
    int64_t limit, skip;
};

/* Each of a list, the latest change first, borrowed. */
int entity_list(struct db *db, const struct entity_query *q,
                void (*each)(void *ctx, const struct entity *e), void *ctx, struct err *err);
int entity_count(struct db *db, const struct entity_query *q, int64_t *out, struct err *err);

/* The rules that a trigger knows of. */
int entity_rules(struct db *db, int64_t ns, const char *trigger,
                 void (*each)(void *ctx, const struct entity *e), void *ctx, struct err *err);

/* An action's code, as it was sent, appended to out. */
int entity_code(struct db *db, const struct entity *e, struct buf *out, struct err *err);

/*
 * Changes. Each belongs into a transaction, and is ERR_CONFLICT when the entity is no longer what
 * was read: e->id and e->revision say what that was.
 */

/* Add or replace. code is stored, if it is not there yet, when e->has_code; NULL: it is there. */
int entity_put(struct db *db, const struct entity *e, const char *code, struct err *err);
/* A package with all that is in it; a trigger's rules stay and become inactive. */
int entity_delete(struct db *db, const struct entity *e, struct err *err);
/* Whether a rule fires; that its trigger is there was looked up before. */
int entity_set_rule(struct db *db, const struct entity *rule, bool active, struct err *err);
