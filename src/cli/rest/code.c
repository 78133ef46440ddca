#include "cli/rest/code.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/project.h"
#include "cli/remote.h"
#include "cli/rest/zip.h"

/* What a file is by its end. The names of kinds are OpenWhisk's, for whoever listens. */
static const struct {
    const char *end, *kind; /* kind NULL: must be said */
    bool binary;
} ends[] = {
    {".wasm", "wasm:0.1", true},
    {".wasm.gz", "wasm:0.1", true},
    {".js", "nodejs:default", false},
    {".mjs", "nodejs:default", false},
    {".cjs", "nodejs:default", false},
    {".py", "python:default", false},
    {".php", "php:default", false},
    {".rb", "ruby:default", false},
    {".swift", "swift:default", false},
    {".go", "go:default", false},
    {".jar", "java:default", true},
    {".balx", "ballerina:default", true},
    {".zip", NULL, true},
};

/* Ends of saved code that is text, by the kind's family. */
static const char *const families[][2] = {
    {"js", ".js"},   {"nodejs", ".js"}, {"python", ".py"}, {"php", ".php"},
    {"ruby", ".rb"}, {"go", ".go"},     {"rust", ".rs"},   {"swift", ".swift"},
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

static bool is_text(const struct buf *b)
{
    for (size_t i = 0, n; i < b->size; i += n)
        if (b->data[i] == '\0' || (n = utf8_length(b->data + i, b->size - i)) == 0)
            return false;
    return true;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int put_code(const char *path, bool binary, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf code;

    buf_init(&code, REMOTE_CODE_MAX);
    int r = is_folder(path) ? zip_folder(path, &code, err) : file_read(path, &code, err);
    if (r < 0)
        return r;
    if (binary || !is_text(&code))
        return remote_put_base64(&code, out, err);
    buf_json_string(out, code.data ? code.data : "", code.size);
    return 0;
}

/* The file to send; what stands there, or what was made of it, which is *made. */
static int build(const struct code *c, char **made, struct err *err)
{
    const struct project_build how = {0};
    struct project p;

    if (!project_is(c->file) || c->docker || c->native || (c->kind && strncmp(c->kind, "wasm", 4)))
        return 0;
    int r = project_open(c->file, &p, err);
    if (r < 0 && is_folder(c->file) && zip_kind(c->file))
        return 0;
    if (r == 0) {
        r = project_make(&p, &how, made, err);
        project_done(&p);
    }
    return r;
}

static void put_member(struct buf *out, const char *name, const char *text)
{
    buf_print(out, "%s\"%s\":", out->data[out->size - 1] == '{' ? "" : ",", name);
    buf_json_string(out, text, strlen(text));
}

/* What is said, or is so whatever the file is called; NULL: neither. */
static const char *given_kind(const struct code *c, const char *file)
{
    if (c->kind)
        return c->kind;
    if (c->docker || c->native)
        return "blackbox";
    return is_folder(file) ? zip_kind(file) : NULL;
}

/* By what is given, else by the file's end; *binary is set by that anyway. */
static int find_kind(const struct code *c, const char *file, const char **kind, bool *binary,
                     struct err *err)
{
    size_t i = 0, n = sizeof ends / sizeof *ends;

    while (file && i < n && !ends_with(file, ends[i].end))
        i++;
    bool is_known = file && i < n;
    *binary = is_known && ends[i].binary;
    *kind = given_kind(c, file);
    if (*kind)
        return 0;
    if (!is_known)
        return err_set(err, ERR_INVALID,
                       "'%.100s' is not a supported action runtime; --kind says which it is",
                       strrchr(file, '.') ? strrchr(file, '.') : file);
    *kind = ends[i].kind;
    return *kind ? 0
                 : err_set(err, ERR_INVALID,
                           "creating an action from a .zip artifact requires specifying the "
                           "action kind explicitly (--kind)");
}

/* Is there enough to go on? */
static int check(const struct code *c, struct err *err)
{
    if (!c->file && !c->docker)
        return err_set(err, ERR_INVALID, "An action name and code artifact are required.");
    if (c->kind && c->docker)
        return err_set(err, ERR_INVALID,
                       "Cannot specify both --kind and --docker at the same time.");
    if (c->file && access(c->file, F_OK) < 0)
        return err_errno(err, ERR_NOT_FOUND, "'%s'", c->file);
    return 0;
}

int code_exec(const struct code *c, struct buf *out, struct err *err)
{
    AUTO(mem) char *made = NULL;
    const char *kind;
    bool binary = false;

    int r = check(c, err);
    if (r == 0 && c->file)
        r = build(c, &made, err);
    const char *file = made ? made : c->file;
    if (r == 0)
        r = find_kind(c, file, &kind, &binary, err);
    if (r < 0)
        return r;
    buf_text(out, "{");
    put_member(out, "kind", kind);
    if (c->docker || c->native)
        put_member(out, "image", c->docker ? c->docker : "openwhisk/dockerskeleton");
    if (c->main)
        put_member(out, "main", c->main);
    if (file) {
        buf_text(out, ",\"code\":");
        r = put_code(file, binary, out, err);
    }
    buf_text(out, "}");
    return r;
}

const char *code_end(const char *kind, const struct buf *code)
{
    size_t n = strcspn(kind, ":");

    if (code->size >= 4 && memcmp(code->data, "\0asm", 4) == 0)
        return ".wasm";
    if (code->size >= 2 && memcmp(code->data, "PK", 2) == 0)
        return n == 4 && memcmp(kind, "java", 4) == 0 ? ".jar" : ".zip";
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strlen(families[i][0]) == n && memcmp(kind, families[i][0], n) == 0)
            return families[i][1];
    return "";
}
