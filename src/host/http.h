#pragma once

/*
 * The module `wow`: HTTP requests of a guest. The guest asks, wowd decides and makes the request
 * (pool/call.c), the worker sleeps meanwhile and holds no processor. docs/guest-abi.md is the page
 * for authors.
 */

#include <stdbool.h>
#include <stdint.h>

#include "wire/call.h"
#include "wow/engine.h"

/* An activation's requests, one at a time. All borrowed. */
struct http {
    struct wire_call *call;
    uint8_t *region;                       /* WIRE_OUTPUT_MAX bytes for request and response */
    void (*wait)(void *ctx, bool waiting); /* around the sleep: waiting has wowd look */
    void (*sleep)(void *ctx);              /* until wowd has something to say, whatever it is */
    /* For the activation's log. */
    void (*write)(void *ctx, int stream, const uint8_t *data, size_t n);
    void *ctx;
    /* The last response, as http_read gives it. */
    struct wow_bytes body, headers, text;
    char said[WIRE_CALL_TEXT];
};

/* The functions, for the table of imports; guest is a struct wasi. */
wow_host_fn http_host_request, http_host_read;
