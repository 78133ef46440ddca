#include "pool/code.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

static struct code *code_new(struct engine *e, const char *key)
{
    struct code *c = NEW(struct code);

    c->engine = e;
    snprintf(c->key, sizeof c->key, "%s", key);
    c->refs = 1;
    c->baseline.fd = -1;
    e->used = true;
    HASH_ADD_STR(e->codes, key, c);
    shelf_hold(e->shelf, key);
    return c;
}

struct code *code_find(struct engine *e, const char *key)
{
    struct wow_code have;
    struct code *c;

    HASH_FIND_STR(e->codes, key, c);
    if (!c || c->baseline.fd < 0) { /* somebody may have emptied the cache */
        if (!shelf_open(e->shelf, key, &have))
            return NULL;
        close(have.fd);
    }
    if (!c)
        return code_new(e, key);
    c->refs++;
    return c;
}

struct code *code_came(struct engine *e, const char *key, const struct wow_code *baseline)
{
    struct code *c;

    HASH_FIND_STR(e->codes, key, c);
    if (!c) {
        c = code_new(e, key);
        if (baseline) {
            c->baseline = *baseline;
            e->baseline->used = true;
        }
        return c;
    }
    c->refs++;
    if (baseline) { /* it has come twice */
        close(baseline->fd);
    } else if (c->baseline.fd >= 0) {
        close(c->baseline.fd);
        c->baseline.fd = -1;
    }
    return c;
}

void code_ref(struct code *c) { c->refs++; }

void code_unref(struct code *c)
{
    if (!c || --c->refs > 0)
        return;
    HASH_DEL(c->engine->codes, c);
    shelf_release(c->engine->shelf, c->key);
    fd_close(c->baseline.fd);
    free(c);
}

enum wow_tier code_tier(const struct code *c)
{
    return c->baseline.fd >= 0 ? WOW_BASELINE : WOW_OPTIMISED;
}

struct engine *code_runner(const struct code *c)
{
    return code_tier(c) == WOW_BASELINE ? c->engine->baseline : c->engine;
}

bool code_open(const struct code *c, struct wow_code *out)
{
    if (c->baseline.fd < 0)
        return shelf_open(c->engine->shelf, c->key, out);
    *out = c->baseline;
    out->fd = fcntl(c->baseline.fd, F_DUPFD_CLOEXEC, 0);
    return out->fd >= 0;
}

/* Where the module that needs no directories is remembered. */
static struct module **plain(struct code *code, struct data *data)
{
    return data ? &data->plain : &code->plain;
}

struct module *module_get(struct code *code, struct dirs *dirs, struct data *data)
{
    struct module *m = dirs->dirc == 0 ? *plain(code, data) : NULL;

    if (m && m->code == code) {
        m->refs++;
        return m;
    }
    m = NEW(struct module);
    m->code = code;
    code_ref(code);
    m->dirs = *dirs;
    m->data = data;
    if (data)
        data->refs++;
    m->refs = 1;
    *dirs = (struct dirs){0};
    if (m->dirs.dirc == 0)
        *plain(code, data) = m;
    return m;
}

bool module_unref(struct module *m) { return --m->refs == 0; }

void module_free(struct module *m)
{
    if (*plain(m->code, m->data) == m)
        *plain(m->code, m->data) = NULL;
    dirs_done(&m->dirs);
    data_unref(m->data);
    code_unref(m->code);
    free(m);
}
