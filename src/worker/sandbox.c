#include "worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "wire/message.h"
#include "worker/filter.h"
#include "worker/landlock.h"
#include "worker/rules.h"

/* For each module an engine keeps its file, the guest data and directories; then what it opens. */
#define FILES_MAX (WIRE_PLACES * (3u + WIRE_DIRS_MAX) + 256u)

#if !SANDBOX_KILLS
/*
 * Sanitizers look for leaks by means that a sandbox takes away: only wowd is looked at for leaks.
 * Signals are the engine's, or end the process as they should.
 */
#define OPTIONS                                                                                    \
    "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0"
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return OPTIONS; }
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return OPTIONS; }
#endif

/* A tmpfs with nothing in it becomes the root, and the old one is let go. */
static bool enter_empty_root(void)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,mode=0555") < 0)
        return false;
    if (chdir("/tmp") < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return false;
    return umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 &&
           mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                 NULL) == 0;
}

static int find_user(const char *user, struct sandbox *out, struct err *err)
{
    out->uid = getuid();
    out->gid = getgid();
    if (geteuid() != 0)
        return 0;
    const struct passwd *entry = getpwnam(user);
    if (!entry || entry->pw_uid == 0)
        return err_set(err, ERR_INVALID, "user '%s' for workers %s", user,
                       entry ? "must not be root" : "does not exist");
    out->uid = entry->pw_uid;
    out->gid = entry->pw_gid;
    return 0;
}

/* When memory runs out, it is us that the kernel ends. */
static void offer_to_oom(void)
{
    AUTO(fd) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? write(fd, "1000", 4) : 0;

    (void)n;
}

/* Which files Landlock is to leave: none, those below roots, or (NULL) it need not look. */
static const char *landlock_roots(const struct sandbox_plan *plan)
{
    bool elsewhere =
        strcmp(plan->dirs, SANDBOX_OWN_MOUNTS) == 0 || strcmp(plan->dirs, SANDBOX_ANY_DIRS) == 0;

    return elsewhere ? NULL : plan->dirs;
}

/*
 * Of what we are as root, what it takes to make a worker of a child: to become another user. And to
 * end it: that it dies with us is a signal of ours to it.
 */
static int keep_little(struct err *err)
{
    const uint32_t little =
        1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_SETPCAP | 1u << CAP_KILL;
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct has[2];

    if (syscall(SYS_capget, &head, has) < 0)
        return err_errno(err, ERR_INTERNAL, "capget");
    const struct __user_cap_data_struct keep[2] = {
        {.effective = has[0].effective & little, .permitted = has[0].permitted & little}};
    return syscall(SYS_capset, &head, keep) == 0
               ? 0
               : err_errno(err, ERR_INTERNAL, "giving up capabilities");
}

int sandbox_enter(const struct sandbox_plan *plan, struct sandbox *out, struct err *err)
{
    unsigned who = plan->who | (plan->dirs[0] ? RULE_DIRS : 0);

    *out = (struct sandbox){.plan = plan, .landlock = -1};
    int r = find_user(plan->user, out, err);
    if (r == 0)
        r = filter_make(who, &out->filter, err);
    if (r < 0)
        return r;
    offer_to_oom();
    out->landlock = landlock_make(landlock_roots(plan), &out->landlock_version);
    const int new_user = geteuid() == 0 ? 0 : CLONE_NEWUSER;
    if (unshare(new_user | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) == 0) {
        out->own_network = true;
        out->empty_root = enter_empty_root();
    }
    return new_user == 0 ? keep_little(err) : 0;
}

static int give_up_user(unsigned uid, unsigned gid, struct err *err)
{
    /* While we are root: another user may not. */
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    if (geteuid() == 0 && uid != 0 &&
        (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0))
        return err_errno(err, ERR_INTERNAL, "changing to user %u", uid);
    /* What a user namespace of our own gave us. */
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    if (syscall(SYS_capset, &head, none) < 0)
        return err_errno(err, ERR_INTERNAL, "giving up capabilities");
    return 0;
}

static int load_filters(const struct sandbox *box, struct err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return err_errno(err, ERR_INTERNAL, "giving up privileges");
    if (box->landlock >= 0 && landlock_enter(box->landlock) < 0)
        return err_errno(err, ERR_INTERNAL, "Landlock");
    fd_close(box->landlock);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &box->filter, 0, 0) < 0)
        return err_errno(err, ERR_INTERNAL, "loading the system call filter");
    return 0;
}

/* Lower a limit; one that is lower already stays. */
static void limit(int what, unsigned long value)
{
    struct rlimit r;

    if (getrlimit((__rlimit_resource_t)what, &r) == 0 && r.rlim_max < value)
        value = r.rlim_max;
    r = (struct rlimit){value, value};
    setrlimit((__rlimit_resource_t)what, &r);
}

static void set_limits(const struct sandbox_plan *plan)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, FILES_MAX);
    limit(RLIMIT_MEMLOCK, 0);
    limit(RLIMIT_MSGQUEUE, 0);
    limit(RLIMIT_NICE, 0);
    limit(RLIMIT_RTPRIO, 0);
    limit(RLIMIT_FSIZE, plan->file);
    if (SANDBOX_KILLS && plan->data)
        limit(RLIMIT_DATA, plan->data);
    if (SANDBOX_KILLS && plan->memory)
        limit(RLIMIT_AS, plan->memory);
    if (plan->cpu_s)
        limit(RLIMIT_CPU, plan->cpu_s);
}

int sandbox_lock(const struct sandbox *box, unsigned own_uid, struct err *err)
{
    bool owns = own_uid && geteuid() == 0;

    set_limits(box->plan);
    /* Of workers with ids of their own, the group is what they have in common. */
    umask(owns ? 0002 : 0022);
    int r = give_up_user(owns ? own_uid : box->uid, box->gid, err);
    if (r < 0)
        return r;
    limit(RLIMIT_NPROC, 0); /* after the change of user, whom it counts for */
    /* The change of user cleared it: when wowd or the zygote dies, so do we. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return err_errno(err, ERR_INTERNAL, "asking to die with the parent");
    return load_filters(box, err);
}

int sandbox_compiler(const struct sandbox_plan *plan, struct err *err)
{
    struct sandbox box;

    int r = sandbox_enter(plan, &box, err);
    return r < 0 ? r : sandbox_lock(&box, 0, err);
}
