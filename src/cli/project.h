#pragma once

/* The sources of one action, in a folder or a single file, and how to make a module of them. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/lang.h"
#include "cli/verb.h"

struct project {
    const struct lang *lang;
    char *dir;  /* where the sources are */
    char *name; /* the folder's, or the file's without its end */
    char **sources;
    size_t sourcec;
};

struct project_build {
    const char *out; /* NULL: NAME.wasm in the project's folder, or NAME if native */
    bool debug, native;
    bool quiet;             /* what the command prints goes nowhere */
    struct verb_list flags; /* for the compiler */
};

/* where is a folder, or a source file; ERR_NOT_FOUND when there is nothing to build. */
int project_open(const char *where, struct project *out, struct err *err);
void project_done(struct project *p);

/* Is this a folder or a source file, and no module? */
bool project_is(const char *where);

/*
 * Build it; *made is the file's path, the caller's. ERR_UNUSABLE when it does not compile, which
 * the compiler has told on stderr.
 */
int project_make(const struct project *p, const struct project_build *b, char **made,
                 struct err *err);
