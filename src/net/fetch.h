#pragma once

/*
 * One HTTP request of a guest's, made by libcurl: http and https only, no cookies, no proxies, no
 * stored credentials, certificates checked. Whoever orders it decides where it may go: it is asked
 * for the host before its name is looked up, and for the address before a connection is made and
 * before one is used, which may have been made for an earlier request; for each hop of a redirect.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/multi.h"
#include "wire/call.h"
#include "wow/err.h"

struct fetch;

/* Whereto, of a URL that was parsed and normalised. */
struct fetch_to {
    bool tls;
    const char *host; /* a name, or an address without brackets */
    unsigned port;
};

/* Both fail with the reason: ERR_REFUSED, or ERR_BUSY when there were too many. */
struct fetch_guard {
    int (*host)(void *ctx, const struct fetch_to *to, struct err *err);
    int (*address)(void *ctx, const struct fetch_to *to, const char *address, struct err *err);
};

struct fetch_text {
    const char *at;
    size_t n;
};

struct fetch_order {
    struct fetch_text method, url, headers; /* the headers as "Name: value" lines */
    struct fetch_text body;                 /* stays where it is until the end */
    unsigned timeout_ms, redirects;
    uint8_t *to; /* for the response's body; stays the caller's */
    size_t room;
    const char *ca_file; /* whom to trust beside the system's authorities; "" */
    const struct fetch_guard *guard;
    void (*done)(void *ctx, const struct fetch *f);
    void *ctx; /* of guard and done */
};

/*
 * done is called from the loop, once, unless the fetch is freed before. Texts are copied, and
 * hostile. A request that cannot be made ends at once: *end says how, and err why.
 */
struct fetch *fetch_start(struct multi *m, const struct fetch_order *order, enum wire_call_end *end,
                          struct err *err);
void fetch_free(struct fetch *f); /* also while it is under way; NULL is fine */

/* In done: how it ended, and what came. The headers as in the order. */
enum wire_call_end fetch_end(const struct fetch *f, const char **text);
unsigned fetch_status(const struct fetch *f);
size_t fetch_body(const struct fetch *f);
struct fetch_text fetch_headers(const struct fetch *f);
