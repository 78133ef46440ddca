#include "api/auth.h"

#include <string.h>
#include <strings.h>

#include "base/base64.h"

#define CREDENTIALS_MAX 256

/* 1: found; 0: no such key; -1: the store fails. */
static int look(struct call *c, const char *header, struct err *err)
{
    AUTO(buf) struct buf plain = {0};
    struct err bad;

    buf_init(&plain, CREDENTIALS_MAX);
    if (strncasecmp(header, "Basic ", 6) != 0 ||
        base64_decode(header + 6, strlen(header + 6), &plain, &bad) < 0 || plain.size == 0 ||
        memchr(plain.data, '\0', plain.size))
        return 0;
    char *colon = strchr(plain.data, ':');
    if (!colon)
        return 0;
    *colon = '\0';
    return identity_by_key(c->invoke, plain.data, colon + 1, &c->who, err);
}

bool auth_require(struct call *c)
{
    const char *header = request_header(c->request, "Authorization");
    struct err err;
    int r = header ? look(c, header, &err) : 0;

    if (r > 0)
        return true;
    if (r < 0) {
        call_error(c, &err);
        return false;
    }
    request_set_header(c->request, "WWW-Authenticate",
                       "Basic realm=\"OpenWhisk secure realm\",charset=UTF-8");
    call_fail(c, 401,
              header ? "The supplied authentication is invalid"
                     : "The resource requires authentication, which was not supplied with the "
                       "request");
    return false;
}

void auth_try(struct call *c)
{
    const char *header = request_header(c->request, "Authorization");
    struct err err;

    if (header)
        look(c, header, &err);
}
