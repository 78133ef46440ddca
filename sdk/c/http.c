/*
 * Requests to the outside. In a wasm module: the host's functions of the module `wow`, which
 * docs/guest-abi.md describes. A native program has none.
 */

#include "internal.h"

#include <string.h>

const char *wow_http_header(const struct wow_http_response *response, const char *name)
{
    for (const struct wow_header *h = response->headers; h && h->name; h++) {
        size_t i = 0;
        while (name[i] && (name[i] | 0x20) == (h->name[i] | 0x20))
            i++;
        if (name[i] == '\0' && h->name[i] == '\0')
            return h->value;
    }
    return NULL;
}

#ifdef __wasm__

struct part {
    const void *at;
    size_t size;
};

struct host_request {
    struct part method, url, headers, body;
    uint32_t timeout_ms, redirects;
};

struct host_response {
    uint32_t status, headers_size, body_size, text_size;
};

enum { READ_BODY, READ_HEADERS, READ_TEXT };

#define IMPORT(name) __attribute__((import_module("wow"), import_name(name)))

IMPORT("http_request")
uint32_t wow_host_http_request(const struct host_request *request, struct host_response *response);
IMPORT("http_read")
uint32_t wow_host_http_read(uint32_t what, uint32_t at, void *to, size_t size);

static char *read_all(uint32_t what, size_t size)
{
    char *text = wow_alloc(size + 1);

    wow_host_http_read(what, 0, text, size);
    text[size] = '\0';
    return text;
}

static struct part part_of(const char *text) { return (struct part){text, strlen(text)}; }

/* "Name: value\n" … */
static struct part write_headers(const struct wow_header *headers)
{
    size_t size = 0;

    for (const struct wow_header *h = headers; h && h->name; h++)
        size += strlen(h->name) + strlen(h->value) + 3;
    char *text = wow_alloc(size + 1), *to = text;
    for (const struct wow_header *h = headers; h && h->name; h++) {
        size_t name = strlen(h->name), value = strlen(h->value);
        memcpy(to, h->name, name);
        memcpy(to + name, ": ", 2);
        memcpy(to + name + 2, h->value, value);
        to += name + value + 3;
        to[-1] = '\n';
    }
    return (struct part){text, size};
}

/* Cut the lines in place; the names and values point into them. */
static const struct wow_header *read_headers(char *text, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    struct wow_header *all = wow_alloc((count + 1) * sizeof *all), *h = all;
    for (char *end; (end = strchr(text, '\n')); text = end + 1) {
        *end = '\0';
        char *value = strchr(text, ':');
        if (!value)
            continue;
        *value++ = '\0';
        value += strspn(value, " \t");
        *h++ = (struct wow_header){text, value};
    }
    *h = (struct wow_header){NULL, NULL};
    return all;
}

enum wow_http_end wow_http(const struct wow_http_request *request,
                           struct wow_http_response *response, struct wow_error *err)
{
    const char *method = request->method ? request->method : request->body_size ? "POST" : "GET";
    const struct host_request asked = {
        .method = part_of(method),
        .url = part_of(request->url ? request->url : ""),
        .headers = write_headers(request->headers),
        .body = {request->body, request->body_size},
        .timeout_ms = request->timeout_ms,
        .redirects = request->redirects,
    };
    struct host_response got = {0};

    *response = (struct wow_http_response){0};
    enum wow_http_end end = (enum wow_http_end)wow_host_http_request(&asked, &got);
    if (end != WOW_HTTP_OK) {
        wow_fail(err, read_all(READ_TEXT, got.text_size));
        return end;
    }
    response->status = (int)got.status;
    response->headers = read_headers(read_all(READ_HEADERS, got.headers_size), got.headers_size);
    response->body = read_all(READ_BODY, got.body_size);
    response->body_size = got.body_size;
    return WOW_HTTP_OK;
}

#else

enum wow_http_end wow_http(const struct wow_http_request *request,
                           struct wow_http_response *response, struct wow_error *err)
{
    (void)request;
    *response = (struct wow_http_response){0};
    wow_fail(err, "a native program makes no requests: wowd makes those of a module");
    return WOW_HTTP_UNAVAILABLE;
}

#endif
