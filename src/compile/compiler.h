#pragma once

/*
 * The compiling process, between its exec by wowd and its exit: gets its engine ready, locks itself
 * in, waits for an order, unpacks an upload, says its hash, and compiles it if wowd wants. It
 * may wait for long: wowd has one in reserve, so that who sends code never seen need not wait for
 * all that comes before the order. Limited in time, memory and output; whatever a hostile module
 * does to a compiler, the daemon sees an exit status.
 *
 * Descriptor COMPILER_TALK is a SOCK_SEQPACKET socket. On it wowd says WIRE_COMPILE
 * (wire/message.h), with the code as sent (base64 text) and an empty file for the machine code.
 * The compiler says
 *
 *     R                            it is locked in, and dies with wowd from now on
 *     K<sha256 of the wasm, hex> <engine that the zip's manifest asks for, or "-"> <what else it
 *      asks for, as JSON, or nothing>
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

#define COMPILER_TALK 3
#define COMPILER_LINE_MAX 4096u /* what it says at a time */

#define COMPILER_WASM_MAX (64u << 20)
#define COMPILER_CODE_MAX (64u << 20)   /* the upload, base64 */
#define COMPILER_OUT_MAX (512ul << 20)  /* machine code */
#define COMPILER_MEMORY (4ul << 30)     /* address space */

/* What it is to be, from the command line: USER TIER MEMORY_MB CPU_S, and "trust" behind it. */
struct compiler_role {
    const char *user; /* whom to become when root */
    enum wow_tier tier;
    unsigned memory_mb; /* the most linear memory the code may ever use */
    unsigned cpu_s;
    bool trusts; /* what was sent may be machine code (compile/artifact.h) */
};

int compiler_read_role(int argc, char **argv, struct compiler_role *out);

/* The whole of it. Returns the exit status. */
int compiler_run(const struct compiler_role *role);
