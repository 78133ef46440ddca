#pragma once

/*
 * The action proxy door: POST /init and POST /run as an OpenWhisk invoker sends them to an action
 * container. Every container has a loopback address of its own, and one listening socket serves
 * them all: which container is meant shows in the address the client connected to.
 */

#include "http/server.h"
#include "pool/pool.h"

server_handler action_proxy_handle; /* ctx is the struct pool */
