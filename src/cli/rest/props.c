#include "cli/rest/props.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define PROPS_MAX (1u << 20)

/* A piece of the file's text. */
struct piece {
    const char *at;
    size_t n;
};

static struct piece trim(struct piece p)
{
    while (p.n > 0 && (unsigned char)p.at[0] <= ' ')
        p.at++, p.n--;
    while (p.n > 0 && (unsigned char)p.at[p.n - 1] <= ' ')
        p.n--;
    return p;
}

/* The next line; *at moves behind it. */
static bool next_line(const struct props *p, size_t *at, struct piece *line)
{
    if (*at >= p->text.size)
        return false;
    line->at = p->text.data + *at;
    const char *end = memchr(line->at, '\n', p->text.size - *at);
    line->n = end ? (size_t)(end - line->at) : p->text.size - *at;
    *at += line->n + 1;
    return true;
}

/* Is it a line of this key? Then *value is what it says. */
static bool is_line_of(struct piece line, const char *key, struct piece *value)
{
    const char *comment = memchr(line.at, '#', line.n);

    if (comment)
        line.n = (size_t)(comment - line.at);
    const char *equals = memchr(line.at, '=', line.n);
    if (!equals)
        return false;
    size_t left = (size_t)(equals - line.at);
    struct piece name = trim((struct piece){line.at, left});
    *value = trim((struct piece){equals + 1, line.n - left - 1});
    return name.n == strlen(key) && memcmp(name.at, key, name.n) == 0;
}

int props_read(struct props *out, struct err *err)
{
    const char *named = getenv("WSK_CONFIG_FILE"), *home = getenv("HOME");
    struct props p = {0};

    buf_init(&p.text, PROPS_MAX);
    if (named)
        p.path = named[0] ? mem_dup(named) : NULL;
    else if (home)
        p.path = mem_print("%s/.wskprops", home);
    if (p.path && access(p.path, F_OK) == 0 && file_read(p.path, &p.text, err) < 0) {
        props_done(&p);
        return -(int)err->kind;
    }
    *out = p;
    return 0;
}

void props_done(struct props *p)
{
    free(p->path);
    buf_done(&p->text);
}

char *props_get(const struct props *p, const char *key)
{
    struct piece line, value, last = {NULL, 0};
    size_t at = 0;

    while (next_line(p, &at, &line))
        if (is_line_of(line, key, &value))
            last = value;
    return last.at ? mem_dup_n(last.at, last.n) : NULL;
}

static bool can_be_kept(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value <= ' ' || *value == '#')
            return false;
    return true;
}

int props_set(struct props *p, const char *key, const char *value, struct err *err)
{
    struct piece line, was;
    struct buf text;
    size_t at = 0;

    if (value && !can_be_kept(value))
        return err_set(err, ERR_INVALID, "%s: a value can have no blanks, control characters or #",
                       key);
    buf_init(&text, 2 * PROPS_MAX);
    while (next_line(p, &at, &line)) {
        if (is_line_of(line, key, &was))
            continue;
        buf_put(&text, line.at, line.n);
        buf_text(&text, "\n");
    }
    if (value)
        buf_print(&text, "%s=%s\n", key, value);
    buf_done(&p->text);
    p->text = text;
    return 0;
}

int props_write(const struct props *p, struct err *err)
{
    char real[PATH_MAX];

    if (!p->path)
        return err_set(err, ERR_NOT_FOUND, "neither WSK_CONFIG_FILE nor HOME says where");
    /* It may be a link into somebody's collection of such files. */
    return file_replace(realpath(p->path, real) ? real : p->path, p->text.data ? p->text.data : "",
                        p->text.size, err);
}
