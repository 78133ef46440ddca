#include "store/wskprops.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define FILE_MAX (1u << 20)

static bool is_of(const char *line, size_t n, const char *key)
{
    size_t k = strlen(key);

    return n > k && memcmp(line, key, k) == 0 && line[k] == '=';
}

/* The lines of the old file that are not replaced. */
static void keep_lines(const struct buf *old, bool new_key, struct buf *out, bool *has_key)
{
    const char *at = old->data, *end = at + old->size;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        bool is_key = is_of(at, n, "AUTH");
        if (!is_of(at, n, "APIHOST") && !(is_key && new_key) && n > 0) {
            buf_put(out, at, n);
            buf_text(out, "\n");
            *has_key |= is_key;
        }
        at += n + 1;
    }
}

int wskprops_write(const char *path, const char *host, const struct user_key *key, bool *has_key,
                   struct err *err)
{
    AUTO(buf) struct buf old = {0}, out = {0};

    buf_init(&old, FILE_MAX);
    buf_init(&out, 2 * FILE_MAX);
    if (access(path, F_OK) == 0 && file_read(path, &old, err) < 0)
        return -(int)err->kind;
    *has_key = key != NULL;
    buf_print(&out, "APIHOST=%s\n", host);
    if (key)
        buf_print(&out, "AUTH=%s:%s\n", key->uuid, key->secret);
    keep_lines(&old, key != NULL, &out, has_key);
    return file_replace(path, out.data, out.size, err);
}
