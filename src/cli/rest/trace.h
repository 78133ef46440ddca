#pragma once

/* --verbose and --debug: requests and answers on standard error, the key's secret masked. */

#include <stdbool.h>

#include "base/buf.h"

struct trace {
    bool verbose, debug; /* debug: also heads, and bodies in full */
    const char *secret;  /* NULL: none */
};

void trace_request(const struct trace *t, const char *method, const char *url, bool with_key,
                   const struct buf *body);
void trace_header(const struct trace *t, const char *line, size_t n);
void trace_answer(const struct trace *t, long status, const struct buf *body);
