/* Modes hammer and rotate: as many requests as the server answers, one under way per connection. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/mem.h"
#include "load.h"
#include "samples.h"

#define STALL_MS 10000 /* no answer on any connection for so long: what is under way is lost */
#define KEPT_MAX 4000000u
#define CONNECTIONS_MAX 1024u

struct hammer {
    const struct load *load;
    const struct buf *requests; /* sent in turn */
    size_t requestc, turn;
    struct client *clients;
    int poll;
    unsigned busy; /* connections with a request under way */
    uint64_t from_ns, until_ns, last_ns;
    struct samples samples;
    uint64_t sent, bad, wrong, lost; /* not 2xx; 2xx but not as expected; no answer */
    char first[200];                 /* the first answer that was amiss */
};

static void note(struct hammer *h, const char *text)
{
    if (!h->first[0])
        snprintf(h->first, sizeof h->first, "%.199s", text);
}

static void drop(struct hammer *h, struct client *c, const struct err *err)
{
    note(h, err->msg);
    h->lost++;
    h->busy--;
    client_close(c);
}

/* The next request on this connection, or none: then it is idle from now on. */
static void go_on(struct hammer *h, struct client *c)
{
    struct err err;

    if (clock_mono_ns() >= h->until_ns || (h->load->count && h->sent >= h->load->count)) {
        h->busy--;
        return;
    }
    const struct buf *request = &h->requests[h->turn];
    h->turn = h->turn + 1 < h->requestc ? h->turn + 1 : 0;
    h->sent++;
    if (client_send(c, request, &err) < 0)
        drop(h, c, &err);
}

static void take_answer(struct hammer *h, struct client *c)
{
    uint64_t now = clock_mono_ns();

    if (!client_is_good(c)) {
        h->bad++;
        note(h, c->in.data);
    } else if (!client_contains(c, h->load->expect)) {
        h->wrong++;
        note(h, c->in.data + c->head);
    } else if (c->sent_ns >= h->from_ns && now <= h->until_ns) {
        samples_add(&h->samples, now - c->sent_ns);
        h->last_ns = now;
    }
}

static void serve(struct hammer *h, struct client *c)
{
    struct err err;
    int r = client_pump(c, &err);

    if (r < 0) {
        drop(h, c, &err);
    } else if (r > 0) {
        take_answer(h, c);
        go_on(h, c);
    }
}

static int connect_all(struct hammer *h, struct err *err)
{
    for (unsigned i = 0; i < h->load->connections; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &h->clients[i]};
        int r = client_open(&h->clients[i], &h->load->to, err);
        if (r < 0)
            return r;
        if (epoll_ctl(h->poll, EPOLL_CTL_ADD, h->clients[i].fd, &e) < 0)
            return err_errno(err, ERR_INTERNAL, "epoll_ctl");
    }
    return 0;
}

static int pound(struct hammer *h, struct err *err)
{
    struct epoll_event events[64];

    h->from_ns = clock_mono_ns() + (uint64_t)h->load->warmup_ms * 1000000;
    h->until_ns = h->from_ns + (uint64_t)h->load->time_ms * 1000000;
    h->last_ns = h->from_ns;
    h->busy = h->load->connections;
    for (unsigned i = 0; i < h->load->connections; i++)
        go_on(h, &h->clients[i]);
    while (h->busy > 0) {
        int n = epoll_wait(h->poll, events, 64, STALL_MS);
        if (n < 0 && errno != EINTR)
            return err_errno(err, ERR_INTERNAL, "epoll_wait");
        if (n == 0) {
            note(h, "no answer");
            h->lost += h->busy;
            break;
        }
        for (int i = 0; i < n; i++)
            serve(h, events[i].data.ptr);
    }
    return 0;
}

static void report(struct hammer *h, const char *more)
{
    /* Up to the last answer when a count ended it, else the whole time. */
    uint64_t ns = (h->load->count ? h->last_ns : h->until_ns) - h->from_ns;
    double seconds = ns ? (double)ns / 1e9 : 1;

    printf("{%s,\"connections\":%u,\"seconds\":%.3f,\"per_second\":%.0f,", more,
           h->load->connections, seconds, (double)h->samples.n / seconds);
    samples_print(&h->samples, "", stdout);
    printf(",\"sent\":%llu,\"bad\":%llu,\"wrong\":%llu,\"lost\":%llu}\n",
           (unsigned long long)h->sent, (unsigned long long)h->bad, (unsigned long long)h->wrong,
           (unsigned long long)h->lost);
    if (h->first[0])
        fprintf(stderr, "bench-load: first answer amiss: %s\n", h->first);
}

static int hammer(const struct load *l, const struct buf *requests, size_t requestc,
                  const char *more, struct err *err)
{
    struct hammer h = {.load = l, .requests = requests, .requestc = requestc};

    if (l->connections == 0 || l->connections > CONNECTIONS_MAX)
        return err_set(err, ERR_INVALID, "1 to %u connections", CONNECTIONS_MAX);
    samples_init(&h.samples, KEPT_MAX);
    h.clients = mem_zero(l->connections * sizeof *h.clients);
    for (unsigned i = 0; i < l->connections; i++)
        h.clients[i].fd = -1;
    h.poll = epoll_create1(EPOLL_CLOEXEC);
    int r = connect_all(&h, err);
    if (r == 0)
        r = pound(&h, err);
    if (r == 0)
        report(&h, more);
    for (unsigned i = 0; i < l->connections; i++)
        client_close(&h.clients[i]);
    fd_close(h.poll);
    free(h.clients);
    samples_done(&h.samples);
    return r;
}

int load_hammer(const struct load *l, struct err *err)
{
    AUTO(buf) struct buf request;

    buf_init(&request, LOAD_REQUEST_MAX);
    client_request_with(&request, l->method, l->path, l->header, l->body.data, l->body.size);
    return hammer(l, &request, 1, "\"mode\":\"hammer\"", err);
}

/* Containers for rotate, and the request that runs each. */
static int make_all(struct container_maker *m, const struct load *l, char (*ids)[LOAD_ID_SIZE],
                    struct buf *requests, struct err *err)
{
    char path[LOAD_ID_SIZE + 8];
    uint64_t ns;
    int r = 0;

    for (unsigned i = 0; r == 0 && i < l->containers; i++) {
        buf_init(&requests[i], LOAD_REQUEST_MAX);
        r = maker_start(m, ids[i], &ns, err);
        if (r == 0)
            r = maker_init(m, ids[i], &l->code, &ns, err);
        snprintf(path, sizeof path, "/%s/run", ids[i]);
        client_request(&requests[i], "POST", path, l->body.data, l->body.size);
    }
    return r;
}

int load_rotate(const struct load *l, struct err *err)
{
    struct container_maker m;
    char(*ids)[LOAD_ID_SIZE] = mem_zero((size_t)l->containers * sizeof *ids);
    struct buf *requests = mem_zero(l->containers * sizeof *requests);
    char more[96];
    uint64_t began = clock_mono_ns();

    int r = maker_open(&m, l, err);
    if (r == 0)
        r = make_all(&m, l, ids, requests, err);
    snprintf(more, sizeof more, "\"mode\":\"rotate\",\"containers\":%u,\"setup_seconds\":%.3f",
             l->containers, (double)(clock_mono_ns() - began) / 1e9);
    if (r == 0)
        r = hammer(l, requests, l->containers, more, err);
    for (unsigned i = 0; r == 0 && !l->keep && i < l->containers; i++)
        r = maker_destroy(&m, ids[i], err);
    for (unsigned i = 0; i < l->containers; i++)
        buf_done(&requests[i]);
    maker_close(&m);
    free(requests);
    free(ids);
    return r;
}
