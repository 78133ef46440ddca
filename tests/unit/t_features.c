/* What a module may use: every instruction of WebAssembly 2.0, and nothing that came later. */
#include <stdio.h>
#include <string.h>

#include "module.h"
#include "test.h"

/* Of a module with one function, which has these instructions, from byte 23 on, and an end. */
static const char *of_code(const uint8_t *code, size_t n)
{
    struct module m = {.n = 0};

    add(&m,
        HEADER "\1\4\1\x60\0\0"
               "\3\2\1\0",
        HEADER_SIZE + 10);
    add_byte(&m, 10);
    add_byte(&m, n + 4); /* the section */
    add_byte(&m, 1);     /* a body */
    add_byte(&m, n + 2);
    add_byte(&m, 0); /* no locals */
    add(&m, code, n);
    add_byte(&m, 0x0b);
    return verdict(m.bytes, m.n);
}

static void uses(const char *got, const char *what)
{
    char text[200];

    snprintf(text, sizeof text, "the module uses %s, which wow does not turn on", what);
    CHECK_STR(got, text);
}

/* ---- WebAssembly 2.0 ---- */

/*
 * Instructions and their immediates, which are made of bytes that are no instructions themselves
 * where they can be: who steps over too few or too many meets one.
 */
#define INDEX "\xff\x7f"
#define FOUR "\xef\xef\xef\xef"
static const struct {
    uint8_t prefix, first, last;
    const char *immediates;
    size_t n;
} instructions[] = {
#define IMMEDIATES(s) s, sizeof(s) - 1
    {0, 0x00, 0x01, IMMEDIATES("")},
    {0, 0x02, 0x04, IMMEDIATES("\x40")},
    {0, 0x02, 0x04, IMMEDIATES("\x7b")},
    {0, 0x02, 0x04, IMMEDIATES("\x6f")},
    {0, 0x02, 0x04, IMMEDIATES("\x25")},
    {0, 0x02, 0x04, IMMEDIATES("\xff\xff\xff\xff\x0f")},
    {0, 0x05, 0x05, IMMEDIATES("")},
    {0, 0x0b, 0x0b, IMMEDIATES("")},
    {0, 0x0c, 0x0d, IMMEDIATES(INDEX)},
    {0, 0x0e, 0x0e, IMMEDIATES("\0" INDEX)},
    {0, 0x0e, 0x0e, IMMEDIATES("\2" INDEX INDEX INDEX)},
    {0, 0x0f, 0x0f, IMMEDIATES("")},
    {0, 0x10, 0x10, IMMEDIATES(INDEX)},
    {0, 0x11, 0x11, IMMEDIATES(INDEX INDEX)},
    {0, 0x1a, 0x1b, IMMEDIATES("")},
    {0, 0x1c, 0x1c, IMMEDIATES("\1\x70")},
    {0, 0x20, 0x26, IMMEDIATES(INDEX)},
    {0, 0x28, 0x3e, IMMEDIATES("\x27\xff\xff\xff\xff\x0f")},
    {0, 0x3f, 0x40, IMMEDIATES("\0")},
    {0, 0x41, 0x41, IMMEDIATES("\xff\xff\xff\xff\x7f")},
    {0, 0x42, 0x42, IMMEDIATES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
    {0, 0x43, 0x43, IMMEDIATES(FOUR)},
    {0, 0x44, 0x44, IMMEDIATES(FOUR FOUR)},
    {0, 0x45, 0xc4, IMMEDIATES("")},
    {0, 0xd0, 0xd0, IMMEDIATES("\x70")},
    {0, 0xd0, 0xd0, IMMEDIATES("\x6f")},
    {0, 0xd1, 0xd1, IMMEDIATES("")},
    {0, 0xd2, 0xd2, IMMEDIATES(INDEX)},
    {0xfc, 0, 7, IMMEDIATES("")},
    {0xfc, 8, 8, IMMEDIATES(INDEX "\0")},
    {0xfc, 9, 9, IMMEDIATES(INDEX)},
    {0xfc, 10, 10, IMMEDIATES("\0\0")},
    {0xfc, 11, 11, IMMEDIATES("\0")},
    {0xfc, 12, 12, IMMEDIATES(INDEX INDEX)},
    {0xfc, 13, 13, IMMEDIATES(INDEX)},
    {0xfc, 14, 14, IMMEDIATES(INDEX INDEX)},
    {0xfc, 15, 17, IMMEDIATES(INDEX)},
    {0xfd, 0x00, 0x0b, IMMEDIATES("\x27" INDEX)},
    {0xfd, 0x0c, 0x0d, IMMEDIATES(FOUR FOUR FOUR FOUR)},
    {0xfd, 0x0e, 0x14, IMMEDIATES("")},
    {0xfd, 0x15, 0x22, IMMEDIATES("\xef")},
    {0xfd, 0x23, 0x53, IMMEDIATES("")},
    {0xfd, 0x54, 0x5b, IMMEDIATES("\x27" INDEX "\xef")},
    {0xfd, 0x5c, 0x5d, IMMEDIATES("\x27" INDEX)},
    {0xfd, 0x5e, 0x99, IMMEDIATES("")},
    {0xfd, 0x9b, 0xa1, IMMEDIATES("")},
    {0xfd, 0xa3, 0xa4, IMMEDIATES("")},
    {0xfd, 0xa7, 0xae, IMMEDIATES("")},
    {0xfd, 0xb1, 0xb1, IMMEDIATES("")},
    {0xfd, 0xb5, 0xba, IMMEDIATES("")},
    {0xfd, 0xbc, 0xc1, IMMEDIATES("")},
    {0xfd, 0xc3, 0xc4, IMMEDIATES("")},
    {0xfd, 0xc7, 0xce, IMMEDIATES("")},
    {0xfd, 0xd1, 0xd1, IMMEDIATES("")},
    {0xfd, 0xd5, 0xe1, IMMEDIATES("")},
    {0xfd, 0xe3, 0xed, IMMEDIATES("")},
    {0xfd, 0xef, 0xff, IMMEDIATES("")},
};

#define INSTRUCTIONS (sizeof instructions / sizeof *instructions)

/* A number of two bytes when it takes them. */
static void add_code(struct module *m, uint8_t prefix, unsigned code)
{
    if (prefix)
        add_byte(m, prefix);
    if (prefix && code > 0x7f) {
        add_byte(m, (code & 0x7f) | 0x80);
        code >>= 7;
    }
    add_byte(m, code);
}

TEST(every_instruction_of_2_0_is_stepped_over)
{
    for (size_t i = 0; i < INSTRUCTIONS; i++)
        for (unsigned code = instructions[i].first; code <= instructions[i].last; code++) {
            struct module m = {.n = 0};
            add_code(&m, instructions[i].prefix, code);
            add(&m, instructions[i].immediates, instructions[i].n);
            if (!CHECK_STR(of_code(m.bytes, m.n), ""))
                printf("    that was 0x%02x 0x%02x\n", instructions[i].prefix, code);
        }
}

static bool is_known(uint8_t prefix, unsigned code)
{
    for (size_t i = 0; i < INSTRUCTIONS; i++)
        if (instructions[i].prefix == prefix && instructions[i].first <= code &&
            code <= instructions[i].last)
            return true;
    return false;
}

TEST(no_other_instruction_is)
{
    static const uint8_t prefixes[] = {0, 0xfb, 0xfc, 0xfd, 0xfe};

    for (size_t p = 0; p < sizeof prefixes; p++)
        for (unsigned code = 0; code < 0x180; code++) {
            struct module m = {.n = 0};
            if (is_known(prefixes[p], code) || (!prefixes[p] && code >= 0xfb && code <= 0xfe))
                continue;
            if (!prefixes[p] && code > 0xff)
                break;
            add_code(&m, prefixes[p], code);
            add(&m, "\0\0\0\0", 4);
            const char *text = of_code(m.bytes, m.n);
            CHECK(strstr(text, "at byte 23)"));
            CHECK(strstr(text, "the module uses ") || strstr(text, " that wow does not know (0x"));
        }
}

TEST(every_section_may_be_there)
{
    CHECK_STR(verdict(whole, sizeof whole), "");
    CHECK_STR(of_sections(BYTES("")), "");
}

TEST(every_form_of_an_element_segment_is_known)
{
    CHECK_STR(of_sections(BYTES("\x09\x08\1"
                                "\0\x41\0\x0b\1" INDEX)),
              "");
    CHECK_STR(of_sections(BYTES("\x09\x06\1"
                                "\1\0\1" INDEX)),
              "");
    CHECK_STR(of_sections(BYTES("\x09\x0b\1"
                                "\2" INDEX "\x41\0\x0b\0\1" INDEX)),
              "");
    CHECK_STR(of_sections(BYTES("\x09\x06\1"
                                "\3\0\1" INDEX)),
              "");
    CHECK_STR(of_sections(BYTES("\x09\x0a\1"
                                "\4\x41\0\x0b\1\xd2" INDEX "\x0b")),
              "");
    CHECK_STR(of_sections(BYTES("\x09\x07\1"
                                "\5\x6f\1\xd0\x6f\x0b")),
              "");
    CHECK_STR(of_sections(BYTES("\x09\x0c\1"
                                "\6" INDEX "\x41\0\x0b\x70\1\xd0\x70\x0b")),
              "");
    CHECK_STR(of_sections(BYTES("\x09\x08\1"
                                "\7\x70\1\xd2" INDEX "\x0b")),
              "");
    CHECK_STR(of_sections(BYTES("\x09\x03\1"
                                "\x08\0")),
              "the wasm module is cut or damaged at byte 11");
}

TEST(every_form_of_a_data_segment_is_known)
{
    CHECK_STR(of_sections(BYTES("\x0b\x07\1"
                                "\0\x41\0\x0b\1a")),
              "");
    CHECK_STR(of_sections(BYTES("\x0b\x04\1"
                                "\1\1a")),
              "");
    CHECK_STR(of_sections(BYTES("\x0b\x08\1"
                                "\2\0\x41\0\x0b\1a")),
              "");
    CHECK_STR(of_sections(BYTES("\x0b\x04\1"
                                "\3\1a")),
              "the wasm module is cut or damaged at byte 11");
}

TEST(constants_of_every_type_are_known)
{
    CHECK_STR(of_sections(BYTES("\x06\x06\1\x7f\0\x41\0\x0b")), "");
    CHECK_STR(of_sections(BYTES("\x06\x06\1\x7e\1\x42\0\x0b")), "");
    CHECK_STR(of_sections(BYTES("\x06\x09\1\x7d\1\x43" FOUR "\x0b")), "");
    CHECK_STR(of_sections(BYTES("\x06\x0d\1\x7c\1\x44" FOUR FOUR "\x0b")), "");
    CHECK_STR(of_sections(BYTES("\x06\x16\1\x7b\1\xfd\x0c" FOUR FOUR FOUR FOUR "\x0b")), "");
    CHECK_STR(of_sections(BYTES("\x06\x06\1\x6f\1\xd0\x6f\x0b")), "");
    /* An imported global, and one that is the same. */
    CHECK_STR(of_sections(BYTES("\2\6\1\0\0\3\x7f\0"
                                "\6\6\1\x7f\0\x23\0\x0b")),
              "");
    CHECK_STR(of_sections(BYTES("\x06\x05\1\x7f\0\x45\x0b")),
              "the wasm module is cut or damaged at byte 13");
}

/* ---- what came later ---- */

TEST(instructions_that_came_later_are_named)
{
    static const struct {
        const char *code;
        size_t n;
        const char *what;
    } cases[] = {
        {CODE("\x12\0"), "tail calls (return_call at byte 23)"},
        {CODE("\x13\0\0"), "tail calls (return_call_indirect at byte 23)"},
        {CODE("\x15\0"), "tail calls (return_call_ref at byte 23)"},
        {CODE("\x06\x40"), "exceptions (try at byte 23)"},
        {CODE("\x07\0"), "exceptions (catch at byte 23)"},
        {CODE("\x08\0"), "exceptions (throw at byte 23)"},
        {CODE("\x09\0"), "exceptions (rethrow at byte 23)"},
        {CODE("\x0a"), "exceptions (throw_ref at byte 23)"},
        {CODE("\x18\0"), "exceptions (delegate at byte 23)"},
        {CODE("\x19"), "exceptions (catch_all at byte 23)"},
        {CODE("\x1f\x40\0"), "exceptions (try_table at byte 23)"},
        {CODE("\x14\0"), "typed function references (call_ref at byte 23)"},
        {CODE("\xd4"), "typed function references (ref.as_non_null at byte 23)"},
        {CODE("\xd5\0"), "typed function references (br_on_null at byte 23)"},
        {CODE("\xd6\0"), "typed function references (br_on_non_null at byte 23)"},
        {CODE("\xd0\0"),
         "typed function references (ref.null with the index of a type at byte 24)"},
        {CODE("\xd0\x80\1"),
         "typed function references (ref.null with the index of a type at byte 24)"},
        {CODE("\x02\x63\0"), "typed function references (a type (ref null …) at byte 24)"},
        {CODE("\x1c\1\x64\x70"), "typed function references (a type (ref …) at byte 25)"},
        {CODE("\xd0\x6e"), "garbage collection (the type anyref at byte 24)"},
        {CODE("\x02\x64\x6b"), "garbage collection (the type structref at byte 24)"},
        {CODE("\xd3"), "garbage collection (ref.eq at byte 23)"},
        {CODE("\xfb\0\0"),
         "garbage collection (an instruction of structs, arrays and casts at byte 23)"},
        {CODE("\xfb\x1e"),
         "garbage collection (an instruction of structs, arrays and casts at byte 23)"},
        {CODE("\xfe\0\2\0"), "threads (an atomic instruction at byte 23)"},
        {CODE("\xfe\3\0"), "threads (an atomic instruction at byte 23)"},
        {CODE("\xfe\xce\0\2\0"), "threads (an atomic instruction at byte 23)"},
        {CODE("\xfd\x80\2"), "relaxed SIMD (a relaxed instruction at byte 23)"},
        {CODE("\xfd\x93\2"), "relaxed SIMD (a relaxed instruction at byte 23)"},
        {CODE("\xfc\x13"), "wide arithmetic (i64.add128 at byte 23)"},
        {CODE("\xfc\x14"), "wide arithmetic (i64.sub128 at byte 23)"},
        {CODE("\xfc\x15"), "wide arithmetic (i64.mul_wide_s at byte 23)"},
        {CODE("\xfc\x96\x80\0"), "wide arithmetic (i64.mul_wide_u at byte 23)"},
        {CODE("\xe0\0"), "stack switching (cont.new at byte 23)"},
        {CODE("\xe2\0"), "stack switching (suspend at byte 23)"},
        {CODE("\xe1\0\0"), "stack switching (cont.bind at byte 23)"},
        {CODE("\xe3\0\0"), "stack switching (resume at byte 23)"},
        {CODE("\xe4\0\0\0"), "stack switching (resume_throw at byte 23)"},
        {CODE("\xe5\0\0"), "stack switching (resume_throw_ref at byte 23)"},
        {CODE("\xe6\0\0"), "stack switching (switch at byte 23)"},
        {CODE("\x28\x42\1\0"), "multi-memory (the index of a memory at byte 24)"},
        {CODE("\xfd\0\x44\1\0"), "multi-memory (the index of a memory at byte 25)"},
        {CODE("\x3f\1"), "multi-memory (the index of a memory at byte 24)"},
        {CODE("\x40\x80\0"), "multi-memory (the index of a memory at byte 24)"},
        {CODE("\xfc\x0a\0\1"), "multi-memory (the index of a memory at byte 26)"},
        {CODE("\xfc\x0b\1"), "multi-memory (the index of a memory at byte 25)"},
        {CODE("\xfc\x08\0\1"), "multi-memory (the index of a memory at byte 26)"},
        /* Behind others, and with what follows cut. */
        {CODE("\x41\x12\x1a\x12"), "tail calls (return_call at byte 26)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        uses(of_code((const uint8_t *)cases[i].code, cases[i].n), cases[i].what);
}

TEST(sections_that_came_later_are_named)
{
    static const struct {
        const char *sections;
        size_t n;
        const char *what;
    } cases[] = {
        {CODE("\5\4\1\3\1\1"), "threads (a shared memory at byte 11)"},
        {CODE("\2\6\1\0\0\2\2\1"), "threads (a shared memory at byte 14)"},
        {CODE("\4\5\1\x70\3\1\1"), "threads (a shared table at byte 12)"},
        {CODE("\6\6\1\x7f\2\x41\0\x0b"), "threads (a shared global at byte 12)"},
        {CODE("\5\3\1\4\1"), "memory64 (a memory of 64 bits at byte 11)"},
        {CODE("\5\4\1\5\1\1"), "memory64 (a memory of 64 bits at byte 11)"},
        {CODE("\4\4\1\x70\4\1"), "memory64 (a table of 64 bits at byte 12)"},
        {CODE("\5\4\1\x08\1\0"), "custom page sizes (a memory with a page size at byte 11)"},
        {CODE("\5\5\2\0\1\0\1"), "multi-memory (a second memory at byte 13)"},
        {CODE("\2\6\1\0\0\2\0\1"
              "\5\3\1\0\1"),
         "multi-memory (a second memory at byte 19)"},
        {CODE("\x0b\x08\1\2\1\x41\0\x0b\1a"), "multi-memory (data of another memory at byte 11)"},
        {CODE("\x0d\3\1\0\0"), "exceptions (the tag section at byte 8)"},
        {CODE("\2\6\1\0\0\4\0\0"), "exceptions (an imported tag at byte 13)"},
        {CODE("\1\2\1\x5f\0"), "garbage collection (a type of structs at byte 11)"},
        {CODE("\1\4\1\x5e\x78\0"), "garbage collection (a type of arrays at byte 11)"},
        {CODE("\1\6\1\x4e\1\x60\0\0"),
         "garbage collection (a group of recursive types at byte 11)"},
        {CODE("\1\5\1\x50\0\x60\0\0"), "garbage collection (a subtype at byte 11)"},
        {CODE("\1\6\1\x60\1\x64\0\0"), "typed function references (a type (ref …) at byte 13)"},
        {CODE("\4\x09\1\x40\0\x70\0\1\xd2\0\x0b"),
         "typed function references (a table with a value to begin with at byte 11)"},
        {CODE("\1\3\1\x5d\0"), "stack switching (a type of continuations at byte 11)"},
        {CODE("\1\2\1\x4c"), "garbage collection (a type with a descriptor at byte 11)"},
        {CODE("\1\3\1\x65\x60"), "threads (a shared type at byte 11)"},
        {CODE("\2\5\1\0\0\x20\0"),
         "garbage collection (an imported function of an exact type at byte 13)"},
        {CODE("\2\x07\1\0\0\1\x70\2\1"), "threads (a shared table at byte 15)"},
        {CODE("\2\6\1\0\0\3\x6e\0"), "garbage collection (the type anyref at byte 14)"},
        {CODE("\x0a\7\1\5\1\1\x63\0\x0b"),
         "typed function references (a type (ref null …) at byte 14)"},
        {CODE("\2\5\1\1m\0\x7f"), "compact imports (a group of imports at byte 14)"},
        {CODE("\6\6\1\x7f\0\x23\0\x0b"),
         "extended constant expressions (global.get of a global that is not imported at byte 13)"},
        {CODE("\x0b\x0a\1\0\x41\1\x41\2\x6b\x0b\1a"),
         "extended constant expressions (i32.sub at byte 16)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        uses(of_sections((const uint8_t *)cases[i].sections, cases[i].n), cases[i].what);
}

TEST(types_that_came_later_are_named)
{
    static const struct {
        uint8_t code;
        const char *what;
    } cases[] = {
        {0x63, "typed function references (a type (ref null …) at byte 13)"},
        {0x64, "typed function references (a type (ref …) at byte 13)"},
        {0x65, "threads (a shared type at byte 13)"},
        {0x68, "stack switching (the type contref at byte 13)"},
        {0x69, "exceptions (the type exnref at byte 13)"},
        {0x6a, "garbage collection (the type arrayref at byte 13)"},
        {0x6b, "garbage collection (the type structref at byte 13)"},
        {0x6c, "garbage collection (the type i31ref at byte 13)"},
        {0x6d, "garbage collection (the type eqref at byte 13)"},
        {0x6e, "garbage collection (the type anyref at byte 13)"},
        {0x71, "garbage collection (the type nullref at byte 13)"},
        {0x72, "garbage collection (the type nullexternref at byte 13)"},
        {0x73, "garbage collection (the type nullfuncref at byte 13)"},
        {0x74, "exceptions (the type nullexnref at byte 13)"},
        {0x75, "stack switching (the type nullcontref at byte 13)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t types[] = {1, 5, 1, 0x60, 1, cases[i].code, 0};
        uses(of_sections(types, sizeof types), cases[i].what);
    }
}

TEST(extended_constants_are_named)
{
    static const struct {
        uint8_t code;
        const char *name;
    } cases[] = {{0x6a, "i32.add"}, {0x6b, "i32.sub"}, {0x6c, "i32.mul"},
                 {0x7c, "i64.add"}, {0x7d, "i64.sub"}, {0x7e, "i64.mul"}};
    char what[80];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t globals[] = {6, 9, 1, 0x7f, 0, 0x41, 1, 0x41, 2, cases[i].code, 0x0b};
        snprintf(what, sizeof what, "extended constant expressions (%s at byte 17)", cases[i].name);
        uses(of_sections(globals, sizeof globals), what);
    }
}

TEST(what_nobody_knows_is_shown_as_a_number)
{
    CHECK_STR(of_code(BYTES("\x27")),
              "the module has an instruction that wow does not know (0x27 at byte 23)");
    CHECK_STR(of_code(BYTES("\x01\xff")),
              "the module has an instruction that wow does not know (0xff at byte 24)");
    CHECK_STR(of_code(BYTES("\xfc\x12\0")),
              "the module has an instruction that wow does not know (0xfc 0x12 at byte 23)");
    CHECK_STR(of_code(BYTES("\xfd\x9a\1")),
              "the module has an instruction that wow does not know (0xfd 0x9a at byte 23)");
    CHECK_STR(of_sections(BYTES("\x0e\0")),
              "the module has a section that wow does not know (0x0e at byte 8)");
}
