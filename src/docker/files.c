/*
 * The file that an invoker reads for what it would else ask `docker inspect`: a container's
 * address, and whether it ran out of memory. It is always whole: written beside, then renamed.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "docker/priv.h"
#include "pool/sink.h"

#define OURS_BEGINS "{\"Driver\":\"wow\"," /* no real docker's file does */

static char *path_of(const struct docker *d, const char *id, const char *name)
{
    return mem_print("%s/%s/%s", d->settings.containers, id, name);
}

static void put(const struct row *r, struct buf *out)
{
    char address[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &r->address, address, sizeof address);
    say(out, OURS_BEGINS "\"ID\":\"%s\",\"Name\":\"/%s\",\"Config\":{\"Image\":", r->id, r->name);
    buf_json_string(out, r->image, strlen(r->image));
    say(out, "},\"State\":{\"OOMKilled\":%s},\"NetworkSettings\":{\"Networks\":{",
        r->exhausted ? "true" : "false");
    buf_json_string(out, r->network, strlen(r->network));
    say(out, ":{\"IPAddress\":\"%s\"}}}}\n", address);
}

static bool write_all(const char *dir, const char *path, const struct buf *text)
{
    const int how = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    AUTO(fd) int fd = open(path, how, 0640);
    struct err err;

    if (fd < 0 && errno == ENOENT && file_make_dirs(dir, &err) == 0)
        fd = open(path, how, 0640);
    return fd >= 0 && write(fd, text->data, text->size) == (ssize_t)text->size;
}

void files_write(const struct docker *d, const struct row *r)
{
    AUTO(mem) char *dir = mem_print("%s/%s", d->settings.containers, r->id);
    AUTO(mem) char *path = path_of(d, r->id, "config.v2.json");
    AUTO(mem) char *draft = path_of(d, r->id, ".tmp-config.v2.json");
    if (!d->settings.files)
        return;
    AUTO(buf) struct buf text;
    buf_init(&text, 1u << 20);
    put(r, &text);
    if (!write_all(dir, draft, &text) || rename(draft, path) < 0)
        log_event("docker.fail", "container=%.12s error=\"%s: %s\"", r->id, path, strerror(errno));
}

void files_remove(const struct docker *d, const char *id)
{
    AUTO(mem) char *dir = mem_print("%s/%s", d->settings.containers, id);
    AUTO(mem) char *path = path_of(d, id, "config.v2.json");

    unlink(path);
    rmdir(dir); /* unless its log is still there */
}

/* Did a wowd write it? A real docker's containers may be in the same directory. */
static bool is_ours(const struct docker *d, const char *id)
{
    AUTO(mem) char *path = path_of(d, id, "config.v2.json");
    AUTO(fd) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    char head[sizeof OURS_BEGINS - 1];

    return fd >= 0 && read(fd, head, sizeof head) == sizeof head &&
           memcmp(head, OURS_BEGINS, sizeof head) == 0;
}

void files_sweep(const struct docker *d)
{
    DIR *dir = opendir(d->settings.containers);
    const struct dirent *e;

    while (dir && (e = readdir(dir)) != NULL) {
        bool is_id = strlen(e->d_name) == 64 && strspn(e->d_name, "0123456789abcdef") == 64;
        if (!is_id || (d->settings.files && !is_ours(d, e->d_name)))
            continue;
        sink_remove(d->settings.containers, e->d_name);
        files_remove(d, e->d_name);
    }
    if (dir)
        closedir(dir);
}
