#pragma once

/* Small things about files. */

#include "base/buf.h"
#include "wow/err.h"

/* Make a directory, and those above it, with mode 0700; fine if it is there. */
int file_make_dirs(const char *path, struct err *err);

/* Append a whole file; fails when it is larger than the buffer's limit. */
int file_read(const char *path, struct buf *out, struct err *err);

/* All of it. Fails with ERR_TOO_LARGE where files may not be that large: "writing WHAT: …". */
int file_write(int fd, const void *data, size_t n, const char *what, struct err *err);

/* The directory the running program is in; out has room for PATH_MAX bytes. */
int file_program_dir(char *out, struct err *err);

/*
 * Where a program keeps its things: root_dir for root, else below the variable xdg names, or below
 * home. The caller's.
 */
char *file_default_dir(const char *root_dir, const char *xdg, const char *home_dir);

/* Replace a file's content, whole or not at all; mode 0600. */
int file_replace(const char *path, const void *data, size_t n, struct err *err);
