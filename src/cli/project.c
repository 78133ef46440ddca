#include "cli/project.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum { COMPILES_NOT = 1, MISSING = 2 }; /* statuses of a language's command */

void project_done(struct project *p)
{
    for (size_t i = 0; i < p->sourcec; i++)
        free(p->sources[i]);
    free(p->sources);
    free(p->dir);
    free(p->name);
    *p = (struct project){0};
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

/* The language of a single file, by its end: "*.c" is what ends with ".c". */
static const struct lang *lang_of_file(const char *path)
{
    for (const struct lang *l = lang_table; l->name; l++)
        if (l->sources[0] == '*' && ends_with(path, l->sources + 1))
            return l;
    return NULL;
}

bool project_is(const char *where)
{
    struct stat st;

    return lang_of_file(where) || (stat(where, &st) == 0 && S_ISDIR(st.st_mode));
}

/* The last part of a path, up to its first dot. */
static char *stem(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    return name[0] == '.' || !name[0] ? mem_dup("action") : mem_dup_n(name, strcspn(name, "."));
}

static void open_file(const char *path, struct project *p)
{
    const char *slash = strrchr(path, '/');

    p->name = stem(path);
    p->dir = slash ? mem_dup_n(path, (size_t)(slash - path) + (slash == path)) : mem_dup(".");
    p->sources = mem_zero(sizeof *p->sources);
    p->sources[p->sourcec++] = mem_dup(path);
}

/* The files of a folder that one language calls its sources. */
static bool take_sources(const struct lang *l, struct project *p)
{
    bool here = strcmp(p->dir, ".") == 0;
    AUTO(mem) char *pattern = mem_print("%s%s%s", here ? "" : p->dir, here ? "" : "/", l->sources);
    glob_t found;

    if (glob(pattern, 0, NULL, &found) != 0)
        return false;
    p->sources = mem_zero(found.gl_pathc * sizeof *p->sources);
    for (size_t i = 0; i < found.gl_pathc; i++)
        p->sources[p->sourcec++] = mem_dup(found.gl_pathv[i]);
    globfree(&found);
    p->lang = l;
    return true;
}

static int open_folder(const char *where, struct project *p, struct err *err)
{
    AUTO(mem) char *real = realpath(where, NULL);
    AUTO(buf) struct buf all;

    buf_init(&all, 4096);
    if (!real)
        return err_errno(err, ERR_NOT_FOUND, "'%s'", where);
    p->dir = mem_dup(where);
    p->name = stem(real);
    for (const struct lang *l = lang_table; l->name; l++) {
        if (take_sources(l, p))
            return 0;
        buf_print(&all, "%s%s", all.size ? ", " : "", l->sources);
    }
    return err_set(err, ERR_NOT_FOUND, "'%s' has no sources of an action (%s); wow new begins one",
                   where, all.data);
}

int project_open(const char *where, struct project *out, struct err *err)
{
    struct project p = {.lang = lang_of_file(where)};
    struct stat st;
    int r = 0;

    if (stat(where, &st) < 0)
        return err_errno(err, ERR_NOT_FOUND, "'%s'", where);
    if (S_ISDIR(st.st_mode))
        r = open_folder(where, &p, err);
    else if (p.lang)
        open_file(where, &p);
    else
        r = err_set(err, ERR_INVALID, "'%s' is neither a folder nor the source of an action",
                    where);
    if (r < 0) {
        project_done(&p);
        return r;
    }
    *out = p;
    return 0;
}

/* Run the command, its standard output on our standard error; its exit status. */
static int run_command(const char *program, char **argv, bool quiet, int *status, struct err *err)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    if (quiet)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    errno = posix_spawn(&pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errno != 0)
        return err_errno(err, ERR_NOT_FOUND, "'%s'", program);
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return err_errno(err, ERR_INTERNAL, "waiting for '%s'", program);
    return 0;
}

static int settle(const struct project *p, const char *program, int status, struct err *err)
{
    if (WIFSIGNALED(status))
        return err_set(err, ERR_REFUSED, "'%s' was ended by signal %d", program, WTERMSIG(status));
    if (WEXITSTATUS(status) == COMPILES_NOT)
        return err_set(err, ERR_UNUSABLE, "%s does not compile", p->name);
    if (WEXITSTATUS(status) == MISSING)
        return err_set(err, ERR_NOT_FOUND, "%s cannot be compiled here; wow doctor says more",
                       p->name);
    return WEXITSTATUS(status) == 0 ? 0
                                    : err_set(err, ERR_INTERNAL, "'%s' exited with status %d",
                                              program, WEXITSTATUS(status));
}

int project_make(const struct project *p, const struct project_build *b, char **made,
                 struct err *err)
{
    char sdk[PATH_MAX];
    bool here = strcmp(p->dir, ".") == 0;
    size_t n = 0;
    int status = 0;

    int r = lang_sdk(sdk, err);
    if (r < 0)
        return r;
    AUTO(mem) char *program = mem_print("%s/%s", sdk, p->lang->command);
    AUTO(mem)
    char *out = b->out ? mem_dup(b->out)
                       : mem_print("%s%s%s%s", here ? "" : p->dir, here ? "" : "/", p->name,
                                   b->native ? "" : ".wasm");
    AUTO(mem) char **argv = mem_zero((p->sourcec + b->flags.n + 6) * sizeof *argv);
    argv[n++] = program;
    if (b->native)
        argv[n++] = (char *)"--native";
    if (b->debug)
        argv[n++] = (char *)"--debug";
    argv[n++] = (char *)"-o";
    argv[n++] = out;
    for (size_t i = 0; i < p->sourcec; i++)
        argv[n++] = p->sources[i];
    for (size_t i = 0; i < b->flags.n; i++)
        argv[n++] = (char *)b->flags.items[i];
    r = run_command(program, argv, b->quiet, &status, err);
    if (r == 0)
        r = settle(p, program, status, err);
    if (r == 0)
        *made = TAKE(out);
    return r;
}
