#include "store/db.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define BUSY_MS 10000 /* another process, such as `wow user`, may be writing */

struct db {
    sqlite3 *handle;
    sqlite3_stmt *statements[SQL_STATEMENTS];
    uint64_t count;
};

static int fail(struct db *db, struct err *err)
{
    int code = sqlite3_errcode(db->handle);
    enum err_kind kind = code == SQLITE_CONSTRAINT ? ERR_CONFLICT : ERR_INTERNAL;

    return err_set(err, kind, "the store: %s", sqlite3_errmsg(db->handle));
}

static int run_script(struct db *db, const char *sql, struct err *err)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(db, err);
}

static int schema_version(struct db *db, int *version, struct err *err)
{
    sqlite3_stmt *s;

    if (sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &s, NULL) != SQLITE_OK)
        return fail(db, err);
    int r = sqlite3_step(s) == SQLITE_ROW ? 0 : fail(db, err);
    *version = r == 0 ? sqlite3_column_int(s, 0) : 0;
    sqlite3_finalize(s);
    return r;
}

/* In one transaction each, with the version: what is cut off half-way was never there. */
static int migrate_step(struct db *db, int version, struct err *err)
{
    AUTO(mem)
    char *sql = mem_print("PRAGMA user_version = %d", version + 1); /* takes no parameters */

    int r = run_script(db, sql_migrations[version], err);
    if (r == 0)
        r = run_script(db, sql, err);
    return r;
}

static int migrate(struct db *db, struct err *err)
{
    int version = 0;

    int r = run_script(db, "BEGIN IMMEDIATE", err); /* two processes may start at once */
    if (r == 0)
        r = schema_version(db, &version, err);
    if (r == 0 && version > sql_migrationc)
        r = err_set(err, ERR_CONFLICT,
                    "the store was made by a newer wow: its schema is %d, this one knows %d",
                    version, sql_migrationc);
    while (r == 0 && version < sql_migrationc)
        r = migrate_step(db, version++, err);
    if (r == 0)
        r = run_script(db, "COMMIT", err);
    if (r < 0)
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

static int set_up(struct db *db, struct err *err)
{
    static const char pragmas[] = "PRAGMA journal_mode = WAL;"
                                  "PRAGMA synchronous = NORMAL;"
                                  "PRAGMA foreign_keys = ON;"
                                  "PRAGMA wal_autocheckpoint = 2000;"
                                  "PRAGMA journal_size_limit = 67108864;"
                                  "PRAGMA cache_size = -16384;";

    sqlite3_busy_timeout(db->handle, BUSY_MS);
    sqlite3_extended_result_codes(db->handle, 0);
    int r = run_script(db, pragmas, err);
    return r == 0 ? migrate(db, err) : r;
}

int db_open(const char *dir, struct db **out, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    AUTO(mem) char *path = mem_print("%s/wow.db", dir);
    AUTO(db) struct db *db = NEW(struct db);
    mode_t mask = umask(0077); /* keys are in it, if only their hashes */

    int r = sqlite3_open_v2(path, &db->handle, flags, NULL);
    r = r == SQLITE_OK ? set_up(db, err) : fail(db, err);
    umask(mask);
    if (r < 0)
        return err_wrap(err, "'%s'", path);
    *out = TAKE(db);
    return 0;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (int i = 0; i < SQL_STATEMENTS; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->handle);
    free(db);
}

static void bind(sqlite3_stmt *s, const char *types, va_list ap)
{
    for (int i = 1; *types; types++, i++) {
        const void *data;
        switch (*types) {
        case 'i':
            sqlite3_bind_int64(s, i, va_arg(ap, int64_t));
            break;
        case 't':
            sqlite3_bind_text(s, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
            break;
        case 'n':
            data = va_arg(ap, const char *);
            sqlite3_bind_text64(s, i, data, va_arg(ap, size_t), SQLITE_STATIC, SQLITE_UTF8);
            break;
        default:
            data = va_arg(ap, const void *);
            sqlite3_bind_blob64(s, i, data, va_arg(ap, size_t), SQLITE_STATIC);
        }
    }
}

static sqlite3_stmt *get(struct db *db, enum sql which, struct err *err, const char *types,
                         va_list ap)
{
    sqlite3_stmt **s = &db->statements[which];

    if (!*s && sqlite3_prepare_v3(db->handle, sql_text[which], -1, SQLITE_PREPARE_PERSISTENT, s,
                                  NULL) != SQLITE_OK) {
        fail(db, err);
        return NULL;
    }
    db->count++;
    sqlite3_reset(*s);
    bind(*s, types, ap);
    return *s;
}

struct sqlite3_stmt *db_get(struct db *db, enum sql which, struct err *err, const char *types, ...)
{
    va_list ap;

    va_start(ap, types);
    sqlite3_stmt *s = get(db, which, err, types, ap);
    va_end(ap);
    return s;
}

void db_done(struct sqlite3_stmt *s)
{
    if (!s)
        return;
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
}

int db_step(struct db *db, struct sqlite3_stmt *s, struct err *err)
{
    int code = sqlite3_step(s);

    if (code == SQLITE_ROW)
        return 1;
    int r = code == SQLITE_DONE ? 0 : fail(db, err);
    db_done(s);
    return r;
}

int db_run(struct db *db, enum sql which, struct err *err, const char *types, ...)
{
    va_list ap;

    va_start(ap, types);
    sqlite3_stmt *s = get(db, which, err, types, ap);
    va_end(ap);
    if (!s)
        return -(int)err->kind;
    int r = db_step(db, s, err);
    if (r > 0)
        db_done(s); /* a row that nobody asked for: pragmas answer */
    return r < 0 ? r : sqlite3_changes(db->handle);
}

int64_t row_int(struct sqlite3_stmt *s, int column) { return sqlite3_column_int64(s, column); }

const char *row_text(struct sqlite3_stmt *s, int column, size_t *n)
{
    const char *text = (const char *)sqlite3_column_text(s, column);

    if (n)
        *n = (size_t)sqlite3_column_bytes(s, column);
    return text ? text : "";
}

bool row_is_null(struct sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL;
}

char *row_dup(struct sqlite3_stmt *s, int column)
{
    size_t n;
    const char *text = row_text(s, column, &n);

    return row_is_null(s, column) ? NULL : mem_dup_n(text, n);
}

const void *row_blob(struct sqlite3_stmt *s, int column, size_t *n)
{
    const void *data = sqlite3_column_blob(s, column);

    *n = (size_t)sqlite3_column_bytes(s, column);
    return data;
}

uint64_t db_count(const struct db *db) { return db->count; }

int db_set_sync(struct db *db, bool full, struct err *err)
{
    int r = db_run(db, full ? SQL_SYNC_FULL : SQL_SYNC_NORMAL, err, "");

    return r < 0 ? r : 0;
}
