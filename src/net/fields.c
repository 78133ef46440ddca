#include "net/fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/mem.h"

/* ':' stands for itself, "Proxy-" for all that begins so. */
static const char *const forbidden[] = {"Connection",     "Content-Length",    "Expect", "Host",
                                        "HTTP2-Settings", "Keep-Alive",        "Proxy-", "TE",
                                        "Trailer",        "Transfer-Encoding", "Upgrade"};
static const char *const of_body[] = {"Content-"};
static const char *const secret[] = {"Authorization", "Cookie"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* How long the name of a field is: up to the ':', or ';' as libcurl has it. */
static size_t name_size(const char *field) { return strcspn(field, ":;"); }

static bool is_among(const char *const *list, size_t n, const char *field)
{
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(list[i]);
        bool prefix = list[i][size - 1] == '-';
        if ((prefix || name_size(field) == size) && strncasecmp(field, list[i], size) == 0)
            return true;
    }
    return false;
}

bool fields_have(const struct curl_slist *fields, const char *name)
{
    while (fields && !is_among(&name, 1, fields->data))
        fields = fields->next;
    return fields != NULL;
}

static bool is_name(const char *s, size_t n)
{
    static const char others[] = "!#$%&'*+-.^_`|~0123456789"
                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (size_t i = 0; i < n; i++)
        if (!memchr(others, s[i], sizeof others - 1))
            return false;
    return n > 0;
}

static bool is_value(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f)
            return false;
    return true;
}

static int add_line(const char *line, size_t n, struct curl_slist **out, struct err *err)
{
    const char *colon = memchr(line, ':', n);
    size_t name = colon ? (size_t)(colon - line) : n, at = name + 1;

    if (!colon || !is_name(line, name) || !is_value(colon, n - name))
        return err_set(err, ERR_INVALID, "'%.*s' is no header", (int)(n > 60 ? 60 : n), line);
    if (is_among(forbidden, COUNT(forbidden), line))
        return err_set(err, ERR_INVALID, "the header '%.*s' is not the guest's to set", (int)name,
                       line);
    while (at < n && (line[at] == ' ' || line[at] == '\t'))
        at++;
    /* libcurl wants a ';' behind the name of a field that is to be sent empty */
    AUTO(mem)
    char *text =
        mem_print(at < n ? "%.*s: %.*s" : "%.*s;%.*s", (int)name, line, (int)(n - at), line + at);
    struct curl_slist *more = curl_slist_append(*out, text);
    if (!more)
        return err_set(err, ERR_INTERNAL, "out of memory");
    *out = more;
    return 0;
}

int fields_read(const char *lines, size_t n, struct curl_slist **out, struct err *err)
{
    struct curl_slist *list = NULL;
    int r = 0;

    while (n > 0 && r == 0) {
        const char *end = memchr(lines, '\n', n);
        size_t size = end ? (size_t)(end - lines) : n, next = size + (end != NULL);
        if (size > 0 && lines[size - 1] == '\r')
            size--;
        if (size > 0)
            r = add_line(lines, size, &list, err);
        lines += next;
        n -= next;
    }
    if (r < 0) {
        curl_slist_free_all(list);
        return r;
    }
    *out = list;
    return 0;
}

struct curl_slist *fields_without(struct curl_slist *fields, bool body, bool secrets)
{
    struct curl_slist *kept = NULL;

    for (struct curl_slist *f = fields; f; f = f->next)
        if (!(body && is_among(of_body, COUNT(of_body), f->data)) &&
            !(secrets && is_among(secret, COUNT(secret), f->data)))
            kept = curl_slist_append(kept, f->data);
    curl_slist_free_all(fields);
    return kept;
}

bool fields_good_method(const char *method)
{
    static const char *const odd[] = {"CONNECT", "TRACE", "TRACK"};

    for (size_t i = 0; i < COUNT(odd); i++)
        if (strcmp(method, odd[i]) == 0)
            return false;
    return method[0] && strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == strlen(method);
}
