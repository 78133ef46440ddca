#pragma once

/*
 * What capi/src exports to C: the part of Wasmer that wow uses. One thread only. Texts are cut to
 * text_size, and end with a zero.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wow/engine.h"

#define WOW_WASMER_VERSION "7.4.2" /* as Cargo.toml has it */

/* ---- with the feature "compiler" ---- */

/*
 * Machine code of a module; lives as long as the process. 0; or -1, the module is at fault; or
 * -2, something else is: text says what.
 */
int wow_wasmer_compile(const uint8_t *wasm, size_t size, const uint8_t **code, size_t *code_size,
                       char *text, size_t text_size);

/* ---- without it ---- */

struct wow_wasmer_module;
struct wow_wasmer_instance;

/* Wasmer's own record, which it changes when a memory grows. */
struct wow_wasmer_memory {
    uint8_t *base;
    size_t size;
};

/* An exported function of at most one i32 each way. */
struct wow_wasmer_export {
    uint32_t index;
    uint8_t params, results;
};

/* Wasmer keeps a value in two words, of which a narrow one sets but a part. */
struct wow_wasmer_value {
    _Alignas(16) uint64_t word[2];
};

/*
 * A guest calls a host function: its parameters stand in v[0], v[1] …, its result goes to v[0].
 * guest is what spawn was given. Anything but 0 ends the guest's call.
 */
typedef int wow_wasmer_host(const struct wow_import *import, void *guest,
                            struct wow_wasmer_value *v);

/* How a call ended; what is not negative is the number of a trap. */
enum { WOW_WASMER_RETURNED = -1, WOW_WASMER_STOPPED = -2, WOW_WASMER_FAILED = -3 };

/* Catch the signals that traps are. */
void wow_wasmer_init(void);

/* code, table and host must outlive the module. NULL and text when it does not load. */
struct wow_wasmer_module *wow_wasmer_load(const uint8_t *code, size_t size,
                                          const struct wow_import *table, wow_wasmer_host *host,
                                          char *text, size_t text_size);
void wow_wasmer_unload(struct wow_wasmer_module *m);

/* false: there is no such function, or wow cannot call it. */
bool wow_wasmer_export(const struct wow_wasmer_module *m, const char *name,
                       struct wow_wasmer_export *out);

/* The least memory an instance needs, in bytes. */
uint64_t wow_wasmer_memory_min(const struct wow_wasmer_module *m);

/*
 * Make an instance with at most limit bytes of memory and run its start section. *memory is set
 * before that, if there is a memory, and valid while the instance is.
 */
int wow_wasmer_spawn(struct wow_wasmer_module *m, uint64_t limit, void *guest,
                     const struct wow_wasmer_memory **memory, struct wow_wasmer_instance **out,
                     char *text, size_t text_size);
void wow_wasmer_drop(struct wow_wasmer_instance *in);

/* v holds the parameter, if there is one, and then the result. */
int wow_wasmer_call(struct wow_wasmer_instance *in, uint32_t index, struct wow_wasmer_value *v,
                    char *text, size_t text_size);
