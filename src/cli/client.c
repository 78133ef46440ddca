#include "cli/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct client {
    CURL *curl;
    struct curl_slist *headers;
    char *base;
    bool (*stops)(void);
    char why[CURL_ERROR_SIZE];
};

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t to_send,
                       curl_off_t sent)
{
    const struct client *c = ctx;

    (void)total, (void)now, (void)to_send, (void)sent;
    return c->stops && c->stops();
}

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
    curl_easy_setopt(c->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c->curl, CURLOPT_XFERINFODATA, c);
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

void client_stop_when(struct client *c, bool (*stops)(void))
{
    c->stops = stops;
    curl_easy_setopt(c->curl, CURLOPT_NOPROGRESS, 0L);
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
    if (r == CURLE_ABORTED_BY_CALLBACK)
        return err_set(err, ERR_REFUSED, "interrupted");
    if (r != CURLE_OK)
        return err_set(err, ERR_INTERNAL, "%s: %s", url,
                       c->why[0] ? c->why : curl_easy_strerror(r));
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, status);
    return 0;
}
