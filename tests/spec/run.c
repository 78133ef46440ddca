/*
 * spec-run-ENGINE TIER PLAN CODE FROM: what spec-compile-ENGINE made of the modules in the
 * directory PLAN is loaded and spawned, and their functions called, in the plan's order. Leaves out
 * the steps below FROM; if that is a call, its module is spawned anew.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "engine/tier.h"
#include "plan.h"
#include "spectest.h"
#include "wow/engine.h"

#define MEMORY ((uint64_t)4 << 30) /* all that a module may ask for */

struct run {
    struct wow_runtime *rt;
    enum wow_tier tier;
    const char *code;
    struct wow_module *module;
    struct wow_instance *instance;
};

static void answer_end(const struct plan *p, const struct wow_end *end)
{
    char value[16];

    switch (end->kind) {
    case WOW_END_RETURN:
        snprintf(value, sizeof value, "%d", (int)end->value);
        plan_answer(p, "return", value);
        return;
    case WOW_END_TRAP:
        plan_answer(p, "trap", end->text);
        return;
    case WOW_END_STOP:
        plan_answer(p, "stop", "");
        return;
    case WOW_END_MEMORY:
        plan_answer(p, "memory", "");
        return;
    }
}

static void release(struct run *x)
{
    if (x->instance)
        wow_engine.drop(x->instance);
    if (x->module)
        wow_engine.unload(x->module);
    x->instance = NULL;
    x->module = NULL;
}

static int load(struct run *x, const struct plan *p, struct err *err)
{
    char path[1024];
    struct stat st;

    snprintf(path, sizeof path, "%s/%u", x->code, p->number);
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set(err, ERR_NOT_FOUND, "there is no machine code");
    struct wow_code code = {.fd = fd, .size = (size_t)st.st_size, .tier = x->tier};
    return wow_engine.load(x->rt, &code, &x->module, err);
}

static void spawn(struct run *x, const struct plan *p, bool quiet)
{
    const struct wow_limits limits = {.memory = MEMORY};
    struct wow_end end = {0};
    struct err err;

    release(x);
    int r = load(x, p, &err);
    if (r == 0)
        r = wow_engine.spawn(x->module, &limits, NULL, &x->instance, &end, &err);
    if (quiet)
        return;
    if (r < 0)
        plan_answer(p, "broken", err.msg);
    else if (x->instance)
        plan_answer(p, "up", "");
    else
        answer_end(p, &end);
}

static void call(struct run *x, const struct plan *p)
{
    struct wow_end end = {0};
    struct err err;

    if (!x->instance)
        plan_answer(p, "broken", "there is no instance");
    else if (wow_engine.call(x->instance, p->what, NULL, &end, &err) < 0)
        plan_answer(p, "broken", err.msg);
    else
        answer_end(p, &end);
}

int main(int argc, char **argv)
{
    const struct wow_imports host = {.table = spectest_imports};
    static struct run x; /* for good: engines are not closed */
    struct plan p, last = {.verb = PLAN_OTHER};
    struct err err;

    if (argc != 5 || tier_of(argv[1], &x.tier) < 0 || plan_open(&p, argv[2]) < 0) {
        fputs("usage: spec-run-ENGINE TIER PLAN CODE FROM\n", stderr);
        return 64;
    }
    x.code = argv[3];
    if (wow_engine.open(&host, &x.rt, &err) < 0) {
        fprintf(stderr, "%s: %s\n", argv[0], err.msg);
        return 1;
    }
    unsigned from = (unsigned)strtoul(argv[4], NULL, 10);
    while (plan_next(&p, 0)) {
        if (p.number < from) {
            last = p.verb == PLAN_MODULE ? p : last;
            continue;
        }
        if (p.number == from && p.verb == PLAN_CALL && last.verb == PLAN_MODULE)
            spawn(&x, &last, true);
        if (p.verb == PLAN_MODULE)
            spawn(&x, &p, false);
        else if (p.verb == PLAN_CALL)
            call(&x, &p);
    }
    release(&x);
    return 0;
}
