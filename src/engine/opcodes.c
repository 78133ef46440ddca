/*
 * Sources: WebAssembly core specification 2.0, 5.4 "Instructions"; for what came later the files
 * "Overview.md" and "Explainer.md" of the proposals, in github.com/WebAssembly/NAME, and the core
 * specification 3.0, where most of them went.
 */
#include "engine/opcodes.h"

#include <stddef.h>

const char *const opcodes_features[] = {
    [FEATURE_THREADS] = "threads",
    [FEATURE_MEMORY64] = "memory64",
    [FEATURE_MULTI_MEMORY] = "multi-memory",
    [FEATURE_TAIL_CALLS] = "tail calls",
    [FEATURE_EXCEPTIONS] = "exceptions",
    [FEATURE_GC] = "garbage collection",
    [FEATURE_FUNCTION_REFERENCES] = "typed function references",
    [FEATURE_RELAXED_SIMD] = "relaxed SIMD",
    [FEATURE_EXTENDED_CONST] = "extended constant expressions",
    [FEATURE_CUSTOM_PAGES] = "custom page sizes",
    [FEATURE_WIDE_ARITHMETIC] = "wide arithmetic",
    [FEATURE_STACK_SWITCHING] = "stack switching",
    [FEATURE_COMPACT_IMPORTS] = "compact imports",
};

static const struct later later[] = {
    {0x06, 0x06, IN_CODE, FEATURE_EXCEPTIONS, "try"},
    {0x07, 0x07, IN_CODE, FEATURE_EXCEPTIONS, "catch"},
    {0x08, 0x08, IN_CODE, FEATURE_EXCEPTIONS, "throw"},
    {0x09, 0x09, IN_CODE, FEATURE_EXCEPTIONS, "rethrow"},
    {0x0a, 0x0a, IN_CODE, FEATURE_EXCEPTIONS, "throw_ref"},
    {0x12, 0x12, IN_CODE, FEATURE_TAIL_CALLS, "return_call"},
    {0x13, 0x13, IN_CODE, FEATURE_TAIL_CALLS, "return_call_indirect"},
    {0x14, 0x14, IN_CODE, FEATURE_FUNCTION_REFERENCES, "call_ref"},
    {0x15, 0x15, IN_CODE, FEATURE_TAIL_CALLS, "return_call_ref"},
    {0x18, 0x18, IN_CODE, FEATURE_EXCEPTIONS, "delegate"},
    {0x19, 0x19, IN_CODE, FEATURE_EXCEPTIONS, "catch_all"},
    {0x1f, 0x1f, IN_CODE, FEATURE_EXCEPTIONS, "try_table"},
    {0xd3, 0xd3, IN_CODE, FEATURE_GC, "ref.eq"},
    {0xd4, 0xd4, IN_CODE, FEATURE_FUNCTION_REFERENCES, "ref.as_non_null"},
    {0xd5, 0xd5, IN_CODE, FEATURE_FUNCTION_REFERENCES, "br_on_null"},
    {0xd6, 0xd6, IN_CODE, FEATURE_FUNCTION_REFERENCES, "br_on_non_null"},
    {0xe0, 0xe0, IN_CODE, FEATURE_STACK_SWITCHING, "cont.new"},
    {0xe1, 0xe1, IN_CODE, FEATURE_STACK_SWITCHING, "cont.bind"},
    {0xe2, 0xe2, IN_CODE, FEATURE_STACK_SWITCHING, "suspend"},
    {0xe3, 0xe3, IN_CODE, FEATURE_STACK_SWITCHING, "resume"},
    {0xe4, 0xe4, IN_CODE, FEATURE_STACK_SWITCHING, "resume_throw"},
    {0xe5, 0xe5, IN_CODE, FEATURE_STACK_SWITCHING, "resume_throw_ref"},
    {0xe6, 0xe6, IN_CODE, FEATURE_STACK_SWITCHING, "switch"},
    {0xfb0000, 0xfbffff, IN_CODE, FEATURE_GC, "an instruction of structs, arrays and casts"},
    {0xfc0013, 0xfc0013, IN_CODE, FEATURE_WIDE_ARITHMETIC, "i64.add128"},
    {0xfc0014, 0xfc0014, IN_CODE, FEATURE_WIDE_ARITHMETIC, "i64.sub128"},
    {0xfc0015, 0xfc0015, IN_CODE, FEATURE_WIDE_ARITHMETIC, "i64.mul_wide_s"},
    {0xfc0016, 0xfc0016, IN_CODE, FEATURE_WIDE_ARITHMETIC, "i64.mul_wide_u"},
    {0xfd0100, 0xfd011f, IN_CODE, FEATURE_RELAXED_SIMD, "a relaxed instruction"},
    {0xfe0000, 0xfeffff, IN_CODE, FEATURE_THREADS, "an atomic instruction"},

    {0x6a, 0x6a, IN_CONSTANT, FEATURE_EXTENDED_CONST, "i32.add"},
    {0x6b, 0x6b, IN_CONSTANT, FEATURE_EXTENDED_CONST, "i32.sub"},
    {0x6c, 0x6c, IN_CONSTANT, FEATURE_EXTENDED_CONST, "i32.mul"},
    {0x7c, 0x7c, IN_CONSTANT, FEATURE_EXTENDED_CONST, "i64.add"},
    {0x7d, 0x7d, IN_CONSTANT, FEATURE_EXTENDED_CONST, "i64.sub"},
    {0x7e, 0x7e, IN_CONSTANT, FEATURE_EXTENDED_CONST, "i64.mul"},

    {0x63, 0x63, IN_TYPE, FEATURE_FUNCTION_REFERENCES, "a type (ref null …)"},
    {0x64, 0x64, IN_TYPE, FEATURE_FUNCTION_REFERENCES, "a type (ref …)"},
    {0x65, 0x65, IN_TYPE, FEATURE_THREADS, "a shared type"},
    {0x68, 0x68, IN_TYPE, FEATURE_STACK_SWITCHING, "the type contref"},
    {0x69, 0x69, IN_TYPE, FEATURE_EXCEPTIONS, "the type exnref"},
    {0x6a, 0x6a, IN_TYPE, FEATURE_GC, "the type arrayref"},
    {0x6b, 0x6b, IN_TYPE, FEATURE_GC, "the type structref"},
    {0x6c, 0x6c, IN_TYPE, FEATURE_GC, "the type i31ref"},
    {0x6d, 0x6d, IN_TYPE, FEATURE_GC, "the type eqref"},
    {0x6e, 0x6e, IN_TYPE, FEATURE_GC, "the type anyref"},
    {0x71, 0x71, IN_TYPE, FEATURE_GC, "the type nullref"},
    {0x72, 0x72, IN_TYPE, FEATURE_GC, "the type nullexternref"},
    {0x73, 0x73, IN_TYPE, FEATURE_GC, "the type nullfuncref"},
    {0x74, 0x74, IN_TYPE, FEATURE_EXCEPTIONS, "the type nullexnref"},
    {0x75, 0x75, IN_TYPE, FEATURE_STACK_SWITCHING, "the type nullcontref"},

    {0x4c, 0x4d, IN_TYPE_SECTION, FEATURE_GC, "a type with a descriptor"},
    {0x4e, 0x4e, IN_TYPE_SECTION, FEATURE_GC, "a group of recursive types"},
    {0x4f, 0x50, IN_TYPE_SECTION, FEATURE_GC, "a subtype"},
    {0x5d, 0x5d, IN_TYPE_SECTION, FEATURE_STACK_SWITCHING, "a type of continuations"},
    {0x5e, 0x5e, IN_TYPE_SECTION, FEATURE_GC, "a type of arrays"},
    {0x5f, 0x5f, IN_TYPE_SECTION, FEATURE_GC, "a type of structs"},
    {0x65, 0x65, IN_TYPE_SECTION, FEATURE_THREADS, "a shared type"},

    {0x04, 0x04, IN_IMPORT, FEATURE_EXCEPTIONS, "an imported tag"},
    {0x20, 0x20, IN_IMPORT, FEATURE_GC, "an imported function of an exact type"},
    {0x7e, 0x7f, IN_IMPORT, FEATURE_COMPACT_IMPORTS, "a group of imports"},

    {0x0d, 0x0d, IN_MODULE, FEATURE_EXCEPTIONS, "the tag section"},
};

const struct later *opcodes_later(enum place place, uint32_t code)
{
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (later[i].place == place && later[i].first <= code && code <= later[i].last)
            return &later[i];
    return NULL;
}

static const char *const plain[256] = {
    [0x00 ... 0x01] = "",  /* unreachable, nop */
    [0x02 ... 0x04] = "o", /* block, loop, if */
    [0x05] = "",           /* else */
    [0x0b] = "",           /* end */
    [0x0c ... 0x0d] = "i", /* br, br_if */
    [0x0e] = "t",          /* br_table */
    [0x0f] = "",           /* return */
    [0x10] = "i",          /* call */
    [0x11] = "ii",         /* call_indirect */
    [0x1a ... 0x1b] = "",  /* drop, select */
    [0x1c] = "y",          /* select, with its type */
    [0x20 ... 0x26] = "i", /* local.get … table.set */
    [0x28 ... 0x3e] = "m", /* i32.load … i64.store32 */
    [0x3f ... 0x40] = "z", /* memory.size, memory.grow */
    [0x41] = "s",          /* i32.const */
    [0x42] = "l",          /* i64.const */
    [0x43] = "4",          /* f32.const */
    [0x44] = "8",          /* f64.const */
    [0x45 ... 0xc4] = "",  /* i32.eqz … i64.extend32_s */
    [0xd0] = "r",          /* ref.null */
    [0xd1] = "",           /* ref.is_null */
    [0xd2] = "i",          /* ref.func */
};

/* Behind 0xfc. */
static const char *const bulk[] = {
    [0 ... 7] = "",    /* i32.trunc_sat_f32_s … i64.trunc_sat_f64_u */
    [8] = "iz",        /* memory.init */
    [9] = "i",         /* data.drop */
    [10] = "zz",       /* memory.copy */
    [11] = "z",        /* memory.fill */
    [12] = "ii",       /* table.init */
    [13] = "i",        /* elem.drop */
    [14] = "ii",       /* table.copy */
    [15 ... 17] = "i", /* table.grow, table.size, table.fill */
};

/* Behind 0xfd. */
static const char *const simd[256] = {
    [0x00 ... 0x0b] = "m",  /* v128.load … v128.store */
    [0x0c ... 0x0d] = "v",  /* v128.const, i8x16.shuffle */
    [0x0e ... 0x14] = "",   /* i8x16.swizzle … f64x2.splat */
    [0x15 ... 0x22] = "b",  /* i8x16.extract_lane_s … f64x2.replace_lane */
    [0x23 ... 0x53] = "",   /* i8x16.eq … v128.any_true */
    [0x54 ... 0x5b] = "mb", /* v128.load8_lane … v128.store64_lane */
    [0x5c ... 0x5d] = "m",  /* v128.load32_zero, v128.load64_zero */
    [0x5e ... 0x99] = "",   /* f32x4.demote_f64x2_zero … i16x8.max_u */
    [0x9b ... 0xa1] = "",   /* i16x8.avgr_u … i32x4.neg */
    [0xa3 ... 0xa4] = "",   /* i32x4.all_true, i32x4.bitmask */
    [0xa7 ... 0xae] = "",   /* i32x4.extend_low_i16x8_s … i32x4.add */
    [0xb1] = "",            /* i32x4.sub */
    [0xb5 ... 0xba] = "",   /* i32x4.mul … i32x4.dot_i16x8_s */
    [0xbc ... 0xc1] = "",   /* i32x4.extmul_low_i16x8_s … i64x2.neg */
    [0xc3 ... 0xc4] = "",   /* i64x2.all_true, i64x2.bitmask */
    [0xc7 ... 0xce] = "",   /* i64x2.extend_low_i32x4_s … i64x2.add */
    [0xd1] = "",            /* i64x2.sub */
    [0xd5 ... 0xe1] = "",   /* i64x2.mul … f32x4.neg */
    [0xe3 ... 0xed] = "",   /* f32x4.sqrt … f64x2.neg */
    [0xef ... 0xff] = "",   /* f64x2.sqrt … f64x2.convert_low_i32x4_u */
};

uint32_t opcodes_prefixed(uint8_t prefix, uint32_t number)
{
    return (uint32_t)prefix << 16 | (number < 0xffff ? number : 0xffff);
}

const char *opcodes_immediates(uint32_t code)
{
    uint32_t number = code & 0xffff;

    switch (code >> 16) {
    case 0:
        return code < sizeof plain / sizeof *plain ? plain[code] : NULL;
    case 0xfc:
        return number < sizeof bulk / sizeof *bulk ? bulk[number] : NULL;
    case 0xfd:
        return number < sizeof simd / sizeof *simd ? simd[number] : NULL;
    default:
        return NULL;
    }
}
