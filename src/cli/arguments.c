#include "cli/arguments.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/scan.h"

/* Is a later pair's key the same? */
static bool comes_again(const struct verb_list *pairs, size_t from, const char *key)
{
    for (size_t i = from; i < pairs->n; i += 2)
        if (strcmp(pairs->items[i], key) == 0)
            return true;
    return false;
}

static int add_text(struct buf *out, const char *text, struct err *err)
{
    AUTO(buf) struct buf json;

    buf_init(&json, 6 * strlen(text) + 2);
    buf_json_string(&json, text, strlen(text));
    return buf_add(out, json.data, json.size, err);
}

int arguments_value(const char *value, struct buf *out, struct err *err)
{
    struct scan_text json;
    struct err ignored;

    if (scan_whole(value, strlen(value), &json, &ignored) == 0)
        return buf_add(out, json.at, json.n, err);
    return add_text(out, value, err);
}

int arguments_members(const struct verb_list *pairs, struct buf *out, struct err *err)
{
    const char *comma = "";
    int r = 0;

    for (size_t i = 0; i < pairs->n && r == 0; i += 2) {
        if (comes_again(pairs, i + 2, pairs->items[i]))
            continue;
        if ((r = buf_add(out, comma, strlen(comma), err)) < 0 ||
            (r = add_text(out, pairs->items[i], err)) < 0 || (r = buf_add(out, ":", 1, err)) < 0)
            break;
        r = arguments_value(pairs->items[i + 1], out, err);
        comma = ",";
    }
    return r;
}

/* Is this key one of the pairs'? */
static bool is_given(const struct verb_list *pairs, const struct scan_text *key)
{
    for (size_t i = 0; i < pairs->n; i += 2)
        if (scan_equals(key, pairs->items[i]))
            return true;
    return false;
}

/* The members of base that no pair replaces, then the pairs. */
static int merge(const struct scan_text *base, const struct verb_list *pairs, struct buf *out,
                 struct err *err)
{
    struct scan_walk w = scan_members(base);
    struct scan_text key, value;

    int r = buf_add(out, "{", 1, err);
    while (r == 0 && scan_next(&w, &key, &value)) {
        if (is_given(pairs, &key))
            continue;
        if ((r = buf_add(out, key.at, key.n, err)) < 0 || (r = buf_add(out, ":", 1, err)) < 0 ||
            (r = buf_add(out, value.at, value.n, err)) < 0)
            break;
        r = buf_add(out, ",", 1, err);
    }
    if (r == 0)
        r = arguments_members(pairs, out, err);
    return r == 0 ? buf_add(out, "}", 1, err) : r;
}

int arguments_file(const char *path, struct buf *out, struct err *err)
{
    int r = file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, out, err);

    if (r < 0 && err->kind == ERR_INTERNAL) /* such as a directory */
        err->kind = ERR_NOT_FOUND;
    return r;
}

/* What the pairs are put into; base is left as it is when there is nothing else. */
static int read_base(const struct arguments *a, struct buf *file, struct scan_text *base,
                     struct err *err)
{
    if (a->json && a->file)
        return err_set(err, ERR_INVALID, "arguments either as JSON or from a file, not both");
    if (!a->json && !a->file)
        return 0;
    int r = a->file ? arguments_file(a->file, file, err) : 0;
    if (r < 0)
        return r;
    const char *text = a->json ? a->json : file->data ? file->data : "";
    if (scan_whole(text, a->json ? strlen(a->json) : file->size, base, err) == 0)
        return 0;
    err->kind = ERR_INVALID;
    return err_wrap(err, "%s%s%s", a->file ? "'" : "", a->file ? a->file : "the arguments",
                    a->file ? "'" : "");
}

int arguments_make(const struct arguments *a, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf file;
    struct scan_text base = {.at = "{}", .n = 2, .type = SCAN_OBJECT};

    buf_init(&file, ARGUMENTS_MAX);
    int r = read_base(a, &file, &base, err);
    if (r < 0)
        return r;
    if (base.type != SCAN_OBJECT && (base.type != SCAN_ARRAY || a->params.n > 0))
        return err_set(err, ERR_INVALID, "the arguments must be an object%s, not %s",
                       a->params.n > 0 ? "" : " or an array", scan_type_text(base.type));
    return a->params.n > 0 ? merge(&base, &a->params, out, err)
                           : buf_add(out, base.at, base.n, err);
}
