/*
 * What an action asks for against what the operator's policy lets its namespace have: checked when
 * the action is initialised, and applied to each activation, so that a policy that has changed
 * since holds as well.
 */
#include "base/log.h"
#include "pool/priv.h"

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Of two limits of which 0 is none. */
static unsigned least_set(unsigned asked, unsigned cap) { return asked ? least(asked, cap) : cap; }

/* Its profile is no longer in the policy. */
static bool is_orphan(const struct container *c)
{
    return c->profile && !policy_has_profile(c->pool->policy, c->profile);
}

void limits_caps(const struct container *c, const char *ns, struct caps *out)
{
    policy_caps(c->pool->policy, ns ? ns : c->ns, c->profile, out);
    if (is_orphan(c)) { /* it may have been less than its namespace's */
        out->hosts = NULL;
        out->directories = out->common = NULL;
    }
}

int limits_check(const struct container *c, const struct container_limits *asked, struct err *err)
{
    struct caps caps;

    policy_caps(c->pool->policy, c->ns, NULL, &caps);
    if (c->profile && caps.profiles && !names_have(caps.profiles, c->profile))
        return err_set(err, ERR_REFUSED, "the namespace may not use the profile '%.60s'",
                       c->profile);
    limits_caps(c, NULL, &caps);
    const struct {
        const char *name, *unit;
        unsigned asked, cap;
    } all[] = {
        {"memory", " MB", asked->memory_mb, caps.memory_mb},
        {"timeout", " ms", asked->timeout_ms, caps.timeout_ms},
        {"logs", " MB", asked->log_kb / 1024, caps.logs_mb},
        {"concurrency", "", asked->concurrency, caps.concurrency},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].asked > all[i].cap)
            return err_set(err, ERR_INVALID, "limits: %s of %u%s is more than the %u%s allowed",
                           all[i].name, all[i].asked, all[i].unit, all[i].cap, all[i].unit);
    return 0;
}

bool limits_apply(struct activation *a)
{
    const struct container *c = a->container;
    const struct pool_settings *s = &c->pool->settings;
    const struct container_limits *asked = &c->limits;
    struct caps caps;

    if (is_orphan(c))
        return false;
    limits_caps(c, a->ns, &caps);
    if (a->timeout_ms > caps.timeout_ms)
        a->timeout_ms = caps.timeout_ms;
    a->limits = (struct activation_limits){
        .memory_mb = least(asked->memory_mb ? asked->memory_mb : s->memory_mb, caps.memory_mb),
        .log_kb = least(asked->has_log ? asked->log_kb : s->log_kb, caps.logs_mb * 1024),
        .result_kb = caps.result_kb,
        .clock_us = caps.clock_us,
        .http_requests = caps.http_requests,
        .concurrency = least_set(asked->concurrency, caps.concurrency),
        .activations = caps.activations,
    };
    return true;
}

int pool_load_policy(struct pool *p, struct err *err)
{
    const struct pool_settings *s = &p->settings;
    const struct caps base = {
        .memory_mb = s->memory_max_mb,
        .timeout_ms = CAPS_NO_LIMIT,
        .logs_mb = LOGS_MAX_MB,
        .concurrency = CAPS_NO_LIMIT,
        .activations = CAPS_NO_LIMIT,
        .result_kb = WIRE_OUTPUT_MAX / 1024,
        .http_requests = 100,
        .http_response_kb = 1024,
        .http_timeout_ms = 30000,
    };
    struct policy *policy;
    char text[64];

    int r = policy_load(s->policy, &base, s->grant_dirs, &policy, err);
    if (r < 0)
        return r;
    policy_free(p->policy);
    p->policy = policy;
    policy_describe(policy, text);
    if (s->policy[0])
        log_event("policy.loaded", "file=%s %s", s->policy, text);
    if (p->processes)
        schedule_renew(p);
    return 0;
}
