#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define PLAN_MAX (256u << 20)

static const char *const kinds[] = {"ready", "executor", "command"};

/* The value of a key in a line of key=value with tabs between; "" if it is not there. */
static char *member(const char *line, const char *key)
{
    size_t n = strlen(key);

    while (line) {
        if (strncmp(line, key, n) == 0 && line[n] == '=')
            return mem_dup_n(line + n + 1, strcspn(line + n + 1, "\t"));
        line = strchr(line, '\t');
        line = line ? line + 1 : NULL;
    }
    return mem_dup("");
}

static int find_kind(enum target_kind *kind, const char *text, struct err *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(text, kinds[i]) == 0) {
            *kind = (enum target_kind)i;
            return 0;
        }
    return err_set(err, ERR_INVALID, "kind=%s: ready, executor or command", text);
}

static size_t find_class(struct plan *p, const char *name)
{
    for (size_t i = 0; i < p->classc; i++)
        if (strcmp(p->classes[i], name) == 0)
            return i;
    p->classes[p->classc] = mem_dup(name);
    return p->classc++;
}

static size_t find_group(struct plan *p, const char *name, double weight)
{
    if (p->groupc > 0 && strcmp(p->groups[p->groupc - 1].name, name) == 0)
        return p->groupc - 1;
    p->groups[p->groupc] = (struct group){.name = mem_dup(name), .weight = weight};
    return p->groupc++;
}

static struct place *find_place(struct plan *p, const struct sockaddr_in *at)
{
    for (size_t i = 0; i < p->placec; i++)
        if (p->places[i].at.sin_addr.s_addr == at->sin_addr.s_addr &&
            p->places[i].at.sin_port == at->sin_port)
            return &p->places[i];
    p->places[p->placec] = (struct place){.at = *at};
    return &p->places[p->placec++];
}

/* The bytes of a file, read once; none for "". */
static int find_file(struct plan *p, const char *path, const struct buf **out, struct err *err)
{
    for (size_t i = 0; i < p->filec; i++)
        if (strcmp(p->files[i].path, path) == 0) {
            *out = &p->files[i].bytes;
            return 0;
        }
    struct file *f = &p->files[p->filec++];
    f->path = mem_dup(path);
    buf_init(&f->bytes, LOAD_REQUEST_MAX);
    *out = &f->bytes;
    return *path ? file_read(path, &f->bytes, err) : 0;
}

void target_set_path(struct target *t, const char *path)
{
    client_request(&t->run, "POST", path, t->body->data, t->body->size);
}

static int read_target(struct plan *p, struct target *t, const char *line, struct err *err)
{
    AUTO(mem) char *kind = member(line, "kind");
    AUTO(mem) char *at = member(line, "at");
    AUTO(mem) char *group = member(line, "group");
    AUTO(mem) char *class = member(line, "class");
    AUTO(mem) char *weight = member(line, "weight");
    AUTO(mem) char *limit = member(line, "limit");
    AUTO(mem) char *init = member(line, "init");
    AUTO(mem) char *body = member(line, "body");
    struct sockaddr_in address = {0};

    *t = (struct target){.name = member(line, "name"),
                         .path = member(line, "path"),
                         .command = member(line, "command"),
                         .expect = member(line, "expect"),
                         .limit = (unsigned)strtoul(limit, NULL, 10)};
    buf_init(&t->run, LOAD_REQUEST_MAX);
    int r = find_kind(&t->kind, kind, err);
    if (r == 0)
        r = load_address(&address, at, err);
    if (r == 0)
        r = find_file(p, init, &t->init, err);
    if (r == 0)
        r = find_file(p, body, &t->body, err);
    if (r < 0)
        return r;
    t->class = find_class(p, *class ? class : "all");
    t->group = find_group(p, *group ? group : t->name, *weight ? strtod(weight, NULL) : 1);
    p->groups[t->group].targetc++;
    t->place = find_place(p, &address);
    if (t->kind == TARGET_READY) {
        t->state = TARGET_WARM;
        target_set_path(t, t->path);
    } else if (t->kind == TARGET_COMMAND) {
        target_set_path(t, "/run");
    }
    return 0;
}

/* Each group its targets, now that nothing moves any more. */
static void fill_groups(struct plan *p)
{
    double sum = 0;

    for (size_t i = 0; i < p->groupc; i++) {
        struct group *g = &p->groups[i];
        g->targets = mem_zero(g->targetc * sizeof *g->targets);
        g->targetc = 0;
        sum += g->weight;
        g->up_to = sum;
    }
    for (size_t i = 0; i < p->targetc; i++) {
        struct group *g = &p->groups[p->targets[i].group];
        g->targets[g->targetc++] = &p->targets[i];
    }
}

int plan_read(struct plan *p, const char *path, struct err *err)
{
    AUTO(buf) struct buf text;
    size_t lines = 1;
    char *rest;

    *p = (struct plan){0};
    buf_init(&text, PLAN_MAX);
    int r = file_read(path, &text, err);
    if (r < 0)
        return r;
    for (const char *c = text.data; c && (c = strchr(c, '\n')); c++)
        lines++;
    p->targets = mem_zero(lines * sizeof *p->targets);
    p->groups = mem_zero(lines * sizeof *p->groups);
    p->places = mem_zero(lines * sizeof *p->places);
    p->files = mem_zero(2 * lines * sizeof *p->files);
    p->classes = mem_zero(lines * sizeof *p->classes);
    for (char *line = strtok_r(text.data, "\n", &rest); r == 0 && line;
         line = strtok_r(NULL, "\n", &rest)) {
        r = read_target(p, &p->targets[p->targetc++], line, err);
        if (r < 0)
            err_wrap(err, "%s, target %zu", path, p->targetc);
    }
    if (r == 0 && p->targetc == 0)
        r = err_set(err, ERR_INVALID, "%s has no target", path);
    if (r == 0)
        fill_groups(p);
    return r;
}

void plan_done(struct plan *p)
{
    for (size_t i = 0; i < p->targetc; i++) {
        free(p->targets[i].name);
        free(p->targets[i].path);
        free(p->targets[i].command);
        free(p->targets[i].expect);
        buf_done(&p->targets[i].run);
    }
    for (size_t i = 0; i < p->groupc; i++) {
        free(p->groups[i].name);
        free(p->groups[i].targets);
    }
    for (size_t i = 0; i < p->filec; i++) {
        free(p->files[i].path);
        buf_done(&p->files[i].bytes);
    }
    for (size_t i = 0; i < p->classc; i++)
        free(p->classes[i]);
    free(p->targets);
    free(p->groups);
    free(p->places);
    free(p->files);
    free(p->classes);
    *p = (struct plan){0};
}
