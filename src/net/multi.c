#include "net/multi.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define KEPT_MAX 4L     /* connections */
#define KEPT_MS 3000u   /* without a transfer */

struct multi {
    struct loop *loop;
    CURLM *curl;
    struct timer *timer; /* libcurl's */
    struct timer *rest;
    unsigned transfers, sockets;
    void (*idle)(void *ctx);
    void *ctx;
};

/* A socket of libcurl's that is watched. */
struct watched {
    struct multi *m;
    curl_socket_t fd;
    struct watch *watch;
};

/* What libcurl is told again of a transfer. */
struct transfer {
    void (*ended)(void *ctx, CURLcode code);
    void *ctx;
};

/* Tell of transfers that have ended. */
static void look(struct multi *m)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(m->curl, &left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        struct transfer *t, copy;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
        copy = *t;
        multi_remove(m, easy);
        copy.ended(copy.ctx, code);
    }
}

static void rested(void *ctx)
{
    struct multi *m = ctx;

    m->idle(m->ctx);
}

static void act(struct multi *m, curl_socket_t fd)
{
    int running;

    curl_multi_socket_action(m->curl, fd, 0, &running);
    look(m);
}

static void ready(void *ctx)
{
    struct watched *w = ctx;

    act(w->m, w->fd); /* after which w may be no more */
}

static void fired(void *ctx) { act(ctx, CURL_SOCKET_TIMEOUT); }

static int on_timer(CURLM *curl, long ms, void *ctx)
{
    struct multi *m = ctx;

    (void)curl;
    if (ms < 0)
        timer_clear(m->timer);
    else
        timer_set(m->timer, (uint64_t)ms);
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known)
{
    struct multi *m = ctx;
    struct watched *w = known;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w)
            watch_free(w->watch);
        free(w);
        curl_multi_assign(m->curl, fd, NULL);
        return 0;
    }
    if (!w) {
        w = NEW(struct watched);
        w->m = m;
        w->fd = fd;
        w->watch = watch_new(m->loop, fd, ready, w);
        curl_multi_assign(m->curl, fd, w);
    }
    watch_for(w->watch, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
    return 0;
}

/* libcurl gets itself ready, when there is need: a wowd without requests does without. */
static void start_once(void)
{
    static bool started;

    if (!started) {
        CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
        assert(code == CURLE_OK);
        (void)code;
    }
    started = true;
}

struct multi *multi_new(struct loop *l, void (*idle)(void *ctx), void *ctx)
{
    struct multi *m = NEW(struct multi);

    m->loop = l;
    m->idle = idle;
    m->ctx = ctx;
    start_once();
    m->curl = curl_multi_init();
    assert(m->curl);
    m->timer = timer_new(l, fired, m);
    m->rest = timer_new(l, rested, m);
    curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
    curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
    curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, KEPT_MAX);
    timer_set(m->rest, 0);
    return m;
}

void multi_free(struct multi *m)
{
    if (!m)
        return;
    assert(m->transfers == 0);
    curl_multi_cleanup(m->curl);
    timer_free(m->timer);
    timer_free(m->rest);
    free(m);
}

curl_socket_t multi_socket(struct multi *m, const struct curl_sockaddr *at)
{
    int fd = socket(at->family, at->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->protocol);

    if (fd < 0)
        return CURL_SOCKET_BAD;
    m->sockets++;
    return fd;
}

static int on_close(void *ctx, curl_socket_t fd)
{
    struct multi *m = ctx;

    m->sockets--;
    return close(fd);
}

int multi_add(struct multi *m, CURL *easy, void (*ended)(void *ctx, CURLcode code), void *ctx)
{
    struct transfer *t = NEW(struct transfer);

    *t = (struct transfer){ended, ctx};
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, m);
    if (curl_multi_add_handle(m->curl, easy) != CURLM_OK) {
        free(t);
        return -1;
    }
    m->transfers++;
    timer_clear(m->rest);
    return 0;
}

void multi_remove(struct multi *m, CURL *easy)
{
    struct transfer *t;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
    curl_multi_remove_handle(m->curl, easy);
    free(t);
    m->transfers--;
    if (m->transfers == 0)
        timer_set(m->rest, m->sockets ? KEPT_MS : 0);
}
