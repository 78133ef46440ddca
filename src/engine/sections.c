#include "engine/sections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/reader.h"

#define ENTRIES_MAX 100000u
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

/*
 * A function type as in struct wow_import, with '?' for what no host function has. One that does
 * not fit is cut, and still differs from all of them: the ':' and two results have room, too.
 */
struct type {
    char text[WOW_HOST_PARAMS_MAX + 5];
};

struct sections {
    struct type *types;
    struct import *imports;
    struct exported *exports;
    uint32_t typec, importc, exportc;
};

static struct name name(struct reader *r)
{
    uint32_t n = reader_u32(r);
    const uint8_t *at = reader_skip(r, n);

    return (struct name){(const char *)at, r->bad ? 0 : n};
}

/* How many entries a vector has: no more than we are ready to keep. */
static uint32_t count(struct reader *r)
{
    uint32_t n = reader_count(r);

    if (n > ENTRIES_MAX)
        reader_fail(r);
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

    if (reader_byte(r) != 0x60)
        reader_fail(r);
    for (int side = 0; side < 2; side++) {
        uint32_t values = count(r);
        for (uint32_t i = 0; i < values && !r->bad; i++) {
            char c = letter(reader_byte(r));
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
    uint8_t flags = reader_byte(r);

    reader_u32(r);
    if (flags & 1)
        reader_u32(r);
}

static void read_imports(struct reader *r, struct sections *s)
{
    s->importc = count(r);
    s->imports = mem_zero((s->importc + 1) * sizeof *s->imports);
    for (uint32_t i = 0; i < s->importc && !r->bad; i++) {
        struct import *m = &s->imports[i];
        m->module = name(r);
        m->name = name(r);
        m->kind = reader_byte(r);
        if (m->kind == KIND_FUNC) {
            m->type = reader_u32(r);
        } else if (m->kind == KIND_TABLE) {
            reader_byte(r);
            skip_limits(r);
        } else if (m->kind == KIND_MEMORY) {
            skip_limits(r);
        } else if (m->kind == KIND_GLOBAL) {
            reader_byte(r);
            reader_byte(r);
        } else {
            reader_fail(r);
        }
    }
}

static void read_exports(struct reader *r, struct sections *s)
{
    s->exportc = count(r);
    s->exports = mem_zero((s->exportc + 1) * sizeof *s->exports);
    for (uint32_t i = 0; i < s->exportc && !r->bad; i++) {
        s->exports[i].name = name(r);
        s->exports[i].kind = reader_byte(r);
        reader_u32(r);
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
    AUTO(sections) struct sections *s = NEW(struct sections);
    struct reader_section section;
    struct reader module;

    int r = reader_begin(wasm, &module, err);
    if (r < 0)
        return r;
    while (reader_next(&module, &section)) {
        read_section(section.id, &section.body, s);
        if (section.body.bad)
            return reader_damaged(&section.body, err);
    }
    if (module.bad)
        return reader_damaged(&module, err);
    *out = TAKE(s);
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

uint32_t sections_types(const struct sections *s) { return s->typec; }

uint32_t sections_imported(const struct sections *s, uint32_t kind)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->importc; i++)
        n += s->imports[i].kind == kind;
    return n;
}

static bool exports(const struct sections *s, const char *name, uint32_t kind)
{
    for (uint32_t i = 0; i < s->exportc; i++)
        if (s->exports[i].kind == kind && is(s->exports[i].name, name))
            return true;
    return false;
}

bool sections_exports_any(const struct sections *s, const char *name)
{
    for (uint32_t i = 0; i < s->exportc; i++)
        if (is(s->exports[i].name, name))
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
