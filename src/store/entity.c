#include "store/entity.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct entity *entity_new(enum entity_type type, int64_t ns, const char *ns_name,
                          const char *package, const char *name)
{
    struct entity *e = NEW(struct entity);

    e->refs = 1;
    e->type = type;
    e->ns = ns;
    e->ns_name = mem_dup(ns_name);
    e->package = mem_dup(package);
    e->name = mem_dup(name);
    e->version = mem_dup("0.0.1");
    e->annotations = mem_dup("[]");
    e->parameters = mem_dup("[]");
    e->limits.instances = -1;
    return e;
}

/* All that are the entity's own on the heap. */
#define TEXTS(X, e) \
    X(e->ns_name)   \
    X(e->package)   \
    X(e->name)      \
    X(e->version)   \
    X(e->annotations) \
    X(e->parameters) \
    X(e->kind)      \
    X(e->main)      \
    X(e->components) \
    X(e->binding)   \
    X(e->trigger)   \
    X(e->action)

struct entity *entity_copy(const struct entity *e)
{
    struct entity *copy = NEW(struct entity);

    *copy = *e;
    copy->refs = 1;
#define COPY(text) text = text ? mem_dup(text) : NULL;
    TEXTS(COPY, copy)
#undef COPY
    return copy;
}

struct entity *entity_ref(struct entity *e)
{
    e->refs++;
    return e;
}

void entity_unref(struct entity *e)
{
    if (!e || --e->refs > 0)
        return;
#define FREE(text) free(text);
    TEXTS(FREE, e)
#undef FREE
    free(e);
}

void entity_set(char **field, const char *text)
{
    char *copy = text ? mem_dup(text) : NULL; /* text may be the old one */

    free(*field);
    *field = copy;
}

char *entity_path(const struct entity *e)
{
    return e->package[0] ? mem_print("%s/%s", e->package, e->name) : mem_dup(e->name);
}

/* The columns of ENTITY in sql.c, in their order. */
static struct entity *read_row(struct sqlite3_stmt *s)
{
    struct entity *e = NEW(struct entity);
    size_t n;

    e->refs = 1;
    e->id = row_int(s, 0);
    e->revision = row_int(s, 1);
    e->ns = row_int(s, 2);
    e->ns_name = row_dup(s, 3);
    e->package = row_dup(s, 4);
    e->name = row_dup(s, 5);
    e->type = (enum entity_type)row_int(s, 6);
    e->version = row_dup(s, 7);
    e->publish = row_int(s, 8) != 0;
    e->updated_ms = (uint64_t)row_int(s, 9);
    e->kind = row_dup(s, 10);
    e->binary = row_int(s, 11) != 0;
    e->main = row_dup(s, 12);
    const void *hash = row_blob(s, 13, &n);
    e->has_code = n == sizeof e->code_hash;
    if (e->has_code)
        memcpy(e->code_hash, hash, n);
    e->limits = (struct entity_limits){.timeout_ms = row_int(s, 14),
                                       .memory_mb = row_int(s, 15),
                                       .logs_mb = row_int(s, 16),
                                       .concurrency = row_int(s, 17),
                                       .instances = row_int(s, 18)};
    e->binding = row_dup(s, 19);
    e->trigger = row_dup(s, 20);
    e->action = row_dup(s, 21);
    e->active = row_int(s, 22) != 0;
    e->linked = row_int(s, 23) != 0;
    e->annotations = row_dup(s, 24);
    e->components = row_dup(s, 25);
    e->parameters = row_dup(s, 26);
    return e;
}

int entity_get(struct db *db, int64_t ns, const char *package, const char *name,
               struct entity **out, struct err *err)
{
    AUTO(row) struct sqlite3_stmt *s = db_get(db, SQL_ENTITY_GET, err, "itt", ns, package, name);

    int r = s ? db_step(db, s, err) : -(int)err->kind;
    if (r > 0)
        *out = read_row(s);
    return r;
}

static int each_row(struct db *db, struct sqlite3_stmt *s,
                    void (*each)(void *ctx, const struct entity *e), void *ctx, struct err *err)
{
    int r = s ? 0 : -(int)err->kind;

    while (r == 0 && (r = db_step(db, s, err)) > 0) {
        struct entity *e = read_row(s);
        each(ctx, e);
        entity_unref(e);
        r = 0;
    }
    return r;
}

/* Which of the three statements; their first two parameters are the same. */
static enum sql choose(const struct entity_query *q, enum sql all, enum sql package,
                       enum sql shared)
{
    return q->shared ? shared : q->package ? package : all;
}

int entity_list(struct db *db, const struct entity_query *q,
                void (*each)(void *ctx, const struct entity *e), void *ctx, struct err *err)
{
    enum sql which = choose(q, SQL_ENTITY_LIST, SQL_ENTITY_LIST_PACKAGE, SQL_ENTITY_LIST_SHARED);
    const char *types = which == SQL_ENTITY_LIST_PACKAGE ? "iiiit" : "iiii";

    return each_row(
        db, db_get(db, which, err, types, q->ns, (int64_t)q->type, q->limit, q->skip, q->package),
        each, ctx, err);
}

int entity_count(struct db *db, const struct entity_query *q, int64_t *out, struct err *err)
{
    enum sql which = choose(q, SQL_ENTITY_COUNT, SQL_ENTITY_COUNT_PACKAGE, SQL_ENTITY_COUNT_SHARED);
    const char *types = which == SQL_ENTITY_COUNT_PACKAGE ? "iit" : "ii";
    AUTO(row)
    struct sqlite3_stmt *s = db_get(db, which, err, types, q->ns, (int64_t)q->type, q->package);

    int r = s ? db_step(db, s, err) : -(int)err->kind;
    if (r < 0)
        return r;
    *out = row_int(s, 0);
    return 0;
}

int entity_rules(struct db *db, int64_t ns, const char *trigger,
                 void (*each)(void *ctx, const struct entity *e), void *ctx, struct err *err)
{
    return each_row(db, db_get(db, SQL_TRIGGER_RULES, err, "it", ns, trigger), each, ctx, err);
}

int entity_code(struct db *db, const struct entity *e, struct buf *out, struct err *err)
{
    AUTO(row)
    struct sqlite3_stmt *s =
        db_get(db, SQL_CODE_GET, err, "b", (const void *)e->code_hash, sizeof e->code_hash);
    size_t n;

    int r = s ? db_step(db, s, err) : -(int)err->kind;
    if (r < 0)
        return r;
    if (r == 0)
        return err_set(err, ERR_NOT_FOUND, "the store: no code of '%s'", e->name);
    const char *text = row_text(s, 0, &n);
    return buf_add(out, text, n, err);
}

/* ---- changes ---- */

static int conflict(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "Concurrent modification to resource detected.");
}

static int add_code(struct db *db, const struct entity *e, const char *code, struct err *err)
{
    if (!e->has_code || !code)
        return 0;
    int r =
        db_run(db, SQL_CODE_ADD, err, "bt", (const void *)e->code_hash, sizeof e->code_hash, code);
    return r < 0 ? r : 0;
}

/* Rules say which they are of; the trigger is to know that it has had one. */
static int mark_trigger(struct db *db, const struct entity *e, struct err *err)
{
    if (e->type != ENTITY_RULE || !e->linked)
        return 0;
    int r = db_run(db, SQL_TRIGGER_RULED, err, "iti", e->ns, e->trigger, (int64_t)ENTITY_TRIGGER);
    return r < 0 ? r : 0;
}

int entity_put(struct db *db, const struct entity *e, const char *code, struct err *err)
{
    const void *hash = e->has_code ? e->code_hash : NULL;
    bool is_new = e->id == 0;

    int r = add_code(db, e, code, err);
    if (r < 0)
        return r;
    r = db_run(db, is_new ? SQL_ENTITY_ADD : SQL_ENTITY_UPDATE, err,
               is_new ? "ittitiititbiiiiitttiittt" : "ittitiititbiiiiitttiitttii", e->ns,
               e->package, e->name, (int64_t)e->type, e->version, (int64_t)e->publish,
               (int64_t)e->updated_ms, e->kind, (int64_t)e->binary, e->main, hash,
               e->has_code ? sizeof e->code_hash : (size_t)0, e->limits.timeout_ms,
               e->limits.memory_mb, e->limits.logs_mb, e->limits.concurrency, e->limits.instances,
               e->binding, e->trigger, e->action, (int64_t)e->active, (int64_t)e->linked,
               e->annotations, e->components, e->parameters, e->id, e->revision);
    if (r < 0 && err->kind == ERR_CONFLICT)
        return err_set(err, ERR_CONFLICT, "resource already exists");
    if (r <= 0)
        return r < 0 ? r : conflict(err);
    return mark_trigger(db, e, err);
}

int entity_delete(struct db *db, const struct entity *e, struct err *err)
{
    int r = 1;

    if (e->type == ENTITY_PACKAGE)
        r = db_run(db, SQL_PACKAGE_EMPTY, err, "it", e->ns, e->name);
    else if (e->type == ENTITY_TRIGGER)
        r = db_run(db, SQL_TRIGGER_UNLINK, err, "iti", e->ns, e->name, (int64_t)ENTITY_RULE);
    if (r >= 0)
        r = db_run(db, SQL_ENTITY_DELETE, err, "ii", e->id, e->revision);
    return r < 0 ? r : r == 0 ? conflict(err) : 0;
}

int entity_set_rule(struct db *db, const struct entity *rule, bool active, struct err *err)
{
    struct entity changed = *rule;

    changed.linked = rule->linked || active;
    int r = db_run(db, SQL_RULE_SET, err, "iiii", rule->id, rule->revision, (int64_t)active,
                   (int64_t)changed.linked);
    if (r <= 0)
        return r < 0 ? r : conflict(err);
    return mark_trigger(db, &changed, err);
}
