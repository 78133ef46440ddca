#include "cli/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/project.h"
#include "cli/session.h"

#define SETTLE_MS 30 /* editors write a file in several steps */

struct settings {
    const char *where;
    bool debug;
    struct session_settings session;
};

static const struct verb_option options[] = {
    {VERB_OPTIONAL(where, "DIR|FILE"), "the sources; else ."},
    SESSION_OPTIONS,
    {"debug", 'g', VERB_SWITCH(debug), "build so that traps tell the functions' names"},
    {VERB_END},
};

struct watch {
    const struct settings *settings;
    const struct verb_call *call;
    struct project project; /* as it was when it was last looked at */
    struct session *session;
    int inotify;
};

/* One round's error is told, and does not end the watch. */
static void tell(const struct watch *w, const struct err *err)
{
    AUTO(buf) struct buf line;

    buf_init(&line, 8192);
    fprintf(stderr, "wow: %s\n", err->msg);
    if (!w->call->json)
        return;
    buf_text(&line, "{\"error\":");
    buf_json_string(&line, err->msg, strlen(err->msg));
    buf_print(&line, ",\"kind\":\"%s\"}", err_kind_text(err->kind));
    puts(line.data);
    fflush(stdout);
}

/* Look at the sources again, as there may be more or fewer; build; run. */
static int round_of(struct watch *w, struct err *err)
{
    const struct settings *s = w->settings;
    const struct project_build how = {.debug = s->debug};
    AUTO(mem) char *module = NULL;
    struct project p;
    bool failed;

    int r = project_open(s->where ? s->where : ".", &p, err);
    if (r < 0)
        return r;
    project_done(&w->project);
    w->project = p;
    r = project_make(&w->project, &how, &module, err);
    if (r < 0)
        return r;
    r = session_run(w->session, module, w->project.dir, w->call->json, &failed, err);
    fflush(stdout);
    return r;
}

/* Is one of these files one that a person writes? What we make ourselves must not wake us. */
static bool matters(const char *events, ssize_t n)
{
    bool found = false;

    for (const char *at = events; at < events + n;) {
        const struct inotify_event *e = (const void *)at;
        const char *dot = e->len ? strrchr(e->name, '.') : NULL;
        bool ours = dot && (strcmp(dot, ".wasm") == 0 || strncmp(dot, ".tmp", 4) == 0);
        bool editors = e->len && (e->name[0] == '.' || strchr(e->name, '~'));
        found = found || (e->len && !ours && !editors);
        at += sizeof *e + e->len;
    }
    return found;
}

/* Until something was saved and no more comes; false when it is time to end. */
static bool wait_for_change(struct watch *w)
{
    _Alignas(struct inotify_event) char events[16384];
    struct pollfd poll_in = {.fd = w->inotify, .events = POLLIN};
    bool changed = false;

    while (!private_is_interrupted()) {
        int ready = poll(&poll_in, 1, changed ? SETTLE_MS : -1);
        if (ready == 0)
            return true;
        if (ready < 0)
            continue; /* a signal, most likely the one to end */
        ssize_t n = read(w->inotify, events, sizeof events);
        changed = changed || (n > 0 && matters(events, n));
    }
    return false;
}

static int begin(struct watch *w, struct err *err)
{
    int r = project_open(w->settings->where ? w->settings->where : ".", &w->project, err);

    if (r == 0)
        r = session_start(&w->settings->session, &w->session, err);
    if (r < 0)
        return r;
    w->inotify = inotify_init1(IN_CLOEXEC);
    if (w->inotify < 0 ||
        inotify_add_watch(w->inotify, w->project.dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) < 0)
        return err_errno(err, ERR_INTERNAL, "watching '%s'", w->project.dir);
    return 0;
}

static int watch(struct verb_call *call, const void *settings, struct err *err)
{
    struct watch w = {.settings = settings, .call = call, .inotify = -1};
    struct err trouble;

    private_catch_signals();
    int r = begin(&w, err);
    while (r == 0 && !private_is_interrupted()) {
        if (round_of(&w, &trouble) < 0 && !private_is_interrupted())
            tell(&w, &trouble);
        if (!call->json)
            fprintf(stderr, "wow: waiting for changes in '%s'; Ctrl-C ends\n", w.project.dir);
        if (!wait_for_change(&w))
            break;
    }
    session_end(w.session);
    project_done(&w.project);
    fd_close(w.inotify);
    return r;
}

const struct verb verb_watch = {
    .name = "watch",
    .about = "build and run an action again whenever it is saved",
    .options = options,
    .size = sizeof(struct settings),
    .run = watch,
};
