#include "wire/message.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union control {
    char space[CMSG_SPACE(WIRE_FDS_MAX * sizeof(int))];
    struct cmsghdr align;
};

int wire_send(int sock, const struct wire_message *m, const int *fds, size_t fdc, int flags,
              struct err *err)
{
    struct iovec iov = {(void *)m, offsetof(struct wire_message, names) + m->names_size};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    union control control;
    ssize_t n;

    assert(fdc <= WIRE_FDS_MAX && m->names_size <= WIRE_NAMES_MAX);
    if (fdc > 0) {
        memset(&control, 0, sizeof control);
        msg.msg_control = control.space;
        msg.msg_controllen = CMSG_SPACE(fdc * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(fdc * sizeof(int));
        memcpy(CMSG_DATA(c), fds, fdc * sizeof(int));
    }
    do
        n = sendmsg(sock, &msg, flags | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(err,
                         errno == EAGAIN                         ? ERR_BUSY
                         : errno == EPIPE || errno == ECONNRESET ? ERR_REFUSED
                                                                 : ERR_INTERNAL,
                         "sending a message");
    return 0;
}

int wire_receive(int sock, struct wire_message *m, int fds[WIRE_FDS_MAX], int flags,
                 struct err *err)
{
    struct iovec iov = {m, sizeof *m};
    union control control;
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.space,
                         .msg_controllen = sizeof control.space};
    ssize_t n;

    for (int i = 0; i < WIRE_FDS_MAX; i++)
        fds[i] = -1;
    do
        n = recvmsg(sock, &msg, flags | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return 0;
    if (n < 0)
        return err_errno(err, errno == EAGAIN ? ERR_BUSY : ERR_INTERNAL, "receiving a message");

    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    size_t head = offsetof(struct wire_message, names);
    if ((size_t)n < head || m->names_size != (size_t)n - head)
        return err_set(err, ERR_INTERNAL, "a message of %zd bytes makes no sense", n);
    return 1;
}
