#include "worker/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

/* Newer than the headers of Debian 12, from the kernel's include/uapi/linux/landlock.h. */
struct ruleset {
    uint64_t files, net, scoped;
};
#define NET_ALL 3u    /* bind and connect TCP; version 4 */
#define SCOPED_ALL 3u /* abstract sockets, signals; version 6 */

/* How much of struct ruleset a version knows, and how many of the rights to files. */
static const struct {
    size_t size;
    unsigned rights;
} versions[] = {{0, 0}, {8, 13}, {8, 14}, {8, 15}, {16, 15}, {16, 16}, {24, 16}};

#define VERSIONS ((int)(sizeof versions / sizeof *versions))

/* What a guest may come to do in a directory: no devices, sockets or programs. */
#define DIR_RIGHTS                                                                                 \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |  \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                              \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM |     \
     1u << 13 /* link and rename between directories */ | 1u << 14 /* truncate */)

static void allow(int rules, uint64_t rights, const char *dir)
{
    AUTO(fd) int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct landlock_path_beneath_attr rule = {.allowed_access = rights & DIR_RIGHTS,
                                              .parent_fd = fd};

    if (fd >= 0) /* else there is nothing there to be granted */
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int landlock_make(const char *roots, int *version)
{
    long v = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    *version = v > 0 ? (int)v : 0;
    if (v <= 0)
        return -1;
    int known = *version < VERSIONS ? *version : VERSIONS - 1;
    uint64_t rights = ((uint64_t)1 << versions[known].rights) - 1;
    const struct ruleset set = {.files = roots ? rights : 0, .net = NET_ALL, .scoped = SCOPED_ALL};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &set, versions[known].size, 0);
    while (rules >= 0 && roots && *roots) {
        size_t n = strcspn(roots, ":");
        AUTO(mem) char *dir = mem_dup_n(roots, n);
        if (dir[0] == '/') /* ":ro" may stand behind one, too */
            allow(rules, rights, dir);
        roots += n + (roots[n] == ':');
    }
    if (rules < 0)
        *version = 0;
    return rules;
}

int landlock_enter(int rules) { return (int)syscall(SYS_landlock_restrict_self, rules, 0); }
