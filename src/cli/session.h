#pragma once

/*
 * Running an action without a daemon of its own running: a private wowd, and in it a new container
 * for each run. What `wow run` does once and `wow watch` again and again.
 */

#include "base/buf.h"
#include "cli/arguments.h"
#include "cli/private.h"

/* Members of a verb's settings, whose rows are SESSION_OPTIONS. */
struct session_settings {
    const char *engine, *json, *param_file;
    unsigned memory_mb, timeout_ms;
    struct verb_list params, dirs, nets, env, annotations;
    bool optimised, verbose;
};

#define SESSION_OPTIONS                                                                            \
    {VERB_OPTIONAL(session.json, "JSON"),                                                          \
     "the arguments; else in.json beside the sources, else {}"},                                   \
        {"param", 'p', VERB_PAIRS(session.params, "KEY VALUE"),                                    \
     "one argument; VALUE is JSON, or else a text"},                                               \
        {"param-file", 'P', VERB_TEXT(session.param_file, "FILE", NULL),                           \
         "all of them, a JSON object or array; - is standard input"},                              \
        {"engine", 'e', VERB_TEXT(session.engine, "ENGINE", "auto"), "which engine runs it"},      \
        {"optimised", 'O', VERB_SWITCH(session.optimised),                                         \
         "wait for the optimising compiler"},                                                      \
        {"memory", 'm', VERB_NUMBER(session.memory_mb, "MB", 1, 4096, "256"),                      \
         "what the action may use"},                                                               \
        {"timeout", 't', VERB_NUMBER(session.timeout_ms, "MS", 1, 86400000, "60000"),              \
         "when it is killed"},                                                                     \
        {"dir", 'd', VERB_LIST(session.dirs, "DIR[:ro]"),                                          \
         "a directory it may reach, under its full path"},                                         \
        {"net", 'n', VERB_LIST(session.nets, "HOST"),                                              \
         "a host it may send requests to, as a policy has it"},                                    \
        {"env", 0, VERB_PAIRS(session.env, "KEY VALUE"), "a variable of its environment"},         \
        {"annotation", 'a', VERB_PAIRS(session.annotations, "KEY VALUE"),                          \
         "an annotation of the action"},                                                           \
    {                                                                                              \
        "verbose", 'v', VERB_SWITCH(session.verbose), "show the log of the daemon behind it"       \
    }

struct session;

int session_start(const struct session_settings *settings, struct session **out, struct err *err);
void session_end(struct session *s);

/*
 * Run a module once and print what came of it: the result on standard output, the log and a line
 * of figures on standard error; with json one line of everything. *failed when the action did.
 * The arguments are the command line's, else those of in.json in dir, the sources' (or NULL).
 */
int session_run(struct session *s, const char *module, const char *dir, bool json, bool *failed,
                struct err *err);
