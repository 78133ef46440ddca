/*
 * docker logs, in two ways. An invoker that has no better way asks after each activation, with
 * --since, --until and --timestamps, and gets that activation's lines and no others, from both
 * streams, as OpenWhisk keeps them: "2026-11-23T09:02:22.288501262Z stdout: text". Anybody else
 * gets what docker gives: the two streams, sentinels and all.
 *
 * For the former a container's log is a row of blocks, each the lines of one activation with two
 * sentinels behind them, of which the invoker collects one after the other. A block that ended
 * before --since was never asked for, and is passed over.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/scan.h"
#include "docker/priv.h"
#include "pool/lines.h"
#include "pool/sink.h"

#define READ_MAX SINK_KEEP /* of a log, at its end: what is before that is a hole */
#define TEXT_MAX (64u << 20)
#define TIME_WIDTH 30

/* A line of the file. */
struct line {
    char time[LINES_TIME];
    bool is_stderr, is_sentinel;
    struct buf text; /* with its newline, if it has one */
};

static bool take_line(const char *at, size_t n, struct line *out)
{
    struct scan_text all, key, value;
    struct err err;
    const char *time = "";
    size_t time_size = 0;

    buf_clear(&out->text);
    if (scan_whole(at, n, &all, &err) < 0 || all.type != SCAN_OBJECT)
        return false;
    struct scan_walk w = scan_members(&all);
    while (scan_next(&w, &key, &value)) {
        if (value.type != SCAN_STRING)
            continue;
        if (scan_equals(&key, "log") && scan_unescape(&value, &out->text, &err) < 0)
            return false;
        if (scan_equals(&key, "stream"))
            out->is_stderr = scan_equals(&value, "stderr");
        if (scan_equals(&key, "time"))
            scan_plain(&value, &time, &time_size);
    }
    if (time_size == 0 || time_size >= sizeof out->time)
        return false;
    memcpy(out->time, time, time_size);
    out->time[time_size] = '\0';
    /* A guest's own is written otherwise, and so is not found in the file's bytes. */
    out->is_sentinel = memmem(at, n, SINK_SENTINEL, sizeof SINK_SENTINEL - 1) != NULL;
    return true;
}

/* A log being read: what is left of it, and where that is in the file. */
struct reader {
    struct buf bytes;
    size_t at;
    uint64_t from; /* of bytes[0] */
    bool is_cut;   /* what was asked for began before that */
    struct line line;
};

static void reader_done(struct reader *r)
{
    buf_done(&r->bytes);
    buf_done(&r->line.text);
}
DEFINE_AUTO(reader, struct reader *, reader_done)

static bool read_from(int fd, uint64_t from, struct buf *out)
{
    char chunk[65536];
    struct err err;
    ssize_t n = 0;

    while ((n = pread(fd, chunk, sizeof chunk, (off_t)(from + out->size))) > 0)
        if (buf_add(out, chunk, (size_t)n, &err) < 0)
            return true;
    return n == 0;
}

/* No file is an empty log: it is made when there is something to write. */
static void reader_open(struct reader *r, const struct call *c, const struct row *row,
                        uint64_t from)
{
    AUTO(mem) char *path = sink_path(c->docker->settings.containers, row->id);
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

    *r = (struct reader){.from = from};
    buf_init(&r->bytes, READ_MAX + 65536);
    buf_init(&r->line.text, TEXT_MAX);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    r->is_cut = size > READ_MAX && (uint64_t)size - READ_MAX > from;
    if (r->is_cut)
        r->from = (uint64_t)size - READ_MAX;
    if (fd >= 0)
        read_from(fd, r->from, &r->bytes);
}

/* The next line, past any that is none; false at the end. */
static bool reader_next(struct reader *r)
{
    while (r->at < r->bytes.size) {
        const char *at = r->bytes.data + r->at, *end = memchr(at, '\n', r->bytes.size - r->at);
        if (!end)
            return false;
        r->at += (size_t)(end - at) + 1;
        if (take_line(at, (size_t)(end - at), &r->line))
            return true;
    }
    return false;
}

/* Seconds since the epoch, with or without a fraction, as the time of a line. */
static bool take_time(struct call *c, const char *name, const char *text, char out[LINES_TIME])
{
    char *end;
    double s = text ? strtod(text, &end) : 0;

    if (text && (!isdigit((unsigned char)text[0]) || *end != '\0' || s > 1e11)) {
        c->exit = 1;
        say(&c->err,
            "invalid value for \"%s\": failed to parse value as time or duration: \"%s\"\n", name,
            text);
        return false;
    }
    lines_time((uint64_t)(s * 1e9), out);
    return true;
}

static void put_tagged(struct buf *out, const struct line *l)
{
    size_t n = l->text.size;

    n -= n > 0 && l->text.data[n - 1] == '\n';
    say(out, "%-*s %s: ", TIME_WIDTH, l->time, l->is_stderr ? "stderr" : "stdout");
    buf_put(out, l->text.data, n);
    buf_text(out, "\n");
}

/* The oldest block that has not been collected and belongs to the time asked for. */
static void logs_of_activation(struct call *c, struct row *row, const char *since,
                               const char *until)
{
    AUTO(reader) struct reader *r = &(struct reader){0};
    unsigned sentinels = 0;
    size_t begin = c->out.size;

    reader_open(r, c, row, row->logs_read);
    while (reader_next(r)) {
        if (!r->line.is_sentinel) {
            put_tagged(&c->out, &r->line);
            continue;
        }
        if (++sentinels % 2 != 0)
            continue;
        if (strcmp(r->line.time, until) >= 0)
            break; /* another's, and still to be collected */
        row->logs_read = r->from + r->at;
        if (!r->is_cut && strcmp(r->line.time, since) >= 0)
            return;
        r->is_cut = false; /* the block that was not whole is passed over, too */
        c->out.size = begin;
    }
    c->out.size = begin;
}

static void logs_of_docker(struct call *c, const struct row *row, const char *since,
                           const char *until)
{
    AUTO(reader) struct reader *r = &(struct reader){0};
    bool times = args_get(&c->args, ARG_TIMESTAMPS) != NULL;

    reader_open(r, c, row, 0);
    while (reader_next(r)) {
        struct buf *to = r->line.is_stderr ? &c->err : &c->out;
        if (strcmp(r->line.time, since) < 0 || (until && strcmp(r->line.time, until) > 0))
            continue;
        if (times)
            say(to, "%s ", r->line.time);
        buf_put(to, r->line.text.data, r->line.text.size);
    }
}

void command_logs(struct call *c)
{
    const char *since = args_get(&c->args, ARG_SINCE), *until = args_get(&c->args, ARG_UNTIL);
    struct row *row = row_find(c->docker, c->args.operands[0]);
    char from[LINES_TIME], to[LINES_TIME];

    if (!row) {
        c->where = FOREIGN;
        c->exit = 1;
        say(&c->err, "Error response from daemon: No such container: %s\n", c->args.operands[0]);
        return;
    }
    if (!take_time(c, "since", since, from) || !take_time(c, "until", until, to))
        return;
    if (since && until && args_get(&c->args, ARG_TIMESTAMPS))
        logs_of_activation(c, row, from, to);
    else
        logs_of_docker(c, row, from, until ? to : NULL);
}
