/*
 * Makes the requests that its arguments list, {"requests": [{"url": "…", "method": "…", "headers":
 * {…}, "body": "…", "repeat": 1000, "timeout": MS, "redirects": N}, …]}, and answers for each its
 * end, status, headers and body, or the text of what went wrong. With "quiet", a body is only
 * counted.
 */
#include <string.h>
#include <wow/action.h>

#define HEADERS_MAX 64

static const char *text_of(const struct json *object, const char *key)
{
    return json_as_string(json_get(object, key), NULL);
}

static uint32_t number_of(const struct json *object, const char *key)
{
    uint64_t n = 0;

    json_as_uint(json_get(object, key), &n);
    return (uint32_t)n;
}

/* The body, so many times as "repeat" says. */
static void set_body(struct wow_http_request *request, const struct json *one)
{
    size_t size = 0, times = number_of(one, "repeat");
    const char *text = json_as_string(json_get(one, "body"), &size);

    if (!text)
        return;
    times = times ? times : 1;
    char *all = wow_alloc(size * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * size, text, size);
    request->body = all;
    request->body_size = size * times;
}

static struct json *answer(enum wow_http_end end, const struct wow_http_response *r,
                           const struct wow_error *err, bool quiet)
{
    struct json *out = json_object();

    json_set(out, "end", json_int(end));
    if (end != WOW_HTTP_OK) {
        json_set(out, "text", json_string(wow_error_text(err)));
        return out;
    }
    json_set(out, "status", json_int(r->status));
    json_set(out, "size", json_uint(r->body_size));
    if (!quiet)
        json_set(out, "body", json_string_n(r->body, r->body_size));
    struct json *headers = json_set(out, "headers", json_array());
    for (const struct wow_header *h = r->headers; h->name; h++) {
        struct json *pair = json_add(headers, json_array());
        json_add(pair, json_string(h->name));
        json_add(pair, json_string(h->value));
    }
    const char *type = wow_http_header(r, "CONTENT-TYPE");
    if (type)
        json_set(out, "type", json_string(type));
    return out;
}

static struct json *requests(const struct json *args, struct wow_error *err)
{
    struct json *result = json_object(), *list = json_set(result, "answers", json_array());

    for (const struct json *one = json_first(wow_array(args, "requests", err)); one;
         one = json_next(one)) {
        struct wow_header headers[HEADERS_MAX + 1] = {{0}};
        struct wow_http_request request = {
            .url = text_of(one, "url"),
            .method = text_of(one, "method"),
            .headers = headers,
            .timeout_ms = number_of(one, "timeout"),
            .redirects = number_of(one, "redirects"),
        };
        struct wow_http_response response;
        struct wow_error failed = {0};
        size_t n = 0;
        for (const struct json *h = json_first(json_get(one, "headers")); h && n < HEADERS_MAX;
             h = json_next(h))
            headers[n++] = (struct wow_header){json_key(h), json_as_string(h, NULL)};
        set_body(&request, one);
        enum wow_http_end end = wow_http(&request, &response, &failed);
        json_add(list, answer(end, &response, &failed, json_get(one, "quiet") != NULL));
    }
    return result;
}

WOW_ACTION(requests)
