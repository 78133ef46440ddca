#include "engine/sections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SECTION_TYPE = 1, SECTION_IMPORT = 2, SECTION_EXPORT = 7 };
enum { KIND_FUNC, KIND_TABLE, KIND_MEMORY, KIND_GLOBAL, KIND_TAG };

#define TYPES_MAX 100000u
#define NAME_SHOWN 80

struct name {
    const char *at;
    uint32_t n;
};

struct import {
    struct name module, name;
    uint32_t kind, type;
};

struct exported {
    struct name name;
    uint32_t kind;
};

/* A function type as in struct wow_import; "?" when it has what no host function has. */
struct type {
    char text[WOW_HOST_PARAMS_MAX + 3];
};

struct sections {
    struct type *types;
    struct import *imports;
    struct exported *exports;
    uint32_t typec, importc, exportc;
};

struct reader {
    const uint8_t *start, *at, *end;
    bool bad;
};

static uint8_t byte(struct reader *r)
{
    if (r->at == r->end) {
        r->bad = true;
        return 0;
    }
    return *r->at++;
}

/* An unsigned LEB128 of at most 32 bits. */
static uint32_t number(struct reader *r)
{
    uint32_t value = 0;

    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t b = byte(r);
        value |= (uint32_t)(b & 0x7f) << (shift < 32 ? shift : 31);
        if (!(b & 0x80))
            return value;
    }
    r->bad = true;
    return 0;
}

static const uint8_t *skip(struct reader *r, uint32_t n)
{
    const uint8_t *from = r->at;

    if (n > (size_t)(r->end - r->at)) {
        r->bad = true;
        return from;
    }
    r->at += n;
    return from;
}

static struct name name(struct reader *r)
{
    uint32_t n = number(r);
    const uint8_t *at = skip(r, n);

    return (struct name){(const char *)at, r->bad ? 0 : n};
}

/* How many entries a vector has; each takes at least a byte, so no more than are left. */
static uint32_t count(struct reader *r)
{
    uint32_t n = number(r);

    if (n > (size_t)(r->end - r->at) || n > TYPES_MAX)
        r->bad = true;
    return r->bad ? 0 : n;
}

static char letter(uint8_t valtype)
{
    switch (valtype) {
    case 0x7f:
        return 'i';
    case 0x7e:
        return 'I';
    case 0x7d:
        return 'f';
    case 0x7c:
        return 'F';
    default:
        return '?';
    }
}

static void read_type(struct reader *r, struct type *out)
{
    size_t n = 0;

    if (byte(r) != 0x60)
        r->bad = true;
    for (int side = 0; side < 2; side++) {
        uint32_t values = count(r);
        for (uint32_t i = 0; i < values && !r->bad; i++) {
            char c = letter(byte(r));
            if (n < sizeof out->text - 2)
                out->text[n++] = c;
        }
        if (side == 0 && n < sizeof out->text - 1)
            out->text[n++] = ':';
    }
    out->text[n] = '\0';
}

static void read_types(struct reader *r, struct sections *s)
{
    s->typec = count(r);
    s->types = mem_zero((s->typec + 1) * sizeof *s->types);
    for (uint32_t i = 0; i < s->typec && !r->bad; i++)
        read_type(r, &s->types[i]);
}

static void skip_limits(struct reader *r)
{
    uint8_t flags = byte(r);

    number(r);
    if (flags & 1)
        number(r);
}

static void read_imports(struct reader *r, struct sections *s)
{
    s->importc = count(r);
    s->imports = mem_zero((s->importc + 1) * sizeof *s->imports);
    for (uint32_t i = 0; i < s->importc && !r->bad; i++) {
        struct import *m = &s->imports[i];
        m->module = name(r);
        m->name = name(r);
        m->kind = byte(r);
        if (m->kind == KIND_FUNC) {
            m->type = number(r);
        } else if (m->kind == KIND_TABLE) {
            byte(r);
            skip_limits(r);
        } else if (m->kind == KIND_MEMORY) {
            skip_limits(r);
        } else if (m->kind == KIND_GLOBAL) {
            byte(r);
            byte(r);
        } else {
            r->bad = true;
        }
    }
}

static void read_exports(struct reader *r, struct sections *s)
{
    s->exportc = count(r);
    s->exports = mem_zero((s->exportc + 1) * sizeof *s->exports);
    for (uint32_t i = 0; i < s->exportc && !r->bad; i++) {
        s->exports[i].name = name(r);
        s->exports[i].kind = byte(r);
        number(r);
    }
}

static void read_section(uint8_t id, struct reader *r, struct sections *s)
{
    if (id == SECTION_TYPE && !s->types)
        read_types(r, s);
    else if (id == SECTION_IMPORT && !s->imports)
        read_imports(r, s);
    else if (id == SECTION_EXPORT && !s->exports)
        read_exports(r, s);
}

int sections_read(struct wow_bytes wasm, struct sections **out, struct err *err)
{
    static const uint8_t magic[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct reader r = {.start = wasm.data, .at = wasm.data, .end = wasm.data + wasm.size};

    if (wasm.size < sizeof magic || memcmp(wasm.data, magic, 4) != 0)
        return err_set(err, ERR_INVALID, "not a wasm module");
    if (memcmp(wasm.data, magic, sizeof magic) != 0)
        return err_set(err, ERR_INVALID,
                       "a wasm component or another version than 1, not a module");
    struct sections *s = NEW(struct sections);
    r.at += sizeof magic;
    while (r.at < r.end && !r.bad) {
        uint8_t id = byte(&r);
        uint32_t size = number(&r);
        const uint8_t *body = skip(&r, size);
        if (r.bad)
            break;
        struct reader section = {.start = wasm.data, .at = body, .end = body + size};
        read_section(id, &section, s);
        if (section.bad) {
            r.at = section.at;
            r.bad = true;
        }
    }
    if (r.bad) {
        sections_free(s);
        return err_set(err, ERR_INVALID, "the wasm module is cut or damaged at byte %zu",
                       (size_t)(r.at - r.start));
    }
    *out = s;
    return 0;
}

void sections_free(struct sections *s)
{
    if (!s)
        return;
    free(s->types);
    free(s->imports);
    free(s->exports);
    free(s);
}

static bool is(struct name n, const char *s)
{
    return n.n == strlen(s) && memcmp(n.at, s, n.n) == 0;
}

static int shown(struct name n) { return n.n > NAME_SHOWN ? NAME_SHOWN : (int)n.n; }

static int refuse(const struct import *m, const char *what, struct err *err)
{
    static const char *const kinds[] = {"function", "table", "memory", "global", "tag"};

    return err_set(err, ERR_INVALID, "the module imports the %s '%.*s.%.*s', %s", kinds[m->kind],
                   shown(m->module), m->module.at, shown(m->name), m->name.at, what);
}

int sections_check_imports(const struct sections *s, const struct wow_import *table,
                           struct err *err)
{
    for (uint32_t i = 0; i < s->importc; i++) {
        const struct import *m = &s->imports[i];
        const struct wow_import *t = table;
        while (t->name && !(is(m->module, t->module) && is(m->name, t->name)))
            t++;
        if (m->kind != KIND_FUNC || !t->name)
            return refuse(m, "which wow does not provide", err);
        if (m->type >= s->typec || strcmp(s->types[m->type].text, t->type) != 0)
            return refuse(m, "but with another type than it has", err);
    }
    return 0;
}

static bool exports(const struct sections *s, const char *name, uint32_t kind)
{
    for (uint32_t i = 0; i < s->exportc; i++)
        if (s->exports[i].kind == kind && is(s->exports[i].name, name))
            return true;
    return false;
}

bool sections_exports_func(const void *sections, const char *name)
{
    return exports(sections, name, KIND_FUNC);
}

bool sections_exports_memory(const struct sections *s, const char *name)
{
    return exports(s, name, KIND_MEMORY);
}
