#include "invoke/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "invoke/action_container.h"
#include "invoke/invoke.h"
#include "invoke/runtimes.h"

#define KNOWN_MAX 20000u /* actions, with a container each, of which the latest used are kept */
#define KEY_MAX 1024u

struct actions {
    struct action *by_key;
    struct action *turns; /* utlist */
    unsigned n;
    uint64_t epoch; /* how often a package has changed */
};

static struct actions *table(struct invoke *v)
{
    if (!v->actions)
        v->actions = NEW(struct actions);
    return v->actions;
}

struct action *action_ref(struct action *a)
{
    a->refs++;
    return a;
}

void action_unref(struct action *a)
{
    if (!a || --a->refs > 0)
        return;
    action_drop_container(a);
    entity_unref(a->entity);
    entity_unref(a->package);
    entity_unref(a->binding);
    params_done(&a->params);
    params_done(&a->annotations);
    free(a->path);
    free(a->name);
    free(a->annotation_text);
    free(a);
}

static size_t make_key(int64_t ns, const char *package, const char *name, char key[KEY_MAX])
{
    int n = snprintf(key, KEY_MAX, "%lld/%s/%s", (long long)ns, package, name);

    return (size_t)n;
}

static void unlink_action(struct actions *all, struct action *a)
{
    HASH_DELETE(hh, all->by_key, a);
    DL_DELETE(all->turns, a);
    all->n--;
    action_unref(a);
}

/* ---- from entities to an action ---- */

/* What every record of it says: where it is, what it is, and what it may use. */
static void write_annotations(struct action *a)
{
    const struct entity *e = a->entity;
    const struct entity_limits *l = &e->limits;
    struct buf out;

    buf_init(&out, 1u << 16);
    buf_text(&out, "{\"key\":\"path\",\"value\":");
    buf_json_string(&out, a->path, strlen(a->path));
    buf_text(&out, "},{\"key\":\"kind\",\"value\":");
    buf_json_string(&out, e->kind, strlen(e->kind));
    if (a->binding) {
        AUTO(mem) char *binding = mem_print("%s/%s", a->binding->ns_name, a->binding->name);
        buf_text(&out, "},{\"key\":\"binding\",\"value\":");
        buf_json_string(&out, binding, strlen(binding));
    }
    buf_print(&out,
              "},{\"key\":\"limits\",\"value\":{\"timeout\":%lld,\"memory\":%lld,\"logs\":%lld,"
              "\"concurrency\":%lld}}",
              (long long)l->timeout_ms, (long long)l->memory_mb, (long long)l->logs_mb,
              (long long)l->concurrency);
    a->annotation_text = out.data;
}

static void understand(struct action *a)
{
    struct entity *e = a->entity;

    if (a->package)
        params_add(&a->params, a->package->parameters);
    if (a->binding)
        params_add(&a->params, a->binding->parameters);
    params_add(&a->params, e->parameters);
    params_add(&a->annotations, e->annotations);
    a->name = entity_path(e);
    a->path = mem_print("%s/%s", e->ns_name, a->name);
    a->is_sequence = strcmp(e->kind, KIND_SEQUENCE) == 0;
    a->is_builtin = strcmp(e->kind, KIND_BUILTIN) == 0;
    a->is_conductor =
        !a->is_sequence && !a->is_builtin && params_truthy(&a->annotations, "conductor");
    a->is_final = params_truthy(&a->annotations, "final");
    a->web = params_truthy(&a->annotations, "web-export");
    a->raw = params_truthy(&a->annotations, "raw-http");
    a->own_options = params_truthy(&a->annotations, "web-custom-options");
    a->wants_key = params_truthy(&a->annotations, "provide-api-key");
    write_annotations(a);
}

/* A package, and if that is a binding, the package it is bound to. */
static int find_package(struct invoke *v, int64_t ns, const char *name, struct action *a,
                        struct err *err)
{
    AUTO(identity) struct identity *provider = NULL;
    struct path target;

    int r = entity_get(store_db(v->store), ns, "", name, &a->package, err);
    if (r > 0 && a->package->type != ENTITY_PACKAGE)
        return 0;
    if (r <= 0 || !a->package->binding)
        return r;
    a->binding = TAKE(a->package);
    if (!path_parse(a->binding->binding, &target))
        return 0;
    r = identity_by_name(v, target.ns, &provider, err);
    if (r > 0)
        r = entity_get(store_db(v->store), provider->user.id, "", target.name, &a->package, err);
    return r > 0 && (a->package->type != ENTITY_PACKAGE || a->package->binding) ? 0 : r;
}

static int read_action(struct invoke *v, int64_t ns, const char *package, const char *name,
                       struct action **out, bool *other, struct err *err)
{
    char key[KEY_MAX];
    size_t n = make_key(ns, package, name, key);
    struct action *a = mem_zero(sizeof *a + n + 1);
    int r = 1;

    a->refs = 1;
    a->invoke = v;
    a->key_size = n;
    memcpy(a->key, key, n);
    if (package[0])
        r = find_package(v, ns, package, a, err);
    if (r > 0)
        r = entity_get(store_db(v->store), a->package ? a->package->ns : ns,
                       a->package ? a->package->name : "", name, &a->entity, err);
    if (r > 0 && a->entity->type != ENTITY_ACTION) {
        if (other)
            *other = true;
        r = 0;
    }
    if (r > 0)
        understand(a);
    if (r > 0)
        *out = a;
    else
        action_unref(a);
    return r;
}

/* ---- those that are known ---- */

static bool same_entity(const struct entity *a, const struct entity *b)
{
    return (!a && !b) || (a && b && a->id == b->id && a->revision == b->revision);
}

/* A package has changed: is it still the same action? */
static int confirm(struct invoke *v, struct action *a, int64_t ns, const char *package,
                   const char *name, struct err *err)
{
    AUTO(action) struct action *now = NULL;

    if (!package[0] || a->epoch == table(v)->epoch)
        return 1;
    int r = read_action(v, ns, package, name, &now, NULL, err);
    if (r <= 0)
        return r;
    if (!same_entity(a->entity, now->entity) || !same_entity(a->package, now->package) ||
        !same_entity(a->binding, now->binding))
        return 0;
    a->epoch = table(v)->epoch;
    return 1;
}

static void put(struct actions *all, struct action *a)
{
    while (all->n >= KNOWN_MAX)
        unlink_action(all, all->turns);
    HASH_ADD_KEYPTR(hh, all->by_key, a->key, a->key_size, a);
    DL_APPEND(all->turns, a);
    all->n++;
    a->epoch = all->epoch;
}

int action_find(struct invoke *v, int64_t ns, const char *package, const char *name,
                struct action **out, bool *other, struct err *err)
{
    struct actions *all = table(v);
    struct action *a;
    char key[KEY_MAX];
    size_t n = make_key(ns, package, name, key);

    HASH_FIND(hh, all->by_key, key, n, a);
    if (a) {
        int r = confirm(v, a, ns, package, name, err);
        if (r < 0)
            return r;
        if (r == 0) {
            unlink_action(all, a);
            a = NULL;
        }
    }
    if (a) {
        DL_DELETE(all->turns, a);
        DL_APPEND(all->turns, a);
    } else {
        int r = read_action(v, ns, package, name, &a, other, err);
        if (r <= 0)
            return r;
        put(all, a);
    }
    *out = action_ref(a);
    return 1;
}

static bool take_part(char out[257], const char *at, size_t n)
{
    if (n == 0 || n > 256)
        return false;
    memcpy(out, at, n);
    out[n] = '\0';
    return true;
}

bool path_parse(const char *text, struct path *out)
{
    const char *ns = text + (text[0] == '/'), *a = strchr(ns, '/');
    const char *b = a ? strchr(a + 1, '/') : NULL;

    out->package[0] = '\0';
    if (!a || (b && strchr(b + 1, '/')) || !take_part(out->ns, ns, (size_t)(a - ns)))
        return false;
    if (b && !take_part(out->package, a + 1, (size_t)(b - a - 1)))
        return false;
    const char *name = b ? b + 1 : a + 1;
    return take_part(out->name, name, strlen(name));
}

int action_find_path(struct invoke *v, const char *path, struct action **out, struct err *err)
{
    AUTO(identity) struct identity *owner = NULL;
    struct path p;

    if (!path_parse(path, &p))
        return 0;
    int r = identity_by_name(v, p.ns, &owner, err);
    return r > 0 ? action_find(v, owner->user.id, p.package, p.name, out, NULL, err) : r;
}

void action_forget(struct invoke *v, int64_t ns, const char *package, const char *name)
{
    struct actions *all = table(v);
    struct action *a;
    char key[KEY_MAX];
    size_t n = make_key(ns, package, name, key);

    /* It may be known by a binding's name, too; or be a package. */
    all->epoch++;
    HASH_FIND(hh, all->by_key, key, n, a);
    if (a)
        unlink_action(all, a);
}

void actions_close(struct invoke *v)
{
    if (!v->actions)
        return;
    while (v->actions->turns)
        unlink_action(v->actions, v->actions->turns);
    free(v->actions);
    v->actions = NULL;
}
