#include "pool/data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

struct data *data_new(const void *bytes, size_t n)
{
    struct data *d = mem_zero(sizeof *d + n);

    d->refs = 1;
    d->size = n;
    memcpy(d->bytes, bytes, n);
    return d;
}

struct data *data_find(struct data **table, const char *key)
{
    struct data *d;

    HASH_FIND_STR(*table, key, d);
    if (d)
        d->refs++;
    return d;
}

struct data *data_keep(struct data **table, const char *key, const void *bytes, size_t n)
{
    struct data *d = data_find(table, key);

    if (d)
        return d;
    d = data_new(bytes, n);
    memcpy(d->key, key, sizeof d->key);
    d->table = table;
    HASH_ADD_STR(*table, key, d);
    return d;
}

void data_unref(struct data *d)
{
    if (!d || --d->refs > 0)
        return;
    if (d->table)
        HASH_DEL(*d->table, d);
    free(d);
}

int data_open(const struct data *d, int *out, struct err *err)
{
    AUTO(fd) int fd = memfd_create("data", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    size_t at = 0;

    while (fd >= 0 && at < d->size) {
        ssize_t n = write(fd, d->bytes + at, d->size - at);
        if (n <= 0)
            return err_errno(err, ERR_INTERNAL, "an action's data");
        at += (size_t)n;
    }
    if (fd < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) < 0)
        return err_errno(err, ERR_INTERNAL, "memfd");
    *out = TAKE_FD(fd);
    return 0;
}
