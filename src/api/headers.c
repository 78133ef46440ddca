#include "api/headers.h"

#include <string.h>

#include "base/mem.h"
#include "invoke/params.h"

static void add_header(void *ctx, const char *name, const char *value)
{
    struct params *all = ctx;
    AUTO(mem) char *lower = mem_dup(name);
    AUTO(buf) struct buf text = {0};

    for (char *p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    buf_init(&text, 6 * strlen(value) + 2);
    buf_json_string(&text, value, strlen(value));
    params_set(all, lower, text.data, text.size);
}

int headers_json(const struct request *r, struct buf *out, struct err *err)
{
    AUTO(params) struct params all = {0};
    bool fixed;

    request_each_header(r, add_header, &all);
    return params_apply(&all, NULL, out, &fixed, err);
}
