#include "cli/rest/rest.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/rest/props.h"
#include "cli/rest/value.h"

#define PLAIN_PORT ":3233" /* of a wowd or standalone OpenWhisk, which speak http there */

void rest_done(struct rest *r)
{
    http_free(r->http);
    free(r->said);
    free(r->version);
    free(r->host);
    free(r->api);
    free(r->auth);
    free(r->cert);
    free(r->key);
    free(r->warning);
    buf_done(&r->body);
}

/* What counts: an option, a variable, the file. The caller's; NULL: nothing says it. */
static char *setting(const char *option, const char *variable, const char *other,
                     const struct props *props, const char *key)
{
    const char *said = option ? option : variable ? getenv(variable) : NULL;

    if ((!said || !said[0]) && other)
        said = getenv(other);
    return said && said[0] ? mem_dup(said) : props_get(props, key);
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Is this, with or without a port, "localhost", an address 127.…, "[::1]"? */
static bool is_local(const char *host)
{
    size_t n = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    unsigned char address[4];
    char name[16] = "";

    if (n >= sizeof name)
        return false;
    memcpy(name, host, n);
    return strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
           (inet_pton(AF_INET, name, address) == 1 && address[0] == 127);
}

int rest_host(const char *said, char **out, struct err *err)
{
    const char *slashes = strstr(said, "://"), *host = slashes ? slashes + 3 : said;
    size_t n = strlen(host);

    while (n > 0 && host[n - 1] == '/')
        n--;
    if (n == 0 || strcspn(host, "/@?# \t\r\n") < n ||
        (slashes && !starts_with(said, "http://") && !starts_with(said, "https://")))
        return err_set(err, ERR_INVALID, "The API host is not valid: '%.100s'", said);
    size_t port = strlen(PLAIN_PORT);
    bool is_plain =
        slashes ? said[4] == ':'
                : is_local(host) && n > port && memcmp(host + n - port, PLAIN_PORT, port) == 0;
    *out = mem_print("http%s://%.*s", is_plain ? "" : "s", (int)n, host);
    return 0;
}

/* The text of `Warning: 199 wowd "text"`. */
static void on_header(void *ctx, const char *line, size_t n)
{
    struct rest *r = ctx;

    trace_header(&r->trace, line, n);
    if (n < 8 || strncasecmp(line, "Warning:", 8) != 0)
        return;
    const char *from = memchr(line, '"', n), *to = from ? memrchr(line, '"', n) : NULL;
    if (!from || to == from)
        return;
    free(r->warning);
    r->warning = mem_dup_n(from + 1, (size_t)(to - from) - 1);
    for (char *at = r->warning; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
}

static int open_http(struct rest *r, const struct rest_options *o, struct err *err)
{
    struct http_settings s = {.cert = r->cert && r->cert[0] ? r->cert : NULL,
                              .key = r->key && r->key[0] ? r->key : NULL,
                              .insecure = o->insecure,
                              .local = r->host && is_local(strstr(r->host, "://") + 3),
                              .header = on_header,
                              .ctx = r};

    return http_new(&s, &r->http, err);
}

int rest_open(struct rest *out, struct verb_call *call, const struct rest_options *o,
              struct err *err)
{
    AUTO(props) struct props props = {0};

    *out = (struct rest){.call = call, .trace = {o->verbose || o->debug, o->debug, NULL}};
    buf_init(&out->body, HTTP_ANSWER_MAX);
    call->failure.teller = "error";
    int r = props_read(&props, err);
    if (r < 0)
        return r;
    out->said = setting(o->apihost, "WHISK_APIHOST", "__OW_API_HOST", &props, "APIHOST");
    out->version = setting(o->apiversion, "WHISK_APIVERSION", NULL, &props, "APIVERSION");
    out->auth = setting(o->auth, "WHISK_AUTH", "__OW_API_KEY", &props, "AUTH");
    out->cert = setting(o->cert, NULL, NULL, &props, "CERT");
    out->key = setting(o->key, NULL, NULL, &props, "KEY");
    if (out->auth)
        out->trace.secret = strchr(out->auth, ':') ? strchr(out->auth, ':') + 1 : out->auth;
    if (!out->version)
        out->version = mem_dup("v1");
    if (out->said && (r = rest_host(out->said, &out->host, err)) < 0)
        return r;
    if (out->host)
        out->api = mem_print("%s/api/%s", out->host, out->version);
    return open_http(out, o, err);
}

int rest_open_named(struct rest *out, struct verb_call *call, const struct rest_options *o,
                    const char *given, struct name *name, struct err *err)
{
    int done = rest_open(out, call, o, err);

    return done == 0 ? name_parse_entity(given, name, err) : done;
}

static int ask(struct rest *r, const char *method, const char *path, const struct buf *body,
               const char *auth, struct err *err)
{
    AUTO(mem) char *url = mem_print("%s%s", r->api ? r->api : "", path);
    struct http_request q = {method, url, auth, body, r->progress};
    struct err ignored;

    if (!r->api)
        return err_set(err, ERR_NOT_FOUND,
                       "The API host is not valid: An API host must be "
                       "provided; see wow property set --apihost");
    r->value = (struct scan_text){0};
    free(r->warning);
    r->warning = NULL;
    trace_request(&r->trace, method, url, auth != NULL, body);
    int done = http_send(r->http, &q, &r->status, &r->body, err);
    if (done < 0) {
        r->call->failure.status = EXIT_NO_ANSWER;
        return err_wrap(err, "%s", url);
    }
    trace_answer(&r->trace, r->status, &r->body);
    if (r->body.size == 0 || scan_whole(r->body.data, r->body.size, &r->value, &ignored) < 0)
        r->value = (struct scan_text){0};
    if (r->warning)
        fprintf(stderr, "warning: %s\n", r->warning);
    return 0;
}

int rest_ask(struct rest *r, const char *method, const char *path, const struct buf *body,
             struct err *err)
{
    if (!r->auth)
        return err_set(err, ERR_NOT_FOUND,
                       "Authorization key is not configured (--auth is required)");
    return ask(r, method, path, body, r->auth, err);
}

int rest_ask_openly(struct rest *r, const char *path, struct err *err)
{
    int done = ask(r, "GET", path, NULL, NULL, err);

    return done == 0 ? rest_judge(r, err) : done;
}

static enum err_kind kind_of(long status)
{
    switch (status) {
    case 400:
        return ERR_INVALID;
    case 401:
    case 403:
        return ERR_REFUSED;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    case 413:
        return ERR_TOO_LARGE;
    case 429:
    case 503:
        return ERR_BUSY;
    default:
        return ERR_INTERNAL;
    }
}

/* The failure's full text besides err's, which may be cut. */
static int fail(struct rest *r, struct err *err, enum err_kind kind, char *text)
{
    free(r->call->failure.text);
    r->call->failure.text = text;
    return err_set(err, kind, "%s", text);
}

int rest_exit(const struct rest *r) { return (int)((r->status - 256) & 255); }

int rest_judge(struct rest *r, struct err *err)
{
    struct scan_text text, code;

    if (r->status >= 200 && r->status < 300)
        return 0;
    r->call->failure.status = rest_exit(r);
    if (r->body.size == 0)
        return fail(
            r, err, kind_of(r->status),
            mem_print("Command failed due to an HTTP failure (HTTP status code %ld)", r->status));
    if (!value_get(&r->value, "error", &text) || !value_get(&r->value, "code", &code))
        return fail(
            r, err, kind_of(r->status),
            mem_print("The connection failed, or timed out. (HTTP status code %ld)", r->status));
    AUTO(mem) char *says = value_plain(&text);
    AUTO(mem) char *id = value_plain(&code);
    return fail(r, err, kind_of(r->status), mem_print("%s (code %s)", says, id));
}

int rest_send(struct rest *r, const char *method, const char *path, const struct buf *body,
              enum scan_type answer, struct err *err)
{
    int done = rest_ask(r, method, path, body, err);

    if (done == 0)
        done = rest_judge(r, err);
    if (done < 0 || answer == SCAN_NULL || (r->value.n > 0 && r->value.type == answer))
        return done;
    r->call->failure.status = EXIT_NO_ANSWER;
    return err_set(err, ERR_INTERNAL, "what listens at %s does not answer like OpenWhisk", r->host);
}

int rest_send_named(struct rest *r, const char *method, const char *collection,
                    const struct name *n, const char *query, const struct buf *body,
                    struct err *err)
{
    AUTO(mem) char *url = name_url(n, collection);
    AUTO(mem) char *path = mem_print("%s%s", url, query);

    return rest_send(r, method, path, body, SCAN_OBJECT, err);
}

int rest_wrap(struct rest *r, struct err *err, const char *fmt, ...)
{
    AUTO(mem) char *was = r->call->failure.text;
    AUTO(mem) char *context = NULL;
    va_list ap;

    va_start(ap, fmt);
    int n = vasprintf(&context, fmt, ap);
    va_end(ap);
    r->call->failure.text = NULL;
    if (n < 0)
        context = mem_dup("");
    return fail(r, err, err->kind, mem_print("%s: %s", context, was ? was : err->msg));
}

void rest_forgive(struct rest *r)
{
    free(r->call->failure.text);
    r->call->failure.text = NULL;
    r->call->failure.status = 0;
}

void rest_print(const struct rest *r)
{
    if (r->value.n > 0)
        value_print(stdout, &r->value, !r->call->json);
    else
        puts("{}");
}

void rest_ok(const struct rest *r, const char *fmt, ...)
{
    va_list ap;

    if (r->call->json) {
        rest_print(r);
        return;
    }
    fputs("ok: ", stdout);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}
