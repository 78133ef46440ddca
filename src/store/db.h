#pragma once

/*
 * One connection to the store's database, for one thread: opening it, with whatever migration its
 * schema needs, and running the statements of sql.h. A statement is prepared when it is first used
 * and kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "store/sql.h"
#include "wow/err.h"

struct db;
struct sqlite3_stmt;

/*
 * Open DIR/wow.db, made if it is not there, and bring its schema up to date. ERR_CONFLICT when a
 * newer wow has made it.
 */
int db_open(const char *dir, struct db **out, struct err *err);
void db_close(struct db *db);
DEFINE_AUTO(db, struct db *, db_close)

/*
 * A statement, ready to be stepped, its parameters bound in order. The letters of `types` say what
 * follows: i an int64_t, t a text or NULL, n a text and its size_t length, b a blob and its size_t
 * length. Texts are borrowed until the statement is done. NULL, and err: it cannot be prepared.
 */
struct sqlite3_stmt *db_get(struct db *db, enum sql which, struct err *err, const char *types, ...);

/* The next row: 1 when there is one; 0 at the end; or an error. At either end it is done. */
int db_step(struct db *db, struct sqlite3_stmt *s, struct err *err);
/* Done with a statement that may have more rows. */
void db_done(struct sqlite3_stmt *s);
DEFINE_AUTO(row, struct sqlite3_stmt *, db_done)

/* A statement without rows: db_get and db_step. The number of rows it changed, or an error. */
int db_run(struct db *db, enum sql which, struct err *err, const char *types, ...);

/* Columns of the row at hand, from 0. Texts are valid until the next step. */
int64_t row_int(struct sqlite3_stmt *s, int column);
const char *row_text(struct sqlite3_stmt *s, int column,
                     size_t *n); /* "" for NULL; n may be NULL */
bool row_is_null(struct sqlite3_stmt *s, int column);
char *row_dup(struct sqlite3_stmt *s, int column); /* the caller's; NULL for NULL */
const void *row_blob(struct sqlite3_stmt *s, int column, size_t *n);

/* How many statements it has run. */
uint64_t db_count(const struct db *db);

/* Wait for the disk at the end of each transaction from now on, or do not. */
int db_set_sync(struct db *db, bool full, struct err *err);
