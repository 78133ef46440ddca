#include "api/show.h"

#include <string.h>

#include "invoke/runtimes.h"

/* A writer that stops at the first error, so that a long row of members needs one check. */
struct writer {
    struct buf *out;
    struct err *err;
    int r;
};

static void put_n(struct writer *w, const char *text, size_t n)
{
    if (w->r == 0)
        w->r = buf_add(w->out, text, n, w->err);
}

static void put(struct writer *w, const char *text) { put_n(w, text, strlen(text)); }

static void put_string(struct writer *w, const char *text)
{
    AUTO(buf) struct buf quoted = {0};

    buf_init(&quoted, 6 * strlen(text) + 2);
    buf_json_string(&quoted, text, strlen(text));
    put_n(w, quoted.data, quoted.size);
}

static void put_number(struct writer *w, const char *name, int64_t n)
{
    struct buf text;

    buf_init(&text, 128);
    buf_print(&text, "%s%lld", name, (long long)n);
    put_n(w, text.data, text.size);
    buf_done(&text);
}

static void put_limits(struct writer *w, const struct entity_limits *l)
{
    put_number(w, "\"limits\":{\"timeout\":", l->timeout_ms);
    put_number(w, ",\"memory\":", l->memory_mb);
    put_number(w, ",\"logs\":", l->logs_mb);
    put_number(w, ",\"concurrency\":", l->concurrency);
    if (l->instances >= 0)
        put_number(w, ",\"instances\":", l->instances);
    put(w, "}");
}

static void put_exec(struct writer *w, const struct entity *e, const struct show_extra *extra)
{
    put(w, "\"exec\":{\"kind\":");
    put_string(w, e->kind);
    if (strcmp(e->kind, KIND_SEQUENCE) == 0) {
        put(w, ",\"components\":");
        put(w, e->components);
    } else {
        if (extra->code) {
            AUTO(buf) struct buf quoted = {0};
            buf_init(&quoted, SHOW_MAX);
            buf_json_string(&quoted, extra->code->data ? extra->code->data : "", extra->code->size);
            put(w, ",\"code\":");
            put_n(w, quoted.data, quoted.size);
        }
        put(w, e->binary ? ",\"binary\":true" : ",\"binary\":false");
        if (e->main) {
            put(w, ",\"main\":");
            put_string(w, e->main);
        }
    }
    put(w, "}");
}

void show_path(const char *path, struct buf *out)
{
    const char *name = strrchr(path, '/');

    buf_text(out, "{\"path\":");
    buf_json_string(out, path, (size_t)(name - path));
    buf_text(out, ",\"name\":");
    buf_json_string(out, name + 1, strlen(name + 1));
    buf_text(out, "}");
}

static void put_path(struct writer *w, const char *path)
{
    AUTO(buf) struct buf text = {0};

    buf_init(&text, 8192);
    show_path(path, &text);
    put_n(w, text.data, text.size);
}

/* {"namespace", "name"} of "ns/name" */
static void put_binding(struct writer *w, const char *binding)
{
    const char *name = strrchr(binding, '/');
    AUTO(buf) struct buf text = {0};

    buf_init(&text, 8192);
    buf_text(&text, "{\"namespace\":");
    buf_json_string(&text, binding, (size_t)(name - binding));
    buf_text(&text, ",\"name\":");
    buf_json_string(&text, name + 1, strlen(name + 1));
    buf_text(&text, "}");
    put_n(w, text.data, text.size);
}

/* What all have, without parameters. */
static void put_common(struct writer *w, const struct entity *e)
{
    put(w, "{\"namespace\":\"");
    put(w, e->ns_name); /* names have nothing to escape */
    if (e->package[0]) {
        put(w, "/");
        put(w, e->package);
    }
    put(w, "\",\"name\":\"");
    put(w, e->name);
    put(w, "\",\"version\":\"");
    put(w, e->version);
    put(w, e->publish ? "\",\"publish\":true" : "\",\"publish\":false");
    put_number(w, ",\"updated\":", (int64_t)e->updated_ms);
    put(w, ",\"annotations\":");
    put(w, e->annotations);
}

/* What only rules have; their status is not in lists. */
static void put_rule(struct writer *w, const struct entity *e)
{
    AUTO(buf) struct buf trigger = {0};

    buf_init(&trigger, 2048);
    buf_print(&trigger, "%s/%s", e->ns_name, e->trigger);
    put(w, ",\"trigger\":");
    put_path(w, trigger.data);
    put(w, ",\"action\":");
    put_path(w, e->action);
}

int show_entity(const struct entity *e, const struct show_extra *extra, struct buf *out,
                struct err *err)
{
    static const struct show_extra none = {0};
    struct writer w = {out, err, 0};

    if (!extra)
        extra = &none;
    put_common(&w, e);
    if (e->type == ENTITY_RULE) {
        put_rule(&w, e);
        put(&w, e->active ? ",\"status\":\"active\"}" : ",\"status\":\"inactive\"}");
        return w.r;
    }
    put(&w, ",\"parameters\":");
    put(&w, extra->parameters ? extra->parameters : e->parameters);
    if (e->type == ENTITY_ACTION) {
        put(&w, ",");
        put_exec(&w, e, extra);
        put(&w, ",");
        put_limits(&w, &e->limits);
        if (extra->binding) {
            put(&w, ",\"binding\":");
            put_string(&w, extra->binding);
        }
    } else if (e->type == ENTITY_PACKAGE) {
        put(&w, ",\"binding\":");
        if (e->binding)
            put_binding(&w, e->binding);
        else
            put(&w, "{}");
    } else {
        put(&w, ",\"limits\":{}");
    }
    if (extra->more)
        put(&w, extra->more);
    put(&w, "}");
    return w.r;
}

int show_item(const struct entity *e, struct buf *out, struct err *err)
{
    struct writer w = {out, err, 0};

    put_common(&w, e);
    if (e->type == ENTITY_ACTION) {
        put(&w, ",");
        put_limits(&w, &e->limits);
        if (strcmp(e->kind, KIND_SEQUENCE) == 0)
            put(&w, ",\"exec\":{\"binary\":false}");
        else
            put(&w, e->binary ? ",\"exec\":{\"binary\":true}" : ",\"exec\":{\"binary\":false}");
    } else if (e->type == ENTITY_PACKAGE) {
        put(&w, ",\"binding\":");
        if (e->binding)
            put_binding(&w, e->binding);
        else
            put(&w, "false");
    } else if (e->type == ENTITY_RULE) {
        put_rule(&w, e);
    }
    put(&w, "}");
    return w.r;
}

int show_record(const struct record *r, const char *ns, struct buf *out, struct err *err)
{
    struct writer w = {out, err, 0};

    put(&w, "{");
    put_n(&w, r->head.at, r->head.n);
    put(&w, ",\"subject\":");
    put_string(&w, ns);
    put(&w, ",\"response\":");
    put_n(&w, r->response.at, r->response.n);
    put(&w, ",\"logs\":");
    put_n(&w, r->logs.at, r->logs.n);
    put(&w, "}");
    return w.r;
}

int show_record_item(const struct record *r, struct buf *out, struct err *err)
{
    struct writer w = {out, err, 0};

    put(&w, "{");
    put_n(&w, r->head.at, r->head.n);
    put_number(&w, ",\"statusCode\":", r->status);
    put(&w, "}");
    return w.r;
}
