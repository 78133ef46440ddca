#pragma once

/* Small things about files. */

#include "base/buf.h"
#include "wow/err.h"

/* Make a directory, and those above it, with mode 0700; fine if it is there. */
int file_make_dirs(const char *path, struct err *err);

/* Append a whole file; fails when it is larger than the buffer's limit. */
int file_read(const char *path, struct buf *out, struct err *err);

/* The directory the running program is in; out has room for PATH_MAX bytes. */
int file_program_dir(char *out, struct err *err);
