#include "cli/private.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define LISTENER 3 /* where wowd finds its socket */

struct private
{
    char *place; /* its directory */
    pid_t pid;
    int listener;
    struct client *client;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number) { interrupted = number; }

void private_catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction act = {.sa_handler = on_signal};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &act, NULL);
}

bool private_is_interrupted(void) { return interrupted != 0; }

struct client *private_client(struct private *p) { return p->client; }

static int listen_at(struct private *p, const char *path, struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof at.sun_path)
        return err_set(err, ERR_NOT_FOUND, "the temporary directory's path is too long: '%s'",
                       path);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->listener < 0 || bind(p->listener, (struct sockaddr *)&at, sizeof at) < 0 ||
        listen(p->listener, 16) < 0)
        return err_errno(err, ERR_INTERNAL, "'%s'", path);
    return 0;
}

/* Settings of the daemon that people use are not this one's. */
static void clean_environment(void)
{
    for (char **e = environ; *e;) {
        if (strncmp(*e, "WOW_", 4) != 0) {
            e++;
            continue;
        }
        AUTO(mem) char *name = mem_dup_n(*e, strcspn(*e, "="));
        unsetenv(name);
        e = environ;
    }
}

static void __attribute__((noreturn)) be_wowd(const char *program, char **argv, int listener,
                                              int ready, const char *log)
{
    int high =
        fcntl(listener, F_DUPFD_CLOEXEC, 100); /* it, or ready, may be where the other goes */
    int out = fcntl(ready, F_DUPFD_CLOEXEC, 100);

    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    dup2(high, LISTENER);
    dup2(out, STDOUT_FILENO);
    if (log)
        dup2(open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), STDERR_FILENO);
    clean_environment();
    execv(program, argv);
    fprintf(stderr, "%s: %s\n", program, strerror(errno));
    _exit(127);
}

/* The end of what it logged, which says why it is gone. */
static int explain(const struct private *p, struct err *err)
{
    AUTO(mem) char *path = mem_print("%s/log", p->place);
    AUTO(buf) struct buf log;
    struct err ignored;

    buf_init(&log, 1u << 20);
    if (interrupted)
        return err_set(err, ERR_REFUSED, "interrupted");
    if (file_read(path, &log, &ignored) < 0 || log.size < 2)
        return err_set(err, ERR_INTERNAL, "wowd does not start");
    log.data[log.size - 1] = '\0';
    const char *line = strrchr(log.data, '\n');
    return err_set(err, ERR_INTERNAL, "wowd does not start: %s", line ? line + 1 : log.data);
}

static int wait_until_ready(struct private *p, int ready, struct err *err)
{
    char line[256];
    size_t n = 0;
    ssize_t got;

    while (n < sizeof line - 1 && (got = read(ready, line + n, sizeof line - 1 - n)) > 0) {
        n += (size_t)got;
        line[n] = '\0';
        if (strchr(line, '\n'))
            return 0;
    }
    return explain(p, err);
}

static int write_policy(const char *path, const char *text, struct err *err)
{
    AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return err_errno(err, ERR_INTERNAL, "'%s'", path);
    return 0;
}

static int start(struct private *p, const struct private_settings *s, const char *cache,
                 struct err *err)
{
    char program[PATH_MAX + 8];
    AUTO(mem) char *data = mem_print("%s/data", p->place);
    AUTO(mem) char *log = mem_print("%s/log", p->place);
    AUTO(mem) char *policy = mem_print("%s/policy.json", p->place);
    int ready[2];

    int r = write_policy(policy, s->policy, err);
    if (r == 0)
        r = file_program_dir(program, err);
    if (r < 0)
        return r;
    strncat(program, "/wowd", sizeof program - strlen(program) - 1);
    const char *const argv[] = {"wowd",
                                "--executor",
                                "fd:3",
                                "--proxy",
                                "off",
                                "--rest",
                                "off",
                                "--data",
                                data,
                                "--cache",
                                cache,
                                "--engine",
                                s->engine,
                                "--workers",
                                "1",
                                "--memory-max",
                                "4096",
                                "--policy",
                                policy,
                                "--timeout",
                                "86400000",
                                "--tiering",
                                s->optimised ? "off" : "on",
                                NULL};
    if (pipe2(ready, O_CLOEXEC) < 0)
        return err_errno(err, ERR_INTERNAL, "pipe");
    p->pid = fork();
    if (p->pid == 0)
        be_wowd(program, (char **)argv, p->listener, ready[1], s->verbose ? NULL : log);
    close(ready[1]);
    r = p->pid < 0 ? err_errno(err, ERR_INTERNAL, "fork") : wait_until_ready(p, ready[0], err);
    close(ready[0]);
    return r;
}

/* ${XDG_CACHE_HOME:-~/.cache}/wow/run; without a home, in p's own place. */
static char *cache_path(const struct private *p)
{
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (base && base[0] == '/')
        return mem_print("%s/wow/run", base);
    return home ? mem_print("%s/.cache/wow/run", home) : mem_print("%s/cache", p->place);
}

int private_start(const struct private_settings *settings, struct private **out, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    struct private *p = NEW(struct private);

    p->listener = -1;
    p->place = mem_print("%s/wow-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
    if (!mkdtemp(p->place)) {
        int r = err_errno(err, ERR_INTERNAL, "'%s'", p->place);
        free(p->place);
        free(p);
        return r;
    }
    AUTO(mem) char *path = mem_print("%s/door", p->place);
    AUTO(mem) char *cache = cache_path(p);
    int r = listen_at(p, path, err);
    if (r == 0)
        r = start(p, settings, cache, err);
    if (r == 0)
        r = client_new(path, &p->client, err);
    if (r == 0)
        client_stop_when(p->client, private_is_interrupted);
    if (r < 0) {
        private_stop(p);
        return r;
    }
    *out = p;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void private_stop(struct private *p)
{
    if (!p)
        return;
    client_free(p->client);
    if (p->pid > 0) {
        kill(p->pid, SIGTERM);
        while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    fd_close(p->listener);
    nftw(p->place, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p->place);
    free(p);
}
