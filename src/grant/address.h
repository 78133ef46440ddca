#pragma once

/*
 * Addresses of the network, and which of them are no part of the public internet: a guest that
 * could reach those would reach this machine, its neighbours, or what a cloud tells only to it.
 * An IPv4 address is kept as ::ffff:a.b.c.d, so both ways to write it are the same address.
 */

#include <stdbool.h>
#include <sys/socket.h>

#define ADDRESS_TEXT 64

struct address {
    unsigned char byte[16];
};

struct network {
    struct address base;
    unsigned bits;
};

/* "10.0.0.1" or "fd00::1"; nothing that some would also take for an address. */
bool address_parse(const char *text, struct address *out);
/* False when it is of another family. */
bool address_of(const struct sockaddr *from, struct address *out);
bool address_equal(const struct address *a, const struct address *b);
void address_text(const struct address *a, char out[ADDRESS_TEXT]);

/* "a loopback address", or what else it is; NULL: it is public. */
const char *address_special(const struct address *a);

/* "10.0.0.0/8", or one address. */
bool network_parse(const char *text, struct network *out);
bool network_has(const struct network *n, const struct address *a);
