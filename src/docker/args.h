#pragma once

/*
 * A docker command line, taken apart: options, which may stand anywhere among the operands, unless
 * the first operand ends them, and operands. Everything is borrowed from argv and the table.
 */

#include <stdbool.h>

#include "wow/err.h"

/* What options are to us. */
enum arg_key {
    ARG_IGNORED, /* accepted, and of no meaning for a container that is no process */
    ARG_ALL,
    ARG_CPU_SHARES,
    ARG_DETACH,
    ARG_ENV,
    ARG_FILTER,
    ARG_FORCE,
    ARG_FORMAT,
    ARG_MEMORY,
    ARG_NAME,
    ARG_NETWORK,
    ARG_NO_TRUNC,
    ARG_QUIET,
    ARG_SINCE,
    ARG_TIMESTAMPS,
    ARG_UNTIL,
};

struct arg_option {
    const char *name; /* without the dashes; NULL ends a table */
    char letter;      /* 0: there is no short form */
    bool is_switch;   /* no value follows */
    enum arg_key key;
};

struct arg {
    enum arg_key key;
    const char *value; /* "" for a switch */
};

struct args {
    struct arg *options;
    const char **operands;
    unsigned optionc, operandc;
};

/* argv is what stands behind the command. The error is docker's own text. */
int args_parse(const struct arg_option *table, bool operand_ends, unsigned argc,
               const char *const *argv, struct args *out, struct err *err);
void args_done(struct args *a);

/* The last value given, or NULL. */
const char *args_get(const struct args *a, enum arg_key key);
/* The next value given, from option *at on, which moves; NULL at the end. */
const char *args_next(const struct args *a, enum arg_key key, unsigned *at);
