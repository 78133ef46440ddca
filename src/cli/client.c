#include "cli/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct client {
    CURL *curl;
    struct curl_slist *headers;
    char *base;
    char why[CURL_ERROR_SIZE];
};

int client_new(const char *where, struct client **out, struct err *err)
{
    struct client *c = NEW(struct client);

    c->curl = curl_easy_init();
    if (!c->curl) {
        free(c);
        return err_set(err, ERR_INTERNAL, "libcurl does not start");
    }
    if (where[0] == '/') {
        c->base = mem_dup("http://wowd");
        curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, where);
    } else {
        c->base = mem_print("http://%s", where);
    }
    c->headers = curl_slist_append(NULL, "Content-Type: application/json");
    c->headers = curl_slist_append(c->headers, "Expect:"); /* no round trip before large code */
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->why);
    curl_easy_setopt(c->curl, CURLOPT_NOPROXY, "*");
    *out = c;
    return 0;
}

void client_free(struct client *c)
{
    if (!c)
        return;
    curl_slist_free_all(c->headers);
    curl_easy_cleanup(c->curl);
    free(c->base);
    free(c);
}

static size_t take(char *data, size_t one, size_t n, void *ctx)
{
    struct err err;

    (void)one;
    return buf_add(ctx, data, n, &err) < 0 ? 0 : n;
}

int client_post(struct client *c, const char *path, const struct buf *body, long *status,
                struct buf *reply, struct err *err)
{
    AUTO(mem) char *url = mem_print("%s%s", c->base, path);

    buf_clear(reply);
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body->data ? body->data : "");
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->size);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, reply);
    CURLcode r = curl_easy_perform(c->curl);
    if (r != CURLE_OK)
        return err_set(err, ERR_INTERNAL, "%s: %s", url,
                       c->why[0] ? c->why : curl_easy_strerror(r));
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, status);
    return 0;
}
