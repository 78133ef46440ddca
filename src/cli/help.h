#pragma once

/* What `wow --help`, `wow NOUN --help` and `wow VERB --help` print, from the verbs' tables. */

#include <stdio.h>

#include "cli/verb.h"

/* All verbs; with a noun, those of that noun. */
void help_all(FILE *out, const struct verb *const *verbs, const char *noun);

void help_verb(FILE *out, const struct verb *v);
