#pragma once

/* wow new: a folder with an action to begin with, copied from its language's template. */

#include "base/buf.h"
#include "cli/lang.h"
#include "cli/verb.h"

/* Copy a language's template to a new folder; the files' paths, each with its NUL, to *files. */
int new_copy(const struct lang *l, const char *dir, const char *name, struct buf *files,
             struct err *err);

extern const struct verb verb_new;
