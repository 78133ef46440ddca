#include "api/exec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fields.h"
#include "base/mem.h"
#include "invoke/entitle.h"
#include "invoke/invoke.h"
#include "invoke/runtimes.h"

#define MAIN_MAX 256u
#define COMPONENTS_MAX (256u << 10)

/* OpenWhisk's: padded base64 in one line, with nothing but blanks around it. */
static bool is_base64(const char *s, size_t n)
{
    static const char more[] = "+/";

    while (n > 0 && isspace((unsigned char)s[n - 1]))
        n--;
    while (n > 0 && isspace((unsigned char)*s)) {
        s++;
        n--;
    }
    size_t pads = n > 1 && s[n - 1] == '=' ? 1 + (s[n - 2] == '=') : 0;
    if (n == 0 || n % 4 != 0)
        return false;
    for (size_t i = 0; i < n - pads; i++)
        if (!isalnum((unsigned char)s[i]) && (s[i] == '\0' || !strchr(more, s[i])))
            return false;
    return true;
}

/* ---- code ---- */

static int check_code(const struct buf *code, struct err *err)
{
    static const char magic[] = "\0asm";

    if (code->size >= 4 && memcmp(code->data, magic, 4) == 0)
        return err_set(err, ERR_UNUSABLE,
                       "The code is a WebAssembly module that was sent as text, and bytes of it "
                       "were lost on the way. Put it into a zip file and create the action from "
                       "that (wsk action create NAME FILE.zip --kind wasm:0.1), or send it in "
                       "base64.");
    if (code->data && memchr(code->data, '\0', code->size))
        return err_set(err, ERR_INVALID, "'code' contains a NUL");
    return 0;
}

static int read_code(const struct scan_text *exec, struct entity *e, struct buf *code,
                     struct err *err)
{
    struct scan_text text = field(exec, "code"), entry = field(exec, "main");
    AUTO(buf) struct buf name = {0};

    if (text.n == 0 || text.type != SCAN_STRING)
        return err_set(err, ERR_INVALID,
                       "'code' must be a string or attachment object defined in 'exec' for '%s' "
                       "actions",
                       e->kind);
    if (text.n - 2 > CODE_MAX)
        return err_set(err, ERR_TOO_LARGE, "exec larger than allowed: %zu > %u bytes.", text.n - 2,
                       CODE_MAX);
    buf_init(&name, MAIN_MAX);
    int r = scan_unescape(&text, code, err);
    if (r == 0)
        r = check_code(code, err);
    if (r == 0 && entry.n > 0)
        r = field_string(&entry, "main", &name, err);
    if (r < 0)
        return r;
    entity_set(&e->main, entry.n > 0 ? name.data : NULL);
    entity_set(&e->components, NULL);
    e->has_code = true;
    e->binary = is_base64(code->data ? code->data : "", code->size);
    sha256(code->data ? code->data : "", code->size, e->code_hash);
    return 0;
}

/* ---- sequences ---- */

/* A component as it is kept: with the caller's namespace for "_". */
static int read_component(struct call *c, const struct scan_text *value, char out[800],
                          struct err *err)
{
    AUTO(buf) struct buf text = {0};
    struct path p;

    buf_init(&text, 800);
    if (value->type != SCAN_STRING || scan_unescape(value, &text, err) < 0 || !text.data ||
        !path_parse(text.data, &p))
        return err_set(err, ERR_INVALID,
                       "requirement failed: The fully qualified name of the entity must contain "
                       "at least the namespace and the name of the entity.");
    snprintf(out, 800, "/%s/%s%s%s", strcmp(p.ns, "_") == 0 ? c->who->user.name : p.ns, p.package,
             p.package[0] ? "/" : "", p.name);
    return 0;
}

/*
 * How many actions with code it comes to, nested sequences included. Never more than a few beyond
 * the limit are looked at, so that sequences of sequences of … cost nothing.
 */
struct expansion {
    struct call *call;
    const char *self; /* "/ns/[package/]name" */
    unsigned atomics, seen;
};

static int too_many(struct err *err)
{
    return err_set(err, ERR_UNUSABLE, "Too many actions in the sequence.");
}

static int expand(struct expansion *x, const char *components, bool direct, struct err *err);

static int expand_one(struct expansion *x, const char *path, bool direct, struct err *err)
{
    unsigned max = x->call->invoke->settings.sequence_max;
    AUTO(action) struct action *a = NULL;

    if (strcmp(path, x->self) == 0)
        return err_set(err, ERR_UNUSABLE, "Sequence may not refer to itself.");
    if (++x->seen > 10 * (max + 1))
        return too_many(err);
    int r = action_find_path(x->call->invoke, path, &a, err);
    if (r < 0)
        return r;
    if (direct && (r == 0 || !entitled_to_action(x->call->who, a))) {
        struct path p;
        path_parse(path, &p);
        if (strcmp(p.ns, x->call->who->user.name) != 0)
            return entitled_refuse(err, path + 1);
    }
    if (r == 0)
        return direct ? err_set(err, ERR_UNUSABLE, "Sequence component does not exist.") : 0;
    if (strcmp(a->path, x->self + 1) == 0) /* by another name */
        return err_set(err, ERR_UNUSABLE, "Sequence may not refer to itself.");
    if (a->is_sequence)
        return expand(x, a->entity->components, false, err);
    return ++x->atomics > max ? too_many(err) : 0;
}

static int expand(struct expansion *x, const char *components, bool direct, struct err *err)
{
    const struct scan_text array = {components, strlen(components), SCAN_ARRAY};
    struct scan_walk w = scan_elements(&array);
    struct scan_text element;
    int r = 0;

    while (r == 0 && scan_next_element(&w, &element)) {
        AUTO(buf) struct buf path = {0};
        buf_init(&path, 1024);
        r = scan_unescape(&element, &path, err);
        if (r == 0)
            r = expand_one(x, path.data, direct, err);
    }
    return r;
}

static int write_components(struct call *c, const struct scan_text *list, struct buf *out,
                            struct err *err)
{
    struct scan_walk w = scan_elements(list);
    struct scan_text element;
    unsigned n = 0, max = c->invoke->settings.sequence_max;
    char path[800];

    buf_text(out, "[");
    while (scan_next_element(&w, &element)) {
        if (++n > max)
            return too_many(err);
        int r = read_component(c, &element, path, err);
        if (r < 0)
            return r;
        if (n > 1)
            buf_text(out, ",");
        buf_json_string(out, path, strlen(path));
    }
    buf_text(out, "]");
    return n > 0 ? 0 : err_set(err, ERR_UNUSABLE, "No component specified for the sequence.");
}

static int read_components(struct call *c, const struct scan_text *exec, struct entity *e,
                           struct err *err)
{
    struct scan_text list = field(exec, "components");
    AUTO(mem) char *name = entity_path(e), *self = mem_print("/%s/%s", e->ns_name, name);
    AUTO(buf) struct buf text = {0};

    if (list.n == 0)
        return err_set(err, ERR_INVALID, "'components' must be defined for sequence kind");
    if (list.type != SCAN_ARRAY)
        return err_set(err, ERR_INVALID, "'components' must be an array");
    buf_init(&text, COMPONENTS_MAX);
    int r = write_components(c, &list, &text, err);
    struct expansion x = {.call = c, .self = self};
    if (r == 0)
        r = expand(&x, text.data, true, err);
    if (r < 0)
        return r;
    entity_set(&e->components, text.data);
    entity_set(&e->main, NULL);
    e->has_code = e->binary = false;
    return 0;
}

/* ---- kinds ---- */

static int unknown_kind(struct call *c, const char *name, struct err *err)
{
    bool is_blackbox = strcmp(name, KIND_BLACKBOX) == 0;
    char list[160] = "";
    size_t n = 0;

    for (size_t i = 0; i < runtimec && n < sizeof list; i++)
        if (runtime_is_there(c->invoke->pool, &runtimes[i]))
            n += (size_t)snprintf(list + n, sizeof list - n, "'%s', ", runtimes[i].kind);
    return err_set(err, ERR_INVALID,
                   "The specified runtime '%.100s' is not supported by this platform. Valid values "
                   "are: %s'" KIND_SEQUENCE "'%s.",
                   name, list, is_blackbox ? "" : ", '" KIND_BLACKBOX "'");
}

int exec_read(struct call *c, const struct scan_text *body, struct entity *e, struct buf *code,
              struct err *err)
{
    struct scan_text exec = field(body, "exec"), kind = {0};
    AUTO(buf) struct buf text = {0};
    char normal[RUNTIME_KIND_MAX];

    if (exec.n == 0 && e->id == 0)
        return err_set(err, ERR_UNUSABLE, "exec undefined");
    if (exec.n == 0)
        return 0;
    if (exec.type == SCAN_OBJECT)
        kind = field(&exec, "kind");
    buf_init(&text, 256);
    if (kind.n == 0 || kind.type != SCAN_STRING || field_string(&kind, "kind", &text, err) < 0)
        return err_set(err, ERR_INVALID, "'kind' must be a string defined in 'exec'");
    runtime_normal(text.data, normal);
    if (strcmp(normal, KIND_SEQUENCE) == 0) {
        entity_set(&e->kind, normal);
        return read_components(c, &exec, e, err);
    }
    const struct runtime *known = runtime_find(c->invoke->pool, normal);
    if (!known)
        return unknown_kind(c, normal, err);
    entity_set(&e->kind, known->kind);
    return read_code(&exec, e, code, err);
}
