/*
 * bench-compute-ENGINE: the kernels of kernels.c on an engine, in one instance; linked with
 * kernels.c instead of an engine (-DNATIVE), the same natively. Prints, for each kernel, its
 * checksum and the shortest time of several runs: what is asked for is what code can do, not what
 * else the machine did.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/clock.h"
#include "compile/artifact.h"
#include "engine/tier.h"
#include "host/imports.h"
#include "host/wasi.h"

#define RUNS 5

static const struct kernel {
    const char *name;
    int32_t rounds; /* so many that a run takes about 20 ms */
} kernels[] = {{"hash", 2000000}, {"prime", 300000}, {"sieve", 150},  {"list", 1000},
               {"matrix", 1000},  {"state", 15000},  {"crc", 2500000}};

#define KERNELS (sizeof kernels / sizeof *kernels)

#ifdef NATIVE
int32_t hash(int32_t), prime(int32_t), sieve(int32_t), list(int32_t), matrix(int32_t),
    state(int32_t), crc(int32_t);

static int32_t run(void *ctx, size_t k, int32_t rounds)
{
    static int32_t (*const functions[KERNELS])(int32_t) = {hash,   prime, sieve, list,
                                                           matrix, state, crc};

    (void)ctx;
    return functions[k](rounds);
}

static void *start(int argc, char **argv)
{
    (void)argv;
    if (argc != 2) {
        fputs("usage: bench-compute-native PARTS\n", stderr);
        exit(64);
    }
    return NULL;
}
#else
static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "bench-compute-%s: %s: %s\n", wow_engine.name, what, err->msg);
    exit(1);
}

static int32_t run(void *ctx, size_t k, int32_t rounds)
{
    struct wow_end end = {0};
    struct err err;

    if (wow_engine.call(ctx, kernels[k].name, &rounds, &end, &err) < 0)
        die(kernels[k].name, &err);
    if (end.kind != WOW_END_RETURN) {
        err_set(&err, ERR_INTERNAL, "%s", end.text);
        die(kernels[k].name, &err);
    }
    return end.value;
}

static void *start(int argc, char **argv)
{
    const struct wow_imports host = {.table = host_imports};
    const struct wow_limits limits = {.memory = 256u << 20};
    struct wow_code code = {.fd = argc == 4 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1};
    struct wow_runtime *rt;
    struct wow_module *m;
    struct wow_instance *in;
    struct wow_end end = {0};
    struct stat st;
    struct err err;

    if (code.fd < 0 || fstat(code.fd, &st) < 0 || tier_of(argv[3], &code.tier) < 0) {
        fputs("usage: bench-compute-ENGINE PARTS MACHINE-CODE TIER\n", stderr);
        exit(64);
    }
    code.size = (size_t)st.st_size - sizeof(struct artifact);
    if (wow_engine.open(&host, &rt, &err) < 0 || wow_engine.load(rt, &code, &m, &err) < 0 ||
        wow_engine.spawn(m, &limits, NULL, &in, &end, &err) < 0)
        die("loading", &err);
    return in;
}
#endif

/* PARTS: the rounds are divided by it. */
int main(int argc, char **argv)
{
    void *ctx = start(argc, argv);
    long parts = strtol(argv[1], NULL, 10);

    for (size_t k = 0; parts > 0 && k < KERNELS; k++) {
        uint64_t best = UINT64_MAX;
        int32_t sum = 0;
        for (int i = 0; i < RUNS; i++) {
            uint64_t from = clock_mono_ns();
            sum = run(ctx, k, (int32_t)(kernels[k].rounds / parts) + 1);
            uint64_t took = clock_mono_ns() - from;
            best = took < best ? took : best;
        }
        printf("%s %d %llu\n", kernels[k].name, sum, (unsigned long long)best);
    }
    return parts > 0 ? 0 : 64;
}
