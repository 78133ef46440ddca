#include "grant/hosts.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/mem.h"

#define NAME_SIZE 254u
#define PORT_OWN 0u /* the scheme's */
#define PORT_ANY UINT32_MAX

enum what { ANY, BELOW, NAME, ADDRESS };

static const struct {
    const char *prefix;
    unsigned port;
} schemes[] = {{"http://", 80}, {"https://", 443}};

struct host {
    enum what what;
    bool scheme[2]; /* http, https */
    unsigned port;
    char name[NAME_SIZE]; /* lower case */
    struct address address;
    char *text; /* as it was written */
};

void hosts_done(struct hosts *h)
{
    for (size_t i = 0; i < h->n; i++)
        free(h->all[i].text);
    free(h->all);
    *h = (struct hosts){0};
}

/* Lower case, and without the dot that a name may end with; false when it does not fit. */
static bool fold(const char *name, size_t n, char out[NAME_SIZE])
{
    if (n > 1 && name[n - 1] == '.')
        n--;
    if (n == 0 || n >= NAME_SIZE)
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    out[n] = '\0';
    return true;
}

/* Letters, digits, '-' and '_' between dots, and not a number at the end: that is an address. */
static bool is_name(const char *s)
{
    const char *last = strrchr(s, '.') ? strrchr(s, '.') + 1 : s;

    if (s[0] == '.' || strstr(s, "..") || isdigit((unsigned char)*last))
        return false;
    return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(s);
}

static bool parse_port(const char *text, unsigned *out)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (strcmp(text, "*") == 0) {
        *out = PORT_ANY;
        return true;
    }
    *out = (unsigned)port;
    return isdigit((unsigned char)*text) && *end == '\0' && port > 0 && port < 65536;
}

static bool parse_host(struct host *h, const char *at, size_t n)
{
    bool bracketed = n > 2 && at[0] == '[' && at[n - 1] == ']';

    if (!fold(at + bracketed, n - 2u * bracketed, h->name))
        return false;
    if (n == 1 && at[0] == '*') {
        h->what = ANY;
    } else if (strncmp(h->name, "*.", 2) == 0) {
        h->what = BELOW;
        memmove(h->name, h->name + 2, strlen(h->name + 2) + 1);
        return is_name(h->name);
    } else if (address_parse(h->name, &h->address)) {
        h->what = ADDRESS;
        return bracketed == (strchr(h->name, ':') != NULL);
    } else {
        h->what = NAME;
        return !bracketed && is_name(h->name);
    }
    return !bracketed;
}

static bool parse(struct host *h, const char *text)
{
    h->scheme[0] = h->scheme[1] = strstr(text, "://") == NULL;
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(schemes[i].prefix);
        if (strncasecmp(text, schemes[i].prefix, n) == 0) {
            h->scheme[i] = true;
            text += n;
            break;
        }
    }
    if (!h->scheme[0] && !h->scheme[1])
        return false;
    size_t n = strlen(text);
    if (n > 0 && text[n - 1] == '/') /* as it ends when it is copied from a browser */
        n--;
    const char *colon = memrchr(text, ':', n), *bracket = memrchr(text, ']', n);
    h->port = PORT_OWN;
    if (colon && (!bracket || colon > bracket)) {
        AUTO(mem) char *port = mem_dup_n(colon + 1, (size_t)(text + n - colon - 1));
        if (!parse_port(port, &h->port))
            return false;
        n = (size_t)(colon - text);
    }
    return parse_host(h, text, n);
}

int hosts_add(struct hosts *h, const char *pattern, struct err *err)
{
    struct host made = {0};

    if (h->n == HOSTS_MAX)
        return err_set(err, ERR_INVALID, "more than %u hosts", HOSTS_MAX);
    if (!parse(&made, pattern))
        return err_set(err, ERR_INVALID,
                       "'%.100s' is not [http:// or https://] and a name, \"*.\" and a name, an "
                       "address or \"*\", and perhaps a port",
                       pattern);
    made.text = mem_dup(pattern);
    h->all = mem_grow(h->all, (h->n + 1) * sizeof *h->all);
    h->all[h->n++] = made;
    return 0;
}

static bool is_below(const char *name, const char *parent)
{
    size_t n = strlen(name), p = strlen(parent);

    return n > p + 1 && name[n - p - 1] == '.' && strcmp(name + n - p, parent) == 0;
}

static bool has_port(const struct host *h, int scheme, unsigned port)
{
    return h->port == PORT_ANY || port == (h->port == PORT_OWN ? schemes[scheme].port : h->port);
}

bool hosts_have(const struct hosts *h, const struct target *to, bool *named)
{
    struct host at = {0};
    bool found = false, literal = false;

    if (!fold(to->name, strlen(to->name), at.name))
        return false;
    bool is_address = address_parse(at.name, &at.address);
    for (size_t i = 0; i < h->n; i++) {
        const struct host *p = &h->all[i];
        if (!p->scheme[to->tls] || !has_port(p, to->tls, to->port))
            continue;
        bool same = p->what == ADDRESS && is_address && address_equal(&p->address, &at.address);
        literal |= same;
        found |= same || p->what == ANY || (p->what == NAME && strcmp(p->name, at.name) == 0) ||
                 (p->what == BELOW && is_below(at.name, p->name));
    }
    if (named)
        *named = literal;
    return found;
}

/* Is all that asked means with that scheme within one pattern? */
static bool covers(const struct host *p, const struct host *asked, int scheme)
{
    if (!p->scheme[scheme])
        return false;
    if (asked->port == PORT_ANY
            ? p->port != PORT_ANY
            : !has_port(p, scheme, asked->port == PORT_OWN ? schemes[scheme].port : asked->port))
        return false;
    switch (p->what) {
    case ANY:
        return true;
    case BELOW:
        return (asked->what == BELOW && strcmp(asked->name, p->name) == 0) ||
               ((asked->what == BELOW || asked->what == NAME) && is_below(asked->name, p->name));
    case NAME:
        return asked->what == NAME && strcmp(asked->name, p->name) == 0;
    case ADDRESS:
        return asked->what == ADDRESS && address_equal(&asked->address, &p->address);
    }
    return false;
}

const char *hosts_missing(const struct hosts *h, const struct hosts *asked)
{
    for (size_t i = 0; i < asked->n; i++)
        for (int scheme = 0; scheme < 2; scheme++) {
            bool covered = !asked->all[i].scheme[scheme];
            for (size_t j = 0; j < h->n && !covered; j++)
                covered = covers(&h->all[j], &asked->all[i], scheme);
            if (!covered)
                return asked->all[i].text;
        }
    return NULL;
}
