#pragma once

/*
 * The operator's policy: what the actions of a namespace may ask for and have, from a JSON file
 * (docs/policy.md). "default" holds for every namespace, "namespaces" says what is otherwise for
 * one, "profiles" what is otherwise for a container that was made with one. Read when wowd starts
 * and again at SIGHUP; never changed in between.
 */

#include <stdbool.h>

#include "grant/dirs.h"
#include "grant/hosts.h"
#include "wow/err.h"

struct policy;

/* Private addresses that names may lead to. */
struct networks {
    struct network *all;
    size_t n;
};

/* Names of profiles. */
struct names {
    char **all;
    size_t n;
};

/* What may be had. The lists are the policy's, NULL for empty. */
struct caps {
    unsigned memory_mb, timeout_ms, logs_mb;
    unsigned concurrency;                     /* activations of a container at once */
    unsigned activations;                     /* of a namespace at once */
    unsigned result_kb;                       /* of an activation */
    unsigned http_requests;                   /* of an activation */
    unsigned http_response_kb;                /* body of each */
    unsigned http_timeout_ms;                 /* of each */
    unsigned clock_us;                        /* what clocks are rounded down to */
    const struct roots *directories, *common; /* the namespace's; those of every namespace */
    const struct hosts *hosts;
    const struct networks *addresses;
    const struct names *profiles; /* that may be used; NULL: all */
};

#define CAPS_NO_LIMIT 1000000000u

/*
 * From a file; "" for none. base is what holds where the file says nothing, and no memory_mb may
 * be more than its. common is a list "A:B" of directories that every namespace may have.
 */
int policy_load(const char *path, const struct caps *base, const char *common, struct policy **out,
                struct err *err);
void policy_free(struct policy *p);

/* ns and profile may be NULL. */
void policy_caps(const struct policy *p, const char *ns, const char *profile, struct caps *out);
bool policy_has_profile(const struct policy *p, const char *profile);
/* "namespaces=2 profiles=1" */
void policy_describe(const struct policy *p, char out[64]);

bool names_have(const struct names *n, const char *name);
bool networks_have(const struct networks *n, const struct address *a);
