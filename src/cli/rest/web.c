#include "cli/rest/web.h"

#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "cli/rest/value.h"

#define SECRET "require-whisk-auth"
#define SECRET_MAX ((UINT64_C(1) << 53) - 1) /* what JavaScript can count to */

static const char *const keys[] = {"web-export", "raw-http", "final"};

static const struct {
    const char *mode;
    const char *values[3]; /* of the keys */
} modes[] = {
    {"yes", {"true", "false", "true"}},     {"true", {"true", "false", "true"}},
    {"raw", {"true", "true", "true"}},      {"no", {"false", "false", "false"}},
    {"false", {"false", "false", "false"}},
};

static bool is_true(const char *json) { return json && strcmp(json, "true") == 0; }

/* One that is there already stays. */
static void carry(const struct scan_text *was, const char *key, struct pairs *annotations)
{
    struct scan_text value;
    char text[4096];

    if (pairs_get(annotations, key) || !value_pair(was, "annotations", key, &value) ||
        value.n >= sizeof text)
        return;
    snprintf(text, sizeof text, "%.*s", (int)value.n, value.at);
    pairs_set(annotations, key, text);
}

static void carry_all(const struct scan_text *was, struct pairs *annotations)
{
    struct scan_text all;

    if (value_get(was, "annotations", &all))
        pairs_take(annotations, &all);
}

static void set_mode(const char *mode, const struct scan_text *was, struct pairs *annotations)
{
    size_t i = 0, n = sizeof modes / sizeof *modes;

    while (i < n && strcmp(modes[i].mode, mode) != 0)
        i++;
    assert(i < n);
    if (annotations->n == 0)
        carry_all(was, annotations);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        pairs_set(annotations, keys[k], modes[i].values[k]);
    carry(was, SECRET, annotations);
}

/* A secret of chance stays what it is. */
static void make_secret(struct pairs *annotations)
{
    const char *there = pairs_get(annotations, SECRET);
    uint64_t n;
    char text[24];

    if (there && there[0] >= '0' && there[0] <= '9')
        return;
    random_bytes(&n, sizeof n);
    snprintf(text, sizeof text, "%" PRIu64, n & SECRET_MAX);
    pairs_set(annotations, SECRET, text);
}

static int set_secret(struct web *w, const struct scan_text *was, struct pairs *annotations,
                      struct err *err)
{
    struct scan_text exported = {0};
    bool is_off = w->mode && (strcmp(w->mode, "no") == 0 || strcmp(w->mode, "false") == 0);
    bool was_web =
        value_pair(was, "annotations", "web-export", &exported) && value_is_true(&exported);

    if (!is_true(pairs_get(annotations, "web-export")) && (!was_web || is_off))
        return err_set(err, ERR_INVALID,
                       "The --web-secure option is only valid when the --web "
                       "option is enabled.");
    if (annotations->n == 0)
        carry_all(was, annotations);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        carry(was, keys[k], annotations);
    carry(was, SECRET, annotations);
    if (strcasecmp(w->secure, "true") == 0)
        make_secret(annotations);
    else if (strcasecmp(w->secure, "false") != 0)
        pairs_set_text(annotations, SECRET, w->secure);
    else if ((w->drops_secret = pairs_get(annotations, SECRET) != NULL))
        pairs_remove(annotations, SECRET);
    return 0;
}

int web_annotate(struct web *w, const struct scan_text *was, struct pairs *annotations,
                 struct err *err)
{
    if (w->mode)
        set_mode(w->mode, was, annotations);
    return w->secure ? set_secret(w, was, annotations, err) : 0;
}
