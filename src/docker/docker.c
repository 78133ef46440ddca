#include "docker/docker.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "docker/priv.h"

#define OUT_MAX (512u << 20) /* as much as a log may be */
#define ERR_MAX (16u << 20)

struct docker *docker_new(struct pool *p, const struct docker_settings *settings)
{
    struct docker *d = NEW(struct docker);

    d->pool = p;
    d->settings = *settings;
    files_sweep(d);
    former_open(d);
    return d;
}

void docker_free(struct docker *d)
{
    struct row *r, *next;

    if (!d)
        return;
    HASH_ITER (by_id, d->by_id, r, next)
        row_remove(d, r);
    former_close(d);
    free(d);
}

void docker_exhausted(struct docker *d, const struct container *c)
{
    struct row *r = row_find(d, container_id(c));

    if (!r || r->exhausted)
        return;
    r->exhausted = true;
    files_write(d, r);
}

void say(struct buf *b, const char *fmt, ...)
{
    char *text;
    va_list ap;

    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    buf_put(b, text, (size_t)n);
    free(text);
}

void call_misused(struct call *c, const char *why)
{
    const char *name = c->command->name;

    c->where = FOREIGN;
    c->exit = 125;
    say(&c->err, "%s\n\nUsage:  %s\n\nRun 'docker %s --help' for more information\n", why,
        c->command->usage, name);
}

static void call_miscounted(struct call *c)
{
    const struct command *m = c->command;
    const char *form = m->operands_max == 0                ? "accepts no arguments"
                       : m->operands_min < m->operands_max ? "requires at least 1 argument"
                                                           : "requires 1 argument";

    c->where = FOREIGN;
    c->exit = 1;
    say(&c->err,
        "docker: 'docker %s' %s\n\nUsage:  %s\n\nSee 'docker %s --help' for more information\n",
        m->name, form, m->usage, m->name);
}

static void help(struct call *c)
{
    say(&c->out,
        "Usage:  docker COMMAND\n\nwow answers what an OpenWhisk invoker asks of docker:\n");
    for (const struct command *m = docker_commands; m->name; m++)
        say(&c->out, "  %s\n", m->usage);
}

static void call_run(struct call *c, unsigned argc, const char *const *argv)
{
    struct err err;

    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "help") == 0) {
        help(c);
        return;
    }
    for (c->command = docker_commands; c->command->name; c->command++)
        if (strcmp(c->command->name, argv[0]) == 0)
            break;
    if (!c->command->name) {
        c->where = FOREIGN;
        c->exit = 1;
        say(&c->err,
            "docker: unknown command: docker %s\n\nRun 'docker --help' for more information\n",
            argv[0]);
        return;
    }
    if (args_parse(c->command->options, c->command->operand_ends, argc - 1, argv + 1, &c->args,
                   &err) < 0) {
        call_misused(c, err.msg);
        return;
    }
    if (c->args.operandc < c->command->operands_min || c->args.operandc > c->command->operands_max)
        call_miscounted(c);
    else
        c->command->run(c);
    args_done(&c->args);
}

/* The body's words, each with a NUL behind it; the caller's. NULL: it is no such list. */
static const char **cut(const struct buf *body, unsigned *n)
{
    const char *at = body->size ? body->data : "";
    const char *end = at + body->size;

    if (body->size > 0 && end[-1] != '\0')
        return NULL;
    for (*n = 0; at < end; at += strlen(at) + 1)
        (*n)++;
    const char **words = mem_zero((*n + 1) * sizeof(const char *));
    at = body->data;
    for (unsigned i = 0; i < *n; i++, at += strlen(at) + 1)
        words[i] = at;
    return words;
}

static void answer(struct request *r, struct call *c)
{
    static const char *const wheres[] = {[OURS] = "ours", [FOREIGN] = "foreign", [BOTH] = "both"};
    struct buf body;

    buf_init(&body, c->out.size + c->err.size + 100);
    say(&body, "%s %d %zu\n", wheres[c->where], c->exit, c->out.size);
    buf_put(&body, c->out.data, c->out.size);
    buf_put(&body, c->err.data, c->err.size);
    r->type = "application/octet-stream";
    request_reply(r, 200, &body);
}

void docker_handle(struct request *r, void *ctx)
{
    struct call c = {.docker = ctx};
    AUTO(mem) const char **words = NULL;
    unsigned n;

    if (!request_is_trusted(r)) {
        request_reply_error(r, 403, "Only root and wowd's own user may ask.");
    } else if (strcmp(r->path, "/docker") != 0 || strcmp(r->method, "POST") != 0) {
        request_reply_error(r, 404, "No such path: POST /docker.");
    } else if ((words = cut(&r->body, &n)) == NULL) {
        request_reply_error(r, 400, "The body is no list of words, each with a NUL behind it.");
    } else {
        buf_init(&c.out, OUT_MAX);
        buf_init(&c.err, ERR_MAX);
        call_run(&c, n, words);
        answer(r, &c);
        buf_done(&c.out);
        buf_done(&c.err);
    }
}
