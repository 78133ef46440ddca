/*
 * spec-compile-ENGINE TIER PLAN CODE FROM: machine code of the modules in the directory PLAN, into
 * files CODE/NUMBER, a number being that of a step. Leaves out the steps below FROM.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/file.h"
#include "engine/sections.h"
#include "engine/tier.h"
#include "plan.h"
#include "spectest.h"
#include "wow/engine.h"

#define SKIPPED 77 /* to CTest */
#define WASM_MAX (16u << 20)

static const char *refusal(const struct err *err)
{
    return err->kind == ERR_INVALID ? "refused" : "broken";
}

/* What wow itself asks of a module that the engine takes. */
static const char *inspect(struct wow_bytes wasm, struct err *err)
{
    AUTO(sections) struct sections *s = NULL;

    if (sections_read(wasm, &s, err) < 0)
        return "unreadable";
    if (sections_check_imports(s, spectest_imports, err) < 0)
        return "unlinkable";
    return "made";
}

static void compile(const struct plan *p, struct wow_runtime *rt, const char *code)
{
    AUTO(buf) struct buf wasm;
    struct err err = {0};
    char from[1024], to[1024];

    buf_init(&wasm, WASM_MAX);
    snprintf(from, sizeof from, "%s/%s", p->dir, p->what);
    snprintf(to, sizeof to, "%s/%u", code, p->number);
    AUTO(fd) int fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        plan_answer(p, "broken", to);
        return;
    }
    int r = file_read(from, &wasm, &err);
    struct wow_bytes bytes = {(const uint8_t *)wasm.data, wasm.size};
    if (r == 0)
        r = wow_engine.compile(rt, bytes, fd, &err);
    plan_answer(p, r < 0 ? refusal(&err) : inspect(bytes, &err), err.msg);
    if (r < 0)
        unlink(to);
}

int main(int argc, char **argv)
{
    static struct wow_runtime *rt; /* for good: engines are not closed */
    enum wow_tier tier;
    struct plan p;
    struct err err;

    if (argc != 5 || tier_of(argv[1], &tier) < 0 || plan_open(&p, argv[2]) < 0) {
        fputs("usage: spec-compile-ENGINE TIER PLAN CODE FROM\n", stderr);
        return 64;
    }
    if (tier == WOW_BASELINE && !wow_engine.has_baseline)
        return SKIPPED;
    if (wow_engine.open_compiler(tier, &rt, &err) < 0) {
        fprintf(stderr, "%s: %s\n", argv[0], err.msg);
        return 1;
    }
    while (plan_next(&p, (unsigned)strtoul(argv[4], NULL, 10)))
        if (p.verb == PLAN_COMPILE || p.verb == PLAN_MODULE)
            compile(&p, rt, argv[3]);
    return 0;
}
