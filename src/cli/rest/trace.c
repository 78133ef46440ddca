#include "cli/rest/trace.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SHORT 1000 /* bytes of a body that are shown without --debug */

/* At most max of the bytes that are shown. */
static void put_masked(const struct trace *t, const char *text, size_t n, size_t max)
{
    size_t secret = t->secret ? strlen(t->secret) : 0;
    const char *end = text + n;

    while (text < end && max > 0) {
        const char *at = secret ? memmem(text, (size_t)(end - text), t->secret, secret) : NULL;
        size_t plain = (size_t)((at ? at : end) - text), shown = plain < max ? plain : max;
        fwrite(text, 1, shown, stderr);
        max -= shown;
        if (!at || max == 0)
            break;
        fputs("******", stderr);
        text = at + secret;
    }
}

static void put_body(const struct trace *t, const struct buf *body)
{
    put_masked(t, body->data ? body->data : "", body->size, t->debug ? SIZE_MAX : SHORT);
    fputs(!t->debug && body->size > SHORT ? " …\n" : "\n", stderr);
}

void trace_request(const struct trace *t, const char *method, const char *url, bool with_key,
                   const struct buf *body)
{
    if (!t->verbose)
        return;
    fprintf(stderr, "REQUEST:\n[%s]\t%s\n", method, url);
    if (t->debug && with_key)
        fputs("Authorization: Basic ******\n", stderr);
    if (body) {
        fputs("Req Body\n", stderr);
        put_body(t, body);
    }
}

void trace_header(const struct trace *t, const char *line, size_t n)
{
    if (t->debug)
        put_masked(t, line, n, SIZE_MAX);
}

void trace_answer(const struct trace *t, long status, const struct buf *body)
{
    if (!t->verbose)
        return;
    fprintf(stderr, "RESPONSE:\nGot response with code %ld\nResponse body size is %zu bytes\n",
            status, body->size);
    put_body(t, body);
}
