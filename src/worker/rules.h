#pragma once

/*
 * The system calls that a process of ours may make once it is locked: the table that the filter
 * is made of, and that `wowd --print-sandbox` prints. A call that is not in it ends the process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Who is locked in, and what it needs: a set of these. */
enum {
    RULE_WORKER = 1,
    RULE_COMPILER = 2,
    RULE_DIRS = 4, /* with directories that actions are granted */
    RULE_CODE = 8, /* of an engine that makes memory executable */
};

/* A call may be made only with arguments that pass all of the tests. */
struct rule_test {
    uint8_t arg;
    uint8_t at_most; /* else: equal, in the bits of mask */
    uint32_t mask;
    uint32_t value;
};

#define RULE_TESTS 2

struct rule {
    int call;
    const char *name;
    unsigned who;     /* RULE_WORKER, RULE_COMPILER or both */
    unsigned needs;   /* RULE_DIRS, RULE_CODE */
    const char *only; /* the tests in words; NULL: none */
    unsigned testc;
    struct rule_test tests[RULE_TESTS];
};

extern const struct rule rules[];
extern const size_t rules_count;

/* Calls that fail with EPERM instead: libraries try them, and go on without. */
extern const struct rule rules_refused[];
extern const size_t rules_refused_count;

/* Does the rule hold for such a process? */
bool rules_apply(const struct rule *r, unsigned who);

/* For people. */
void rules_print(FILE *to);
