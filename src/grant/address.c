#include "grant/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define V4_BITS 96u /* of an IPv4 address that say that it is one */

/* IANA's registries of special purposes; the first that has an address counts. */
static const struct {
    const char *network, *what;
} special[] = {
    {"0.0.0.0/8", "an unspecified address"},
    {"10.0.0.0/8", "a private address"},
    {"100.64.0.0/10", "a shared address"},
    {"127.0.0.0/8", "a loopback address"},
    {"169.254.0.0/16", "a link-local address"},
    {"172.16.0.0/12", "a private address"},
    {"192.0.0.0/24", "a reserved address"},
    {"192.0.2.0/24", "a documentation address"},
    {"192.88.99.0/24", "a reserved address"},
    {"192.168.0.0/16", "a private address"},
    {"198.18.0.0/15", "a reserved address"},
    {"198.51.100.0/24", "a documentation address"},
    {"203.0.113.0/24", "a documentation address"},
    {"224.0.0.0/4", "a multicast address"},
    {"240.0.0.0/4", "a reserved address"},
    {"::/128", "an unspecified address"},
    {"::1/128", "a loopback address"},
    {"2001::/23", "a reserved address"}, /* Teredo is in it */
    {"2001:db8::/32", "a documentation address"},
    {"2002::/16", "a reserved address"}, /* 6to4: an IPv4 address is in it */
    {"3fff::/20", "a documentation address"},
    {"fc00::/7", "a private address"},
    {"fe80::/10", "a link-local address"},
    {"fec0::/10", "a private address"},
    {"ff00::/8", "a multicast address"},
};

static const unsigned char v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

static void from_v4(const void *four, struct address *out)
{
    memcpy(out->byte, v4_prefix, sizeof v4_prefix);
    memcpy(out->byte + sizeof v4_prefix, four, 4);
}

static bool is_v4(const struct address *a)
{
    return memcmp(a->byte, v4_prefix, sizeof v4_prefix) == 0;
}

bool address_parse(const char *text, struct address *out)
{
    struct in_addr four;

    if (inet_pton(AF_INET, text, &four) == 1) {
        from_v4(&four, out);
        return true;
    }
    return inet_pton(AF_INET6, text, out->byte) == 1;
}

bool address_of(const struct sockaddr *from, struct address *out)
{
    if (from->sa_family == AF_INET)
        from_v4(&((const struct sockaddr_in *)from)->sin_addr, out);
    else if (from->sa_family == AF_INET6)
        memcpy(out->byte, &((const struct sockaddr_in6 *)from)->sin6_addr, sizeof out->byte);
    else
        return false;
    return true;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return memcmp(a->byte, b->byte, sizeof a->byte) == 0;
}

void address_text(const struct address *a, char out[ADDRESS_TEXT])
{
    if (is_v4(a))
        inet_ntop(AF_INET, a->byte + sizeof v4_prefix, out, ADDRESS_TEXT);
    else
        inet_ntop(AF_INET6, a->byte, out, ADDRESS_TEXT);
}

bool network_has(const struct network *n, const struct address *a)
{
    unsigned bytes = n->bits / 8, rest = n->bits % 8;

    if (memcmp(n->base.byte, a->byte, bytes) != 0)
        return false;
    return rest == 0 || (n->base.byte[bytes] ^ a->byte[bytes]) >> (8 - rest) == 0;
}

bool network_parse(const char *text, struct network *out)
{
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    char base[ADDRESS_TEXT], *end;

    if (n >= sizeof base)
        return false;
    memcpy(base, text, n);
    base[n] = '\0';
    if (!address_parse(base, &out->base))
        return false;
    unsigned skipped = strchr(base, ':') ? 0 : V4_BITS;
    out->bits = 128;
    if (!slash)
        return true;
    unsigned long bits = strtoul(slash + 1, &end, 10);
    if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || bits > 128 - skipped)
        return false;
    out->bits = (unsigned)bits + skipped;
    return true;
}

/* The IPv4 address that a translator would make of it (RFC 6052). */
static bool translated(const struct address *a, struct address *out)
{
    static const unsigned char prefix[12] = {0x00, 0x64, 0xff, 0x9b};

    if (memcmp(a->byte, prefix, sizeof prefix) != 0)
        return false;
    from_v4(a->byte + sizeof prefix, out);
    return true;
}

const char *address_special(const struct address *a)
{
    struct address inner;
    struct network n;

    if (translated(a, &inner))
        a = &inner;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        bool ok = network_parse(special[i].network, &n);
        assert(ok);
        (void)ok;
        if (network_has(&n, a))
            return special[i].what;
    }
    /* Of IPv6, only 2000::/3 is the internet. */
    return is_v4(a) || a->byte[0] >> 5 == 1 ? NULL : "a reserved address";
}
