#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "pool/priv.h"

/* What the engine's compiler says of itself: "wasmtime-48.0.8". */
static int ask_version(const struct pool_settings *s, char *out, size_t size, struct err *err)
{
    char path[4096];
    char *argv[] = {path, (char *)"--about", NULL};
    char *env[] = {NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], status = 0;
    pid_t pid;

    snprintf(path, sizeof path, "%s/wow-compile-%s", s->programs, s->engine);
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
        return err_errno(err, ERR_NOT_FOUND, "engine '%s': '%s'", s->engine, path);
    if (n <= 0 || status != 0)
        return err_set(err, ERR_INTERNAL, "'%s' does not tell its version", path);
    out[n] = '\0';
    out[strcspn(out, "\n/")] = '\0';
    return 0;
}

/* A short name for what this processor can do: code made for it fits no lesser one. */
static void name_processor(char out[9])
{
    AUTO(buf) struct buf info;
    char hash[SHA256_HEX];
    struct err err;

    buf_init(&info, 16u << 20);
    const char *flags = file_read("/proc/cpuinfo", &info, &err) < 0 || !info.data
                            ? NULL
                            : strstr(info.data, "\nflags");
    if (!flags)
        flags = "unknown";
    sha256_hex(flags, strcspn(flags + 1, "\n"), hash);
    memcpy(out, hash, 8);
    out[8] = '\0';
}

static int open_cache(struct pool *p, struct err *err)
{
    char version[128], processor[9];

    int r = ask_version(&p->settings, version, sizeof version, err);
    if (r < 0)
        return r;
    name_processor(processor);
    AUTO(mem) char *subdir = mem_print("%s-%s", version, processor);
    return cache_open(p->settings.cache, subdir, &p->cache, err);
}

int pool_new(struct loop *l, const struct pool_settings *settings, const struct pool_events *events,
             void *ctx, struct pool **out, struct err *err)
{
    struct pool *p = NEW(struct pool);

    p->loop = l;
    p->settings = *settings;
    p->events = *events;
    p->ctx = ctx;
    int r = open_cache(p, err);
    if (r == 0)
        r = processes_new(l, &p->settings, &schedule_events, p, &p->processes, err);
    if (r < 0) {
        cache_close(p->cache);
        free(p);
        return r;
    }
    p->compiles = compiles_new(l, &p->settings, p->cache);
    schedule_init(p);
    *out = p;
    return 0;
}

void pool_free(struct pool *p)
{
    struct container *c, *next;

    if (!p)
        return;
    p->closing = true;
    compiles_free(p->compiles);
    schedule_close(p);
    HASH_ITER (by_id, p->by_id, c, next)
        container_destroy(c);
    cache_close(p->cache);
    free(p);
}
