#include "worker/zygote.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "wire/message.h"
#include "worker/sandbox.h"
#include "worker/worker.h"

#define STOP_S 2u

/* wowd and the zygote come first: it is they who end a guest that does not end by itself. */
#define NICE 5

struct zygote {
    struct wow_runtime *rt;
    int control, signals;
    struct sandbox box;
};

/* What wowd hands over for a worker, in this order. */
enum { HANDED_SOCK, HANDED_MAP, HANDED_BELL };

/*
 * The child: nothing of the zygote's stays open, and what it was handed but for the map, which is
 * mapped before the lock: then no memory can be shared any more. What it prints wowd reads.
 */
static void __attribute__((noreturn)) be_worker(struct zygote *z, unsigned uid, const int *handed)
{
    struct worker_start start = {.sock = handed[HANDED_SOCK], .bell = handed[HANDED_BELL]};
    struct err err = {0};
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close(z->control);
    close(z->signals);
    dup2(WIRE_PRINTS_FD, STDERR_FILENO);
    close(WIRE_PRINTS_FD);
    setpriority(PRIO_PROCESS, 0, NICE);
    int r = wire_map_open(handed[HANDED_MAP], &start.map, &err);
    close(handed[HANDED_MAP]);
    if (r == 0)
        r = sandbox_lock(&z->box, uid, &err);
    if (r == 0)
        r = worker_run(z->rt, &start, &err);
    if (r < 0)
        log_event("worker.fault", "pid=%d error=\"%s\"", (int)getpid(), err.msg);
    _exit(r < 0 ? 1 : 0);
}

static void tell(struct zygote *z, struct wire_message *m, int fd)
{
    struct err err;

    int r = wire_send(z->control, m, &fd, fd >= 0 ? 1 : 0, 0, &err);
    if (r < 0 && err.kind != ERR_REFUSED) /* else wowd is gone, as we shall read */
        log_event("zygote.fault", "error=\"%s\"", err.msg);
}

static void spawn(struct zygote *z, const struct wire_message *order, const int *handed)
{
    struct wire_message m = {.type = WIRE_SPAWNED, .id = order->id};
    pid_t pid = fork();

    if (pid == 0)
        be_worker(z, order->user, handed);
    AUTO(fd) int pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    m.pid = (int32_t)pid;
    if (pidfd < 0) {
        m.type = WIRE_FAILED;
        m.names_size = (uint32_t)snprintf(m.names, sizeof m.names, "fork: %s", strerror(errno)) + 1;
        if (pid > 0)
            kill(pid, SIGKILL);
    }
    tell(z, &m, pidfd);
}

static void reap(struct zygote *z)
{
    struct signalfd_siginfo info;
    ssize_t n = read(z->signals, &info, sizeof info);
    int status;
    pid_t pid;

    (void)n; /* one signal may stand for many children */
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct wire_message m = {.type = WIRE_EXITED, .pid = (int32_t)pid, .status = status};
        tell(z, &m, -1);
    }
}

/* One message from wowd. Returns 0 when it is gone. */
static int serve(struct zygote *z, struct err *err)
{
    struct wire_message m;
    int fds[WIRE_FDS_MAX];
    int r = wire_receive(z->control, &m, fds, 0, err);

    if (r > 0 && m.type == WIRE_SPAWN)
        spawn(z, &m, fds);
    for (int i = 0; i < WIRE_FDS_MAX; i++)
        fd_close(fds[i]);
    return r;
}

static void wait_for_all(void)
{
    alarm(STOP_S);
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

/* How granted directories are held. */
static const char *held(const struct sandbox *box)
{
    const char *dirs = box->plan->dirs;

    if (strcmp(dirs, SANDBOX_NO_DIRS) == 0)
        return "none";
    if (strcmp(dirs, SANDBOX_OWN_MOUNTS) == 0)
        return "mounts";
    return box->landlock >= 0 && strcmp(dirs, SANDBOX_ANY_DIRS) != 0 ? "landlock" : "open";
}

/* What is on, and what is not. */
static void log_sandbox(const struct sandbox *box)
{
    log_event("sandbox",
              "engine=%s user=%u root=%s network=%s seccomp=%s landlock=%d directories=%s",
              wow_engine.name, box->uid, box->empty_root ? "empty" : "shared",
              box->own_network ? "none" : "shared", SANDBOX_KILLS ? "kill" : "refuse",
              box->landlock_version, held(box));
}

int zygote_run(struct wow_runtime *rt, int control, const struct sandbox_plan *plan,
               struct err *err)
{
    struct zygote z = {.rt = rt, .control = control};
    sigset_t mask;

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_NAME, "wow-zygote", 0, 0, 0);
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGINT, SIG_IGN); /* a terminal's Ctrl-C is wowd's to handle */
    z.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (z.signals < 0)
        return err_errno(err, ERR_INTERNAL, "signalfd");
    signal(SIGXFSZ, SIG_IGN); /* what is larger than a file may be is an error of the guest's */
    int r = sandbox_enter(plan, &z.box, err);
    if (r < 0)
        return r;
    log_sandbox(&z.box);

    struct pollfd polls[2] = {{.fd = control, .events = POLLIN},
                              {.fd = z.signals, .events = POLLIN}};
    for (r = 1; r > 0;) {
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            return err_errno(err, ERR_INTERNAL, "poll");
        if (polls[1].revents)
            reap(&z);
        if (polls[0].revents)
            r = serve(&z, err);
    }
    if (r == 0) /* wowd is stopping: leave no child behind for init, but do not hang for one */
        wait_for_all();
    return r;
}
