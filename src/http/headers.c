#include <ctype.h>
#include <microhttpd.h>
#include <string.h>

#include "http/server.h"

const char *request_header(const struct request *r, const char *name)
{
    return r->connection ? MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name) : NULL;
}

struct each_header {
    void (*each)(void *ctx, const char *name, const char *value);
    void *ctx;
};

static enum MHD_Result pass_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct each_header *e = ctx;

    (void)kind;
    e->each(e->ctx, name, value ? value : "");
    return MHD_YES;
}

void request_each_header(const struct request *r,
                         void (*each)(void *ctx, const char *name, const char *value), void *ctx)
{
    struct each_header e = {each, ctx};

    if (r->connection)
        MHD_get_connection_values(r->connection, MHD_HEADER_KIND, pass_header, &e);
}

/* RFC 9110, token: a header's name. */
static bool is_token(const char *s)
{
    static const char more[] = "!#$%&'*+-.^_`|~";
    const char *p = s;

    while (*p && (isalnum((unsigned char)*p) || strchr(more, *p)))
        p++;
    return p > s && *p == '\0';
}

static bool is_field(const char *s)
{
    for (; *s; s++)
        if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
            return false;
    return true;
}

bool request_set_header(struct request *r, const char *name, const char *value)
{
    size_t before = r->headers.size;
    struct err err;

    if (!is_token(name) || !is_field(value))
        return false;
    if (buf_add(&r->headers, name, strlen(name) + 1, &err) == 0 &&
        buf_add(&r->headers, value, strlen(value) + 1, &err) == 0)
        return true;
    r->headers.size = before;
    return false;
}
