#pragma once

/*
 * Small messages with descriptors, over SOCK_SEQPACKET socketpairs: between wowd and a zygote,
 * from wowd to a worker, and to a compiler. Activations themselves go through shared memory
 * (wire/slot.h).
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wow/err.h"

#define WIRE_FDS_MAX 20 /* code, data, directories */
#define WIRE_PLACES 256       /* modules a worker holds */
#define WIRE_DIRS_MAX 16      /* directories granted to one module */
#define WIRE_NAMES_MAX 4096   /* bytes of their names */
#define WIRE_CONTROL_FD 3     /* a zygote's socket to wowd */
#define WIRE_PRINTS_FD 4      /* what its workers are to have as standard error */

enum wire_type {
    /* wowd to zygote */
    WIRE_SPAWN, /* fork worker `id`, to run as `user`; descriptors: socket, shared memory, bell */
    /* zygote to wowd */
    WIRE_SPAWNED, /* descriptor: pidfd */
    WIRE_EXITED,  /* status: as from waitpid */
    WIRE_FAILED,  /* the fork of `id` failed; names holds the text */
    /* wowd to worker */
    WIRE_LOAD, /* into `place`; descriptors: code, data if there is any, a directory per name */
    WIRE_WAKE, /* look at the slots */
    /* wowd to a compiler */
    WIRE_COMPILE, /* names: the entry point; descriptors: the upload, an empty file for the code */
};

struct wire_message {
    uint32_t type;
    uint32_t id;
    int32_t pid;
    int32_t status;
    uint32_t place;
    uint32_t user;      /* SPAWN: a user id that no other worker has; 0: the zygote's choice */
    uint32_t tier;      /* LOAD: enum wow_tier */
    uint64_t code_size; /* LOAD: how much of the file is code */
    uint32_t like;      /* LOAD: 1 + a place that has the same code, instead of code; or 0 */
    uint32_t warm; /* LOAD: make an instance, for nobody, so that the next finds all in place */
    uint32_t data_size; /* LOAD: of an interpreter's data; 0: there is none */
    uint32_t dirs;      /* LOAD: how many names; bit i of writable says which may be written */
    uint32_t writable;
    uint32_t names_size;
    char names[WIRE_NAMES_MAX]; /* NUL-terminated strings; only what is used is sent */
};

/*
 * Send one message with fdc descriptors, which stay the caller's. flags as for sendmsg:
 * with MSG_DONTWAIT a full socket is ERR_BUSY. ERR_REFUSED: the other side is gone.
 */
int wire_send(int sock, const struct wire_message *m, const int *fds, size_t fdc, int flags,
              struct err *err);

/*
 * Receive one message; descriptors beyond what was sent are -1 and the rest the caller's.
 * Returns 1, 0 at end of file (the other side is gone), or an error; with MSG_DONTWAIT and
 * nothing there, ERR_BUSY.
 */
int wire_receive(int sock, struct wire_message *m, int fds[WIRE_FDS_MAX], int flags,
                 struct err *err);
