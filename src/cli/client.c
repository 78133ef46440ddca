#include "cli/client.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/http.h"

struct client {
    struct http *http;
    char *base;
};

int client_new(const char *where, struct client **out, struct err *err)
{
    bool is_path = where[0] == '/';
    const struct http_settings s = {.local = true, .socket = is_path ? where : NULL};
    struct http *http;

    int r = http_new(&s, &http, err);
    if (r < 0)
        return r;
    *out = NEW(struct client);
    (*out)->http = http;
    (*out)->base = mem_print("http://%s", is_path ? "wowd" : where);
    return 0;
}

void client_free(struct client *c)
{
    if (!c)
        return;
    http_free(c->http);
    free(c->base);
    free(c);
}

void client_stop_when(struct client *c, bool (*stops)(void)) { http_stop_when(c->http, stops); }

int client_post(struct client *c, const char *path, const struct buf *body, long *status,
                struct buf *reply, struct err *err)
{
    AUTO(mem) char *url = mem_print("%s%s", c->base, path);
    const struct http_request q = {.method = "POST", .url = url, .body = body};

    int r = http_send(c->http, &q, status, reply, err);
    return r < 0 && err->kind != ERR_REFUSED ? err_wrap(err, "%s", url) : r;
}
