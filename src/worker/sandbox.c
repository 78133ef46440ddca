#include "worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "wire/message.h"

/* For each module an engine keeps its file and the guest its directories; then what guests open. */
#define FILES_MAX (WIRE_PLACES * (2u + WIRE_DIRS_MAX) + 256u)

#ifdef __SANITIZE_ADDRESS__
/*
 * AddressSanitizer reserves terabytes, and looks for leaks by means that a sandbox takes away: in
 * builds for tests the address space has no limit, and only wowd is looked at for leaks. Signals
 * are the engine's, or end the process as they should.
 */
#define LIMITS_MEMORY false
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:"
           "handle_abort=0";
}
#else
#define LIMITS_MEMORY true
#endif

/* All a worker or a compiler may ask of the kernel; anything else fails with EPERM. */
static const int allowed[] = {
    /* memory */
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(membarrier),
    /* messages and waiting */
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(futex),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(poll),
    SCMP_SYS(sched_yield),
    SCMP_SYS(restart_syscall),
    /* descriptors it was handed */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(getdents64),
    /* names below directories it was handed */
    SCMP_SYS(openat2),
    SCMP_SYS(mkdirat),
    SCMP_SYS(unlinkat),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(linkat),
    SCMP_SYS(symlinkat),
    SCMP_SYS(readlinkat),
    SCMP_SYS(utimensat),
    /* clocks, chance, signals of its own, the end */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(setpriority),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

static struct sock_fprog filter;

/* Have libseccomp write its program to a file of memory, and keep it for every worker. */
static int make_filter(struct err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    AUTO(fd) int fd = memfd_create("filter", MFD_CLOEXEC);
    bool ok = ctx && fd >= 0;

    for (size_t i = 0; ok && i < sizeof allowed / sizeof *allowed; i++)
        ok = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    /* A shared futex of another process, or a packet socket: not even the numbers exist. */
    ok = ok && seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
    ok = ok && seccomp_export_bpf(ctx, fd) == 0;
    if (ctx)
        seccomp_release(ctx);
    off_t size = ok ? lseek(fd, 0, SEEK_END) : -1;
    if (size <= 0)
        return err_set(err, ERR_INTERNAL, "making the system call filter failed");
    filter.filter = malloc((size_t)size);
    if (!filter.filter || pread(fd, filter.filter, (size_t)size, 0) != size)
        return err_set(err, ERR_INTERNAL, "reading the system call filter failed");
    filter.len = (unsigned short)((size_t)size / sizeof *filter.filter);
    return 0;
}

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

int sandbox_enter(const char *user, struct sandbox *out, struct err *err)
{
    *out = (struct sandbox){0};
    int r = find_user(user, out, err);
    if (r == 0)
        r = make_filter(err);
    if (r < 0)
        return r;
    int as_root = geteuid() == 0 ? 0 : CLONE_NEWUSER;
    if (unshare(as_root | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) == 0) {
        out->own_network = true;
        out->empty_root = enter_empty_root();
    }
    return 0;
}

static int give_up_user(const struct sandbox *box, struct err *err)
{
    /* While we are root: another user may not. */
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    if (geteuid() == 0 && box->uid != 0 &&
        (setgroups(0, NULL) < 0 || setresgid(box->gid, box->gid, box->gid) < 0 ||
         setresuid(box->uid, box->uid, box->uid) < 0))
        return err_errno(err, ERR_INTERNAL, "changing to user %u", box->uid);
    /* What a user namespace of our own gave us. */
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    if (syscall(SYS_capset, &head, none) < 0)
        return err_errno(err, ERR_INTERNAL, "giving up capabilities");
    return 0;
}

static int load_filter(struct err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) < 0)
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

int sandbox_lock(const struct sandbox *box, struct err *err)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, FILES_MAX);
    limit(RLIMIT_MEMLOCK, 0);
    limit(RLIMIT_MSGQUEUE, 0);
    int r = give_up_user(box, err);
    if (r < 0)
        return r;
    limit(RLIMIT_NPROC, 0); /* after the change of user, whom it counts for */
    /* The change of user cleared it: when wowd or the zygote dies, so do we. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return err_errno(err, ERR_INTERNAL, "asking to die with the parent");
    return load_filter(err);
}

int sandbox_compiler(const char *user, const struct sandbox_limits *limits, struct err *err)
{
    struct sandbox box;

    int r = sandbox_enter(user, &box, err);
    if (r < 0)
        return r;
    limit(RLIMIT_CPU, limits->cpu_s);
    if (LIMITS_MEMORY)
        limit(RLIMIT_AS, limits->memory);
    limit(RLIMIT_FSIZE, limits->file_size);
    return sandbox_lock(&box, err);
}
