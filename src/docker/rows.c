#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "docker/priv.h"

/* Copy a text behind those that are there. */
static const char *keep(char **to, const char *text)
{
    size_t n = strlen(text) + 1;
    char *at = *to;

    memcpy(at, text, n);
    *to += n;
    return at;
}

struct row *row_new(struct docker *d, const char *id, const char *name, const char *image,
                    const char *network)
{
    size_t n = strlen(name) + strlen(image) + strlen(network) + 3;
    struct row *r = mem_zero(sizeof *r + n);
    char *to = r->text;

    snprintf(r->id, sizeof r->id, "%s", id);
    r->name = keep(&to, name);
    r->image = keep(&to, image);
    r->network = keep(&to, network);
    r->created_s = clock_epoch_ms() / 1000;
    HASH_ADD(by_id, d->by_id, id, sizeof r->id - 1, r);
    HASH_ADD_KEYPTR(by_name, d->by_name, r->name, strlen(r->name), r);
    return r;
}

struct container *row_container(const struct docker *d, const struct row *r)
{
    return container_find(d->pool, r->id);
}

void row_remove(struct docker *d, struct row *r)
{
    struct container *c = row_container(d, r);

    if (c && !r->killed)
        container_kill(c);
    HASH_DELETE(by_id, d->by_id, r);
    HASH_DELETE(by_name, d->by_name, r);
    files_remove(d, r->id);
    if (c)
        container_destroy(c);
    free(r->record);
    free(r);
}

static bool is_gone(struct docker *d, struct row *r)
{
    if (row_container(d, r))
        return false;
    row_remove(d, r);
    return true;
}

void rows_clean(struct docker *d)
{
    struct row *r, *next;

    HASH_ITER (by_id, d->by_id, r, next)
        is_gone(d, r);
}

/* The only one whose id begins so. */
static struct row *by_beginning(struct docker *d, const char *ref, size_t n)
{
    struct row *found = NULL;

    if (n == 0 || strspn(ref, "0123456789abcdef") != n)
        return NULL;
    for (struct row *r = d->by_id; r; r = r->by_id.next)
        if (strncmp(r->id, ref, n) == 0) {
            if (found)
                return NULL;
            found = r;
        }
    return found;
}

struct row *row_find(struct docker *d, const char *ref)
{
    struct row *r = NULL;
    size_t n;

    ref += ref[0] == '/'; /* as docker writes names */
    n = strlen(ref);
    if (n == sizeof r->id - 1)
        HASH_FIND(by_id, d->by_id, ref, n, r);
    if (!r)
        HASH_FIND(by_name, d->by_name, ref, n, r);
    if (!r && n < sizeof r->id - 1)
        r = by_beginning(d, ref, n);
    return r && is_gone(d, r) ? NULL : r;
}

int creation_make(struct docker *d, const struct creation *what, struct container **out,
                  struct err *err)
{
    struct container_config config = what->config;
    char profile[PROFILE_MAX], name[32];
    struct container *c;
    struct row *row;

    if (what->name) {
        HASH_FIND(by_name, d->by_name, what->name, strlen(what->name), row);
        if (row && !is_gone(d, row))
            return err_set(
                err, ERR_CONFLICT,
                "Conflict. The container name \"/%.120s\" is already in use by container "
                "\"%s\". You have to remove (or rename) that container to be able to "
                "reuse that name.",
                what->name, row->id);
    }
    if (image_profile(d, what->image, profile, err) <= 0)
        return err_set(err, ERR_INVALID, "image '%s' is not wow's", what->image);
    image_config(profile, &config);
    int r = container_new(d->pool, what->id, &c, err);
    if (r < 0)
        return r;
    r = container_configure(c, &config, err);
    if (r == 0 && what->address.s_addr)
        r = container_take_address(c, what->address, err);
    if (r < 0) {
        container_destroy(c);
        return r;
    }
    snprintf(name, sizeof name, "wow_%.12s", container_id(c));
    row = row_new(d, container_id(c), what->name ? what->name : name, what->image, what->network);
    row->address = container_address(c);
    row->memory_mb = config.memory_mb;
    row->cpu_shares = what->cpu_shares;
    row->record = former_record(row, &config);
    former_add(d, row);
    files_write(d, row);
    *out = c;
    return 0;
}
