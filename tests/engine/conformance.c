/*
 * What every engine must do, through the programs that wowd uses. From the environment: WOW_BUILD,
 * the directory of the engine's two programs, WOW_ENGINE, its name, WOW_TIER, what its compiler
 * makes, and WOW_GUESTS, the directory of the modules of guests/, as wasm.
 *
 * The fake engine plays only what a guest's exports tell it to; cases it cannot play say so.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/tier.h"
#include "harness.h"
#include "test.h"

#define MIB (1ull << 20)
#define LIMIT (16 * MIB)

static const char *dir, *name, *guests;
static enum wow_tier tier;

/* How a case ends: answered by the worker, or killed after a while, or by its own crash. */
enum ending { ANSWERED, KILLED, CRASHED };

static const struct expected {
    const char *guest;
    bool fake; /* the fake engine can play it */
    enum ending ending;
    enum wire_outcome outcome;
    const char *says; /* part of the text, the output or, if it was killed, the log */
} expected[] = {
    {"echo", true, ANSWERED, WIRE_SUCCESS, "{\"a\":1}"},
    {"fresh", false, ANSWERED, WIRE_SUCCESS, "{\"n\":1}"},
    {"trap_unreachable", true, ANSWERED, WIRE_DEV_ERROR, "trapped: unreachable"},
    {"trap_divide", false, ANSWERED, WIRE_DEV_ERROR, "trapped: integer divide by zero"},
    {"trap_overflow", false, ANSWERED, WIRE_DEV_ERROR, "trapped: integer overflow"},
    {"trap_conversion", false, ANSWERED, WIRE_DEV_ERROR, "trapped: integer overflow"},
    {"trap_memory", false, ANSWERED, WIRE_DEV_ERROR, "trapped: out of bounds memory access"},
    {"trap_table", false, ANSWERED, WIRE_DEV_ERROR, "trapped: out of bounds table access"},
    {"trap_null", false, ANSWERED, WIRE_DEV_ERROR, "trapped: uninitialized element"},
    {"trap_signature", false, ANSWERED, WIRE_DEV_ERROR, "trapped: indirect call type mismatch"},
    {"trap_stack", false, ANSWERED, WIRE_DEV_ERROR, "trapped: call stack exhausted"},
    {"trap_start", false, ANSWERED, WIRE_DEV_ERROR, "trapped: unreachable"},
    {"exit", true, ANSWERED, WIRE_DEV_ERROR, "exited with status 3"},
    {"grow", false, ANSWERED, WIRE_SUCCESS, "{\"p\":\"256\"}"}, /* 16 MiB and not a page more */
    {"too_big", false, ANSWERED, WIRE_MEMORY, "exhausted its memory"},
    {"lie_pointer", true, ANSWERED, WIRE_DEV_ERROR, "outside its memory"},
    {"lie_wrap", false, ANSWERED, WIRE_DEV_ERROR, "outside its memory"},
    {"lie_length", false, ANSWERED, WIRE_DEV_ERROR, "outside its memory"},
    {"lie_huge", false, ANSWERED, WIRE_DEV_ERROR, "exceeded the allowed length"},
    {"not_json", false, ANSWERED, WIRE_DEV_ERROR, "valid JSON"},
    {"loop", true, KILLED, 0, ""},
    {"loop_start", false, KILLED, 0, ""},
    {"fill", false, KILLED, 0, ""},
    {"recurse", false, KILLED, 0, ""},
    {"wait", false, KILLED, 0, "waiting\n"},
    {"print", false, KILLED, 0, "hello\n"},
    {"crash", true, CRASHED, 0, ""},
};

#define CASES (sizeof expected / sizeof *expected)

static int compiled(struct engine *e, const char *guest)
{
    char path[1024], said[512];

    snprintf(path, sizeof path, "%s/%s.wasm", guests, guest);
    int code = engine_compile(e, path, said);
    if (code < 0)
        printf("%s: compiling: %s\n", guest, said);
    CHECK(code >= 0);
    return code;
}

static void check_case(struct engine *e, const struct expected *x, int code)
{
    unsigned wait_ms = x->ending == KILLED ? 100 : 20000;
    struct answer a = engine_run(e, code, "{\"a\":1}", LIMIT, wait_ms);
    bool ok = CHECK_INT(a.done, x->ending == ANSWERED);

    if (a.done && x->ending == ANSWERED) {
        const char *said = x->outcome == WIRE_SUCCESS ? a.output : a.text;
        ok &= CHECK_INT(a.outcome, x->outcome) & CHECK(strstr(said, x->says) != NULL);
    } else if (x->ending == KILLED) {
        ok &= CHECK_INT(WTERMSIG(a.status), SIGKILL) & CHECK_STR(a.log, x->says);
    } else if (x->ending == CRASHED) {
        ok &= CHECK(WIFSIGNALED(a.status) || WEXITSTATUS(a.status) != 0);
    }
    if (!ok)
        printf("    in guest %s: outcome %d text '%s' output '%s'\n", x->guest, (int)a.outcome,
               a.text, a.output);
    if (!a.done)
        engine_worker(e);
}

static bool plays(const struct expected *x)
{
    /* A real engine's worker cannot be made to crash by a guest, so far as anyone knows. */
    return strcmp(name, "fake") == 0 ? x->fake : x->ending != CRASHED;
}

TEST(every_guest_ends_as_it_should)
{
    struct engine *e = engine_start(dir, name, tier);

    engine_worker(e);
    for (size_t i = 0; i < CASES; i++) {
        int code = plays(&expected[i]) ? compiled(e, expected[i].guest) : -1;
        /* Twice in a row: the second finds no trace of the first. */
        for (int twice = 0; code >= 0 && twice < 2; twice++)
            check_case(e, &expected[i], code);
        close(code);
    }
    engine_stop(e);
}

TEST(a_trap_harms_no_later_activation)
{
    struct engine *e = engine_start(dir, name, tier);
    int echo, trap;

    engine_worker(e);
    echo = compiled(e, "echo");
    trap = compiled(e, "trap_unreachable");
    for (int i = 0; i < 50; i++) {
        struct answer a = engine_run(e, trap, "{}", LIMIT, 20000);
        CHECK_INT(a.outcome, WIRE_DEV_ERROR);
        a = engine_run(e, echo, "{\"i\":7}", LIMIT, 20000);
        CHECK_INT(a.outcome, WIRE_SUCCESS);
        CHECK_STR(a.output, "{\"i\":7}");
    }
    engine_stop(e);
}

TEST(code_that_is_not_ours_is_an_error_of_ours)
{
    struct engine *e = engine_start(dir, name, tier);
    FILE *f = tmpfile();

    engine_worker(e);
    fputs("no machine code at all", f);
    fflush(f);
    struct answer a = engine_run(e, fileno(f), "{}", LIMIT, 20000);
    CHECK(a.done);
    CHECK_INT(a.outcome, WIRE_INTERNAL);
    CHECK(strstr(a.text, "could not be loaded") != NULL);
    fclose(f);
    engine_stop(e);
}

static long proc_number(pid_t pid, const char *key)
{
    char path[64], line[256];
    long value = -1;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtol(line + strlen(key) + 1, NULL, 10);
    if (f)
        fclose(f);
    return value;
}

static int descriptors(pid_t pid)
{
    char path[64];
    int n = 0;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static int mappings(pid_t pid)
{
    char path[64], line[1024];
    int n = 0;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        n++;
    if (f)
        fclose(f);
    return n;
}

/* WOW_SOAK: so many rounds, and what was measured. */
TEST(a_worker_does_not_grow)
{
    const char *wanted = getenv("WOW_SOAK");
    long rounds = wanted ? strtol(wanted, NULL, 10) : 3000;
    struct engine *e = engine_start(dir, name, tier);

    engine_worker(e);
    pid_t pid = engine_worker_pid(e);
    int code = compiled(e, "echo"), fds = 0, maps = 0;
    long rss = 0;
    for (long i = 0; i < rounds; i++) {
        if (i == rounds / 10) {
            rss = proc_number(pid, "VmRSS");
            fds = descriptors(pid);
            maps = mappings(pid);
        }
        struct answer a = engine_run(e, code, "{}", LIMIT, 20000);
        if (!CHECK_INT(a.outcome, WIRE_SUCCESS))
            break;
    }
    CHECK(rss > 0);
    CHECK_INT(descriptors(pid), fds);
    if (wanted)
        printf("    %ld rounds: %ld to %ld KiB, %d to %d mappings, %d descriptors\n", rounds, rss,
               proc_number(pid, "VmRSS"), maps, mappings(pid), fds);
#ifdef __SANITIZE_ADDRESS__
    puts("    (memory not compared: AddressSanitizer keeps what is freed)");
#else
    CHECK(proc_number(pid, "VmRSS") < rss + 512); /* KiB */
    CHECK(mappings(pid) <= maps + 2);
#endif
    engine_stop(e);
}

TEST(a_compiler_refuses_what_is_no_module)
{
    static const struct {
        const char *base64, *says;
    } bad[] = {
        {"", "there is no code"},
        {"!!!", "not valid base64"},
        {"aGVsbG8=", "neither wasm nor a zip"},
        {"AGFzbQEAAAABhICAgAAB", "cut or damaged"},
        {"AGFzbQEAAAA=", "exports neither"},
        {"UEsDBAAAAAA=", "zip"},
        {"H4sIAAAAAAAAAw==", "gzip is cut"},
    };
    struct engine *e = engine_start(dir, name, tier);
    char said[512];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(engine_compile_text(e, bad[i].base64, said), -1);
        if (!CHECK(strstr(said, bad[i].says) != NULL))
            printf("    '%s' gave '%s'\n", bad[i].base64, said);
    }
    engine_stop(e);
}

__attribute__((constructor)) static void read_environment(void)
{
    dir = getenv("WOW_BUILD");
    name = getenv("WOW_ENGINE");
    guests = getenv("WOW_GUESTS");
    if (!dir || !name || !guests || !getenv("WOW_TIER") || tier_of(getenv("WOW_TIER"), &tier) < 0) {
        puts("set WOW_BUILD, WOW_ENGINE, WOW_TIER and WOW_GUESTS");
        exit(64);
    }
}
