#pragma once

/*
 * The control door: docker command lines, as an OpenWhisk invoker issues them, answered from the
 * pool. wow-docker, which stands where the invoker looks for docker, sends its arguments as the
 * body of POST /docker, each with a NUL behind it, on wowd's Unix socket. The answer begins with
 *
 *     ours|foreign|both EXIT BYTES
 *
 * and then come BYTES bytes for standard output, and the rest for standard error. "foreign" is what
 * wowd knows nothing of: a real docker may, and if there is none, this is what docker would say.
 * "both": a real docker has more to add.
 *
 * Where docker's answers come from: docker 28.2.2, and what OpenWhisk makes of them.
 */

#include <stdbool.h>

#include "http/server.h"
#include "pool/pool.h"

struct docker;

struct docker_settings {
    const char *images;     /* prefixes of the images that are wow's: "wow/,other/wow/" */
    const char *containers; /* the directory of containers' files */
    bool files;             /* config.v2.json is written there, for an invoker to read */
    const char *data;       /* the directory of what must survive a restart */
};

/* Settings and pool are borrowed. Clears away the files of containers of a former wowd. */
struct docker *docker_new(struct pool *p, const struct docker_settings *settings);
/* Its containers are destroyed; to be called before the pool is freed. */
void docker_free(struct docker *d);

server_handler docker_handle; /* ctx is the struct docker */

/* The container has run out of memory: from now on it says so. */
void docker_exhausted(struct docker *d, const struct container *c);

/* Make the stem cell again that a former wowd had at this address; NULL: there was none. */
struct container *docker_revive(struct docker *d, struct in_addr address);
