/*
 * Addresses of containers, from 127.64.0.0/10, one after the other. An invoker that outlives a wowd
 * may still call a container by the address it had, and must not reach another's: so the number of
 * the block of addresses in use is kept in a file, and a new wowd begins with the next block.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"
#include "pool/priv.h"

#define FIRST 0x7f400001u
#define ADDRESSES ((1u << 22) - 2)
#define BLOCK (1u << 16)
#define BLOCKS (ADDRESSES / BLOCK)

static void keep(struct pool *p)
{
    AUTO(mem) char *path = mem_print("%s/addresses", p->settings.data);
    FILE *f = fopen(path, "we");

    if (f)
        fprintf(f, "%u\n", p->address / BLOCK);
    if (!f || fclose(f) != 0)
        log_event("address.fail", "error=\"%s: %s\"", path, strerror(errno));
}

void address_begin(struct pool *p)
{
    AUTO(mem) char *path = mem_print("%s/addresses", p->settings.data);
    FILE *f = fopen(path, "re");
    unsigned block;

    if (!f || fscanf(f, "%u", &block) != 1) {
        ssize_t n = getrandom(&block, sizeof block, 0);
        (void)n;
    }
    if (f)
        fclose(f);
    p->address = (block % BLOCKS + 1) % BLOCKS * BLOCK;
    keep(p);
}

struct in_addr address_next(struct pool *p)
{
    struct in_addr a = {.s_addr = htonl(FIRST + p->address)};

    p->address = (p->address + 1) % (BLOCKS * BLOCK);
    if (p->address % BLOCK == 0)
        keep(p);
    return a;
}
