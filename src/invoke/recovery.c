/*
 * After a start: what an earlier process had accepted and not ended is run now, a few at a time,
 * under the ids that were given out for it.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "invoke/invocation.h"
#include "invoke/invoke.h"

#define AT_ONCE 100
#define EVERY_MS 20

static void recovered(struct invocation *i)
{
    struct invoke *v = i->invoke;

    invocation_free(i);
    v->recovering--;
    if (!v->stopping && !timer_is_set(v->recovery))
        timer_set(v->recovery, EVERY_MS);
}

/* Its action has gone: all that is left is to say so. */
static void give_up(struct invoke *v, const struct identity *who, const struct record *r)
{
    static const char response[] = "{\"status\":\"whisk internal error\",\"success\":false,"
                                   "\"result\":{\"error\":\"The requested resource does not "
                                   "exist.\"}}";
    const char *path = r->path.at, *name = memchr(path, '/', r->path.n);
    uint64_t now = clock_epoch_ms();
    AUTO(buf) struct buf head = {0};
    char id[RECORD_ID_SIZE];
    struct err err;

    name = name ? name + 1 : path;
    size_t n = r->path.n - (size_t)(name - path);
    const char *slash = memchr(name, '/', n), *bare = slash ? slash + 1 : name;
    record_id_text(&r->id, id);
    buf_init(&head, 16384);
    buf_text(&head, "\"namespace\":");
    buf_json_string(&head, who->user.name, strlen(who->user.name));
    buf_text(&head, ",\"name\":");
    buf_json_string(&head, bare, n - (size_t)(bare - name));
    buf_print(&head,
              ",\"version\":\"0.0.1\",\"activationId\":\"%s\",\"start\":%llu,\"end\":%llu,"
              "\"duration\":0,\"publish\":false,\"annotations\":[{\"key\":\"path\",\"value\":",
              id, (unsigned long long)now, (unsigned long long)now);
    buf_json_string(&head, path, r->path.n);
    buf_text(&head, "}]");
    const struct record record = {.type = RECORD_ENDED,
                                  .id = r->id,
                                  .ns = r->ns,
                                  .was_accepted = true,
                                  .start_ms = now,
                                  .status = ACTIVATION_WHISK_ERROR,
                                  .path = {name, n},
                                  .head = {head.data, head.size},
                                  .response = {response, sizeof response - 1},
                                  .logs = {"[]", 2}};
    store_keep(v->store, &record, &err);
}

/* Copies of rows: running one may read the store itself. */
struct found {
    struct invoke *invoke;
    struct invocation *all[AT_ONCE];
    unsigned n, seen;
};

static void find(void *ctx, const struct record *r)
{
    struct found *f = ctx;
    struct invoke *v = f->invoke;
    AUTO(identity) struct identity *who = NULL;
    AUTO(action) struct action *a = NULL;
    AUTO(buf) struct buf path = {0};
    struct err err;

    f->seen++;
    v->recovered = r->id.seq;
    buf_init(&path, 2048);
    if (buf_add(&path, r->path.at, r->path.n, &err) < 0 ||
        identity_by_id(v, r->ns, &who, &err) <= 0)
        return; /* a user that is gone: `wow user delete` has seen to it */
    if (action_find_path(v, path.data, &a, &err) <= 0) {
        give_up(v, who, r);
        return;
    }
    struct invocation *i = invocation_new(v, who, a);
    i->id = r->id;
    i->is_accepted = true;
    buf_put(&i->args, r->head.at, r->head.n);
    i->done = recovered;
    f->all[f->n++] = i;
}

static void more(void *invoke)
{
    struct invoke *v = invoke;
    struct found f = {.invoke = v};
    struct err err;
    int64_t room = AT_ONCE - (int64_t)v->recovering;

    if (room <= 0)
        return; /* one that ends comes back here */
    if (record_pending(store_db(v->store), v->recovered, v->recover_upto, room, find, &f, &err) < 0)
        log_event("invoke.fault", "error=\"%s\"", err.msg);
    v->recovering += f.n;
    v->stats.recovered += f.n;
    for (unsigned i = 0; i < f.n; i++)
        invocation_start(f.all[i]);
    if (f.seen > 0 && !timer_is_set(v->recovery))
        timer_set(v->recovery, EVERY_MS);
}

void recovery_start(struct invoke *v)
{
    v->recovery = timer_new(v->loop, more, v);
    timer_set(v->recovery, 0);
}
