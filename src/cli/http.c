#include "cli/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/progress.h"

#define CONNECT_S 30L

struct http {
    CURL *curl;
    struct curl_slist *headers;
    struct http_settings settings;
    struct progress progress;
    bool (*stops)(void);
    char why[CURL_ERROR_SIZE];
};

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t to_send,
                       curl_off_t sent)
{
    struct http *h = ctx;

    (void)total, (void)now;
    progress_show(&h->progress, (uint64_t)sent, (uint64_t)to_send);
    return h->stops && h->stops();
}

static size_t on_header(char *line, size_t one, size_t n, void *ctx)
{
    const struct http *h = ctx;

    (void)one;
    if (h->settings.header)
        h->settings.header(h->settings.ctx, line, n);
    return n;
}

static size_t on_data(char *data, size_t one, size_t n, void *ctx)
{
    struct err err;

    (void)one;
    return buf_add(ctx, data, n, &err) < 0 ? 0 : n;
}

int http_new(const struct http_settings *s, struct http **out, struct err *err)
{
    struct http *h = NEW(struct http);

    h->settings = *s;
    h->curl = curl_easy_init();
    if (!h->curl) {
        free(h);
        return err_set(err, ERR_INTERNAL, "libcurl does not start");
    }
    h->headers = curl_slist_append(NULL, "Content-Type: application/json");
    h->headers = curl_slist_append(h->headers, "Expect:"); /* no round trip before large code */
    curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "wow/" WOW_VERSION);
    curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->why);
    curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h->curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    curl_easy_setopt(h->curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(h->curl, CURLOPT_XFERINFODATA, h);
    curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(h->curl, CURLOPT_HEADERDATA, h);
    curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYPEER, s->insecure ? 0L : 1L);
    curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYHOST, s->insecure ? 0L : 2L);
    if (s->local)
        curl_easy_setopt(h->curl, CURLOPT_NOPROXY, "*");
    if (s->socket)
        curl_easy_setopt(h->curl, CURLOPT_UNIX_SOCKET_PATH, s->socket);
    if (s->cert)
        curl_easy_setopt(h->curl, CURLOPT_SSLCERT, s->cert);
    if (s->key)
        curl_easy_setopt(h->curl, CURLOPT_SSLKEY, s->key);
    *out = h;
    return 0;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    curl_slist_free_all(h->headers);
    curl_easy_cleanup(h->curl);
    free(h);
}

void http_stop_when(struct http *h, bool (*stops)(void)) { h->stops = stops; }

static void set_body(struct http *h, const struct buf *body)
{
    if (body) {
        curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, body->data ? body->data : "");
        curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->size);
    } else {
        curl_easy_setopt(h->curl, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, body ? h->headers : NULL);
}

int http_send(struct http *h, const struct http_request *q, long *status, struct buf *answer,
              struct err *err)
{
    buf_clear(answer);
    h->why[0] = '\0';
    set_body(h, q->body);
    curl_easy_setopt(h->curl, CURLOPT_URL, q->url);
    curl_easy_setopt(h->curl, CURLOPT_CUSTOMREQUEST, q->method);
    curl_easy_setopt(h->curl, CURLOPT_USERPWD, q->auth);
    curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, answer);
    progress_begin(&h->progress, q->progress);
    CURLcode r = curl_easy_perform(h->curl);
    progress_end(&h->progress);
    if (r == CURLE_ABORTED_BY_CALLBACK)
        return err_set(err, ERR_REFUSED, "interrupted");
    if (r == CURLE_WRITE_ERROR)
        return err_set(err, ERR_TOO_LARGE, "the answer has more than %zu bytes", answer->limit);
    if (r != CURLE_OK)
        return err_set(err, ERR_INTERNAL, "%s", h->why[0] ? h->why : curl_easy_strerror(r));
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, status);
    return 0;
}
