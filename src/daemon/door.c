#include "daemon/door.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"

int door_parse(const char *text, struct in_addr *address, unsigned *port, struct err *err)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    unsigned long n = colon ? strtoul(colon + 1, &end, 10) : 0;

    if (!colon || colon[1] == '\0' || *end != '\0' || n > 65535)
        return err_set(err, ERR_INVALID, "'%s' is not ADDR:PORT", text);
    AUTO(mem) char *host = mem_dup_n(text, (size_t)(colon - text));
    if (inet_pton(AF_INET, host, address) != 1)
        return err_set(err, ERR_INVALID, "'%s' is not an IPv4 address", host);
    *port = (unsigned)n;
    return 0;
}
