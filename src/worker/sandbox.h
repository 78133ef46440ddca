#pragma once

/*
 * What keeps a guest that broke out of its engine from getting anywhere. In two steps: the zygote
 * enters an empty world once (root directory, network, IPC), and each worker it forks gives up
 * what is left (user, capabilities, system calls) before it sees a guest's bytes.
 */

#include <stdbool.h>

#include "wow/err.h"

/* How a zygote's world came out. */
struct sandbox {
    bool empty_root;   /* the root directory is an empty, read-only one */
    bool own_network;  /* no network interface but a loopback that is down */
    unsigned uid, gid; /* who workers become; the caller's own when it is not root */
};

/*
 * In the zygote. user names whom workers become when we are root. Without root and without user
 * namespaces the root directory stays; seccomp still refuses open and socket. Prepares the filter.
 */
int sandbox_enter(const char *user, struct sandbox *out, struct err *err);

/* In a worker, after its fork: dies with its parent, changes user, drops all, loads the filter. */
int sandbox_lock(const struct sandbox *box, struct err *err);

/* In a compiling process, after exec: the same without a zygote, with rlimits. */
struct sandbox_limits {
    unsigned cpu_s;
    unsigned long memory, file_size; /* bytes */
};
int sandbox_compiler(const char *user, const struct sandbox_limits *limits, struct err *err);
