/* docker pause, unpause, kill, rm: what is done to containers, one after the other. */
#include <string.h>

#include "docker/priv.h"

/* Do something to a container that is there; its failure is said here, and true is a good end. */
typedef bool deed(struct call *c, struct row *r);

static void each(struct call *c, deed *act)
{
    unsigned missing = 0;

    for (unsigned i = 0; i < c->args.operandc; i++) {
        const char *ref = c->args.operands[i];
        struct row *r = row_find(c->docker, ref);
        if (!r) {
            missing++;
            say(&c->err, "Error response from daemon: No such container: %s\n", ref);
            if (!args_get(&c->args, ARG_FORCE))
                c->exit = 1;
        } else if (act(c, r)) {
            say(&c->out, "%s\n", ref);
        } else {
            c->exit = 1;
        }
    }
    if (missing == c->args.operandc)
        c->where = FOREIGN;
}

static bool refuse(struct call *c, const struct row *r, const char *what)
{
    say(&c->err, "Error response from daemon: Container %s is %s\n", r->id, what);
    return false;
}

static bool act_pause(struct call *c, struct row *r)
{
    struct err err;

    if (r->killed)
        return refuse(c, r, "not running");
    return container_pause(row_container(c->docker, r), &err) == 0 ||
           refuse(c, r, "already paused");
}

static bool act_unpause(struct call *c, struct row *r)
{
    struct err err;

    return container_resume(row_container(c->docker, r), &err) == 0 || refuse(c, r, "not paused");
}

static bool act_kill(struct call *c, struct row *r)
{
    if (r->killed) {
        say(&c->err,
            "Error response from daemon: cannot kill container: %s: container %s is not running\n",
            r->name, r->id);
        return false;
    }
    container_kill(row_container(c->docker, r));
    r->killed = true;
    return true;
}

static bool act_rm(struct call *c, struct row *r)
{
    bool paused = container_is_paused(row_container(c->docker, r));

    if (!r->killed && !args_get(&c->args, ARG_FORCE)) {
        say(&c->err,
            "Error response from daemon: cannot remove container \"/%s\": container is %s\n",
            r->name,
            paused ? "paused and must be unpaused first"
                   : "running: stop the container before removing or force remove");
        return false;
    }
    row_remove(c->docker, r);
    return true;
}

void command_pause(struct call *c) { each(c, act_pause); }
void command_unpause(struct call *c) { each(c, act_unpause); }
void command_kill(struct call *c) { each(c, act_kill); }
void command_rm(struct call *c) { each(c, act_rm); }
