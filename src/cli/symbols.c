#include "cli/symbols.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "engine/reader.h"
#include "wow/err.h"

#define MODULE_MAX (64u << 20)

struct symbols {
    char *module; /* its path */
    struct buf wasm;
    struct reader code;        /* the content of the code section, at its first function */
    const uint8_t *code_start; /* addresses count from here */
    uint32_t imports;          /* functions before the first of its own */
    size_t n;
    struct {
        unsigned func, offset;
        char where[160];
    } frames[SYMBOLS_MAX];
};

void symbols_free(struct symbols *s)
{
    if (!s)
        return;
    buf_done(&s->wasm);
    free(s->module);
    free(s);
}

/* Behind a limit: flags, minimum, and maximum if the flags say so. */
static void skip_limits(struct reader *r)
{
    uint8_t flags = reader_byte(r);

    reader_u32(r);
    if (flags & 1)
        reader_u32(r);
}

static uint32_t count_imports(struct reader *r)
{
    uint32_t functions = 0;

    for (uint32_t left = reader_count(r); left > 0 && !r->bad; left--) {
        reader_skip(r, reader_u32(r)); /* module */
        reader_skip(r, reader_u32(r)); /* name */
        switch (reader_byte(r)) {
        case KIND_FUNC:
            reader_u32(r);
            functions++;
            break;
        case KIND_TABLE:
            reader_byte(r);
            skip_limits(r);
            break;
        case KIND_MEMORY:
            skip_limits(r);
            break;
        case KIND_GLOBAL:
            reader_byte(r);
            reader_byte(r);
            break;
        default:
            reader_fail(r);
        }
    }
    return functions;
}

static bool is_named(struct reader body, const char *name)
{
    uint32_t n = reader_u32(&body);
    const uint8_t *at = reader_skip(&body, n);

    return !body.bad && n == strlen(name) && memcmp(at, name, n) == 0;
}

/* Find the code; does the module tell lines? */
static bool read_module(struct symbols *s)
{
    struct wow_bytes wasm = {(const uint8_t *)s->wasm.data, s->wasm.size};
    struct reader_section section;
    struct reader module;
    struct err err;
    bool lines = false;

    if (reader_begin(wasm, &module, &err) < 0)
        return false;
    while (reader_next(&module, &section)) {
        if (section.id == SECTION_IMPORT)
            s->imports = count_imports(&section.body);
        if (section.id == SECTION_CODE) {
            s->code = section.body;
            s->code_start = section.body.at;
        }
        lines = lines || (section.id == SECTION_CUSTOM && is_named(section.body, ".debug_line"));
    }
    return lines && s->code_start && !module.bad;
}

struct symbols *symbols_open(const char *module)
{
    struct symbols *s = NEW(struct symbols);
    struct err err;

    buf_init(&s->wasm, MODULE_MAX);
    s->module = mem_dup(module);
    if (strchr(module, '\'') || file_read(module, &s->wasm, &err) < 0 || !read_module(s)) {
        symbols_free(s);
        return NULL;
    }
    return s;
}

/* "… (#5+0x31)" */
static bool read_frame(const char *line, unsigned *func, unsigned *offset)
{
    const char *at = strrchr(line, '(');
    bool is_one = strncmp(line, "trap in ", 8) == 0 || strncmp(line, "  called by ", 12) == 0;

    return is_one && at && sscanf(at, "(#%u+0x%x)", func, offset) == 2;
}

/* Where in the code section that is; UINT_MAX: nowhere. */
static unsigned address_of(const struct symbols *s, unsigned func, unsigned offset)
{
    struct reader r = s->code;
    uint32_t count = reader_count(&r);

    for (uint32_t i = s->imports; i < func && i - s->imports < count; i++)
        reader_skip(&r, reader_u32(&r));
    uint32_t size = reader_u32(&r);
    if (func < s->imports || func - s->imports >= count || r.bad || offset > size)
        return UINT_MAX;
    return (unsigned)(r.at - s->code_start) + offset;
}

/* "/path/to/trap.c:6" without the path; "??:0" is nothing. */
static void take_answer(char *where, size_t size, const char *answer)
{
    const char *slash = strrchr(answer, '/');

    if (answer[0] != '?')
        snprintf(where, size, "%.*s", (int)strcspn(slash ? slash + 1 : answer, "\n"),
                 slash ? slash + 1 : answer);
}

void symbols_find(struct symbols *s, const char *const *lines, size_t n)
{
    AUTO(buf) struct buf command;
    char answer[PATH_MAX + 16];
    unsigned func, offset;

    buf_init(&command, 65536);
    buf_text(&command, "for tool in llvm-symbolizer llvm-symbolizer-19 llvm-symbolizer-22 "
                       "llvm-symbolizer-16; do command -v $tool >/dev/null && exec $tool "
                       "--functions=none --output-style=GNU --no-inlines --obj='");
    buf_text(&command, s->module);
    buf_text(&command, "'");
    for (size_t i = 0; i < n && s->n < SYMBOLS_MAX; i++) {
        if (!read_frame(lines[i], &func, &offset))
            continue;
        s->frames[s->n].func = func;
        s->frames[s->n++].offset = offset;
        buf_print(&command, " 0x%x", address_of(s, func, offset));
    }
    buf_text(&command, "; done 2>/dev/null");
    FILE *out = s->n > 0 ? popen(command.data, "re") : NULL;
    for (size_t i = 0; out && i < s->n && fgets(answer, sizeof answer, out); i++)
        take_answer(s->frames[i].where, sizeof s->frames[i].where, answer);
    if (out)
        pclose(out);
}

const char *symbols_where(const struct symbols *s, const char *line)
{
    unsigned func, offset;

    if (!read_frame(line, &func, &offset))
        return NULL;
    for (size_t i = 0; i < s->n; i++)
        if (s->frames[i].func == func && s->frames[i].offset == offset)
            return s->frames[i].where[0] ? s->frames[i].where : NULL;
    return NULL;
}
