#include "worker/rules.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <time.h>

#include "worker/sandbox.h"

#define WORKER RULE_WORKER
#define COMPILER RULE_COMPILER
#define BOTH (RULE_WORKER | RULE_COMPILER)
#define DIRS RULE_DIRS
#define CODE RULE_CODE

/* A call with any arguments, and one with only those that pass the tests. */
#define ANY(name, who, needs) {SCMP_SYS(name), #name, who, needs, NULL, 0, {{0}}}
#define ONLY(name, who, needs, text, ...)                                                          \
    {SCMP_SYS(name), #name, who, needs, text,                                                      \
     sizeof((struct rule_test[]){__VA_ARGS__}) / sizeof(struct rule_test), {__VA_ARGS__}}

#define IS(arg, value) {arg, 0, ~0u, value}
#define HAS(arg, mask, value) {arg, 0, mask, value}
#define AT_MOST(arg, value) {arg, 1, 0, value}

/* mmap's flags name memory of this process alone; and never is memory writable and executable. */
#define PRIVATE HAS(3, MAP_TYPE, MAP_PRIVATE)
#define ACCESS(prot) HAS(2, PROT_WRITE | PROT_EXEC, prot)

const struct rule rules[] = {
    /* memory */
    ONLY(mmap, BOTH, 0, "private, not executable", PRIVATE, ACCESS(0)),
    ONLY(mmap, BOTH, 0, "private, writable", PRIVATE, ACCESS(PROT_WRITE)),
    ONLY(mmap, BOTH, CODE, "private, executable", PRIVATE, ACCESS(PROT_EXEC)),
    ONLY(mprotect, BOTH, 0, "not executable", ACCESS(0)),
    ONLY(mprotect, BOTH, 0, "writable", ACCESS(PROT_WRITE)),
    ONLY(mprotect, BOTH, CODE, "executable", ACCESS(PROT_EXEC)),
    ONLY(mremap, BOTH, 0, "may move", AT_MOST(3, MREMAP_MAYMOVE)),
    ONLY(madvise, BOTH, 0, "give back", IS(2, MADV_DONTNEED)),
    ANY(munmap, BOTH, 0),
    ANY(brk, BOTH, 0),
    /* what wowd says, and is told */
    ANY(recvmsg, BOTH, 0),
    ANY(write, BOTH, 0),
    ANY(close, BOTH, 0),
    ANY(read, COMPILER, 0),
    ANY(fsync, COMPILER, 0),
    ANY(lseek, COMPILER, 0),
    ANY(ftruncate, COMPILER, 0),
    /* machine code, from the descriptor it comes as */
    ANY(pread64, BOTH, 0),
    ANY(pwrite64, COMPILER, 0),
    ANY(fstat, BOTH, 0), /* of a newer libc */
    ONLY(newfstatat, BOTH, 0, "with AT_EMPTY_PATH", HAS(3, AT_EMPTY_PATH, AT_EMPTY_PATH)),
    ONLY(statx, BOTH, 0, "with AT_EMPTY_PATH", HAS(2, AT_EMPTY_PATH, AT_EMPTY_PATH)),
    ONLY(fcntl, BOTH, 0, "duplicate", IS(1, F_DUPFD_CLOEXEC)),
    /* waiting, clocks, chance */
    ANY(sched_yield, WORKER, 0),
    ONLY(clock_nanosleep, WORKER, 0, "wall clock, monotonic", AT_MOST(0, CLOCK_MONOTONIC)),
    ANY(restart_syscall, WORKER, 0),
    ONLY(clock_gettime, BOTH, 0, "the wall's and its own", AT_MOST(0, CLOCK_THREAD_CPUTIME_ID)),
    ONLY(clock_getres, WORKER, 0, "the wall's and its own", AT_MOST(0, CLOCK_THREAD_CPUTIME_ID)),
    ONLY(futex, BOTH, 0, "wake, private", IS(1, FUTEX_WAKE_PRIVATE)),
    ANY(getrandom, BOTH, 0),
    ONLY(sched_getaffinity, COMPILER, 0, "its own", IS(0, 0)),
    /* signals that an engine handles, the end */
    ANY(rt_sigaction, BOTH, 0),
    ANY(rt_sigprocmask, BOTH, 0),
    ANY(rt_sigreturn, BOTH, 0),
    ANY(sigaltstack, BOTH, 0),
    ANY(getpid, BOTH, 0),
    ANY(gettid, BOTH, 0),
    ANY(exit, BOTH, 0),
    ANY(exit_group, BOTH, 0),
    /* files of granted directories */
    ANY(read, WORKER, DIRS),
    ANY(pwrite64, WORKER, DIRS),
    ANY(lseek, WORKER, DIRS),
    ANY(ftruncate, WORKER, DIRS),
    ANY(fallocate, WORKER, DIRS),
    ANY(fadvise64, WORKER, DIRS),
    ANY(fsync, WORKER, DIRS),
    ANY(fdatasync, WORKER, DIRS),
    ONLY(fcntl, WORKER, DIRS, "flags", IS(1, F_SETFL)),
    /* names in them */
    ANY(openat2, WORKER, DIRS),
    ANY(getdents64, WORKER, DIRS),
    ANY(mkdirat, WORKER, DIRS),
    ANY(unlinkat, WORKER, DIRS),
    ANY(renameat, WORKER, DIRS),
    ANY(linkat, WORKER, DIRS),
    ANY(symlinkat, WORKER, DIRS),
    ANY(readlinkat, WORKER, DIRS),
    ANY(utimensat, WORKER, DIRS),
};
const size_t rules_count = sizeof rules / sizeof *rules;

const struct rule rules_refused[] = {
    ANY(openat, BOTH, 0),              /* malloc looks into /proc, LLVM into /sys */
    ANY(tgkill, BOTH, 0),              /* abort, which then ends in another way */
    ANY(ioctl, BOTH, 0),               /* stdio asks whether it has a terminal */
    ANY(prctl, BOTH, 0),               /* names of mappings */
    ANY(uname, BOTH, 0),               /* which kernel is this? */
    ANY(sysinfo, BOTH, 0),             /* how much memory is there? */
    ANY(sched_getaffinity, WORKER, 0), /* how many processors? */
};
const size_t rules_refused_count = sizeof rules_refused / sizeof *rules_refused;

bool rules_apply(const struct rule *r, unsigned who)
{
    return (r->who & who) && (r->needs & ~who) == 0;
}

static void print_rule(FILE *to, const struct rule *r)
{
    char when[80];

    snprintf(when, sizeof when, "%s%s%s%s", r->only ? r->only : "", r->only && r->needs ? ", " : "",
             r->needs & RULE_DIRS ? "if directories may be granted" : "",
             r->needs & RULE_CODE ? "if the engine needs it" : "");
    fprintf(to, "  %-17s %-6s %s%s%s\n", r->name, r->who & RULE_WORKER ? "worker" : "",
            r->who & RULE_COMPILER ? "compiler"
            : when[0]              ? "        "
                                   : "",
            when[0] ? "  " : "", when);
}

void rules_print(FILE *to)
{
    fputs("System calls that are allowed:\n", to);
    for (size_t i = 0; i < rules_count; i++)
        print_rule(to, &rules[i]);
    fputs("Refused with EPERM:\n", to);
    for (size_t i = 0; i < rules_refused_count; i++)
        print_rule(to, &rules_refused[i]);
    fputs(SANDBOX_KILLS ? "Any other ends the process (SIGSYS).\n"
                        : "Any other is refused as well: this is a build with sanitizers.\n",
          to);
}
