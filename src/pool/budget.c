/*
 * How much memory activations may use together, each counted with its limit. Guests seldom use
 * what they may, so left alone it is four times most of what the machine has, or the control group
 * wowd is in. Should they all use it after all, the kernel kills workers, who offer themselves
 * (zygote_run), and never wowd.
 */
#include <stdio.h>
#include <unistd.h>

#include "pool/priv.h"

#define SHARE 9u /* tenths */
#define OVERCOMMIT 4u

/* A control group's limit, of either version; UINT64_MAX where there is none. */
static uint64_t group_limit(void)
{
    static const char *const files[] = {"/sys/fs/cgroup/memory.max",
                                        "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    unsigned long long bytes;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        FILE *f = fopen(files[i], "re");
        int n = f ? fscanf(f, "%llu", &bytes) : 0; /* "max" is no number */
        if (f)
            fclose(f);
        if (n == 1)
            return bytes;
    }
    return UINT64_MAX;
}

uint64_t budget_bytes(const struct pool_settings *s)
{
    uint64_t largest = (uint64_t)s->memory_max_mb << 20, bytes = (uint64_t)s->budget_mb << 20;

    if (bytes == 0) {
        uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
        uint64_t group = group_limit();
        bytes = (group < machine ? group : machine) / 10 * SHARE * OVERCOMMIT;
    }
    return bytes < largest ? largest : bytes; /* else the largest could never run */
}

uint64_t budget_of(const struct activation *a) { return (uint64_t)a->limits.memory_mb << 20; }

void budget_charge(struct pool *p, struct worker *w, uint64_t bytes)
{
    p->charged += bytes - w->charged;
    w->charged = bytes;
}

bool budget_fits(const struct pool *p, const struct worker *w, const struct activation *a)
{
    uint64_t bytes = budget_of(a);

    return bytes <= w->charged || p->charged + (bytes - w->charged) <= p->budget;
}
