#include "engine/grow.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/features.h"
#include "engine/sections.h"
#include "engine/writer.h"

#define SITE_SIZE 2 /* memory.grow and its memory */

struct sites {
    const uint8_t **at;
    size_t n;
};

struct rewrite {
    struct sites sites;
    size_t next;                    /* site */
    uint32_t types, funcs, globals; /* how many there are, imported ones included */
    bool has_globals;
    const char *name;
};

static void add_site(void *ctx, const uint8_t *at)
{
    struct sites *s = ctx;

    if ((s->n & (s->n - 1)) == 0) /* room doubles */
        s->at = mem_grow(s->at, (s->n ? 2 * s->n : 1) * sizeof *s->at);
    s->at[s->n++] = at;
}

static void drop_sites(struct sites s) { free(s.at); }
DEFINE_AUTO(sites, struct sites, drop_sites)

/* How many types, functions and globals there are: ours come behind them. */
static int count(struct rewrite *w, struct wow_bytes wasm, struct err *err)
{
    AUTO(sections) struct sections *s = NULL;
    struct reader_section section;
    struct reader module;

    int r = sections_read(wasm, &s, err);
    if (r < 0)
        return r;
    w->types = sections_types(s);
    w->funcs = sections_imported(s, KIND_FUNC);
    w->globals = sections_imported(s, KIND_GLOBAL);
    r = reader_begin(wasm, &module, err);
    while (r == 0 && reader_next(&module, &section)) {
        if (section.id == SECTION_FUNCTION)
            w->funcs += reader_u32(&section.body);
        if (section.id == SECTION_GLOBAL) {
            w->globals += reader_u32(&section.body);
            w->has_globals = true;
        }
    }
    return r;
}

/* ---- what is added: the functions are at w->funcs and behind it ---- */

static void put_number(struct buf *b, uint32_t n)
{
    uint8_t bytes[WRITER_U32_MAX];

    buf_put(b, bytes, writer_u32(bytes, n));
}

/* One function's body, without locals. */
static void put_body(struct buf *b, const struct buf *code)
{
    put_number(b, (uint32_t)code->size + 1);
    buf_put(b, "\0", 1);
    buf_put(b, code->data, code->size);
}

/* (func (param i32) (result i32) …): grow, and set the global if that is refused. */
static void put_grower(struct buf *b, uint32_t global)
{
    AUTO(buf) struct buf code;

    buf_init(&code, 64);
    buf_put(&code, "\x20\0\x40\0\x22\0", 6);   /* local.get 0, memory.grow, local.tee 0 */
    buf_put(&code, "\x41\x7f\x46\x04\x40", 5); /* i32.const -1, i32.eq, if */
    buf_put(&code, "\x41\1\x24", 3);           /* i32.const 1, global.set … */
    put_number(&code, global);
    buf_put(&code, "\x0b\x20\0\x0b", 4); /* end, local.get 0, end */
    put_body(b, &code);
}

/* (func (result i32) (global.get …)) */
static void put_teller(struct buf *b, uint32_t global)
{
    AUTO(buf) struct buf code;

    buf_init(&code, 64);
    buf_put(&code, "\x23", 1);
    put_number(&code, global);
    buf_put(&code, "\x0b", 1);
    put_body(b, &code);
}

static void put_export(struct buf *b, const char *name, uint32_t func)
{
    put_number(b, (uint32_t)strlen(name));
    buf_text(b, name);
    buf_put(b, "\0", 1);
    put_number(b, func);
}

#define GLOBAL "\x7f\1\x41\0\x0b" /* (mut i32) (i32.const 0) */

/* ---- the sections ---- */

/* A body with the calls in place of its memory.grows. */
static int rewrite_body(struct rewrite *w, struct reader body, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf code;
    int r = 0;

    buf_init(&code, out->limit);
    for (; r == 0 && w->next < w->sites.n && w->sites.at[w->next] < body.end; w->next++) {
        const uint8_t *site = w->sites.at[w->next];
        r = buf_add(&code, body.at, (size_t)(site - body.at), err);
        if (r == 0)
            r = buf_add(&code, "\x10", 1, err); /* call */
        if (r == 0)
            r = writer_add_u32(&code, w->funcs, err);
        body.at = site + SITE_SIZE;
    }
    if (r == 0)
        r = buf_add(&code, body.at, (size_t)(body.end - body.at), err);
    if (r == 0)
        r = writer_add_u32(out, (uint32_t)code.size, err);
    return r == 0 ? buf_add(out, code.data, code.size, err) : r;
}

static int rewrite_code(struct rewrite *w, struct reader r, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf content;
    uint32_t n = reader_count(&r);

    buf_init(&content, out->limit);
    int q = writer_add_u32(&content, n + 2, err);
    for (uint32_t i = 0; i < n && q == 0; i++) {
        uint32_t size = reader_u32(&r);
        const uint8_t *at = reader_skip(&r, size);
        if (r.bad)
            return reader_damaged(&r, err);
        q = rewrite_body(w, (struct reader){.at = at, .end = at + size}, &content, err);
    }
    if (q < 0)
        return q;
    AUTO(buf) struct buf ours;
    buf_init(&ours, 256);
    put_grower(&ours, w->globals);
    put_teller(&ours, w->globals);
    q = buf_add(&content, ours.data, ours.size, err);
    return q == 0 ? writer_add_section(out, SECTION_CODE, &content, err) : q;
}

/* The one section that a module with code may lack. */
static int add_globals(struct buf *out, struct err *err)
{
    AUTO(buf) struct buf content;

    buf_init(&content, 16);
    buf_put(&content, "\1" GLOBAL, sizeof "\1" GLOBAL - 1);
    return writer_add_section(out, SECTION_GLOBAL, &content, err);
}

static bool is_behind_globals(uint8_t id)
{
    return id > SECTION_GLOBAL && id <= SECTION_DATA_COUNT;
}

static int rewrite_section(struct rewrite *w, const struct reader_section *s, struct buf *out,
                           struct err *err)
{
    AUTO(buf) struct buf ours;
    int r = 0;

    buf_init(&ours, 256);
    if (!w->has_globals && is_behind_globals(s->id)) {
        w->has_globals = true;
        r = add_globals(out, err);
    }
    if (r < 0)
        return r;
    switch (s->id) {
    case SECTION_TYPE:
        return writer_add_longer(out, *s, 2, "\x60\1\x7f\1\x7f\x60\0\1\x7f", 9, err);
    case SECTION_FUNCTION:
        put_number(&ours, w->types);
        put_number(&ours, w->types + 1);
        return writer_add_longer(out, *s, 2, ours.data, ours.size, err);
    case SECTION_GLOBAL:
        return writer_add_longer(out, *s, 1, GLOBAL, sizeof GLOBAL - 1, err);
    case SECTION_EXPORT:
        put_export(&ours, w->name, w->funcs + 1);
        return writer_add_longer(out, *s, 1, ours.data, ours.size, err);
    case SECTION_CODE:
        return rewrite_code(w, s->body, out, err);
    default:
        return buf_add(out, s->from, (size_t)(s->body.end - s->from), err);
    }
}

static int rewrite(struct rewrite *w, struct wow_bytes wasm, struct buf *out, struct err *err)
{
    struct reader_section s;
    struct reader module;

    int r = count(w, wasm, err);
    if (r == 0)
        r = reader_begin(wasm, &module, err);
    if (r == 0)
        r = buf_add(out, wasm.data, (size_t)(module.at - wasm.data), err);
    while (r == 0 && reader_next(&module, &s))
        r = rewrite_section(w, &s, out, err);
    return r == 0 && module.bad ? reader_damaged(&module, err) : r;
}

int grow_watch(struct wow_bytes wasm, const char *name, struct buf *out, struct err *err)
{
    AUTO(sites) struct sites sites = {0};
    AUTO(sections) struct sections *s = NULL;

    int r = features_grows(wasm, add_site, &sites, err);
    if (r == 0)
        r = sections_read(wasm, &s, err);
    if (r < 0)
        return r;
    if (sites.n == 0 || sections_exports_any(s, name))
        return buf_add(out, wasm.data, wasm.size, err);
    return rewrite(&(struct rewrite){.sites = sites, .name = name}, wasm, out, err);
}
