#include "daemon/rest.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/door.h"
#include "invoke/alarm.h"
#include "invoke/invocation.h"
#include "store/user.h"
#include "store/wskprops.h"

#define BODY_MAX (50u << 20)
#define HEAD_MAX 32768u /* so that it is we who say that a target of 8 KiB is too long */
#define PEM_MAX (1u << 20)
#define DRAIN_MS 20 /* between looks */

struct rest {
    struct loop *loop;
    const struct options *options;
    struct store *store;
    struct invoke *invoke;
    struct api api;
    struct server *server;
    struct watch *watch;
    struct timer *drain;
    unsigned drain_left; /* looks */
    void (*drained)(void *ctx);
    void *drained_ctx;
    struct buf certificate, key;
    struct user_key guest; /* made just now, and not yet told */
    bool made;
    int listener;
    char at[64], host[80];
};

/* ---- the first user ---- */

static int make_guest(struct db *db, struct user_key *key, bool *made, struct err *err)
{
    const struct user limits = {.invocations = -1, .concurrent = -1, .fires = -1};
    struct user u;

    *made = false;
    int r = user_by_name(db, "guest", &u, err);
    if (r != 0)
        return r < 0 ? r : 0;
    int64_t n = 0;
    r = user_count(db, &n, err);
    if (r < 0 || n > 0) /* it was deleted on purpose */
        return r;
    user_key_make(key);
    r = user_add(db, "guest", key, &limits, err);
    *made = r == 0;
    return r;
}

/*
 * On a connection that is closed again, and before wowd gives up the right to write everywhere.
 * What is made is told when a worker is up.
 */
static int first_start(struct rest *r, struct err *err)
{
    const struct options *o = r->options;
    AUTO(db) struct db *db = NULL;
    bool has_key = false;

    int q = db_open(o->data, &db, err);
    if (q == 0)
        q = make_guest(db, &r->guest, &r->made, err);
    if (q < 0 || !o->wskprops[0])
        return q;
    q = wskprops_write(o->wskprops, r->host, r->made ? &r->guest : NULL, &has_key, err);
    if (q == 0 && !has_key)
        log_event(
            "rest.wskprops",
            "file=\"%s\" note=\"no AUTH: the key of guest is not known any more; wow user key "
            "guest --wskprops %s makes another\"",
            o->wskprops, o->wskprops);
    return q;
}

static void tell_key(struct rest *r)
{
    if (r->made)
        fprintf(stderr,
                "wowd: made the user guest. This is its key, which is shown only now:\n"
                "wowd: %s:%s\n",
                r->guest.uuid, r->guest.secret);
    r->made = false;
    memset(&r->guest, 0, sizeof r->guest);
}

/* The start has failed, and nobody was told: the next one makes the guest anew. */
static void forget_guest(struct rest *r)
{
    AUTO(db) struct db *db = NULL;
    struct user u;
    struct err err;

    if (db_open(r->options->data, &db, &err) == 0 && user_by_name(db, "guest", &u, &err) > 0)
        user_delete(db, u.id, &err);
}

/* ---- beginning ---- */

static int listen_at(struct rest *r, struct err *err)
{
    struct in_addr address;
    unsigned port;
    char text[INET_ADDRSTRLEN];

    int q = door_parse(r->options->rest, &address, &port, err);
    if (q == 0)
        q = server_listen(address, NULL, &port, &r->listener, err);
    if (q < 0)
        return err_wrap(err, "rest");
    inet_ntop(AF_INET, &address, text, sizeof text);
    snprintf(r->at, sizeof r->at, "%s:%u", text, port);
    /* Where clients of this machine reach it. */
    snprintf(r->host, sizeof r->host, "%s://%s:%u", r->options->tls_cert[0] ? "https" : "http",
             address.s_addr == INADDR_ANY ? "127.0.0.1" : text, port);
    return 0;
}

static int read_tls(struct rest *r, struct err *err)
{
    const struct options *o = r->options;

    buf_init(&r->certificate, PEM_MAX);
    buf_init(&r->key, PEM_MAX);
    if (!o->tls_cert[0] != !o->tls_key[0])
        return err_set(err, ERR_INVALID, "--tls-cert and --tls-key belong together");
    if (!o->tls_cert[0])
        return 0;
    int q = file_read(o->tls_cert, &r->certificate, err);
    return q == 0 ? file_read(o->tls_key, &r->key, err) : q;
}

int rest_new(struct loop *l, const struct options *o, struct rest **out, struct err *err)
{
    struct rest *r = NEW(struct rest);
    const struct store_settings settings = {.dir = o->data,
                                            .keep_ms = o->keep_days * 86400000ull,
                                            .bytes_max = (uint64_t)o->keep_mb << 20,
                                            .sync = o->sync};

    r->loop = l;
    r->options = o;
    r->listener = -1;
    int q = read_tls(r, err);
    if (q == 0)
        q = listen_at(r, err);
    if (q == 0)
        q = first_start(r, err);
    if (q == 0)
        q = store_open(&settings, &r->store, err);
    if (q < 0) {
        rest_free(r);
        return q;
    }
    r->watch = watch_new(l, store_fd(r->store), store_news, r->store);
    *out = r;
    return 0;
}

int rest_start(struct rest *r, struct pool *p, struct err *err)
{
    const struct options *o = r->options;
    const struct invoke_settings settings = {.invocations = o->limit_invocations,
                                             .concurrent = o->limit_concurrent,
                                             .fires = o->limit_fires,
                                             .sequence_max = o->limit_sequence,
                                             .alarms = o->limit_alarms,
                                             .memory_max_mb = o->memory_max_mb,
                                             .api_host = r->host};

    r->invoke = invoke_new(r->loop, p, r->store, &settings);
    r->api = (struct api){.invoke = r->invoke, .host = r->host, .began_ms = clock_epoch_ms()};
    const struct server_settings server = {.handler = api_handle,
                                           .ctx = &r->api,
                                           .body_max = BODY_MAX,
                                           .timeout_s = o->idle_s,
                                           .refuse = api_refuse,
                                           .head_max = HEAD_MAX,
                                           .certificate = r->certificate.data,
                                           .key = r->key.data};
    int q = server_new(r->loop, TAKE_FD(r->listener), &server, &r->server, err);
    r->api.server = r->server;
    return q < 0 ? err_wrap(err, "rest") : 0;
}

void rest_ready(struct rest *r)
{
    if (r->api.is_ready)
        return;
    r->api.is_ready = true;
    tell_key(r);
    recovery_start(r->invoke);
    alarms_start(r->invoke);
}

const char *rest_at(const struct rest *r) { return r->at; }

/* ---- end ---- */

static void look(void *ctx)
{
    struct rest *r = ctx;

    if (r->drain_left > 0 && (r->invoke->running > 0 || server_active(r->server) > 0)) {
        r->drain_left--;
        timer_set(r->drain, DRAIN_MS);
    } else {
        r->drained(r->drained_ctx);
    }
}

void rest_drain(struct rest *r, void (*done)(void *ctx), void *ctx)
{
    r->api.draining = true;
    alarms_stop(r->invoke);
    r->drained = done;
    r->drained_ctx = ctx;
    r->drain_left = r->options->drain_s * 1000 / DRAIN_MS;
    r->drain = timer_new(r->loop, look, r);
    server_quiesce(r->server);
    look(r);
}

void rest_stop(struct rest *r)
{
    if (r && r->invoke)
        invoke_stop(r->invoke);
}

void rest_free(struct rest *r)
{
    if (!r)
        return;
    watch_free(r->watch);
    store_close(r->store); /* what it has still to tell is told to those below */
    server_free(r->server);
    timer_free(r->drain);
    waits_free(r->api.waits);
    invoke_free(r->invoke);
    if (r->made)
        forget_guest(r);
    buf_done(&r->certificate);
    buf_done(&r->key);
    fd_close(r->listener);
    free(r);
}
