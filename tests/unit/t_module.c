/* Damaged modules, what sections say, and a memory with another maximum. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "engine/cap.h"
#include "engine/sections.h"
#include "module.h"
#include "test.h"

#define MB (1ull << 20)

/* ---- damage ---- */

TEST(damage_is_told_with_its_place)
{
    static const struct {
        const char *sections;
        size_t n;
        int at;
    } cases[] = {
        {CODE("\1"), 9},
        {CODE("\1\5\1\x60\0\0"), 10},           /* longer than the module */
        {CODE("\1\5\1\x60\0\0\0"), 14},         /* more than its entries */
        {CODE("\0\x81\x80\x80\x80\x10\0"), 14}, /* a size of more than 32 bits */
        {CODE("\3\3\5\0\0"), 11},               /* five entries in two bytes */
        {CODE("\3\2\xff\0"), 12},               /* 127 entries in no byte */
        {CODE("\3\2\1\0"
              "\1\4\1\x60\0\0"),
         12}, /* types behind functions */
        {CODE("\5\3\1\0\1"
              "\5\3\1\0\1"),
         13},                                 /* two memory sections */
        {CODE("\5\3\1\x10\1"), 11},           /* flags */
        {CODE("\1\5\1\x60\1\x7a\0"), 13},     /* a type */
        {CODE("\1\4\1\x5c\0\0"), 11},         /* a form of type */
        {CODE("\2\5\1\0\0\5\0"), 13},         /* an import's kind */
        {CODE("\6\6\1\x7f\4\x41\0\x0b"), 12}, /* a global's flags */
        {CODE("\x09\4\1\1\1\0"), 12},         /* an element's kind */
        {CODE("\7\4\1\0\5\0"), 12},           /* an export's kind */
        {CODE("\x0a\2\1\0"), 12},             /* a body without an end */
        {CODE("\x0a\4\1\2\0\1"), 14},         /* the same, of a nop */
        {CODE("\x0a\6\1\4\0\x28\x80\1"), 14}, /* an alignment with strange bits */
        {CODE("\x0a\4\1\2\0\x41"), 14},       /* a constant cut by its body's end */
        {CODE("\x0a\x0a\1\x08\0\x41\x80\x80\x80\x80\x80\0"), 19}, /* a constant too long */
    };
    char text[80];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "the wasm module is cut or damaged at byte %d", cases[i].at);
        CHECK_STR(of_sections((const uint8_t *)cases[i].sections, cases[i].n), text);
    }
}

TEST(only_modules_of_version_1_are_read)
{
    CHECK_STR(verdict(BYTES("")), "not a wasm module");
    CHECK_STR(verdict(BYTES("\0asm\1\0\0")), "not a wasm module");
    CHECK_STR(verdict(BYTES("\0asn\1\0\0\0")), "not a wasm module");
    CHECK_STR(verdict(BYTES("\0asm\x0d\0\1\0")),
              "a wasm component or another version than 1, not a module");
}

/* Where a section of the whole module ends, by its own sizes, of one or two bytes. */
static bool is_boundary(size_t n)
{
    size_t at = HEADER_SIZE;

    while (at < n) {
        size_t size = whole[at + 1] & 0x7f, head = 2;
        if (whole[at + 1] & 0x80)
            size |= (size_t)whole[at + head++] << 7;
        at += head + size;
    }
    return at == n;
}

TEST(a_module_cut_anywhere_but_between_sections_is_damaged)
{
    for (size_t n = 0; n < sizeof whole; n++) {
        bool ok = *verdict(whole, n) == '\0';
        CHECK_INT(ok, n >= HEADER_SIZE && is_boundary(n));
    }
}

/* Whoever reads a module reads this one, whatever it is. */
static bool is_read(const uint8_t *bytes, size_t n)
{
    AUTO(sections) struct sections *s = NULL;
    AUTO(buf) struct buf out;
    struct wow_bytes wasm = {bytes, n};
    struct err err;

    buf_init(&out, 2 * n);
    int r = sections_read(wasm, &s, &err);
    if (r == 0)
        sections_exports_memory(s, "memory");
    cap_memory(wasm, MB, &out, &err);
    return *verdict(bytes, n) == '\0';
}

TEST(a_module_with_any_byte_changed_is_read_or_refused)
{
    size_t refused = 0;

    for (size_t at = 0; at < sizeof whole; at++)
        for (unsigned bits = 1; bits < 256; bits++) {
            uint8_t *copy = malloc(sizeof whole);
            memcpy(copy, whole, sizeof whole);
            copy[at] ^= (uint8_t)bits;
            refused += !is_read(copy, sizeof whole);
            free(copy);
        }
    CHECK(refused > sizeof whole * 255 / 4);
}

/* A number may be longer than it has to be, as linkers write those they fill in later. */
TEST(padded_numbers_are_numbers)
{
    CHECK_STR(of_sections(BYTES("\5\x87\x80\x80\x80\0"
                                "\x81\x80\0\0\x81\x80\0")),
              "");
}

/* ---- sections ---- */

static const struct wow_import table[] = {{"m", "many", "iiiiiIIii:i", NULL},
                                          {"m", "most", "iiiiiiiiii:i", NULL},
                                          {NULL, NULL, NULL, NULL}};

/* What the table says of a module that imports a function of a type. */
static const char *import_of(const char *name, const void *type, size_t n)
{
    static struct err err;
    AUTO(sections) struct sections *s = NULL;
    struct module m = {.n = 0};

    add(&m, HEADER, HEADER_SIZE);
    add_byte(&m, 1);
    add_byte(&m, n + 2);
    add(&m, "\1\x60", 2);
    add(&m, type, n);
    add(&m, "\2\x0a\1\1m\4", 6);
    add(&m, name, 4);
    add(&m, "\0\0", 2);
    struct wow_bytes wasm = {m.bytes, m.n};
    if (sections_read(wasm, &s, &err) < 0 || sections_check_imports(s, table, &err) < 0)
        return err.msg;
    return "";
}

TEST(imports_have_the_types_of_the_table)
{
    static const char *const many = "the module imports the function 'm.many', but with another "
                                    "type than it has";
    static const char *const most = "the module imports the function 'm.most', but with another "
                                    "type than it has";
#define NINE "\x7f\x7f\x7f\x7f\x7f\x7e\x7e\x7f\x7f"
#define TEN "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f"

    CHECK_STR(import_of("many", CODE("\x09" NINE "\1\x7f")), "");
    CHECK_STR(import_of("many", CODE("\x09" NINE "\0")), many);
    CHECK_STR(import_of("many", CODE("\x09" NINE "\2\x7f\x7f")), many);
    CHECK_STR(import_of("many", CODE("\x09" NINE "\1\x7e")), many);
    CHECK_STR(import_of("most", CODE("\x0a" TEN "\1\x7f")), "");
    CHECK_STR(import_of("most", CODE("\x0a" TEN "\0")), most);
    CHECK_STR(import_of("most", CODE("\x0a" TEN "\2\x7f\x7f")), most);
    CHECK_STR(import_of("most", CODE("\x0b" TEN "\x7f\1\x7f")), most);
}

static int read_sections(const struct module *m)
{
    AUTO(sections) struct sections *s = NULL;
    struct err err;

    return sections_read((struct wow_bytes){m->bytes, m->n}, &s, &err);
}

TEST(imports_of_all_kinds_are_read)
{
    static const char imports[] = "\2\x23\4"
                                  "\1m\1t\1\x70\1\xff\x7f\xff\x7f"
                                  "\1m\1m\2\1\xff\x7f\xff\x7f"
                                  "\1m\1g\3\x7f\1"
                                  "\1m\1f\0\0";
    struct module m = {.n = 0};

    add(&m, HEADER, HEADER_SIZE);
    add(&m, imports, sizeof imports - 1);
    CHECK_INT(read_sections(&m), 0);
    CHECK_INT(m.bytes[9], m.n - 10);
    while (m.bytes[9]-- > 0) {
        m.n--;
        CHECK_INT(read_sections(&m), -ERR_INVALID);
    }
}

TEST(sections_that_make_no_sense_are_damaged)
{
    struct module m = {.n = 0};

    CHECK_INT(read_sections(&m), -ERR_INVALID);
    add(&m, HEADER "\1\4\1\x5f\0\0", HEADER_SIZE + 6);
    CHECK_INT(read_sections(&m), -ERR_INVALID);
    m.bytes[11] = 0x60;
    CHECK_INT(read_sections(&m), 0);
    m.n--;
    CHECK_INT(read_sections(&m), -ERR_INVALID);
    m.n = HEADER_SIZE;
    add(&m, "\2\5\1\0\0\4\0", 7);
    CHECK_INT(read_sections(&m), -ERR_INVALID);
}

TEST(exports_are_found_by_name_and_kind)
{
    AUTO(sections) struct sections *s = NULL;
    struct err err;

    CHECK_INT(sections_read((struct wow_bytes){whole, sizeof whole}, &s, &err), 0);
    CHECK(sections_exports_func(s, "_start"));
    CHECK(!sections_exports_func(s, "memory"));
    CHECK(!sections_exports_func(s, "_star"));
    CHECK(sections_exports_memory(s, "memory"));
}

/* ---- the memory's maximum ---- */

/* The memory section in hexadecimal digits, behind a custom one and before another. */
static const char *capped(uint64_t max_bytes, const void *section, size_t n)
{
    static char text[256];
    static const char before[] = "\0\2\1b", after[] = "\0\2\1a";
    AUTO(buf) struct buf out;
    struct module m = {.n = 0};
    struct err err;

    buf_init(&out, sizeof m.bytes);
    add(&m, HEADER, HEADER_SIZE);
    add(&m, before, 4);
    add(&m, section, n);
    add(&m, after, 4);
    if (cap_memory((struct wow_bytes){m.bytes, m.n}, max_bytes, &out, &err) < 0) {
        snprintf(text, sizeof text, "%s", err.msg);
        return text;
    }
    CHECK(out.size >= 16 && memcmp(out.data, m.bytes, 12) == 0);
    CHECK(memcmp(out.data + out.size - 4, after, 4) == 0);
    for (size_t i = 12; i < out.size - 4; i++)
        snprintf(text + 3 * (i - 12), 4, "%02x ", (uint8_t)out.data[i]);
    text[3 * (out.size - 16)] = '\0';
    return text;
}

TEST(a_memory_gets_a_maximum)
{
    /* 256 MiB are 4096 pages, 80 20 as a number. */
    CHECK_STR(capped(256 * MB, CODE("\5\3\1\0\1")), "05 05 01 01 01 80 20 ");
    CHECK_STR(capped(1 * MB, CODE("\5\3\1\0\1")), "05 04 01 01 01 10 ");
    CHECK_STR(capped(1 * MB + 65535, CODE("\5\3\1\0\1")), "05 04 01 01 01 10 ");
    CHECK_STR(capped(4095 * MB, CODE("\5\3\1\0\1")), "05 06 01 01 01 f0 ff 03 ");
}

TEST(a_maximum_gets_smaller_and_never_larger)
{
    CHECK_STR(capped(1 * MB, CODE("\5\4\1\1\1\x11")), "05 04 01 01 01 10 ");
    CHECK_STR(capped(1 * MB, CODE("\5\6\1\1\1\x80\x80\4")), "05 04 01 01 01 10 ");
    CHECK_STR(capped(1 * MB, CODE("\5\4\1\1\1\x10")), "05 04 01 01 01 10 ");
    CHECK_STR(capped(1 * MB, CODE("\5\4\1\1\1\2")), "05 04 01 01 01 02 ");
    CHECK_STR(capped(1 * MB, CODE("\5\4\1\1\0\0")), "05 04 01 01 00 00 ");
}

TEST(a_maximum_is_not_below_the_minimum)
{
    CHECK_STR(capped(1 * MB, CODE("\5\3\1\0\x20")), "05 04 01 01 20 20 ");
    CHECK_STR(capped(1 * MB, CODE("\5\4\1\1\x20\x30")), "05 04 01 01 20 20 ");
    CHECK_STR(capped(1 * MB, CODE("\5\4\1\1\x20\x20")), "05 04 01 01 20 20 ");
    CHECK_STR(capped(0, CODE("\5\3\1\0\0")), "05 04 01 01 00 00 ");
}

TEST(what_can_not_be_more_than_the_cap_stays)
{
    CHECK_STR(capped(4096 * MB, CODE("\5\3\1\0\1")), "05 03 01 00 01 ");
    CHECK_STR(capped(1ull << 60, CODE("\5\3\1\0\1")), "05 03 01 00 01 ");
    /* Padded numbers stay, too. */
    CHECK_STR(capped(1 * MB, CODE("\5\x86\0\1\1\1\x82\x80\0")), "05 86 00 01 01 01 82 80 00 ");
    CHECK_STR(capped(1 * MB, CODE("\5\1\0")), "05 01 00 ");
    CHECK_STR(capped(1 * MB, CODE("")), "");
}

TEST(padded_numbers_stay_where_nothing_is_to_change)
{
    CHECK_STR(capped(1 * MB, CODE("\5\x8b\x80\0\x81\0\1\x82\x80\x80\x80\0\xff\xff\3")),
              "05 09 81 00 01 82 80 80 80 00 10 ");
}

TEST(a_memory_of_a_kind_that_is_not_known_is_refused)
{
    CHECK_STR(capped(MB, CODE("\5\3\1\4\1")), "the wasm module is cut or damaged at byte 17");
    CHECK_STR(capped(MB, CODE("\5\4\1\3\1\2")), "the wasm module is cut or damaged at byte 17");
    CHECK_STR(capped(MB, CODE("\5\5\2\0\1\0\1")), "the wasm module is cut or damaged at byte 17");
    CHECK_STR(capped(MB, CODE("\5\2\1\0")), "the wasm module is cut or damaged at byte 16");
    CHECK_STR(capped(MB, CODE("\5\x60\1\0\1")), "the wasm module is cut or damaged at byte 14");
}

TEST(what_can_not_be_written_is_told)
{
    AUTO(buf) struct buf out;
    struct err err;

    buf_init(&out, sizeof whole);
    CHECK_INT(cap_memory((struct wow_bytes){whole, 7}, MB, &out, &err), -ERR_INVALID);
    CHECK_INT(cap_memory((struct wow_bytes){whole, sizeof whole}, MB, &out, &err), -ERR_TOO_LARGE);
    buf_clear(&out);
    out.limit = sizeof whole + CAP_ADDS;
    CHECK_INT(cap_memory((struct wow_bytes){whole, sizeof whole}, 4095 * MB, &out, &err), 0);
}

/* ---- modules that compilers made ---- */

static void try_file(const char *path)
{
    AUTO(buf) struct buf wasm, out, again;
    struct err err;

    buf_init(&wasm, 16 * MB);
    buf_init(&out, 17 * MB);
    buf_init(&again, 17 * MB);
    if (!CHECK_INT(file_read(path, &wasm, &err), 0))
        return;
    if (!CHECK_STR(verdict((const uint8_t *)wasm.data, wasm.size), ""))
        printf("    that was %s\n", path);
    struct wow_bytes bytes = {(const uint8_t *)wasm.data, wasm.size};
    CHECK_INT(cap_memory(bytes, 256 * MB, &out, &err), 0);
    bytes = (struct wow_bytes){(const uint8_t *)out.data, out.size};
    CHECK_STR(verdict(bytes.data, bytes.size), "");
    CHECK_INT(cap_memory(bytes, 256 * MB, &again, &err), 0);
    CHECK(out.size == again.size && memcmp(out.data, again.data, out.size) == 0);
}

TEST(modules_of_compilers_are_accepted)
{
    static const char *const dirs[] = {"examples", "guests"};
    const char *build = getenv("WOW_BUILD");
    char path[512];

    for (size_t i = 0; build && i < sizeof dirs / sizeof *dirs; i++) {
        snprintf(path, sizeof path, "%s/%s", build, dirs[i]);
        DIR *dir = opendir(path);
        size_t files = 0;
        for (struct dirent *e; dir && (e = readdir(dir));) {
            if (!strstr(e->d_name, ".wasm"))
                continue;
            snprintf(path, sizeof path, "%s/%s/%s", build, dirs[i], e->d_name);
            try_file(path);
            files++;
        }
        CHECK(files > 0);
        if (dir)
            closedir(dir);
    }
}
