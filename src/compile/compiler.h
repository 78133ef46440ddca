#pragma once

/*
 * The compiling process, between its exec by wowd and its exit: unpacks an upload, says its hash,
 * and compiles it if wowd wants. Limited in time, memory and output; whatever a hostile module
 * does to a compiler, the daemon sees an exit status.
 *
 * Descriptors: COMPILER_CODE is the code as sent (base64 text), COMPILER_OUT an empty file for
 * the machine code, COMPILER_TALK a SOCK_SEQPACKET socket. On it the compiler says
 *
 *     K<sha256 of the wasm, hex> <engine that the zip's manifest asks for, or "-">
 *                                  and waits: "c" to go on; end of file means it is not wanted
 *     D                            done, the machine code is complete
 *     N<text>                      the baseline cannot: the optimising compiler may
 *     B<text>                      what was sent is not base64, or too large
 *     E<text>                      the module is at fault, as text says
 *     F<text>                      the compiler is at fault
 */

#include <stdbool.h>

#include "wow/engine.h"
#include "wow/err.h"

#define COMPILER_CODE 3
#define COMPILER_OUT 4
#define COMPILER_TALK 5

#define COMPILER_WASM_MAX (64u << 20)
#define COMPILER_CODE_MAX (64u << 20)   /* the upload, base64 */
#define COMPILER_OUT_MAX (512ul << 20)  /* machine code */
#define COMPILER_MEMORY (4ul << 30)     /* address space */
#define COMPILER_CPU_S 60u

/* What wowd wants, from the command line: USER ENTRY TIER MEMORY_MB, and "trust" behind it. */
struct compiler_order {
    const char *user;  /* whom to become when root */
    const char *entry; /* the function a reactor is called by */
    enum wow_tier tier;
    unsigned memory_mb; /* the most linear memory the code may ever use */
    bool trusts;        /* what was sent may be machine code (compile/artifact.h) */
};

int compiler_read_order(int argc, char **argv, struct compiler_order *out);

/* The whole of it. Returns the exit status. */
int compiler_run(const struct compiler_order *order);
