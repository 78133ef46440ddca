#include "drive.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define RETRY_NS 1000000u
#define CONNECT_NS 120000000000u /* a container has so long to listen */

extern char **environ;

static void enter(struct drive *d, struct journey *j, enum step step);

/* ---- links ---- */

/*
 * Freed later: an event of this round may still point to it. Taken out of epoll by hand: a child on
 * its way to exec still holds the socket, so that closing it is not enough.
 */
static void close_link(struct drive *d, struct link *l)
{
    if (l->client.fd >= 0)
        epoll_ctl(d->poll, EPOLL_CTL_DEL, l->client.fd, NULL);
    client_close(&l->client);
    l->watch.journey = NULL;
    l->next = d->dead;
    d->dead = l;
}

void journey_bury(struct drive *d)
{
    while (d->dead) {
        struct link *l = d->dead;
        d->dead = l->next;
        free(l);
    }
}

static void release_link(struct drive *d, struct journey *j)
{
    struct link *l = j->link;

    j->link = NULL;
    if (!l)
        return;
    l->watch.journey = NULL;
    if (d->load->close) {
        close_link(d, l);
        return;
    }
    l->next = l->place->idle;
    l->place->idle = l;
}

/* An idle connection, or a new one. */
static int take_link(struct drive *d, struct journey *j, struct err *err)
{
    struct place *place = j->target->place;
    struct link *l = place->idle;

    if (l) {
        place->idle = l->next;
    } else {
        struct epoll_event e = {.events = EPOLLIN};
        l = NEW(struct link);
        e.data.ptr = &l->watch;
        l->place = place;
        int r = client_open(&l->client, &place->at, err);
        if (r == 0 && epoll_ctl(d->poll, EPOLL_CTL_ADD, l->client.fd, &e) < 0)
            r = err_errno(err, ERR_INTERNAL, "epoll_ctl");
        if (r < 0) {
            close_link(d, l);
            return r;
        }
    }
    l->watch.journey = j;
    j->link = l;
    return 0;
}

/* What an idle connection says can only be that it was closed. */
static void drop_idle(struct drive *d, struct link *l)
{
    struct link **at = &l->place->idle;

    while (*at && *at != l)
        at = &(*at)->next;
    if (*at)
        *at = l->next;
    close_link(d, l);
}

static void drop_place(struct drive *d, struct place *place)
{
    while (place->idle) {
        struct link *l = place->idle;
        place->idle = l->next;
        close_link(d, l);
    }
}

void journey_forget_links(struct drive *d)
{
    for (size_t i = 0; i < d->plan.placec; i++)
        drop_place(d, &d->plan.places[i]);
}

/* ---- how a journey ends ---- */

static void fail(struct drive *d, struct journey *j, const char *what, const char *text)
{
    struct target *t = j->target;

    drive_note(d, what, text);
    if (j->link)
        close_link(d, j->link);
    j->link = NULL;
    if (j->step != STEP_RUN && t->state == TARGET_CHANGING) {
        t->state = TARGET_COLD;
        d->warm--;
    }
    drive_over(d, j, true);
}

static void fail_lost(struct drive *d, struct journey *j, const char *text)
{
    d->lost++;
    fail(d, j, "no answer", text);
}

/* ---- steps ---- */

static void stopped(struct drive *d, struct target *t)
{
    t->state = TARGET_COLD;
    t->exists = false;
    d->warm--;
    if (t->kind == TARGET_COMMAND)
        drop_place(d, t->place);
}

static void step_done(struct drive *d, struct journey *j)
{
    struct target *t = j->target;
    uint64_t now = clock_mono_ns();

    j->took_ns[j->step] += now - j->step_ns;
    if (d->load->close && j->step != STEP_CONNECT)
        release_link(d, j);
    switch (j->step) {
    case STEP_EVICT:
        stopped(d, j->victim);
        enter(d, j, STEP_START);
        return;
    case STEP_START:
        enter(d, j, t->kind == TARGET_COMMAND ? STEP_CONNECT : STEP_INIT);
        return;
    case STEP_CONNECT:
        if (t->init->size > 0) {
            enter(d, j, STEP_INIT);
            return;
        }
        /* fall through */
    case STEP_INIT:
        t->state = TARGET_WARM;
        enter(d, j, STEP_RUN);
        return;
    case STEP_STOP:
        stopped(d, t);
        break;
    case STEP_RUN:
    case STEPS:
        t->used_ns = now;
        if (d->phase == PHASE_MEASURE)
            drive_sample(d, j, now);
        break;
    }
    release_link(d, j);
    drive_over(d, j, false);
}

static void push(struct drive *d, struct journey *j)
{
    struct link *l = j->link;
    struct err err;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &l->watch};
    int r = client_push(&l->client, j->sending, &err);

    if (r < 0) {
        fail_lost(d, j, err.msg);
    } else if (r == 0) {
        e.events |= EPOLLOUT;
        epoll_ctl(d->poll, EPOLL_CTL_MOD, l->client.fd, &e);
        j->wake_ns = 0;
    }
}

static void post(struct drive *d, struct journey *j, const struct buf *request)
{
    struct err err;

    if (!j->link && take_link(d, j, &err) < 0) {
        fail_lost(d, j, err.msg);
        return;
    }
    j->sending = request;
    client_begin(&j->link->client);
    push(d, j);
}

/* POST with a body to /VERB, or /ID/VERB behind the executor door. */
static void post_verb(struct drive *d, struct journey *j, const struct target *t, const char *verb,
                      const struct buf *body)
{
    char path[LOAD_ID_SIZE + 16];
    bool id = t->kind == TARGET_EXECUTOR && t->id[0];

    snprintf(path, sizeof path, "%s%s/%s", id ? "/" : "", id ? t->id : "", verb);
    client_request(&j->request, "POST", path, body ? body->data : "", body ? body->size : 0);
    post(d, j, &j->request);
}

static void spawn(struct drive *d, struct journey *j, const struct target *t, const char *verb)
{
    char *argv[] = {t->command, (char *)verb, t->name, NULL};
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &j->watch};
    int code = posix_spawn(&j->pid, t->command, NULL, NULL, argv, environ);

    j->child = code == 0 ? (int)syscall(SYS_pidfd_open, j->pid, 0) : -1;
    if (j->child < 0 || epoll_ctl(d->poll, EPOLL_CTL_ADD, j->child, &e) < 0)
        fail_lost(d, j, t->command);
}

/* Whose container is it that this verb ends? Over HTTP or by the command. */
static void stop(struct drive *d, struct journey *j, struct target *t)
{
    if (t->kind == TARGET_COMMAND)
        spawn(d, j, t, "stop");
    else
        post_verb(d, j, t, "destroy", NULL);
}

static void try_connect(struct drive *d, struct journey *j)
{
    struct err err;
    uint64_t now = clock_mono_ns();

    if (take_link(d, j, &err) == 0) {
        step_done(d, j);
    } else if (now - j->step_ns > CONNECT_NS) {
        fail_lost(d, j, err.msg);
    } else {
        j->wake_ns = now + RETRY_NS;
        d->sleepers++;
    }
}

static void enter(struct drive *d, struct journey *j, enum step step)
{
    struct target *t = j->target;

    j->step = step;
    j->step_ns = clock_mono_ns();
    switch (step) {
    case STEP_EVICT:
        j->victim->state = TARGET_CHANGING;
        stop(d, j, j->victim);
        return;
    case STEP_START:
        t->exists = true;
        t->id[0] = '\0';
        if (t->kind == TARGET_COMMAND)
            spawn(d, j, t, "start");
        else
            post_verb(d, j, t, "start", NULL);
        return;
    case STEP_CONNECT:
        try_connect(d, j);
        return;
    case STEP_INIT:
        post_verb(d, j, t, "init", t->init);
        return;
    case STEP_RUN:
        post(d, j, &t->run);
        return;
    case STEP_STOP:
    case STEPS:
        stop(d, j, t);
        return;
    }
}

void journey_start(struct drive *d, struct journey *j, struct target *t, struct target *victim,
                   enum step step, uint64_t intended_ns)
{
    j->busy = true;
    j->target = t;
    j->victim = victim;
    j->watch = (struct watch){true, j};
    j->child = -1;
    j->wake_ns = 0;
    j->intended_ns = intended_ns;
    j->began_ns = clock_mono_ns();
    j->cold = step != STEP_RUN && step != STEP_STOP;
    memset(j->took_ns, 0, sizeof j->took_ns);
    t->busy++;
    d->busy++;
    if (j->cold || step == STEP_STOP)
        t->state = TARGET_CHANGING;
    if (j->cold)
        d->warm++;
    enter(d, j, step);
}

/* ---- events ---- */

/* The id out of the answer to /start; the path of the runs with it. */
static bool take_id(struct target *t, const struct client *c)
{
    static const char name[] = "\"containerId\":\"";
    const char *from = strstr(c->in.data + c->head, name);
    char path[LOAD_ID_SIZE + 8];

    if (!from)
        return false;
    from += sizeof name - 1;
    snprintf(t->id, sizeof t->id, "%.*s", (int)strcspn(from, "\""), from);
    snprintf(path, sizeof path, "/%s/run", t->id);
    target_set_path(t, path);
    return true;
}

static void answered(struct drive *d, struct journey *j)
{
    const struct client *c = &j->link->client;
    struct target *t = j->target;

    if (!client_is_good(c)) {
        d->bad++;
        fail(d, j, "not 2xx", c->in.data);
    } else if (j->step == STEP_RUN && *t->expect && !client_contains(c, t->expect)) {
        d->wrong++;
        fail(d, j, "another answer", c->in.data + c->head);
    } else if (j->step == STEP_START && !take_id(t, c)) {
        d->wrong++;
        fail(d, j, "no containerId", c->in.data + c->head);
    } else {
        step_done(d, j);
    }
}

static void child_ended(struct drive *d, struct journey *j)
{
    int status = -1;

    waitpid(j->pid, &status, 0);
    epoll_ctl(d->poll, EPOLL_CTL_DEL, j->child, NULL);
    fd_close(j->child);
    j->child = -1;
    if (status == 0) {
        step_done(d, j);
    } else {
        d->bad++;
        fail(d, j, "the command failed", j->target->name);
    }
}

void journey_event(struct drive *d, struct watch *w, uint32_t events)
{
    struct journey *j = w->journey;
    struct link *l = (struct link *)w;
    struct err err;

    if (w->is_child) {
        child_ended(d, j);
        return;
    }
    if (!j) {
        if (l->client.fd >= 0)
            drop_idle(d, l);
        return;
    }
    if (events & EPOLLOUT) {
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &l->watch};
        epoll_ctl(d->poll, EPOLL_CTL_MOD, l->client.fd, &e);
        push(d, j);
        return;
    }
    int r = client_pump(&l->client, &err);
    if (r < 0)
        fail_lost(d, j, err.msg);
    else if (r > 0)
        answered(d, j);
}

void journey_wake(struct drive *d, struct journey *j)
{
    j->wake_ns = 0;
    d->sleepers--;
    try_connect(d, j);
}
