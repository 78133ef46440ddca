#pragma once

/*
 * What all engines need to know of a module before they see it: its imports and exports, read
 * from its sections. Used in the compiling process only, as the bytes are hostile.
 */

#include <stdbool.h>

#include "base/auto.h"
#include "wow/engine.h"

struct sections;

/* Read the sections that matter; fails when the module is cut or its sections make no sense. */
int sections_read(struct wow_bytes wasm, struct sections **out, struct err *err);
void sections_free(struct sections *s);
DEFINE_AUTO(sections, struct sections *, sections_free)

/* Every import must be in the table, with the same type; else the error names it. */
int sections_check_imports(const struct sections *s, const struct wow_import *table,
                           struct err *err);

/* How many types it has, and how many imports of a kind (engine/reader.h). */
uint32_t sections_types(const struct sections *s);
uint32_t sections_imported(const struct sections *s, uint32_t kind);

/* Does it export anything of this name? */
bool sections_exports_any(const struct sections *s, const char *name);
/* Does it export a function, or a memory, of this name? */
bool sections_exports_func(const void *sections, const char *name);
bool sections_exports_memory(const struct sections *s, const char *name);
