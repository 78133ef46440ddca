#include "cli/rest/name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PARTS_MAX 3

void name_done(struct name *n)
{
    free(n->space);
    free(n->package);
    free(n->entity);
    free(n->path);
    *n = (struct name){0};
}

static bool is_part(const char *at, size_t n)
{
    return n > 0 && !(n == 1 && at[0] == '.') && !(n == 2 && at[0] == '.' && at[1] == '.');
}

/* The parts between slashes; 0 when there are too many, or one is none. */
static size_t split(const char *text, const char *parts[PARTS_MAX], size_t sizes[PARTS_MAX])
{
    size_t n = 0;

    for (const char *at = text;; at += sizes[n++] + 1) {
        if (n == PARTS_MAX)
            return 0;
        parts[n] = at;
        sizes[n] = strcspn(at, "/");
        if (!is_part(at, sizes[n]))
            return 0;
        if (!at[sizes[n]])
            return n + 1;
    }
}

int name_parse(const char *text, struct name *out, struct err *err)
{
    const char *parts[PARTS_MAX];
    size_t sizes[PARTS_MAX], at = 0;
    bool is_full = text[0] == '/';
    size_t n = split(text + is_full, parts, sizes);

    if (n == 0 || strlen(text) > 1024)
        return err_set(err, ERR_INVALID,
                       "'%.100s' is not a valid qualified name: A valid qualified name must be "
                       "specified.",
                       text);
    is_full |= n == PARTS_MAX;
    *out = (struct name){0};
    out->space = is_full ? mem_dup_n(parts[0], sizes[0]) : mem_dup("_");
    at = is_full;
    out->path = mem_dup(at < n ? parts[at] : "");
    if (n - at == 2) {
        out->package = mem_dup_n(parts[at], sizes[at]);
        at++;
    }
    if (at < n)
        out->entity = mem_dup_n(parts[at], sizes[at]);
    return 0;
}

int name_parse_entity(const char *text, struct name *out, struct err *err)
{
    int r = name_parse(text, out, err);

    if (r < 0 || out->entity)
        return r;
    return err_set(err, ERR_INVALID, "'%.100s' is a namespace; a name stands behind it", text);
}

char *name_full(const struct name *n) { return mem_print("/%s/%s", n->space, n->path); }

void name_encode(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-_.~@", c))
            buf_put(out, text, 1);
        else
            buf_print(out, "%%%02X", c);
    }
}

char *name_url(const struct name *n, const char *collection)
{
    struct buf url;

    buf_init(&url, 8192);
    buf_text(&url, "/namespaces/");
    name_encode(&url, n->space);
    buf_print(&url, "/%s", collection);
    if (n->package) {
        buf_text(&url, "/");
        name_encode(&url, n->package);
    }
    if (n->entity) {
        buf_text(&url, "/");
        name_encode(&url, n->entity);
    }
    return url.data;
}
