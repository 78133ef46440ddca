#pragma once

/*
 * What mode drive of bench-load sends to whom. A plan is a file of lines, each a target, its
 * members key=value with tabs between them:
 *
 *   kind     ready     POST path is answered as it stands
 *            executor  a container behind wowd's executor door: POST /start, /ID/init, /ID/run
 *            command   a container that `command start NAME` starts and `command stop NAME` ends,
 *                      and that answers POST /init, if there is an init, and /run
 *   at       ADDR:PORT
 *   name     of the container, for the command
 *   path     of a ready target
 *   init     a file with the body of /init
 *   body     a file with the body of a run; expect: what every good answer contains
 *   group    targets that can stand in for each other, as containers of one action, in lines that
 *            follow one another; a request is for a group, and weight (of its first line) says how
 *            often
 *   class    under which name its latencies are reported
 *   limit    so many requests at once, 0 for any number
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "load.h"
#include "wow/err.h"

enum target_kind { TARGET_READY, TARGET_EXECUTOR, TARGET_COMMAND };
enum target_state { TARGET_COLD, TARGET_CHANGING, TARGET_WARM };

/* One server; idle connections to it. */
struct place {
    struct sockaddr_in at;
    struct link *idle;
};

struct target {
    enum target_kind kind;
    enum target_state state;
    struct place *place;
    size_t group, class;
    char *name, *path, *command, *expect;
    const struct buf *init, *body; /* the plan's */
    struct buf run;                /* the whole request, once the path is known */
    char id[LOAD_ID_SIZE];
    unsigned limit, busy;
    bool exists; /* it was started, and not stopped since */
    uint64_t used_ns;
};

struct group {
    char *name;
    double weight, up_to; /* up_to: the sum of the weights up to here */
    struct target **targets;
    size_t targetc;
};

struct file {
    char *path;
    struct buf bytes;
};

/* All arrays have their final size before anybody points into them. */
struct plan {
    struct target *targets;
    struct group *groups;
    struct place *places;
    struct file *files;
    char **classes;
    size_t targetc, groupc, placec, filec, classc;
};

int plan_read(struct plan *p, const char *path, struct err *err);
void plan_done(struct plan *p);

/* The request for a run, of a path that is known by now. */
void target_set_path(struct target *t, const char *path);
