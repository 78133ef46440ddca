#pragma once

/*
 * A wowd of one's own: started for a verb that runs an action, on a socket in a directory that
 * nobody else can enter, without the action proxy door, and ended with it. So an action meets the
 * same engines, sandbox, limits and grants as it does in production, and leaves nothing behind but
 * machine code in ${XDG_CACHE_HOME:-~/.cache}/wow/run.
 */

#include "cli/client.h"
#include "cli/verb.h"

struct private;

struct private_settings {
    const char *engine;
    const char *policy; /* JSON: what actions may reach (docs/policy.md) */
    bool optimised;     /* wait for the optimising compiler */
    bool verbose;       /* its log is shown as it is written */
};

/* Waits until it is ready. */
int private_start(const struct private_settings *settings, struct private **out, struct err *err);
struct client *private_client(struct private *p);
void private_stop(struct private *p);

/* Ctrl-C and SIGTERM no longer end the process: they end what waits, with an error. */
void private_catch_signals(void);
bool private_is_interrupted(void);
