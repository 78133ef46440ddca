#pragma once

/*
 * The executor door: the action protocol for many containers on one port.
 *
 *     POST /start          a new container; {"profile": NAME}: with a profile of the policy
 *     POST /:id/init       its code; makes the container if there is none of that id
 *     POST /:id/run        an activation
 *     POST /:id/destroy
 *     POST /echo           run's answer for "value", without wasm: what a request itself costs
 *
 * docs/api.md is the page for users.
 */

#include "http/server.h"
#include "pool/pool.h"

struct executor {
    struct pool *pool;
    unsigned proxy_port;
};

server_handler executor_handle; /* ctx is a struct executor */
