#pragma once

/*
 * The command line as tables: `wow VERB …` and `wow NOUN VERB …`. A verb is a struct with its
 * help, a table of what may stand behind it, and a function. What the table describes is written
 * into the verb's own struct of settings, then the function is called with that. Reading, help and
 * completion walk the same tables.
 *
 * Every verb takes --help and --json besides. Options and operands may be mixed; "--" ends the
 * options, "-" alone is an operand; "--name value", "--name=value", "-n value" and "-nvalue" are
 * the same; of an option that was given twice the last one counts, of lists and pairs all do.
 */

#include <stdbool.h>
#include <stddef.h>

#include "wow/err.h"

/* Exit statuses; `wow --help` and docs/cli.md list them. */
enum { EXIT_DONE, EXIT_ACTION_FAILED, EXIT_NOT_DONE, EXIT_USAGE = 64 };

enum verb_kind {
    KIND_SWITCH,   /* bool: true when it is there */
    KIND_TEXT,     /* const char *; if what stands behind it is "a|b|c", one of those */
    KIND_NUMBER,   /* unsigned, from min to max */
    KIND_LIST,     /* struct verb_list: one more each time it is there */
    KIND_PAIRS,    /* struct verb_list: two more each time, as in -p KEY VALUE */
    KIND_OPERAND,  /* const char *: not an option; must be there */
    KIND_OPTIONAL, /* const char *: the same; NULL without */
    KIND_REST,     /* struct verb_list: further operands, and all behind "--" */
};

struct verb_list {
    const char **items;
    size_t n;
};

struct verb_option {
    const char *name; /* "param" for --param; NULL for an operand */
    char letter;      /* 'p' for -p; 0: none */
    enum verb_kind kind;
    const char *value;     /* what stands behind it: "FILE", "KEY VALUE"; an operand's name */
    size_t at;             /* in the verb's settings */
    const char *otherwise; /* what counts when it is not given; NULL: nothing, 0 */
    unsigned min, max;
    const char *help;
};

/*
 * Rows of a table, in a file whose verb has a `struct settings`:
 *
 *     static const struct verb_option options[] = {
 *         {VERB_OPERAND(file, "FILE.wasm"), "a wasm module"},
 *         {"param", 'p', VERB_PAIRS(params, "KEY VALUE"), "one argument"},
 *         {"tier", 0, VERB_TEXT(tier, "optimised|baseline", "optimised"), "which code"},
 *         {"memory", 'm', VERB_NUMBER(memory_mb, "MB", 1, 4096, "256"), "its limit"},
 *         {"times", 0, VERB_SWITCH(times), "measure"},
 *         {VERB_END},
 *     };
 */
#define VERB_AT(field) offsetof(struct settings, field)
#define VERB_SWITCH(field) KIND_SWITCH, NULL, VERB_AT(field), NULL, 0, 0
#define VERB_TEXT(field, value, otherwise) KIND_TEXT, value, VERB_AT(field), otherwise, 0, 0
#define VERB_NUMBER(field, value, min, max, otherwise) \
    KIND_NUMBER, value, VERB_AT(field), otherwise, min, max
#define VERB_LIST(field, value) KIND_LIST, value, VERB_AT(field), NULL, 0, 0
#define VERB_PAIRS(field, value) KIND_PAIRS, value, VERB_AT(field), NULL, 0, 0
#define VERB_OPERAND(field, name) NULL, 0, KIND_OPERAND, name, VERB_AT(field), NULL, 0, 0
#define VERB_OPTIONAL(field, name) NULL, 0, KIND_OPTIONAL, name, VERB_AT(field), NULL, 0, 0
#define VERB_REST(field, name) NULL, 0, KIND_REST, name, VERB_AT(field), NULL, 0, 0
#define VERB_END 0

/* How a failure is told, by verbs that have a way of their own. */
struct verb_failure {
    const char *teller; /* stands before it; NULL: "wow" */
    char *text;         /* all of it, when it is longer than an err; on the heap */
    int status;         /* what the process exits with; 0: by the kind of the err */
};

/* One run of a verb. */
struct verb_call {
    const struct verb *verb;
    const struct verb *const *verbs; /* all there are, for help and completion; ends with NULL */
    bool json;  /* --json: print one line of JSON on standard output, and nothing else */
    int status; /* what the process exits with, unless the function fails */
    struct verb_failure failure;
};

struct verb {
    const char *noun; /* "action" in `wow action create`; NULL: none */
    const char *name;
    const char *about; /* one line */
    const char *more;  /* what else its own help says; NULL: nothing */
    const struct verb_option *options;
    size_t size; /* of the settings */
    /* settings points to such a struct; its texts live as long as argv. */
    int (*run)(struct verb_call *call, const void *settings, struct err *err);
};

/* One without more to say, in a file whose verb has a `struct settings`. */
#define VERB(of, verb, table, says, function) \
    {                                         \
        .noun = of,                           \
        .name = verb,                         \
        .about = says,                        \
        .options = table,                     \
        .size = sizeof(struct settings),      \
        .run = function,                      \
    }

/* Is what stands behind an option a list of choices, "a|b|c" or "c"? */
bool verb_has_choices(const char *value);

/*
 * Run what argv asks for; the process's exit status. The whole of wow's main. Options of the table
 * `before` may stand before the verb, too: `wow -i action list`.
 */
int verb_main(const struct verb *const *verbs, const struct verb_option *before, int argc,
              char **argv);
