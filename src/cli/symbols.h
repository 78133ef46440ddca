#pragma once

/*
 * Source lines for what a trap tells in the log, "  called by act (#5+0x31)", if the module has
 * debugging information and llvm-symbolizer is installed.
 */

#include <stddef.h>

#define SYMBOLS_MAX 64

struct symbols;

/* Of the module in a file; NULL when there are none to be had. */
struct symbols *symbols_open(const char *module);
void symbols_free(struct symbols *s);

/* Have the lines looked up of all frames among these, in one go. */
void symbols_find(struct symbols *s, const char *const *lines, size_t n);

/* "trap.c:6" for a line that symbols_find was given, or NULL. */
const char *symbols_where(const struct symbols *s, const char *line);
