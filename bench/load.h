#pragma once

/* What bench-load was asked for, and its modes. Each prints one line of JSON on stdout. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "client.h"
#include "wow/err.h"

#define LOAD_FILE_MAX (48u << 20)
#define LOAD_REQUEST_MAX (66u << 20)

struct load {
    struct sockaddr_in to;
    const char *method, *path, *expect, *ns;
    const char *header;    /* one more of the request, "Name: value"; or NULL */
    struct buf body;       /* of the request, or of each run */
    struct buf code, next; /* wasm of the container; in mode deadline, of the run after it */
    unsigned connections, containers, warmup_ms, time_ms, count, deadline_ms;
    bool unseen; /* make each container's code new */
    bool keep;   /* leave the containers there */
    /* mode drive */
    const char *plan, *trace;
    double rate; /* requests a second; 0: a closed loop */
    unsigned slots, seed;
    bool prepare, in_turn, close;
};

int load_address(struct sockaddr_in *out, const char *text, struct err *err);

/* hammer.c: throughput and latency of short requests on many connections. */
int load_hammer(const struct load *l, struct err *err); /* one request, again and again */
int load_rotate(const struct load *l, struct err *err); /* runs, in turn, of many containers */

/* sequence.c: latencies of rare events, one after the other on one connection. */
int load_cold(const struct load *l, struct err *err);     /* start, init, first run, destroy */
int load_deadline(const struct load *l, struct err *err); /* a guest that is killed; the next run */

/* drive.c: a plan's targets, in a closed or an open loop */
int load_drive(const struct load *l, struct err *err);

/* container.c: the executor door, on one connection. */
struct container_maker {
    const struct load *load;
    struct client client;
    struct buf request, body, code;
    uint64_t serial;
};
#define LOAD_ID_SIZE 130

int maker_open(struct container_maker *m, const struct load *l, struct err *err);
void maker_close(struct container_maker *m);
int maker_start(struct container_maker *m, char id[LOAD_ID_SIZE], uint64_t *ns, struct err *err);
/* The request is ready before the clock starts. */
int maker_init(struct container_maker *m, const char *id, const struct buf *code, uint64_t *ns,
               struct err *err);
/* An answer that lacks `expect` is an error; NULL expects nothing. */
int maker_run(struct container_maker *m, const char *id, const struct buf *body, const char *expect,
              uint64_t *ns, struct err *err);
int maker_destroy(struct container_maker *m, const char *id, struct err *err);
