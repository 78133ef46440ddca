/*
 * An action whose code an interpreter runs. At its init, the interpreter is run once, as an
 * activation like any other, to make of the code what later activations will get: there the syntax
 * is checked, and what the code does when it is loaded is done for the first time. Other
 * containers of the same code get what the first has made, if they are of the same namespace: what
 * comes out may depend on the environment, which is whoever's who initialised the first.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pool/priv.h"

/* The activation that prepares, until it is done. */
struct preparing {
    struct activation activation; /* first: done finds the rest behind it */
    struct container *container;
    struct module *module; /* the interpreter with the code as it was sent */
    struct source *source;
    interpret_done *done;
    void *ctx;
};

void source_init(struct source *s, const struct container *c, const struct container_init *init,
                 const char *kind)
{
    char code[SHA256_HEX];

    s->sent = data_new(init->code, init->code_size);
    s->binary = init->binary;
    sha256_hex(init->code, init->code_size, code);
    AUTO(mem)
    char *all =
        mem_print("%s %d %s %s\n%s", code, init->binary, kind, init->entry, c->ns ? c->ns : c->id);
    sha256_hex(all, strlen(all), s->key);
}

void source_done(struct source *s) { data_unref(s->sent); }

static enum err_kind kind_of(const struct activation *a)
{
    return a->refused                                ? ERR_BUSY
           : a->status == ACTIVATION_DEVELOPER_ERROR ? ERR_UNUSABLE
                                                     : ERR_INTERNAL;
}

static void prepared(struct activation *a)
{
    struct preparing *p = (struct preparing *)a;
    struct container *c = p->container;
    struct module *m = NULL;
    struct err err;

    if (a->status == ACTIVATION_SUCCESS) {
        struct data *d = data_keep(&c->pool->prepared, p->source->key, a->result, a->result_size);
        m = module_get(p->module->code, &c->ask.dirs, d);
        data_unref(d);
    } else {
        size_t n = strlen(a->result);
        err_set(&err, kind_of(a), "%.*s", (int)(n > 0 && a->result[n - 1] == '.' ? n - 1 : n),
                a->result); /* it becomes a part of a sentence */
    }
    c->module = NULL;
    p->done(p->ctx, m, m ? NULL : &err);
    container_drop_module(c->pool, p->module);
    buf_done(&a->strings);
    buf_done(&a->text);
    buf_done(&a->log);
    free(p);
}

/* Who comes next may come in a namespace of its own, to a new worker. */
static void keep_ready(struct code *code)
{
    struct engine *e = code_runner(code);

    if (e->preload == code)
        return;
    code_ref(code);
    code_unref(e->preload);
    e->preload = code;
}

void interpret(struct container *c, struct code *code, struct source *s, interpret_done *done,
               void *ctx)
{
    struct data *known = data_find(&c->pool->prepared, s->key);
    struct dirs none = {0};

    keep_ready(code);
    if (known) {
        struct module *m = module_get(code, &c->ask.dirs, known);
        data_unref(known);
        done(ctx, m, NULL);
        return;
    }
    struct preparing *p = NEW(struct preparing);
    p->container = c;
    p->module = module_get(code, &none, s->sent);
    p->source = s;
    p->done = done;
    p->ctx = ctx;
    p->activation.args = s->binary ? "{\"binary\":true}" : "{\"binary\":false}";
    p->activation.args_size = strlen(p->activation.args);
    p->activation.prepares = true;
    p->activation.done = prepared;
    buf_init(&p->activation.strings, 0);
    c->module = p->module;
    container_begin(c, &p->activation);
}
