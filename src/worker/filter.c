#include "worker/filter.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "worker/rules.h"
#include "worker/sandbox.h"

static int add(scmp_filter_ctx ctx, const struct rule *r, uint32_t action)
{
    struct scmp_arg_cmp tests[RULE_TESTS];

    for (unsigned i = 0; i < r->testc; i++) {
        const struct rule_test *t = &r->tests[i];
        tests[i] = t->at_most ? SCMP_CMP(t->arg, SCMP_CMP_LE, t->value, 0)
                              : SCMP_CMP(t->arg, SCMP_CMP_MASKED_EQ, t->mask, t->value);
    }
    return seccomp_rule_add_array(ctx, action, r->call, r->testc, tests);
}

static int add_all(scmp_filter_ctx ctx, unsigned who)
{
    int r = 0;

    for (size_t i = 0; i < rules_count && r == 0; i++)
        if (rules_apply(&rules[i], who))
            r = add(ctx, &rules[i], SCMP_ACT_ALLOW);
    for (size_t i = 0; i < rules_refused_count && r == 0 && SANDBOX_KILLS; i++)
        if (rules_apply(&rules_refused[i], who))
            r = add(ctx, &rules_refused[i], SCMP_ACT_ERRNO(EPERM));
    return r;
}

int filter_make(unsigned who, struct sock_fprog *out, struct err *err)
{
    scmp_filter_ctx ctx =
        seccomp_init(SANDBOX_KILLS ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM));
    AUTO(fd) int fd = memfd_create("filter", MFD_CLOEXEC);

    /* libseccomp writes its program to a file: one of memory. Level 2 is a search tree. */
    bool ok = ctx && fd >= 0 && add_all(ctx, who) == 0 &&
              seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 &&
              seccomp_export_bpf(ctx, fd) == 0;
    if (ctx)
        seccomp_release(ctx);
    off_t size = ok ? lseek(fd, 0, SEEK_END) : -1;
    if (size <= 0)
        return err_set(err, ERR_INTERNAL, "making the system call filter failed");
    out->filter = malloc((size_t)size);
    if (!out->filter || pread(fd, out->filter, (size_t)size, 0) != size)
        return err_set(err, ERR_INTERNAL, "reading the system call filter failed");
    out->len = (unsigned short)((size_t)size / sizeof *out->filter);
    return 0;
}
