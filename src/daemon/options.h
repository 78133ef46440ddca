#pragma once

/*
 * wowd's settings. Each can be given on the command line (--workers 4), in the environment
 * (WOW_WORKERS=4) and in a configuration file, a JSON object ({"workers": 4}); the first of these
 * that says something counts. A switch is on, off, or, alone on the command line, on.
 */

#include <stdbool.h>

#include "wow/err.h"

struct options {
    char *executor;                      /* ADDR:PORT */
    char *rest;                          /* the same, or "off" */
    char *tls_cert, *tls_key, *wskprops; /* files, or "" */
    char *control, *images;
    char *data, *cache;
    char *engine;
    char *user, *user_ids;
    char *grant_dirs, *policy, *ca_file;
    char *container_logs;
    char *config;
    unsigned proxy_port;
    unsigned workers;
    unsigned memory_mb, memory_max_mb, budget_mb;
    unsigned wait_ms;
    unsigned outbound;
    unsigned timeout_ms;
    unsigned log_kb;
    unsigned cache_mb;
    unsigned file_mb;
    unsigned compile_s;
    bool tiering, trust_precompiled, proxy;
    unsigned idle_s, drain_s;
    unsigned limit_invocations, limit_concurrent, limit_fires, limit_sequence, limit_alarms;
    unsigned keep_days, keep_mb; /* of activations' records */
    bool sync;
};

/* What the command line asks for. */
enum options_want { OPTIONS_SERVE, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_SANDBOX };

/* Read all sources. On error nothing of o is to be used. */
int options_read(int argc, char **argv, struct options *o, enum options_want *want,
                 struct err *err);
void options_done(struct options *o);

/* The help text, from the same table as the options. */
void options_help(void);
