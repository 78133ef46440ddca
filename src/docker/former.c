/*
 * Stem cells that outlive wowd. With wowd its containers are gone, and an invoker is told so by
 * whatever it asks of one; but of a stem cell it asks nothing before the /init of an activation
 * that it cannot take back. So what `docker run` said is kept in a file, and an /init at the
 * address that a former wowd gave out makes the container again, with its id and name.
 *
 * The file has a line for each container: all that were made since it was last written anew. Only
 * stem cells are ever asked for, the others are merely in it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "docker/priv.h"

#define FORMER_MAX 20000u      /* lines that are kept, the newest */
#define FILE_MAX_SIZE (64u << 20)

DEFINE_AUTO(json, json_t *, json_decref)

struct former {
    struct in_addr address;
    UT_hash_handle hh;
    char record[]; /* its line */
};

static char *path_of(const struct docker *d)
{
    return mem_print("%s/stem-cells", d->settings.data);
}

static void forget(struct docker *d, struct former *f)
{
    HASH_DEL(d->former, f);
    free(f);
}

static void put_text(struct buf *out, const char *name, const char *text)
{
    say(out, ",\"%s\":", name);
    buf_json_string(out, text, strlen(text));
}

char *former_record(const struct row *r, const struct container_config *config)
{
    char address[INET_ADDRSTRLEN];
    AUTO(buf) struct buf out;

    inet_ntop(AF_INET, &r->address, address, sizeof address);
    buf_init(&out, FILE_MAX_SIZE);
    say(&out, "{\"id\":\"%s\",\"address\":\"%s\",\"memory\":%u,\"shares\":%u", r->id, address,
        r->memory_mb, r->cpu_shares);
    put_text(&out, "name", r->name);
    put_text(&out, "image", r->image);
    put_text(&out, "network", r->network);
    buf_text(&out, ",\"env\":[");
    for (size_t at = 0; at < config->env_size; at += strlen(config->env + at) + 1) {
        buf_text(&out, at ? "," : "");
        buf_json_string(&out, config->env + at, strlen(config->env + at));
    }
    buf_text(&out, "]}\n");
    return mem_dup_n(out.data, out.size);
}

static bool append(int fd, const char *record)
{
    size_t n = strlen(record);

    return write(fd, record, n) == (ssize_t)n;
}

/* The file anew: those of before that were not asked for, and all that there are. */
static bool rewrite(struct docker *d, const char *path)
{
    AUTO(mem) char *draft = mem_print("%s.tmp", path);
    AUTO(fd) int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    unsigned room = HASH_COUNT(d->former);

    d->records = 0;
    for (struct former *f = d->former, *next; f; f = next) {
        next = f->hh.next;
        if (room-- > FORMER_MAX)
            forget(d, f); /* the oldest come first */
        else
            good = good && append(fd, f->record), d->records++;
    }
    for (struct row *r = d->by_id; r; r = r->by_id.next, d->records++)
        good = good && append(fd, r->record);
    fd_close(d->records_fd);
    d->records_fd = good && rename(draft, path) == 0 ? TAKE_FD(fd) : -1;
    return d->records_fd >= 0;
}

static void write_anew(struct docker *d)
{
    AUTO(mem) char *path = path_of(d);

    if (!rewrite(d, path))
        log_event("docker.fail", "error=\"%s: %s\"", path, strerror(errno));
}

void former_add(struct docker *d, const struct row *r)
{
    bool is_long = d->records > 2 * (HASH_COUNT(d->former) + HASH_CNT(by_id, d->by_id)) + 1000;

    d->records++;
    if (is_long || d->records_fd < 0 || !append(d->records_fd, r->record))
        write_anew(d);
}

static const char *text_of(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));

    return text ? text : "";
}

/* A line of the file; one that is none is passed over. */
static void take(struct docker *d, const char *line, size_t n)
{
    AUTO(json) json_t *record = json_loadb(line, n, 0, NULL);
    struct in_addr address;
    struct former *f;

    if (inet_pton(AF_INET, text_of(record, "address"), &address) != 1)
        return;
    HASH_FIND(hh, d->former, &address, sizeof address, f);
    if (f)
        forget(d, f);
    f = mem_zero(sizeof *f + n + 2);
    f->address = address;
    memcpy(f->record, line, n);
    f->record[n] = '\n';
    HASH_ADD(hh, d->former, address, sizeof f->address, f);
}

static void read_lines(struct docker *d)
{
    AUTO(mem) char *path = path_of(d);
    AUTO(buf) struct buf text;
    struct err err;

    buf_init(&text, FILE_MAX_SIZE);
    if (file_read(path, &text, &err) < 0 || text.size == 0)
        return; /* there was none, or it is too long to be one */
    const char *at = text.data, *end = at + text.size, *stop;
    for (; at < end && (stop = memchr(at, '\n', (size_t)(end - at))) != NULL; at = stop + 1)
        take(d, at, (size_t)(stop - at));
}

void former_open(struct docker *d)
{
    d->records_fd = -1;
    read_lines(d);
    write_anew(d);
}

void former_close(struct docker *d)
{
    fd_close(d->records_fd);
    while (d->former)
        forget(d, d->former);
}

struct container *docker_revive(struct docker *d, struct in_addr address)
{
    AUTO(buf) struct buf env;
    struct container *c = NULL;
    struct former *f;
    const json_t *pair;
    size_t i;

    buf_init(&env, FILE_MAX_SIZE);
    HASH_FIND(hh, d->former, &address, sizeof address, f);
    if (!f)
        return NULL;
    AUTO(json) json_t *record = json_loads(f->record, 0, NULL);
    forget(d, f);
    json_array_foreach (json_object_get(record, "env"), i, pair)
        if (json_is_string(pair))
            buf_put(&env, json_string_value(pair), json_string_length(pair) + 1);
    const struct creation what = {
        .id = text_of(record, "id"),
        .name = text_of(record, "name"),
        .image = text_of(record, "image"),
        .network = text_of(record, "network"),
        .address = address,
        .cpu_shares = (unsigned)json_integer_value(json_object_get(record, "shares")),
        .config = {.memory_mb = (unsigned)json_integer_value(json_object_get(record, "memory")),
                   .env = env.data,
                   .env_size = env.size,
                   .logs = true},
    };
    struct err err;
    if (creation_make(d, &what, &c, &err) < 0)
        log_event("docker.fail", "container=%.12s error=\"%s\"", what.id, err.msg);
    else
        log_event("docker.revived", "container=%.12s", what.id);
    return c;
}
