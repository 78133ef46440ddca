#pragma once

/* Writes the numbers and sections of a wasm module: the counterpart of engine/reader.h. */

#include "base/buf.h"
#include "engine/reader.h"

#define WRITER_U32_MAX 5 /* bytes of a number of 32 bits */

/* Encode n as an unsigned LEB128; returns how many bytes it took. */
size_t writer_u32(uint8_t out[WRITER_U32_MAX], uint32_t n);
int writer_add_u32(struct buf *out, uint32_t n, struct err *err);

/* A section of that content. */
int writer_add_section(struct buf *out, uint8_t id, const struct buf *content, struct err *err);

/* The section, a vector, with `more` entries at its end, which are these n bytes. */
int writer_add_longer(struct buf *out, struct reader_section s, uint32_t more, const void *entries,
                      size_t n, struct err *err);
