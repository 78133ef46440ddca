#pragma once

/*
 * The codes of the binary format as tables: what follows an instruction's code, and which codes
 * belong to a feature that came after WebAssembly 2.0.
 */

#include <stdint.h>

/* In the order of the names, which are those of the proposals. */
enum feature {
    FEATURE_NONE,
    FEATURE_THREADS,
    FEATURE_MEMORY64,
    FEATURE_MULTI_MEMORY,
    FEATURE_TAIL_CALLS,
    FEATURE_EXCEPTIONS,
    FEATURE_GC,
    FEATURE_FUNCTION_REFERENCES,
    FEATURE_RELAXED_SIMD,
    FEATURE_EXTENDED_CONST,
    FEATURE_CUSTOM_PAGES,
    FEATURE_WIDE_ARITHMETIC,
    FEATURE_STACK_SWITCHING,
    FEATURE_COMPACT_IMPORTS,
};

extern const char *const opcodes_features[];

/* Where a code stands: the same number means something else in each. */
enum place { IN_CODE, IN_CONSTANT, IN_TYPE, IN_TYPE_SECTION, IN_IMPORT, IN_MODULE };

/* Codes of a later feature. */
struct later {
    uint32_t first, last;
    uint8_t place, feature;
    const char *what; /* how the text format calls it, or what they have in common */
};

/* NULL when there is none of that code. */
const struct later *opcodes_later(enum place place, uint32_t code);

/* An instruction behind a prefix as one code; a number too large for any becomes one of none. */
uint32_t opcodes_prefixed(uint8_t prefix, uint32_t number);

/*
 * The immediates of an instruction of WebAssembly 2.0, a letter for each:
 *
 *     i  an index                            b  a byte
 *     s  a signed number of 32 bits          z  a zero byte, where later the index of a memory is
 *     l  a signed number of 64 bits          4  8  v  four, eight, sixteen bytes
 *     m  alignment and offset                o  a block's type
 *     t  a vector of labels, and a label     y  a vector of types
 *     r  a reference type
 *
 * NULL when 2.0 has no such instruction.
 */
const char *opcodes_immediates(uint32_t code);
