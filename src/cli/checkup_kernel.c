/* wow doctor's half on the kernel: what workers are locked in with, and wowd drives them by. */
#include "cli/checkup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#define LANDLOCK_VERSION 1u /* the flag that asks for it */

static void say(struct checkup *c, const char *text)
{
    snprintf(c->found, sizeof c->found, "%.150s", text);
}

/* Each returns whether it is there, and may say more. */
static bool kernel(struct checkup *c)
{
    struct utsname name;

    uname(&name);
    say(c, name.release);
    return true;
}

static bool openat2_is_there(struct checkup *c)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
    AUTO(fd) int root = open("/", O_PATH | O_CLOEXEC);
    AUTO(fd) int fd = (int)syscall(SYS_openat2, root, ".", &how, sizeof how);

    (void)c;
    return fd >= 0;
}

static bool pidfd(struct checkup *c)
{
    AUTO(fd) int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

    (void)c;
    return fd >= 0;
}

static bool sealed_memory(struct checkup *c)
{
    AUTO(fd) int fd = memfd_create("doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    (void)c;
    return fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0;
}

static bool seccomp(struct checkup *c)
{
    uint32_t action = SECCOMP_RET_ERRNO;

    (void)c;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* The empty root and network that a zygote enters; in a child, as one cannot go back. */
static bool namespaces(struct checkup *c)
{
    int as_root = geteuid() == 0 ? 0 : CLONE_NEWUSER, status = 1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(unshare(as_root | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) == 0 ? 0 : 1);
    waitpid(pid, &status, 0);
    say(c, as_root ? "user namespaces" : "as root");
    return pid > 0 && status == 0;
}

static bool landlock(struct checkup *c)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);

    if (version > 0)
        snprintf(c->found, sizeof c->found, "ABI %ld", version);
    return version > 0;
}

static bool cgroup(struct checkup *c)
{
    (void)c;
    return access("/sys/fs/cgroup/cgroup.controllers", R_OK) == 0;
}

/* Each instance reserves some GiB of addresses without using them. */
static bool overcommit(struct checkup *c)
{
    char mode = '?';
    AUTO(fd) int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
    bool known = fd >= 0 && read(fd, &mode, 1) == 1;

    snprintf(c->found, sizeof c->found, "vm.overcommit_memory=%c", mode);
    return !known || mode != '2';
}

static bool user(struct checkup *c)
{
    if (geteuid() != 0) {
        say(c, "not root: workers run as whoever starts wowd");
        return true;
    }
    say(c, getpwnam("nobody") ? "nobody" : "there is no user nobody");
    return getpwnam("nobody") != NULL;
}

static const struct {
    const char *name;
    enum checkup_state without; /* what it means if it is not there */
    bool (*look)(struct checkup *c);
    const char *advice;
} checks[] = {
    {"Linux", CHECKUP_BAD, kernel, ""},
    {"openat2", CHECKUP_BAD, openat2_is_there,
     "Linux 5.6 has it; a container's filter may forbid it: update its runtime"},
    {"pidfd_open", CHECKUP_BAD, pidfd,
     "Linux 5.3 has it; a container's filter may forbid it: update its runtime"},
    {"sealed memfd", CHECKUP_BAD, sealed_memory, "Linux 3.17 has it, with CONFIG_MEMFD_CREATE"},
    {"seccomp filters", CHECKUP_BAD, seccomp, "build the kernel with CONFIG_SECCOMP_FILTER"},
    {"namespaces", CHECKUP_POOR, namespaces,
     "workers keep their view of files and network, which seccomp still forbids them to use; "
     "sysctl kernel.unprivileged_userns_clone=1 allows them, or start wowd as root"},
    {"Landlock", CHECKUP_POOR, landlock,
     "one fence less around files; Linux 5.13 has it, with lsm=landlock,… on its command line"},
    {"cgroup v2", CHECKUP_POOR, cgroup,
     "nothing of wow needs it; an operator's limits of the whole daemon do"},
    {"address space", CHECKUP_BAD, overcommit,
     "each instance reserves addresses that it never uses: sysctl vm.overcommit_memory=0"},
    {"user of workers", CHECKUP_BAD, user, "name another with wowd --user"},
};

size_t checkup_kernel(struct checkup *out, size_t max)
{
    size_t n = 0;

    for (; n < sizeof checks / sizeof *checks && n < max; n++) {
        struct checkup *c = &out[n];
        *c = (struct checkup){.topic = "The kernel", .name = checks[n].name};
        bool there = checks[n].look(c);
        c->state = there ? CHECKUP_GOOD : checks[n].without;
        if (!c->found[0])
            say(c, there ? "yes" : "no");
        snprintf(c->advice, sizeof c->advice, "%s", checks[n].advice);
    }
    return n;
}
