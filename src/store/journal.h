#pragma once

/*
 * Records on their way to the database. Appending is one write to a file, a few microseconds, and
 * what was appended survives the process: an activation can be answered at once, and the database
 * gets it with many others. The journal is a row of files, `journal.N`; one is deleted when the
 * database has all that is in it.
 *
 * Appending and forgetting may happen in two threads.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "wow/err.h"

/* In front of each record; the caller of journal_append leaves room for it. */
#define JOURNAL_HEAD 8u

struct journal;

/*
 * Give every record that an earlier process has left to each, in order, up to where it was cut off;
 * then begin a new file.
 */
int journal_open(const char *dir,
                 int (*each)(void *ctx, const char *data, size_t n, struct err *err), void *ctx,
                 struct journal **out, struct err *err);
/* keep: leave the files for the next to open it. */
void journal_close(struct journal *j, bool keep);

/*
 * Append n bytes, which stand behind JOURNAL_HEAD bytes at frame. The number of the file they are
 * in, or an error, and nothing is appended.
 */
long journal_append(struct journal *j, char *frame, size_t n, struct err *err);
/*
 * See to it that the next record has room. all_saved: the database has everything, and the file may
 * be begun again. An error when the disk is full.
 */
int journal_reserve(struct journal *j, bool all_saved, struct err *err);
/* The number of the file that is appended to. */
long journal_current(const struct journal *j);
/* The database has all that is in files before this one. */
void journal_forget(struct journal *j, long below);
