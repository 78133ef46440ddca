#include "pool/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "pool/lines.h"

#define SENTINEL SINK_SENTINEL
#define CHUNK (256u << 10)
#define END 1024u /* for the line that says that a log was cut, and the sentinels */
#define LINE_FRAME 128u /* of a line, its stream and time */

struct sink {
    const char *id;
    int fd;
    struct buf text;
    size_t room; /* bytes of lines that the activation may still have */
    bool failed;
};

char *sink_path(const char *dir, const char *id)
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

/* The JSON text without what the reader of sentinels looks for. */
static void hide_sentinels(struct buf *b, size_t from)
{
    AUTO(buf) struct buf hidden = {0};
    const char *at = b->data + from, *end = b->data + b->size;
    const char *found = memmem(at, (size_t)(end - at), SENTINEL, sizeof SENTINEL - 1);

    if (!found)
        return;
    buf_init(&hidden, BUF_JSON_MAX((size_t)(end - at)));
    for (; found; found = memmem(at, (size_t)(end - at), SENTINEL, sizeof SENTINEL - 1)) {
        buf_put(&hidden, at, (size_t)(found - at));
        buf_text(&hidden, "\\u0058");
        at = found + 1;
    }
    buf_put(&hidden, at, (size_t)(end - at));
    buf_cut(b, from);
    b->limit += hidden.size;
    buf_put(b, hidden.data, hidden.size);
}

/* One line; a guest's, only if there is room for it. */
static bool put_line(struct sink *s, const struct line_text *line, bool own)
{
    size_t before = s->text.size;

    if (!own && line->n > s->room)
        return false;
    s->text.limit = before + BUF_JSON_MAX(line->n) + LINE_FRAME;
    buf_text(&s->text, "{\"log\":\"");
    size_t from = s->text.size;
    buf_json_text(&s->text, line->text, line->n);
    if (!own)
        hide_sentinels(&s->text, from);
    buf_text(&s->text, line->stream == 2 ? "\\n\",\"stream\":\"stderr\",\"time\":\""
                                         : "\\n\",\"stream\":\"stdout\",\"time\":\"");
    buf_put(&s->text, line->time, LINES_TIME - 1);
    buf_text(&s->text, "\"}\n");
    size_t added = s->text.size - before;
    if (!own && added > s->room) {
        buf_cut(&s->text, before);
        return false;
    }
    s->room -= own ? 0 : added;
    if (s->text.size >= CHUNK)
        flush(s);
    return true;
}

static void say(struct sink *s, int stream, const char *text)
{
    const struct line_text line = lines_own(stream, text);

    put_line(s, &line, true);
}

struct guest_lines {
    struct sink *sink;
    unsigned limit;
};

static bool guest_line(const struct line_text *line, void *ctx)
{
    const struct guest_lines *g = ctx;
    char text[LINES_CUT];

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
    AUTO(mem) char *path = sink_path(dir, id);
    *s = (struct sink){.id = id};
    s->fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    if (s->fd < 0 && errno == ENOENT) { /* made when first needed, or somebody has deleted it */
        sink_create(dir, id);
        s->fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    }
    if (s->fd < 0) {
        fault(id, path);
        return false;
    }
    buf_init(&s->text, 0); /* put_line makes room */
    return true;
}

/*
 * What an invoker has read long ago need not be kept: its blocks are given back, and offsets stay
 * as they are. A file system that cannot do so keeps it all.
 */
static void forget_old(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);

    if (size > SINK_KEEP)
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size - SINK_KEEP);
}

static void end(struct sink *s, bool sentinels)
{
    if (sentinels) {
        say(s, 1, SENTINEL);
        say(s, 2, SENTINEL);
    }
    flush(s);
    forget_old(s->fd);
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
    const struct line_text line = lines_own(2, text);
    put_line(&s, &line, false);
    end(&s, sentinels);
}

void sink_create(const char *dir, const char *id)
{
    if (!dir[0])
        return;
    AUTO(mem) char *own = mem_print("%s/%s", dir, id);
    AUTO(mem) char *path = sink_path(dir, id);
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
    AUTO(mem) char *path = sink_path(dir, id);

    if (unlink(path) < 0 && errno != ENOENT)
        fault(id, path);
    rmdir(own); /* somebody else may keep something there */
}
