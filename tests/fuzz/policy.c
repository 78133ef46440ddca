/* The operator's policy, who may mistype it: read, and asked for what it grants. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "grant/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct caps base = {.memory_mb = 512, .timeout_ms = 1000, .logs_mb = 10};
    const struct target to = {true, "api.example.com", 443};
    int fd = memfd_create("policy", MFD_CLOEXEC);
    char path[64], text[64];
    struct policy *policy;
    struct caps caps;
    struct err err;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    if (policy_load(path, &base, "/srv:ro:/tmp", &policy, &err) == 0) {
        const char *const names[] = {NULL, "guest", "x"};
        for (int i = 0; i < 9; i++) {
            policy_caps(policy, names[i % 3], names[i / 3], &caps);
            assert(caps.memory_mb <= base.memory_mb);
            if (caps.hosts)
                hosts_have(caps.hosts, &to, NULL);
        }
        policy_describe(policy, text);
        policy_free(policy);
    } else {
        assert(err.msg[0]);
    }
    close(fd);
    return 0;
}
