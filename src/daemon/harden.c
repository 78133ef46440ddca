#include "daemon/harden.h"

#include <dirent.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct kept {
    int capability;
    const char *name;
} table[] = {
    {CAP_SETUID, "setuid"}, /* workers and compilers become another user … */
    {CAP_SETGID, "setgid"},
    {CAP_SETPCAP, "setpcap"},     /* … and can never get a capability again */
    {CAP_SYS_ADMIN, "sys_admin"}, /* their empty root and network; directories' mounts */
    {CAP_KILL, "kill"},           /* wowd ends them, */
    {CAP_SYS_NICE, "sys_nice"},   /* and has compilers wait for others */
    {CAP_DAC_READ_SEARCH, "dac_read_search"}, /* granted directories that are not open to all */
};

/* One that clients connect to may have been handed to us to serve. */
static bool is_listener(int fd)
{
    int listens = 0;
    socklen_t size = sizeof listens;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
}

static void close_inherited(void)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;

    if (!dir)
        return; /* no program that we start has them, all the same */
    while ((entry = readdir(dir)) != NULL) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (fd > STDERR_FILENO && fd != dirfd(dir) && !is_listener(fd))
            close(fd);
    }
    closedir(dir);
}

void harden_begin(void)
{
    close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    close_inherited();
    umask(0027);
}

int harden_finish(char kept[HARDEN_KEPT], struct err *err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct has[2], keep[2] = {0};
    uint64_t mask = 0;
    size_t n = 0;

    kept[0] = '\0';
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_errno(err, ERR_INTERNAL, "no_new_privs");
    if (geteuid() != 0)
        return 0;
    if (syscall(SYS_capget, &head, has) < 0)
        return err_errno(err, ERR_INTERNAL, "capget");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint32_t bit = 1u << table[i].capability % 32;
        if (!(has[table[i].capability / 32].permitted & bit))
            continue; /* a container, say, that has not got it */
        keep[table[i].capability / 32].permitted |= bit;
        mask |= (uint64_t)1 << table[i].capability;
        n += (size_t)snprintf(kept + n, HARDEN_KEPT - n, "%s%s", n ? "," : "", table[i].name);
    }
    keep[0].effective = keep[0].permitted;
    keep[1].effective = keep[1].permitted;
    /* What the programs that we start may have: root's are all that is in this set. */
    for (int cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if (!(mask >> cap & 1))
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* fails where we may not: see setpcap */
    if (syscall(SYS_capset, &head, keep) < 0)
        return err_errno(err, ERR_INTERNAL, "giving up capabilities");
    return 0;
}
