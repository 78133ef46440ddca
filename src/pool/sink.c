#include "pool/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "pool/lines.h"

#define SENTINEL "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"
#define CHUNK (256u << 10)
#define END 1024u /* for the line that says that a log was cut, and the sentinels */
#define ROOM (80u << 20) /* a line of 12 MiB may be six times as long in JSON */

struct sink {
    const char *id;
    int fd;
    struct buf text;
    size_t room; /* bytes of lines that the activation may still have */
    bool failed;
};

static char *path_of(const char *dir, const char *id)
{
    return mem_print("%s/%s/%s-json.log", dir, id, id);
}

static void fault(const char *id, const char *what)
{
    log_event("logs.fail", "container=%.12s error=\"%s: %s\"", id, what, strerror(errno));
}

static void flush(struct sink *s)
{
    const char *at = s->text.data;
    size_t left = s->text.size;

    while (left > 0 && !s->failed) {
        ssize_t n = write(s->fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            fault(s->id, "write");
            s->failed = true;
            break;
        }
        at += n;
        left -= (size_t)n;
    }
    buf_clear(&s->text);
}

/* The JSON string without what the reader of sentinels looks for. */
static void put_escaped(struct buf *out, const struct buf *json)
{
    const char *at = json->data, *end = json->data + json->size, *found;

    while ((found = memmem(at, (size_t)(end - at), SENTINEL, sizeof SENTINEL - 1)) != NULL) {
        buf_put(out, at, (size_t)(found - at));
        buf_text(out, "\\u0058");
        at = found + 1;
    }
    buf_put(out, at, (size_t)(end - at));
}

/* One line; a guest's, only if there is room for it. */
static bool put_line(struct sink *s, const struct line_text *line, bool own)
{
    size_t before = s->text.size;
    char time[LINES_TIME];
    AUTO(buf) struct buf text, json;

    buf_init(&text, line->n + 2);
    buf_init(&json, 6 * (line->n + 2) + 2);
    buf_put(&text, line->text, line->n);
    buf_put(&text, "\n", 1);
    buf_json_string(&json, text.data, text.size);
    buf_text(&s->text, "{\"log\":");
    if (own)
        buf_put(&s->text, json.data, json.size);
    else
        put_escaped(&s->text, &json);
    lines_time(line->time_ns, time);
    buf_print(&s->text, ",\"stream\":\"%s\",\"time\":\"%s\"}\n",
              line->stream == 2 ? "stderr" : "stdout", time);
    size_t added = s->text.size - before;
    if (!own && added > s->room) {
        s->text.size = before;
        return false;
    }
    s->room -= own ? 0 : added;
    if (s->text.size >= CHUNK)
        flush(s);
    return true;
}

static void say(struct sink *s, int stream, const char *text)
{
    put_line(s, &(struct line_text){clock_epoch_ns(), stream, text, strlen(text)}, true);
}

struct guest_lines {
    struct sink *sink;
    unsigned limit;
};

static bool guest_line(const struct line_text *line, void *ctx)
{
    const struct guest_lines *g = ctx;
    char text[160];

    if (put_line(g->sink, line, false))
        return true;
    lines_cut(g->limit, text);
    say(g->sink, 2, text);
    return false;
}

static bool begin(struct sink *s, const char *dir, const char *id)
{
    if (!dir[0])
        return false;
    AUTO(mem) char *path = path_of(dir, id);
    *s = (struct sink){.id = id};
    s->fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    if (s->fd < 0) {
        fault(id, path);
        return false;
    }
    buf_init(&s->text, ROOM);
    return true;
}

static void end(struct sink *s, bool sentinels)
{
    if (sentinels) {
        say(s, 1, SENTINEL);
        say(s, 2, SENTINEL);
    }
    flush(s);
    buf_done(&s->text);
    close(s->fd);
}

void sink_activation(const char *dir, const char *id, const struct wire_map *map, unsigned slot,
                     unsigned limit)
{
    struct sink s;

    if (!begin(&s, dir, id))
        return;
    struct guest_lines g = {&s, limit};
    s.room = limit > END ? limit - END : 0;
    if (map)
        lines_each(map, slot, limit, guest_line, &g);
    end(&s, true);
}

void sink_say(const char *dir, const char *id, const char *text, bool sentinels)
{
    struct sink s;

    if (!begin(&s, dir, id))
        return;
    s.room = SIZE_MAX;
    put_line(&s, &(struct line_text){clock_epoch_ns(), 2, text, strlen(text)}, false);
    end(&s, sentinels);
}

void sink_create(const char *dir, const char *id)
{
    if (!dir[0])
        return;
    AUTO(mem) char *own = mem_print("%s/%s", dir, id);
    AUTO(mem) char *path = path_of(dir, id);
    struct err err;

    if (file_make_dirs(own, &err) < 0) {
        log_event("logs.fail", "container=%.12s error=\"%s\"", id, err.msg);
        return;
    }
    AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        fault(id, path);
}

void sink_remove(const char *dir, const char *id)
{
    if (!dir[0])
        return;
    AUTO(mem) char *own = mem_print("%s/%s", dir, id);
    AUTO(mem) char *path = path_of(dir, id);

    if (unlink(path) < 0 && errno != ENOENT)
        fault(id, path);
    rmdir(own); /* somebody else may keep something there */
}
