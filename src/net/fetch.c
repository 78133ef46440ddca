#include "net/fetch.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/fields.h"

#define SCHEME_SIZE 8u

struct fetch {
    struct multi *multi;
    CURL *easy;
    CURLU *url;
    struct fetch_order order; /* its texts are no more, but for the body */
    struct fetch_to to;
    char *host, *method;
    struct curl_slist *fields; /* of the guest */
    struct curl_slist *sent;   /* the same, and what libcurl is to leave out */
    bool with_body, under_way;
    uint64_t due_ms;
    struct buf headers;
    size_t size; /* of the response's body so far */
    bool too_large;
    struct err refused; /* an address; kind ERR_NONE: none was */
    bool opened;        /* another address was not */
    enum wire_call_end end;
    char text[CURL_ERROR_SIZE + 64];
    char curl_text[CURL_ERROR_SIZE];
};

void fetch_free(struct fetch *f)
{
    if (!f)
        return;
    if (f->under_way)
        multi_remove(f->multi, f->easy);
    curl_easy_cleanup(f->easy);
    curl_url_cleanup(f->url);
    curl_slist_free_all(f->fields);
    curl_slist_free_all(f->sent);
    buf_done(&f->headers);
    free(f->host);
    free(f->method);
    free(f);
}

/* ---- what libcurl calls ---- */

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct fetch *f = ctx;

    (void)size; /* always 1 */
    if (n > f->order.room - f->size) {
        f->too_large = true;
        return 0;
    }
    memcpy(f->order.to + f->size, data, n);
    f->size += n;
    return n;
}

/* A line of the response's head, which may come in several: of 100 and of the end. */
static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct fetch *f = ctx;
    size_t all = n;
    struct err err;

    (void)size;
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
        n--;
    if (n > 5 && strncmp(line, "HTTP/", 5) == 0)
        buf_clear(&f->headers);
    else if (n > 0 &&
             (buf_add(&f->headers, line, n, &err) < 0 || buf_add(&f->headers, "\n", 1, &err) < 0))
        f->too_large = true;
    return f->too_large ? 0 : all;
}

static bool may_reach(struct fetch *f, const char *address)
{
    struct err err;

    int r = f->order.guard->address(f->order.ctx, &f->to, address, &err);
    if (r < 0)
        f->refused = err;
    return r == 0;
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *at)
{
    struct fetch *f = ctx;
    char text[INET6_ADDRSTRLEN] = "";

    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    if (at->family == AF_INET)
        inet_ntop(AF_INET, &((struct sockaddr_in *)&at->addr)->sin_addr, text, sizeof text);
    else if (at->family == AF_INET6)
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&at->addr)->sin6_addr, text, sizeof text);
    if (!may_reach(f, text))
        return CURL_SOCKET_BAD;
    f->opened = true;
    return multi_socket(f->multi, at);
}

/* There is a connection; it may be one that another request has left. */
static int on_connected(void *ctx, char *address, char *local, int port, int local_port)
{
    struct fetch *f = ctx;

    (void)local, (void)port, (void)local_port;
    return may_reach(f, address) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- whereto ---- */

/* A part of the URL, of our own. */
static char *part(CURLU *url, CURLUPart what, unsigned flags)
{
    char *theirs = NULL;

    if (curl_url_get(url, what, &theirs, flags) != CURLUE_OK)
        return NULL;
    char *ours = mem_dup(theirs);
    curl_free(theirs);
    return ours;
}

static bool is_plain(const char *s)
{
    while (*s > ' ' && *s < 0x7f)
        s++;
    return *s == '\0';
}

static int check_parts(const char *scheme, const char *host, bool zoned, struct err *err)
{
    if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        return err_set(err, ERR_INVALID, "the URL: its scheme is neither http nor https");
    if (!host || zoned || !is_plain(host))
        return err_set(err, ERR_INVALID, "the URL: its host must be a name in ASCII or an address");
    return 0;
}

/* Take a URL: *to is what it leads to, whose host is *host's memory. */
static int take_url(const char *text, CURLU **url, char **host, struct fetch_to *to,
                    struct err *err)
{
    CURLU *u = curl_url();
    CURLUcode code = curl_url_set(u, CURLUPART_URL, text, CURLU_DISALLOW_USER);
    AUTO(mem) char *scheme = part(u, CURLUPART_SCHEME, 0);
    AUTO(mem) char *name = part(u, CURLUPART_HOST, 0);
    AUTO(mem) char *port = part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    AUTO(mem) char *zone = part(u, CURLUPART_ZONEID, 0);

    int r = code == CURLUE_OK ? check_parts(scheme, name, zone != NULL, err)
                              : err_set(err, ERR_INVALID, "the URL: %s", curl_url_strerror(code));
    if (r < 0) {
        curl_url_cleanup(u);
        return r;
    }
    size_t n = strlen(name);
    if (name[0] == '[') {
        memmove(name, name + 1, n - 2);
        name[n - 2] = '\0';
    }
    curl_url_cleanup(*url);
    free(*host);
    *url = u;
    *host = TAKE(name);
    *to = (struct fetch_to){.tls = strcmp(scheme, "https") == 0,
                            .host = *host,
                            .port = port ? (unsigned)strtoul(port, NULL, 10) : 0};
    return 0;
}

/* ---- a transfer ---- */

static void set_method(struct fetch *f)
{
    const char *m = f->method;
    bool sends =
        f->with_body || strcmp(m, "POST") == 0 || strcmp(m, "PUT") == 0 || strcmp(m, "PATCH") == 0;

    curl_easy_setopt(f->easy, CURLOPT_HTTPGET, 1L); /* undoes what a hop before has set */
    if (strcmp(m, "HEAD") == 0) {
        curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, NULL);
        curl_easy_setopt(f->easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (sends) {
        curl_off_t size = f->with_body ? (curl_off_t)f->order.body.n : 0;
        curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE, size);
        curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, f->with_body ? f->order.body.at : "");
    }
    curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, m);
}

/* The guest's headers, and that libcurl adds none that the guest did not mean. */
static void set_fields(struct fetch *f)
{
    struct curl_slist *all = NULL;

    for (const struct curl_slist *field = f->fields; field; field = field->next)
        all = curl_slist_append(all, field->data);
    all = curl_slist_append(all, "Expect:");
    if (!fields_have(f->fields, "Content-Type"))
        all = curl_slist_append(all, "Content-Type:");
    curl_slist_free_all(f->sent);
    f->sent = all;
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, all);
}

/* Whom to trust. The system's directory is read name by name; its one large file would take more
 * than 20 ms for each worker (docs/decisions/outbound.md). */
static void set_trust(struct fetch *f)
{
    const char *dir = curl_version_info(CURLVERSION_NOW)->capath, *file = f->order.ca_file;

    if (dir)
        curl_easy_setopt(f->easy, CURLOPT_CAINFO, file[0] ? file : NULL);
    else if (file[0])
        curl_easy_setopt(f->easy, CURLOPT_CAINFO, file);
    curl_easy_setopt(f->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

/* What is the same for all hops. */
static void set_up(struct fetch *f)
{
    CURL *e = f->easy;

    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* else ending it waits for a lookup under way */
    curl_easy_setopt(e, CURLOPT_USERAGENT, "wow/" WOW_VERSION);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, f->curl_text);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, f);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, f);
    set_trust(f);
}

static void ended(void *ctx, CURLcode code);

/* Go to f->url, the first or another. */
static int hop(struct fetch *f, struct err *err)
{
    uint64_t now = clock_mono_ns() / 1000000u;

    int r = f->order.guard->host(f->order.ctx, &f->to, err);
    if (r < 0)
        return r;
    buf_clear(&f->headers);
    f->size = 0;
    f->too_large = f->opened = false;
    f->refused.kind = ERR_NONE;
    f->curl_text[0] = '\0';
    set_method(f);
    set_fields(f);
    curl_easy_setopt(f->easy, CURLOPT_CURLU, f->url);
    curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, now < f->due_ms ? (long)(f->due_ms - now) : 1L);
    if (multi_add(f->multi, f->easy, ended, f) < 0)
        return err_set(err, ERR_INTERNAL, "libcurl does not take the request");
    f->under_way = true;
    return 0;
}

/* ---- its end ---- */

static enum wire_call_end end_of_err(const struct err *err)
{
    return err->kind == ERR_REFUSED   ? WIRE_CALL_REFUSED
           : err->kind == ERR_BUSY    ? WIRE_CALL_TOO_MANY
           : err->kind == ERR_INVALID ? WIRE_CALL_INVALID
                                      : WIRE_CALL_BROKEN;
}

static enum wire_call_end end_of_curl(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum wire_call_end end;
    } ends[] = {
        {CURLE_OK, WIRE_CALL_OK},
        {CURLE_COULDNT_RESOLVE_HOST, WIRE_CALL_RESOLVE},
        {CURLE_COULDNT_CONNECT, WIRE_CALL_CONNECT},
        {CURLE_OPERATION_TIMEDOUT, WIRE_CALL_TIMEOUT},
        {CURLE_SSL_CONNECT_ERROR, WIRE_CALL_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, WIRE_CALL_TLS},
        {CURLE_SSL_CERTPROBLEM, WIRE_CALL_TLS},
        {CURLE_SSL_CIPHER, WIRE_CALL_TLS},
        {CURLE_SSL_ISSUER_ERROR, WIRE_CALL_TLS},
        {CURLE_SSL_CACERT_BADFILE, WIRE_CALL_TLS},
    };

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends[i].code == code)
            return ends[i].end;
    return WIRE_CALL_BROKEN;
}

static void finish(struct fetch *f, enum wire_call_end end, const char *text)
{
    f->end = end;
    snprintf(f->text, sizeof f->text, "%s", text);
    if (end != WIRE_CALL_OK)
        f->size = 0;
    f->order.done(f->order.ctx, f);
}

/* The next URL, when the response says where, and the guest wants to go there. */
static char *next_url(const struct fetch *f)
{
    long status = 0;
    char *url = NULL;

    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(f->easy, CURLINFO_REDIRECT_URL, &url);
    bool redirects =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    return redirects && url && f->order.redirects > 0 ? mem_dup(url) : NULL;
}

/* As browsers do it: after 303, and a POST after 301 and 302, comes a GET. */
static int follow(struct fetch *f, const char *url, struct err *err)
{
    struct fetch_to from = f->to;
    AUTO(mem) char *host = mem_dup(f->to.host);
    long status = 0;

    int r = take_url(url, &f->url, &f->host, &f->to, err);
    if (r < 0)
        return r;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    bool is_post = strcmp(f->method, "POST") == 0, is_head = strcmp(f->method, "HEAD") == 0;
    bool drops = (status == 303 && !is_head) || (status < 303 && is_post);
    bool away =
        from.tls != f->to.tls || from.port != f->to.port || strcasecmp(host, f->to.host) != 0;
    if (drops) {
        free(f->method);
        f->method = mem_dup("GET");
        f->with_body = false;
    }
    f->fields = fields_without(f->fields, drops, away);
    f->order.redirects--;
    return hop(f, err);
}

static void ended(void *ctx, CURLcode code)
{
    struct fetch *f = ctx;
    struct err err;

    f->under_way = false;
    AUTO(mem) char *url = code == CURLE_OK ? next_url(f) : NULL;
    if (url && follow(f, url, &err) == 0)
        return;
    if (url)
        finish(f, end_of_err(&err), err.msg);
    else if (code == CURLE_ABORTED_BY_CALLBACK ||
             (code == CURLE_COULDNT_CONNECT && f->refused.kind != ERR_NONE && !f->opened))
        finish(f, end_of_err(&f->refused), f->refused.msg);
    else if (f->too_large)
        finish(f, WIRE_CALL_TOO_LARGE, "the response is larger than it may be");
    else
        finish(f, end_of_curl(code), f->curl_text[0] ? f->curl_text : curl_easy_strerror(code));
}

static char *copy(const struct fetch_text *t) { return mem_dup_n(t->n ? t->at : "", t->n); }

struct fetch *fetch_start(struct multi *m, const struct fetch_order *order, enum wire_call_end *end,
                          struct err *err)
{
    struct fetch *f = NEW(struct fetch);
    AUTO(mem) char *url = copy(&order->url);
    AUTO(mem) char *lines = copy(&order->headers);

    f->multi = m;
    f->order = *order;
    f->easy = curl_easy_init();
    f->method = copy(&order->method);
    f->with_body = order->body.n > 0;
    f->due_ms = clock_mono_ns() / 1000000u + order->timeout_ms;
    buf_init(&f->headers, WIRE_HEADERS_MAX);
    int r = f->easy ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
    if (r == 0 && (strlen(f->method) != order->method.n || !fields_good_method(f->method)))
        r = err_set(err, ERR_INVALID, "the method is none that can be used");
    if (r == 0 && (strlen(url) != order->url.n || !is_plain(url)))
        r = err_set(err, ERR_INVALID, "the URL: it has spaces, or bytes that are not ASCII");
    if (r == 0 && f->with_body && strcmp(f->method, "HEAD") == 0)
        r = err_set(err, ERR_INVALID, "a HEAD has no body");
    if (r == 0)
        r = fields_read(lines, order->headers.n, &f->fields, err);
    if (r == 0)
        r = take_url(url, &f->url, &f->host, &f->to, err);
    if (r == 0) {
        set_up(f);
        r = hop(f, err);
    }
    if (r < 0) {
        *end = end_of_err(err);
        fetch_free(f);
        return NULL;
    }
    return f;
}

enum wire_call_end fetch_end(const struct fetch *f, const char **text)
{
    *text = f->end == WIRE_CALL_OK ? "" : f->text;
    return f->end;
}

unsigned fetch_status(const struct fetch *f)
{
    long status = 0;

    if (f->end == WIRE_CALL_OK)
        curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    return (unsigned)status;
}

size_t fetch_body(const struct fetch *f) { return f->size; }

struct fetch_text fetch_headers(const struct fetch *f)
{
    bool ok = f->end == WIRE_CALL_OK;

    return (struct fetch_text){ok ? f->headers.data : NULL, ok ? f->headers.size : 0};
}
