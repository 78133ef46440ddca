#include "grant/ask.h"

#include <string.h>

#include "base/auto.h"

DEFINE_AUTO(json, json_t *, json_decref)

void ask_done(struct ask *a)
{
    dirs_done(&a->dirs);
    hosts_done(&a->hosts);
}

/* The value of an annotation: OpenWhisk keeps them as [{"key": k, "value": v}]. */
static const json_t *annotation(const json_t *all, const char *key)
{
    const json_t *found = NULL;
    size_t i;
    json_t *entry;

    if (json_is_object(all))
        found = json_object_get(all, key);
    json_array_foreach (all, i, entry) {
        const char *name = json_string_value(json_object_get(entry, "key"));
        if (name && strcmp(name, key) == 0)
            found = json_object_get(entry, "value");
    }
    return json_is_null(found) ? NULL : found;
}

int ask_text(const json_t *annotations, const char *key, const char **out, struct err *err)
{
    const json_t *value = annotation(annotations, key);

    *out = json_string_value(value);
    return value && !*out ? err_set(err, ERR_UNUSABLE, "the annotation \"%s\" is not a text", key)
                          : 0;
}

/* Where something is asked for, and how. */
struct source {
    const char *what; /* "annotation 'dir'" */
    const json_t *value;
    bool writable; /* dirs: what is meant without a mode */
};

static int read_dir(struct ask *a, const json_t *value, const struct source *s, struct err *err)
{
    const char *path = json_string_value(value);

    return path ? dirs_add(&a->dirs, path, s->writable, err)
                : err_set(err, ERR_INVALID, "it must be a path or an array of paths");
}

static int read_host(struct ask *a, const json_t *value, const struct source *s, struct err *err)
{
    const char *pattern = json_string_value(value);

    if (json_is_boolean(value) && value == s->value) {
        a->all_hosts = json_is_true(value);
        return 0;
    }
    return pattern
               ? hosts_add(&a->hosts, pattern, err)
               : err_set(err, ERR_INVALID, "it must be true, false, a host or an array of hosts");
}

/* The first source that says something: one value, or an array of them. */
static int read_first(struct ask *a, const struct source *s, size_t n,
                      int (*read)(struct ask *a, const json_t *value, const struct source *s,
                                  struct err *err),
                      struct err *err)
{
    int r = 0;

    while (n > 0 && !s->value) {
        s++;
        n--;
    }
    if (n == 0)
        return 0;
    size_t count = json_is_array(s->value) ? json_array_size(s->value) : 1;
    for (size_t i = 0; i < count && r == 0; i++)
        r = read(a, json_is_array(s->value) ? json_array_get(s->value, i) : s->value, s, err);
    return r < 0 ? err_wrap(err, "%s", s->what) : 0;
}

int ask_read(const json_t *annotations, const char *manifest, struct ask *out, struct err *err)
{
    AUTO(json) json_t *zip = manifest[0] ? json_loads(manifest, 0, NULL) : NULL;
    const struct source dirs[] = {
        {"annotation 'wow-dir'", annotation(annotations, "wow-dir"), false},
        {"annotation 'dir'", annotation(annotations, "dir"), true},
        {"\"dir\" in the zip's wow.json", annotation(zip, "dir"), false},
    };
    const struct source hosts[] = {
        {"annotation 'wow-net'", annotation(annotations, "wow-net"), false},
        {"annotation 'net_access'", annotation(annotations, "net_access"), false},
        {"\"net\" in the zip's wow.json", annotation(zip, "net"), false},
    };
    struct ask a = {0};

    if (manifest[0] && !zip)
        return err_set(err, ERR_INTERNAL, "what the zip asks for is no JSON");
    int r = read_first(&a, dirs, sizeof dirs / sizeof *dirs, read_dir, err);
    if (r == 0)
        r = read_first(&a, hosts, sizeof hosts / sizeof *hosts, read_host, err);
    if (r < 0) {
        ask_done(&a);
        return r;
    }
    *out = a;
    return 0;
}

int ask_check(const struct ask *a, const struct caps *caps, struct err *err)
{
    static const struct hosts none;
    const struct roots *const roots[] = {caps->directories, caps->common};
    const struct hosts *granted = caps->hosts ? caps->hosts : &none;

    if (a->all_hosts && granted->n == 0)
        return err_set(err, ERR_REFUSED,
                       "the action asks for access to the network, of which this daemon's policy "
                       "grants it nothing");
    const char *missing = hosts_missing(granted, &a->hosts);
    if (missing)
        return err_set(err, ERR_REFUSED,
                       "the action asks for requests to '%.200s', which this daemon's policy does "
                       "not grant it",
                       missing);
    return dirs_open(&a->dirs, roots, 2, false, NULL, err);
}
