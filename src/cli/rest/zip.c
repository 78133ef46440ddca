#include "cli/rest/zip.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/mem.h"

#define TIME_NONE 315532800 /* 1980, where zip's time begins */

static void close_folder(FTS *f)
{
    if (f)
        fts_close(f);
}

DEFINE_AUTO(folder, FTS *, close_folder)

const char *zip_kind(const char *folder)
{
    static const char *const marks[][2] = {{"package.json", "nodejs:default"},
                                           {"index.js", "nodejs:default"},
                                           {"__main__.py", "python:default"}};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        AUTO(mem) char *path = mem_print("%s/%s", folder, marks[i][0]);
        if (access(path, R_OK) == 0)
            return marks[i][1];
    }
    return NULL;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* name is a path inside the zip. */
static int add_file(zip_t *zip, const char *path, const char *name, struct err *err)
{
    zip_source_t *source = zip_source_file(zip, path, 0, -1);
    zip_int64_t at = source ? zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8) : -1;

    if (at < 0) {
        zip_source_free(source);
        return err_set(err, ERR_INTERNAL, "'%s': %s", path, zip_strerror(zip));
    }
    zip_file_set_mtime(zip, (zip_uint64_t)at, TIME_NONE, 0);
    return 0;
}

static int add_all(zip_t *zip, const char *folder, struct err *err)
{
    char *const paths[] = {(char *)folder, NULL};
    AUTO(folder) FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    FTSENT *e;
    int r = 0;

    if (!walk)
        return err_errno(err, ERR_NOT_FOUND, "'%s'", folder);
    while (r == 0 && (e = fts_read(walk))) {
        if (e->fts_level > 0 && e->fts_name[0] == '.') {
            fts_set(walk, e, FTS_SKIP);
        } else if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS) {
            errno = e->fts_errno;
            r = err_errno(err, ERR_NOT_FOUND, "'%s'", e->fts_path);
        } else if (e->fts_info == FTS_F) {
            const char *name = e->fts_path + strlen(folder);
            r = add_file(zip, e->fts_path, name + strspn(name, "/"), err);
        }
    }
    return r;
}

/* What was written to source, when the zip is closed. */
static int read_back(zip_source_t *source, struct buf *out, struct err *err)
{
    char chunk[65536];
    zip_int64_t n = 0;
    int r = 0;

    if (zip_source_open(source) < 0)
        return err_set(err, ERR_INTERNAL, "libzip gives no zip");
    while (r == 0 && (n = zip_source_read(source, chunk, sizeof chunk)) > 0)
        r = buf_add(out, chunk, (size_t)n, err);
    zip_source_close(source);
    return r < 0 || n == 0 ? r : err_set(err, ERR_INTERNAL, "libzip gives no whole zip");
}

int zip_folder(const char *folder, struct buf *out, struct err *err)
{
    zip_error_t why;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_TRUNCATE, &why) : NULL;

    if (!zip) {
        zip_source_free(source);
        return err_set(err, ERR_INTERNAL, "libzip does not start");
    }
    zip_source_keep(source);
    int r = add_all(zip, folder, err);
    if (r < 0)
        zip_discard(zip);
    else if (zip_close(zip) < 0) {
        r = err_set(err, ERR_INTERNAL, "'%s': %s", folder, zip_strerror(zip));
        zip_discard(zip);
    } else {
        r = read_back(source, out, err);
    }
    zip_source_free(source);
    return r < 0 ? err_wrap(err, "zip of '%s'", folder) : 0;
}
