#pragma once

/*
 * What an interpreter of a kind and wow say to each other (docs/kinds.md). The interpreter is one
 * wasm module for all actions of its kind; an action's code is its data. It is compiled once, has
 * its memory written back into it after kind_initialize (tools/build-kind), and is asked twice:
 *
 *  - at an action's init, kind_prepare: data is the code as it was sent. Leaves in the buffer
 *    what later instances are to get as their data, or, with another status than 0, says what is
 *    wrong with the code.
 *  - for each activation, kind_run, in a fresh instance: data is what kind_prepare left. Arguments
 *    and result go through the buffer as everywhere.
 */

#include <stddef.h>
#include <stdint.h>

/* The buffer of the ABI: arguments in, result out. Its bytes are followed by a NUL. */
struct kind_buffer {
    char *data;
    size_t size;
};
extern struct kind_buffer kind_buffer;

/* Make these bytes the result; they are malloc'ed and the buffer's from then on. */
void kind_answer(char *data, size_t size);

/* Of the data, n bytes from offset at; returns how many there are. */
size_t kind_data_size(void);
size_t kind_data_read(void *to, size_t at, size_t n);

/* A string of the command line: 0 the action's name, 2 its entry point; "" when there is none. */
const char *kind_argument(unsigned i);

/* The interpreter's own. Exported to wow. */
void kind_initialize(void);
int32_t kind_prepare(void);
void kind_run(void);
