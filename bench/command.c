#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"

extern char **environ;

/* All that comes, of which the first bytes are kept. */
static void read_all(int fd, char out[COMMAND_OUT])
{
    char rest[256];
    size_t size = 0;
    ssize_t n;

    do {
        size_t room = COMMAND_OUT - 1 - size;
        n = room ? read(fd, out + size, room) : read(fd, rest, sizeof rest);
        size += n > 0 && room ? (size_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (size > 0 && out[size - 1] == '\n')
        size--;
    out[size] = '\0';
}

int command_run(char *const argv[], char out[COMMAND_OUT], uint64_t *ns, struct err *err)
{
    posix_spawn_file_actions_t actions;
    uint64_t began = clock_mono_ns();
    int ends[2], status;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(err, ERR_INTERNAL, "pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    AUTO(fd) int from = ends[0];
    if (errno != 0)
        return err_errno(err, ERR_INTERNAL, "%s", argv[0]);
    read_all(from, out);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_errno(err, ERR_INTERNAL, "waitpid");
    *ns = clock_mono_ns() - began;
    return status == 0 ? 0
                       : err_set(err, ERR_INTERNAL, "%s %s: status %x", argv[0],
                                 argv[1] ? argv[1] : "", (unsigned)status);
}
