#pragma once

/*
 * A guest's HTTP request on its way to wowd and back: a small record in the slot, the texts and
 * bodies in the slot's output region, which is free while the guest runs. The worker writes the
 * request's parts there, one behind the other, and asks; wowd copies the texts, reads the body
 * where it stands, writes the response behind it, and answers. Meanwhile the worker waits for a
 * message, as when it has nothing to do. As with the rest of a slot, wowd reads each number once
 * and believes none.
 */

#include <stdatomic.h>
#include <stdint.h>

#define WIRE_METHOD_MAX 32u
#define WIRE_URL_MAX 8192u
#define WIRE_HEADERS_MAX 65536u /* of a request, and of a response */
#define WIRE_CALL_TEXT 320

enum wire_call_state { WIRE_CALL_NONE, WIRE_CALL_ASKED, WIRE_CALL_ANSWERED };

/* What came of it; part of the guest's ABI (docs/guest-abi.md), so none of them changes. */
enum wire_call_end {
    WIRE_CALL_OK,
    WIRE_CALL_REFUSED,     /* the policy does not grant it, or the action does not ask for it */
    WIRE_CALL_INVALID,     /* the request is none that can be made */
    WIRE_CALL_RESOLVE,     /* the host has no address */
    WIRE_CALL_CONNECT,     /* there is nobody, or no way there */
    WIRE_CALL_TLS,         /* no secure connection: its certificate, for example */
    WIRE_CALL_TIMEOUT,     /* it took longer than it may */
    WIRE_CALL_TOO_LARGE,   /* the response is larger than it may be */
    WIRE_CALL_TOO_MANY,    /* more requests than there may be */
    WIRE_CALL_BROKEN,      /* the connection broke, or what came is no HTTP */
    WIRE_CALL_UNAVAILABLE, /* there are no requests here */
};

struct wire_call {
    _Atomic uint32_t state;
    uint32_t left; /* how many requests the activation may still make; wowd counts for itself */
    /* The request. */
    uint32_t method_size, url_size, headers_size, body_size;
    uint32_t timeout_ms; /* 0: as long as it may take */
    uint32_t redirects;  /* how many to follow */
    /* The response: the body at that offset of the region, the headers behind it. */
    uint32_t end, status, at, body, headers;
    char text[WIRE_CALL_TEXT]; /* what went wrong */
};
