#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/server.h"

#define BACKLOG 1024

int server_listen(struct in_addr address, const char *device, unsigned *port, int *fd,
                  struct err *err)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)*port), .sin_addr = address};
    AUTO(fd) int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t n = sizeof at;
    char text[INET_ADDRSTRLEN];
    int on = 1;

    inet_ntop(AF_INET, &address, text, sizeof text);
    if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        (device && setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)) < 0) ||
        bind(sock, (struct sockaddr *)&at, sizeof at) < 0 || listen(sock, BACKLOG) < 0 ||
        getsockname(sock, (struct sockaddr *)&at, &n) < 0)
        return err_errno(err, ERR_INTERNAL, "listening on %s:%u", text, *port);
    *port = ntohs(at.sin_port);
    *fd = TAKE_FD(sock);
    return 0;
}

bool request_is_trusted(const struct request *r)
{
    const union MHD_ConnectionInfo *info =
        r->connection ? MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                      : NULL;
    struct ucred peer;
    socklen_t n = sizeof peer;

    return info && getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

/* A socket that a wowd left behind: it is ours, and nobody listens. */
static bool is_left_behind(const struct sockaddr_un *at)
{
    AUTO(fd) int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat st;

    return lstat(at->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == geteuid() &&
           connect(sock, (const struct sockaddr *)at, sizeof *at) < 0 && errno == ECONNREFUSED;
}

int server_listen_unix(const char *path, int *fd, struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    AUTO(fd) int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (strlen(path) >= sizeof at.sun_path)
        return err_set(err, ERR_INVALID, "'%s': a socket's path has %zu bytes at most", path,
                       sizeof at.sun_path - 1);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    mode_t mask = umask(0177);
    int r = bind(sock, (struct sockaddr *)&at, sizeof at);
    if (r < 0 && errno == EADDRINUSE) {
        if (is_left_behind(&at))
            unlink(path);
        r = bind(sock, (struct sockaddr *)&at, sizeof at);
    }
    umask(mask);
    if (r < 0 || listen(sock, BACKLOG) < 0)
        return err_errno(err, ERR_INTERNAL, "listening on '%s'", path);
    *fd = TAKE_FD(sock);
    return 0;
}
