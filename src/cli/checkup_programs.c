/* wow doctor's half on programs: wow's own, engines, and what builds actions. */
#include "cli/checkup.h"

#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/new.h"
#include "cli/project.h"

#define PROGRAMS "Programs"
#define LANGUAGES "Languages, by building an action in each"

static void found(struct checkup *c, const char *text)
{
    snprintf(c->found, sizeof c->found, "%.150s", text);
}

/* The first line a command prints; false if it fails or prints nothing. */
static bool first_line(const char *command, char *out, size_t size)
{
    FILE *f = popen(command, "re");
    bool ok = f && fgets(out, (int)size, f);

    if (f)
        ok = pclose(f) == 0 && ok;
    if (ok)
        out[strcspn(out, "\n")] = '\0';
    return ok;
}

static void check_wowd(struct checkup *c, const char *dir)
{
    AUTO(mem) char *command = mem_print("'%s/wowd' --version 2>/dev/null", dir);
    char line[128];

    *c = (struct checkup){.topic = PROGRAMS, .name = "wowd"};
    c->state = first_line(command, line, sizeof line) ? CHECKUP_GOOD : CHECKUP_BAD;
    found(c, c->state == CHECKUP_GOOD ? line : "not here");
    snprintf(c->advice, sizeof c->advice, "it belongs beside wow, in '%.150s': make build", dir);
}

static bool check_engine(struct checkup *c, const char *dir, const char *engine)
{
    AUTO(mem) char *worker = mem_print("%s/wow-worker-%s", dir, engine);
    AUTO(mem) char *command = mem_print("'%s/wow-compile-%s' --about 2>/dev/null", dir, engine);
    char line[128];

    *c = (struct checkup){.topic = PROGRAMS, .name = engine, .state = CHECKUP_POOR};
    bool there = access(worker, X_OK) == 0 && first_line(command, line, sizeof line);
    if (there) {
        line[strcspn(line, " ")] = '\0';
        c->state = CHECKUP_GOOD;
    }
    found(c, there ? line : "not here");
    snprintf(c->advice, sizeof c->advice, "an engine: make engines builds it");
    return there;
}

/* A program that makes something better. */
static void check_tool(struct checkup *c, const char *name, const char *const *candidates,
                       const char *advice)
{
    char line[128];

    *c = (struct checkup){.topic = PROGRAMS, .name = name, .state = CHECKUP_POOR};
    for (; *candidates && c->state != CHECKUP_GOOD; candidates++) {
        AUTO(mem) char *command = mem_print("command -v %s", *candidates);
        if (first_line(command, line, sizeof line))
            c->state = CHECKUP_GOOD;
    }
    found(c, c->state == CHECKUP_GOOD ? line : "not here");
    snprintf(c->advice, sizeof c->advice, "%s", advice);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

/* Begin an action in it and build it, as its author would. */
static int try_language(const struct lang *l, const char *dir, struct err *err)
{
    AUTO(mem) char *made = NULL;
    AUTO(mem) char *action = mem_print("%s/doctor", dir);
    AUTO(buf) struct buf files;
    const struct project_build how = {.quiet = true};
    struct project p;

    buf_init(&files, 1u << 20);
    int r = new_copy(l, action, "doctor", &files, err);
    if (r == 0)
        r = project_open(action, &p, err);
    if (r < 0)
        return r;
    r = project_make(&p, &how, &made, err);
    project_done(&p);
    return r;
}

static void check_language(struct checkup *c, const struct lang *l)
{
    char dir[] = "/tmp/wow-XXXXXX";
    struct err err = {.msg = "no temporary directory"};

    *c = (struct checkup){.topic = LANGUAGES, .name = l->name, .state = CHECKUP_POOR};
    if (mkdtemp(dir) && try_language(l, dir, &err) == 0)
        c->state = CHECKUP_GOOD;
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    found(c, c->state == CHECKUP_GOOD ? l->about : err.msg);
    snprintf(c->advice, sizeof c->advice, "it needs %s", l->needs);
}

size_t checkup_programs(struct checkup *out, size_t max)
{
    static const char *const engines[] = {"wasmtime", "wamr", "wasmer"};
    static const char *const opt[] = {"wasm-opt", NULL};
    static const char *const symbolizers[] = {"llvm-symbolizer-19", "llvm-symbolizer-22",
                                              "llvm-symbolizer-16", "llvm-symbolizer", NULL};
    char dir[PATH_MAX];
    struct err err;
    size_t n = 0, have = 0;

    if (max < 16 || file_program_dir(dir, &err) < 0)
        return 0;
    check_wowd(&out[n++], dir);
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        have += check_engine(&out[n++], dir, engines[i]);
    for (size_t i = 1; i < n && have == 0; i++)
        out[i].state = CHECKUP_BAD; /* one of them is needed */
    check_tool(&out[n++], "wasm-opt", opt,
               "modules get somewhat smaller with it; on Debian: apt install binaryen");
    check_tool(&out[n++], "llvm-symbolizer", symbolizers,
               "with it wow run -g shows lines, too; on Debian: apt install llvm-19");
    for (const struct lang *l = lang_table; l->name && n < max; l++)
        check_language(&out[n++], l);
    return n;
}
