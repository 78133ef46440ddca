#pragma once

/*
 * What keeps a guest that broke out of its engine from getting anywhere. In two steps: the zygote
 * enters an empty world once (root directory, network, IPC), and each worker it forks gives up
 * what is left (user, capabilities, files, system calls) before it sees a guest's bytes.
 * docs/security.md says what each layer is for.
 */

#include <linux/filter.h>
#include <stdbool.h>

#include "wow/err.h"

/*
 * Sanitizers call for more than the table of rules.h has, and reserve terabytes: in builds for
 * tests such calls fail instead of ending the process, and memory has no limit.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_KILLS 0
#else
#define SANDBOX_KILLS 1
#endif

/* What is to be locked in. */
struct sandbox_plan {
    const char *user;     /* whom to become, when we are root */
    unsigned who;         /* a set of worker/rules.h; RULE_DIRS is added here */
    const char *dirs;     /* of a worker: one of the below, or "A:B" */
    unsigned long data;   /* bytes of memory to write to */
    unsigned long file;   /* bytes of one file */
    unsigned long memory; /* of a compiler: address space */
    unsigned cpu_s;       /* of a compiler */
};

/*
 * How a worker comes by directories: not at all; by descriptors of mounts of their own, which no
 * ".." leads out of; or by plain ones, below A or B, where Landlock holds it, or anywhere.
 */
#define SANDBOX_NO_DIRS ""
#define SANDBOX_OWN_MOUNTS "-"
#define SANDBOX_ANY_DIRS "*"

/* How a zygote's world came out. */
struct sandbox {
    const struct sandbox_plan *plan;
    bool empty_root;   /* the root directory is an empty, read-only one */
    bool own_network;  /* no network interface but a loopback that is down */
    unsigned uid, gid; /* who workers become; the caller's own when it is not root */
    int landlock;      /* rules to enter; -1: this kernel has none */
    int landlock_version;
    struct sock_fprog filter;
};

/*
 * In the zygote. Without root and without user namespaces the root directory stays; seccomp and
 * Landlock still refuse files and sockets. Prepares both. The plan is kept.
 */
int sandbox_enter(const struct sandbox_plan *plan, struct sandbox *out, struct err *err);

/*
 * In a worker, after its fork: dies with its parent, changes user, drops all, loads the filter.
 * own_uid: a user id that no other worker has, or 0 for the plan's user.
 */
int sandbox_lock(const struct sandbox *box, unsigned own_uid, struct err *err);

/* In a compiling process, after exec: both at once. */
int sandbox_compiler(const struct sandbox_plan *plan, struct err *err);
