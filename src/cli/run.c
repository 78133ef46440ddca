#include "cli/run.h"

#include "base/mem.h"
#include "cli/project.h"
#include "cli/session.h"

struct settings {
    const char *file;
    bool debug;
    struct session_settings session;
};

static const struct verb_option options[] = {
    {VERB_OPTIONAL(file, "FILE.wasm|DIR"), "a module, or sources, which are built first; else ."},
    SESSION_OPTIONS,
    {"debug", 'g', VERB_SWITCH(debug), "build so that traps tell the functions' names"},
    {VERB_END},
};

/* The module's path, which is built now if there are sources; *dir is where they are. */
static int find_module(const struct settings *s, char **module, char **dir, struct err *err)
{
    const char *where = s->file ? s->file : ".";
    const struct project_build how = {.debug = s->debug};
    struct project p;

    if (!project_is(where)) {
        *module = mem_dup(where);
        return 0;
    }
    int r = project_open(where, &p, err);
    if (r < 0)
        return r;
    r = project_make(&p, &how, module, err);
    if (r == 0)
        *dir = TAKE(p.dir);
    project_done(&p);
    return r;
}

static int run(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(mem) char *module = NULL;
    AUTO(mem) char *dir = NULL;
    struct session *session;
    bool failed = false;

    private_catch_signals();
    int r = find_module(s, &module, &dir, err);
    if (r < 0)
        return r;
    r = session_start(&s->session, &session, err);
    if (r < 0)
        return r;
    r = session_run(session, module, dir, call->json, &failed, err);
    session_end(session);
    call->status = failed ? EXIT_ACTION_FAILED : EXIT_DONE;
    return r;
}

const struct verb verb_run = {
    .name = "run",
    .about = "run an action once, without a daemon",
    .options = options,
    .size = sizeof(struct settings),
    .run = run,
};
