#pragma once

/*
 * A plan: what is to be done with the modules of one .wast, a step per line (README.md). The two
 * programs of an engine each do their part of it, and answer a line per step: its number, a word
 * for what happened and, as it may be, a text. check.py says which answers are right.
 */

#include <stdio.h>

enum plan_verb { PLAN_OTHER, PLAN_COMPILE, PLAN_MODULE, PLAN_CALL };

struct plan {
    FILE *file;
    const char *dir;
    /* The step that plan_next came to. */
    unsigned number;
    enum plan_verb verb;
    char what[64]; /* a file in dir, or an export */
};

/* Returns 0, or -1 when DIR/plan cannot be read. */
int plan_open(struct plan *p, const char *dir);
/* The next step, passing over those below from; 0 when there is none. */
int plan_next(struct plan *p, unsigned from);
void plan_answer(const struct plan *p, const char *word, const char *text);
