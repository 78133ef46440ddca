#pragma once

/*
 * An action as it is invoked: found by the path it was asked for, with the parameters of its
 * package and binding under its own, and with its container. Kept in memory, so that another
 * invocation reads nothing; whoever changes an entity says so.
 */

#include "invoke/params.h"
#include "store/entity.h"

struct invoke;

struct action {
    unsigned refs; /* the table's, and one per invocation */
    struct invoke *invoke;
    struct entity *entity, *package, *binding; /* the last two may be NULL */
    struct params params;                      /* merged */
    struct params annotations;                 /* the action's own */
    char *path;                                /* "ns/[package/]name": where it is kept */
    char *name;                                /* "[package/]name" */
    char *annotation_text;                     /* of its records: path, kind, limits, binding */
    char *params_array;                        /* of a container's environment */
    bool is_sequence, is_conductor, is_builtin, is_final;
    bool web, raw, own_options; /* annotations of web actions */
    bool wants_key;             /* in its environment */
    /* Its container, made when it is first needed. */
    struct container *container;
    struct waiting *waiting; /* until that is ready */
    bool initializing;
    uint64_t used_ns;
    uint64_t epoch;             /* of packages, when it was last found to be so */
    struct action *prev, *next; /* the one not used for longest first */
    UT_hash_handle hh;
    size_t key_size;
    char key[]; /* namespace and path as asked for */
};

/*
 * 1 and the action at [package/]name of a namespace, with a reference; package "" for none. 0 when
 * there is none, or something else of that name: then *other (which may be NULL) is set.
 */
int action_find(struct invoke *v, int64_t ns, const char *package, const char *name,
                struct action **out, bool *other, struct err *err);
/* By "[/]ns/[package/]name". */
int action_find_path(struct invoke *v, const char *path, struct action **out, struct err *err);
struct action *action_ref(struct action *a);
void action_unref(struct action *a);
DEFINE_AUTO(action, struct action *, action_unref)

/* The entity at this place has changed, or is gone. */
void action_forget(struct invoke *v, int64_t ns, const char *package, const char *name);

/* Take "/ns/[package/]name" apart; the first '/' may lack. False: it is no such path. */
struct path {
    char ns[257], package[257], name[257];
};
bool path_parse(const char *text, struct path *out);

/*
 * Call done when the action's container is ready: at once, with init_ns 0, if it is. err says why
 * it cannot be had. Who comes first waits for the init; cold is true for that one.
 */
struct waiting {
    void (*done)(struct waiting *w, const struct err *err);
    bool cold;
    uint64_t init_ns, began_ns;
    struct waiting *next;
};
void action_container(struct action *a, struct waiting *w);

/* Have the code compiled, without keeping a container; done gets what is wrong with it, or NULL. */
void action_prepare(struct invoke *v, const struct entity *e, const char *code, size_t code_size,
                    void (*done)(void *ctx, const struct err *err), void *ctx);

void actions_close(struct invoke *v); /* the pool is gone, and with it the containers */
