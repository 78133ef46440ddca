/*
 * bench-inside-ENGINE: what one activation costs inside a worker, without wowd, HTTP or a second
 * process: arguments in a slot, a fresh instance, the call, the result, everything torn down. It
 * does what run_slot in worker/worker.c does. Takes a file of `wow compile`.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "compile/artifact.h"
#include "engine/tier.h"
#include "host/guest.h"
#include "host/imports.h"
#include "host/wasi.h"
#include "samples.h"
#include "wire/slot.h"

#define WARMUP 2000u
#define ROUNDS 200000u
#define LOADS 30u

struct inside {
    struct wow_module *module;
    struct wasi *wasi;
    struct wire_map map;
    const char *args;
};

static int once(const struct inside *x, uint64_t *ns, struct err *err)
{
    uint64_t from = clock_mono_ns();
    struct wire_slot *slot = &x->map.head->slots[0];
    struct guest_answer answer;
    struct guest_input in = {
        .module = x->module,
        .wasi = x->wasi,
        .name = "bench",
        .entry = "main",
        .args = {wire_input(&x->map, 0), slot->args_size},
        .memory = slot->memory,
        .output = wire_output(&x->map, 0),
        .output_max = WIRE_OUTPUT_MAX,
    };

    wire_log_begin(&in.log, slot, wire_log(&x->map, 0));
    guest_run(&in, &answer);
    *ns = clock_mono_ns() - from;
    if (answer.outcome != WIRE_SUCCESS)
        return err_set(err, ERR_INTERNAL, "the action failed: %s", answer.text);
    return 0;
}

static void fill_slot(const struct inside *x)
{
    struct wire_slot *slot = &x->map.head->slots[0];

    slot->args_size = (uint32_t)strlen(x->args);
    slot->log_limit = 1u << 20;
    slot->memory = 256u << 20;
    memcpy(wire_input(&x->map, 0), x->args, slot->args_size + 1);
}

static int measure(const struct inside *x, struct err *err)
{
    struct samples all;
    uint64_t ns, sum = 0;
    int r = 0;

    samples_init(&all, ROUNDS);
    for (unsigned i = 0; r == 0 && i < WARMUP + ROUNDS; i++) {
        r = once(x, &ns, err);
        if (r == 0 && i >= WARMUP) {
            samples_add(&all, ns);
            sum += ns;
        }
    }
    if (r == 0) {
        printf("\"mode\":\"inside\",\"engine\":\"%s\",\"mean_us\":%.2f,", wow_engine.name,
               (double)sum / ROUNDS / 1000);
        samples_print(&all, "", stdout);
        printf(",\"result\":%.*s}\n", 200, (const char *)wire_output(&x->map, 0));
    }
    samples_done(&all);
    return r;
}

/* What this process alone has in memory, in bytes. */
static long own_memory(void)
{
    long rss = 0, shared = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (!f || fscanf(f, "%*d %ld %ld", &rss, &shared) != 2)
        rss = shared = 0;
    if (f)
        fclose(f);
    return (rss - shared) * sysconf(_SC_PAGESIZE);
}

/*
 * What it takes to load a module and let go of it, and what it costs in memory: few rounds, as
 * some engines keep a part.
 */
static int time_load(struct wow_runtime *rt, const struct wow_code *code, struct err *err)
{
    struct wow_module *all[LOADS];
    uint64_t from = clock_mono_ns();
    long before = own_memory();
    unsigned n = 0;
    int r = 0;

    while (n < LOADS && (r = wow_engine.load(rt, code, &all[n], err)) == 0)
        n++;
    long grown = own_memory() - before;
    while (n > 0)
        wow_engine.unload(all[--n]);
    if (r == 0)
        printf("{\"load_us\":%.1f,\"load_bytes\":%ld,",
               (double)(clock_mono_ns() - from) / LOADS / 1000, grown / (long)LOADS);
    return r;
}

int main(int argc, char **argv)
{
    const struct wow_imports host = {.table = host_imports};
    struct inside x = {.args = argc == 4 ? argv[3] : ""};
    struct wow_runtime *rt;
    struct err err;
    int map = -1;

    struct wow_code made = {0};
    if (argc != 4 || strlen(argv[3]) >= WIRE_INPUT_MAX || tier_of(argv[2], &made.tier) < 0) {
        fputs("usage: bench-inside-ENGINE MACHINE-CODE TIER ARGUMENTS\n", stderr);
        return 64;
    }
    AUTO(fd) int code = open(argv[1], O_RDONLY | O_CLOEXEC);
    struct stat st = {0};
    if (code >= 0)
        fstat(code, &st);
    made.fd = code;
    made.size = (size_t)st.st_size - sizeof(struct artifact);
    int r = code < 0 ? err_errno(&err, ERR_NOT_FOUND, "'%s'", argv[1])
                     : wow_engine.open(&host, &rt, &err);
    if (r == 0)
        r = time_load(rt, &made, &err);
    if (r == 0)
        r = wow_engine.load(rt, &made, &x.module, &err);
    if (r == 0)
        r = wire_map_create(&map, &x.map, &err);
    if (r == 0) {
        x.wasi = wasi_new();
        fill_slot(&x);
        r = measure(&x, &err);
        wasi_free(x.wasi);
    }
    if (r < 0)
        fprintf(stderr, "bench-inside-%s: %s\n", wow_engine.name, err.msg);
    fd_close(map);
    wire_map_close(&x.map);
    return r < 0 ? 1 : 0;
}
