#pragma once

/*
 * Whereto requests may go, as patterns:
 *
 *     [http:// or https://] host [:port]
 *
 * host is a name, "*.example.org" for all names below example.org, an address, "[::1]" for one of
 * IPv6, or "*" for everything. Without a scheme both are meant, without a port the scheme's own
 * (80, 443); ":*" means any. A pattern with an address names just that address.
 */

#include <stdbool.h>
#include <stddef.h>

#include "grant/address.h"
#include "wow/err.h"

#define HOSTS_MAX 256u /* patterns in one list */

struct host; /* one pattern */

struct hosts {
    struct host *all;
    size_t n;
};

int hosts_add(struct hosts *h, const char *pattern, struct err *err);
void hosts_done(struct hosts *h);

/* Whereto a request goes: of its URL, parsed and normalised. */
struct target {
    bool tls;         /* https */
    const char *name; /* or an address, of IPv6 without brackets */
    unsigned port;
};

/*
 * Does a pattern have the target? *named, if not NULL: one that has it names its address, and so
 * that address, whatever it is.
 */
bool hosts_have(const struct hosts *h, const struct target *to, bool *named);

/* The first pattern of asked that is not wholly within h; NULL: all of them are. */
const char *hosts_missing(const struct hosts *h, const struct hosts *asked);
