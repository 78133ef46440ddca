#pragma once

/*
 * The languages that actions are written in: how `wow new`, `wow build` and `wow watch` know one
 * from another. A language is a row of the table, and a folder beside sdk/c with a command and a
 * template. The command is called as
 *
 *     COMMAND [--debug | --native] -o OUT SOURCE …
 *
 * and exits with 0, with 1 when the sources do not compile, which it has told on stderr, or with 2
 * when something is missing on this machine, and what.
 *
 * The template's files are copied; one that is called "action" before its first dot gets the name
 * of the new action instead, and "@name@" in a file becomes that name.
 */

#include <limits.h>

#include "wow/err.h"

struct lang {
    const char *name;    /* as in --lang */
    const char *about;   /* for the help */
    const char *sources; /* the files of a folder that the command is given, as glob(7) has it */
    const char *command; /* relative to the SDKs' directory */
    const char *template;
    const char *needs; /* what the command needs, for wow doctor */
};

/* Ends with a row without a name. */
extern const struct lang lang_table[];

/* All names, "c|rust", as a choice of an option. */
#define LANG_NAMES "c|rust|assemblyscript"

const struct lang *lang_find(const char *name);

/* The SDKs' directory: $WOW_SDK, or beside the program, or where wow was built. */
int lang_sdk(char out[PATH_MAX], struct err *err);
