#pragma once

/* What the files of this room share: the table of containers, and a command under way. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "base/buf.h"
#include "docker/args.h"
#include "docker/docker.h"

#define DOCKER_VERSION "28.2.2" /* whose texts and statuses these are */
#define MEMORY_MIN (6u << 20)   /* docker's own */

/* A container as docker knows it; what runs in it is the pool's. */
struct row {
    char id[65];
    struct in_addr address;
    uint64_t created_s;             /* epoch */
    uint64_t logs_read;             /* the part of its log that an invoker has had */
    unsigned memory_mb, cpu_shares; /* 0: not said */
    bool exhausted, killed;
    char *record;                       /* its line in the file of former.c */
    const char *name, *image, *network; /* in text */
    UT_hash_handle by_id, by_name;
    char text[];
};

struct docker {
    struct pool *pool;
    struct docker_settings settings;
    struct row *by_id, *by_name;
    struct former *former; /* stem cells of wowds before */
    unsigned records;      /* lines of the file of former.c, which is open: */
    int records_fd;        /* -1: it cannot be */
};

enum where { OURS, FOREIGN, BOTH };

/* A command line and what is to be said to it. */
struct call {
    struct docker *docker;
    const struct command *command;
    struct args args;
    enum where where;
    int exit;
    struct buf out, err;
};

struct command {
    const char *name, *usage;
    const struct arg_option *options;
    unsigned operands_min, operands_max;
    bool operand_ends; /* what follows is another command's */
    void (*run)(struct call *c);
};

extern const struct command docker_commands[]; /* name NULL at the end */

/* Append to one of a call's buffers, of any size. */
void say(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The command line is not as docker's are; a real docker may know what is meant. */
void call_misused(struct call *c, const char *why);

/* rows.c */
struct row *row_new(struct docker *d, const char *id, const char *name, const char *image,
                    const char *network);
/* By id, by the beginning of one, or by name; NULL when there is none, or no longer. */
struct row *row_find(struct docker *d, const char *ref);
struct container *row_container(const struct docker *d, const struct row *r); /* NULL: gone */
/* Forget it, its files and its container. */
void row_remove(struct docker *d, struct row *r);
/* Forget those whose container was destroyed by others. */
void rows_clean(struct docker *d);

/* What a container is made of. Borrowed. */
struct creation {
    const char *id; /* NULL: a new one */
    const char *name, *image, *network;
    struct in_addr address; /* 0: a new one */
    unsigned cpu_shares;
    struct container_config config; /* without the profile, which the image names */
};
int creation_make(struct docker *d, const struct creation *what, struct container **out,
                  struct err *err);

/* former.c */
void former_open(struct docker *d);
void former_close(struct docker *d);
char *former_record(const struct row *r, const struct container_config *config); /* the caller's */
void former_add(struct docker *d, const struct row *r);

/* files.c: DIR/ID/config.v2.json */
void files_write(const struct docker *d, const struct row *r);
void files_remove(const struct docker *d, const char *id);
void files_sweep(const struct docker *d); /* those of a former wowd */

/*
 * image.c: is the image one of ours? Then profile is its name without our prefix, tag or digest.
 * -1: it is no image's name, and err says so; 0: it is somebody else's; 1: yes.
 */
#define PROFILE_MAX 128
int image_profile(const struct docker *d, const char *image, char profile[PROFILE_MAX],
                  struct err *err);
/*
 * What such a profile makes of a container: its first word, to a '-', says what kind of code it is
 * for; one of a single word is nothing but that, and no profile of the policy.
 */
void image_config(const char *profile, struct container_config *config);
/* How much of it is its name, without tag and digest. */
size_t image_name_size(const char *image);

/* The commands. */
void command_images(struct call *c);
void command_info(struct call *c);
void command_inspect(struct call *c);
void command_kill(struct call *c);
void command_logs(struct call *c);
void command_pause(struct call *c);
void command_ps(struct call *c);
void command_pull(struct call *c);
void command_rm(struct call *c);
void command_run(struct call *c);
void command_unpause(struct call *c);
void command_version(struct call *c);
