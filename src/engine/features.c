/*
 * One pass over a module. Nothing here returns an error: whatever ends the pass makes the reader
 * bad, all that follows finds nothing more to read, and tell() says at the end what it was.
 * Formats: WebAssembly core specification 2.0, chapter 5, "Binary Format".
 */
#include "engine/features.h"

#include "engine/opcodes.h"
#include "engine/reader.h"

enum { OP_END = 0x0b, OP_GLOBAL_GET = 0x23, OP_MEMORY_GROW = 0x40 };

struct walk {
    struct reader r; /* of the section */
    uint32_t memories;
    uint32_t imported_globals;
    uint8_t section;                             /* how far we are in the order of sections */
    void (*grows)(void *ctx, const uint8_t *at); /* who wants to know of memory.grow, or NULL */
    void *ctx;

    /* Why the reader is bad, if the bytes are not at fault. */
    enum feature feature;
    const char *what; /* of the feature; or, without one, what sort of thing nobody knows */
    uint32_t code;    /* of that thing */
};

/* End the pass at a place; the first who does says why. */
static void stop(struct walk *w, enum feature feature, const char *what, const uint8_t *at)
{
    if (w->r.bad)
        return;
    w->feature = feature;
    w->what = what;
    w->r.at = at;
    reader_fail(&w->r);
}

static void damaged(struct walk *w, const uint8_t *at) { stop(w, FEATURE_NONE, NULL, at); }

/* End the pass if the code is of a later feature. */
static bool refuse(struct walk *w, enum place place, uint32_t code, const uint8_t *at)
{
    const struct later *l = opcodes_later(place, code);

    if (l)
        stop(w, l->feature, l->what, at);
    return l;
}

static void unknown(struct walk *w, const char *what, uint32_t code, const uint8_t *at)
{
    if (!w->r.bad)
        w->code = code;
    stop(w, FEATURE_NONE, what, at);
}

/* ---- types ---- */

static bool is_type(uint8_t code)
{
    return (code >= 0x7b && code <= 0x7f) || code == 0x70 || code == 0x6f;
}

static void type(struct walk *w)
{
    const uint8_t *at = w->r.at;
    uint8_t code = reader_byte(&w->r);

    if (is_type(code))
        return;
    /* A (ref …) of a heap type that came later still is of that one's feature. */
    if ((code == 0x63 || code == 0x64) && w->r.at < w->r.end)
        refuse(w, IN_TYPE, *w->r.at, at);
    if (!refuse(w, IN_TYPE, code, at))
        damaged(w, at);
}

/* ref.null has a type or, since there are typed references, the index of one. */
static void null_type(struct walk *w)
{
    const uint8_t *at = w->r.at;

    if (at < w->r.end && (*at < 0x40 || *at >= 0x80))
        stop(w, FEATURE_FUNCTION_REFERENCES, "ref.null with the index of a type", at);
    else
        type(w);
}

/* 0x40 for none, a type, or the index of one: the types are the negative numbers of one byte. */
static void block_type(struct walk *w)
{
    if (w->r.at < w->r.end && *w->r.at > 0x40 && *w->r.at < 0x80)
        type(w);
    else
        reader_u32(&w->r);
}

static void limits(struct walk *w, bool of_memory)
{
    const uint8_t *at = w->r.at;
    uint8_t flags = reader_byte(&w->r);

    if (flags > (of_memory ? 0x0f : 0x07))
        damaged(w, at);
    if (flags & 2)
        stop(w, FEATURE_THREADS, of_memory ? "a shared memory" : "a shared table", at);
    if (flags & 4)
        stop(w, FEATURE_MEMORY64, of_memory ? "a memory of 64 bits" : "a table of 64 bits", at);
    if (flags & 8)
        stop(w, FEATURE_CUSTOM_PAGES, "a memory with a page size", at);
    reader_u32(&w->r);
    if (flags & 1)
        reader_u32(&w->r);
}

static void table_type(struct walk *w)
{
    type(w);
    limits(w, false);
}

static void memory(struct walk *w)
{
    if (++w->memories > 1)
        stop(w, FEATURE_MULTI_MEMORY, "a second memory", w->r.at);
    limits(w, true);
}

static void global_type(struct walk *w)
{
    type(w);
    const uint8_t *at = w->r.at;
    uint8_t flags = reader_byte(&w->r);
    if (flags > 3)
        damaged(w, at);
    if (flags & 2)
        stop(w, FEATURE_THREADS, "a shared global", at);
}

/* ---- instructions ---- */

static void vector(struct walk *w, void (*entry)(struct walk *w))
{
    uint32_t n = reader_count(&w->r);

    for (uint32_t i = 0; i < n && !w->r.bad; i++)
        entry(w);
}

static void index_of(struct walk *w) { reader_u32(&w->r); }

/* In 2.0 a byte that is 0; it became the index of a memory. */
static void memory_index(struct walk *w)
{
    const uint8_t *at = w->r.at;

    if (reader_byte(&w->r) != 0)
        stop(w, FEATURE_MULTI_MEMORY, "the index of a memory", at);
}

/* Bit 6 of the alignment says that a memory's index follows. */
static void memory_argument(struct walk *w)
{
    const uint8_t *at = w->r.at;
    uint32_t align = reader_u32(&w->r);

    if (align >= 0x80)
        damaged(w, at);
    if (align & 0x40)
        stop(w, FEATURE_MULTI_MEMORY, "the index of a memory", at);
    reader_u32(&w->r);
}

static void immediate(struct walk *w, char letter)
{
    switch (letter) {
    case 'i':
        index_of(w);
        break;
    case 's':
        reader_skip_signed(&w->r, 32);
        break;
    case 'l':
        reader_skip_signed(&w->r, 64);
        break;
    case 'b':
        reader_byte(&w->r);
        break;
    case 'z':
        memory_index(w);
        break;
    case '4':
        reader_skip(&w->r, 4);
        break;
    case '8':
        reader_skip(&w->r, 8);
        break;
    case 'v':
        reader_skip(&w->r, 16);
        break;
    case 'm':
        memory_argument(w);
        break;
    case 'o':
        block_type(w);
        break;
    case 't':
        vector(w, index_of);
        index_of(w);
        break;
    case 'y':
        vector(w, type);
        break;
    case 'r':
        null_type(w);
        break;
    }
}

/* Step over an instruction; returns its first byte. */
static uint8_t instruction(struct walk *w)
{
    const uint8_t *at = w->r.at;
    uint8_t first = reader_byte(&w->r);
    uint32_t code = first;

    if (first >= 0xfb && first <= 0xfe)
        code = opcodes_prefixed(first, reader_u32(&w->r));
    const char *letters = opcodes_immediates(code);
    if (!letters) {
        if (!refuse(w, IN_CODE, code, at))
            unknown(w, "an instruction", code, at);
        return first;
    }
    for (; *letters; letters++)
        immediate(w, *letters);
    if (first == OP_MEMORY_GROW && w->grows && !w->r.bad)
        w->grows(w->ctx, at);
    return first;
}

static bool is_constant(uint8_t first)
{
    switch (first) {
    case OP_GLOBAL_GET:
    case 0x41: /* i32.const, i64.const, f32.const, f64.const */
    case 0x42:
    case 0x43:
    case 0x44:
    case 0xd0: /* ref.null */
    case 0xd2: /* ref.func */
    case 0xfd: /* v128.const */
        return true;
    default:
        return false;
    }
}

/* In 2.0 a constant expression sees the globals that were imported. */
static void imported_global(struct walk *w, const uint8_t *at)
{
    struct reader index = {.at = at + 1, .end = w->r.end};

    if (reader_u32(&index) >= w->imported_globals)
        stop(w, FEATURE_EXTENDED_CONST, "global.get of a global that is not imported", at);
}

static void expression(struct walk *w)
{
    uint8_t first;

    do {
        const uint8_t *at = w->r.at;
        first = instruction(w);
        if (w->r.bad)
            return;
        if (first == OP_GLOBAL_GET)
            imported_global(w, at);
        if (first != OP_END && !is_constant(first) && !refuse(w, IN_CONSTANT, first, at))
            damaged(w, at);
    } while (first != OP_END);
}

/* ---- what sections have entries of ---- */

static void function_type(struct walk *w)
{
    const uint8_t *at = w->r.at;
    uint8_t form = reader_byte(&w->r);

    if (form != 0x60 && !refuse(w, IN_TYPE_SECTION, form, at))
        damaged(w, at);
    vector(w, type);
    vector(w, type);
}

static void name(struct walk *w) { reader_skip(&w->r, reader_u32(&w->r)); }

static void import(struct walk *w)
{
    name(w);
    name(w);
    const uint8_t *at = w->r.at;
    uint8_t kind = reader_byte(&w->r);
    switch (kind) {
    case KIND_FUNC:
        index_of(w);
        break;
    case KIND_TABLE:
        table_type(w);
        break;
    case KIND_MEMORY:
        memory(w);
        break;
    case KIND_GLOBAL:
        w->imported_globals++;
        global_type(w);
        break;
    default:
        if (!refuse(w, IN_IMPORT, kind, at))
            damaged(w, at);
    }
}

static void table(struct walk *w)
{
    if (w->r.at < w->r.end && *w->r.at == 0x40)
        stop(w, FEATURE_FUNCTION_REFERENCES, "a table with a value to begin with", w->r.at);
    table_type(w);
}

static void global(struct walk *w)
{
    global_type(w);
    expression(w);
}

static void exported(struct walk *w)
{
    name(w);
    const uint8_t *at = w->r.at;
    if (reader_byte(&w->r) > KIND_GLOBAL)
        damaged(w, at);
    index_of(w);
}

/*
 * The form's bits: 1 is for no table at once, 2 names its table or is for none ever, 4 has
 * expressions and not indices of functions.
 */
static void element(struct walk *w)
{
    const uint8_t *at = w->r.at;
    uint32_t form = reader_u32(&w->r);

    if (form > 7)
        damaged(w, at);
    if (!(form & 1)) {
        if (form & 2)
            index_of(w);
        expression(w);
    }
    at = w->r.at;
    if ((form & 3) && (form & 4))
        type(w);
    else if ((form & 3) && reader_byte(&w->r) != 0)
        damaged(w, at);
    vector(w, form & 4 ? expression : index_of);
}

static void locals(struct walk *w)
{
    reader_u32(&w->r);
    type(w);
}

static void body(struct walk *w)
{
    uint32_t size = reader_count(&w->r);
    const uint8_t *end = w->r.end;

    w->r.end = w->r.at + size;
    vector(w, locals);
    uint8_t last = 0;
    while (w->r.at < w->r.end)
        last = instruction(w);
    if (last != OP_END)
        damaged(w, w->r.at);
    if (!w->r.bad)
        w->r.end = end;
}

static void data(struct walk *w)
{
    const uint8_t *at = w->r.at;
    uint32_t form = reader_u32(&w->r);

    if (form > 2)
        damaged(w, at);
    if (form == 2 && reader_u32(&w->r) != 0)
        stop(w, FEATURE_MULTI_MEMORY, "data of another memory", at);
    if (form != 1)
        expression(w);
    name(w);
}

/* ---- the module ---- */

/* Their order, and what they have a vector of; those of no vector hold a number. */
static const struct {
    uint8_t order;
    void (*entry)(struct walk *w);
} sections[] = {
    [SECTION_TYPE] = {1, function_type}, [SECTION_IMPORT] = {2, import},
    [SECTION_FUNCTION] = {3, index_of},  [SECTION_TABLE] = {4, table},
    [SECTION_MEMORY] = {5, memory},      [SECTION_GLOBAL] = {6, global},
    [SECTION_EXPORT] = {7, exported},    [SECTION_START] = {8, NULL},
    [SECTION_ELEMENT] = {9, element},    [SECTION_DATA_COUNT] = {10, NULL},
    [SECTION_CODE] = {11, body},         [SECTION_DATA] = {12, data},
};

static void section(struct walk *w, const struct reader_section *s)
{
    w->r = s->body;
    if (s->id == SECTION_CUSTOM)
        return;
    if (s->id > SECTION_DATA_COUNT) {
        if (!refuse(w, IN_MODULE, s->id, s->from))
            unknown(w, "a section", s->id, s->from);
        return;
    }
    if (sections[s->id].order <= w->section)
        damaged(w, s->from);
    w->section = sections[s->id].order;
    if (sections[s->id].entry)
        vector(w, sections[s->id].entry);
    else
        reader_u32(&w->r);
    if (w->r.at != w->r.end)
        damaged(w, w->r.at);
}

/* A prefix and its number as two. */
static int tell_unknown(const struct walk *w, size_t at, struct err *err)
{
    if (w->code > 0xff)
        return err_set(err, ERR_INVALID,
                       "the module has %s that wow does not know (0x%02x 0x%02x at byte %zu)",
                       w->what, w->code >> 16, w->code & 0xffff, at);
    return err_set(err, ERR_INVALID,
                   "the module has %s that wow does not know (0x%02x at byte %zu)", w->what,
                   w->code, at);
}

static int tell(const struct walk *w, struct err *err)
{
    size_t at = (size_t)(w->r.at - w->r.start);

    if (w->feature != FEATURE_NONE)
        return err_set(err, ERR_INVALID,
                       "the module uses %s (%s at byte %zu), which wow does not turn on",
                       opcodes_features[w->feature], w->what, at);
    return w->what ? tell_unknown(w, at, err) : reader_damaged(&w->r, err);
}

int features_grows(struct wow_bytes wasm, void (*each)(void *ctx, const uint8_t *at), void *ctx,
                   struct err *err)
{
    struct walk w = {.feature = FEATURE_NONE, .grows = each, .ctx = ctx};
    struct reader_section s;
    struct reader module;

    int r = reader_begin(wasm, &module, err);
    if (r < 0)
        return r;
    while (reader_next(&module, &s)) {
        section(&w, &s);
        if (w.r.bad)
            return tell(&w, err);
    }
    return module.bad ? reader_damaged(&module, err) : 0;
}

int features_check(struct wow_bytes wasm, struct err *err)
{
    return features_grows(wasm, NULL, NULL, err);
}
