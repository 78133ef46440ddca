#include "pool/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "compile/artifact.h"

/* In the order in which `auto` prefers them. */
static const char *const known[] = {"wasmtime", "wamr", "wasmer"};

#define KNOWN (sizeof known / sizeof *known)

/* What a program prints when called with --about. */
static int ask(const char *path, char *out, size_t size, struct err *err)
{
    char *argv[] = {(char *)path, (char *)"--about", NULL};
    char *env[] = {NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], status = 0;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(err, ERR_INTERNAL, "pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    int r = posix_spawn(&pid, path, &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    ssize_t n = r == 0 ? read(ends[0], out, size - 1) : -1;
    close(ends[0]);
    if (r == 0)
        waitpid(pid, &status, 0);
    errno = r;
    if (r != 0)
        return err_errno(err, ERR_NOT_FOUND, "'%s'", path);
    if (n <= 0 || status != 0)
        return err_set(err, ERR_INTERNAL, "'%s' does not say what it is", path);
    out[n] = '\0';
    return 0;
}

static int add(struct engines *e, const char *name, const struct pool_settings *settings,
               struct cache *cache, struct err *err)
{
    char path[4096], about[256], family[ARTIFACT_FAMILY_MAX];
    struct engine *x = &e->all[e->n];
    int baseline = 0;

    snprintf(path, sizeof path, "%s/wow-compile-%s", settings->programs, name);
    int r = ask(path, about, sizeof about, err);
    if (r < 0)
        return err_wrap(err, "engine '%s'", name);
    if (sscanf(about, "%63s %d %u", x->version, &baseline, &x->loads_max) != 3)
        return err_set(err, ERR_INTERNAL, "'%s' says of itself '%s'", path, about);
    snprintf(x->name, sizeof x->name, "%s", name);
    x->baseline = baseline ? x : NULL;
    x->index = e->n;
    artifact_family(name, x->version, settings->memory_max_mb, family);
    r = cache_shelf(cache, family, &x->shelf, err);
    if (r == 0)
        e->n++;
    return r;
}

static struct engine *by_name(struct engines *e, const char *name)
{
    for (unsigned i = 0; i < e->n; i++)
        if (strcmp(e->all[i].name, name) == 0)
            return &e->all[i];
    return NULL;
}

/* An engine without a baseline gets the first other's: they run the same wasm. */
static void lend_baselines(struct engines *e)
{
    struct engine *lender = NULL;

    for (unsigned i = 0; i < e->n && !lender; i++)
        lender = e->all[i].baseline;
    for (unsigned i = 0; i < e->n; i++)
        if (!e->all[i].baseline)
            e->all[i].baseline = lender;
}

int engines_find(struct engines *e, const struct pool_settings *settings, struct cache *cache,
                 struct err *err)
{
    bool any = strcmp(settings->engine, ENGINE_AUTO) == 0;
    char path[4096];
    int r = 0;

    for (size_t i = 0; i < KNOWN && r == 0; i++) {
        snprintf(path, sizeof path, "%s/wow-compile-%s", settings->programs, known[i]);
        if (access(path, X_OK) == 0)
            r = add(e, known[i], settings, cache, err);
    }
    if (r == 0 && !any && !by_name(e, settings->engine)) /* not one that `auto` would take */
        r = strlen(settings->engine) >= CACHE_ENGINE_MAX || strchr(settings->engine, '/')
                ? err_set(err, ERR_INVALID, "'%s' is no engine's name", settings->engine)
                : add(e, settings->engine, settings, cache, err);
    if (r < 0)
        return r;
    if (e->n == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no engine: no wow-compile-* in '%s'",
                       settings->programs);
    lend_baselines(e);
    e->preferred = any ? &e->all[0] : by_name(e, settings->engine);
    e->preferred->used = true;
    snprintf(e->names, sizeof e->names, "%s", e->preferred->name);
    for (unsigned i = 0; i < e->n; i++)
        if (&e->all[i] != e->preferred) {
            size_t n = strlen(e->names);
            snprintf(e->names + n, sizeof e->names - n, ",%s", e->all[i].name);
        }
    return 0;
}

int engines_get(struct engines *e, const char *name, struct engine **out, struct err *err)
{
    if (name[0] == '\0' || strcmp(name, "-") == 0 || strcmp(name, ENGINE_AUTO) == 0) {
        *out = e->preferred;
        return 0;
    }
    *out = by_name(e, name);
    if (*out)
        return 0;
    return err_set(err, ERR_UNUSABLE,
                   "the action asks for the engine '%.60s', and there are only %s", name, e->names);
}
