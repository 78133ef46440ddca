/* Shared memory and its log: what a worker leaves, and what wowd makes of anything in it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "test.h"
#include "wire/log.h"
#include "wire/message.h"

static struct wire_map map;
static int fd;

static struct wire_slot *begin(struct wire_writer *w, uint32_t limit)
{
    struct err err;

    if (!map.head)
        CHECK_INT(wire_map_create(&fd, &map, &err), 0);
    struct wire_slot *s = &map.head->slots[3];
    s->log_limit = limit;
    wire_log_begin(w, s, wire_log(&map, 3));
    return s;
}

static void text_of(const struct wire_slot *s, char out[256])
{
    struct wire_record r;
    uint32_t at = 0;

    out[0] = '\0';
    while (wire_log_next(wire_log(&map, 3), atomic_load(&s->log_size), &at, &r))
        snprintf(out + strlen(out), 256 - strlen(out), "%d:%.*s|", r.stream, (int)r.n, r.text);
}

static void add(struct wire_writer *w, int stream, const char *text)
{
    wire_log_add(w, stream, (const uint8_t *)text, strlen(text));
}

TEST(shared_memory_cannot_be_cut)
{
    struct wire_writer w;

    begin(&w, 100);
    CHECK_INT(ftruncate(fd, 0), -1);
    CHECK(fcntl(fd, F_GET_SEALS) & F_SEAL_SHRINK);
}

TEST(a_line_is_one_record_however_it_was_written)
{
    struct wire_writer w;
    char text[256];
    struct wire_slot *s = begin(&w, 100);

    add(&w, 1, "he");
    add(&w, 1, "llo\n");
    add(&w, 2, "oops");
    add(&w, 1, "next");
    text_of(s, text);
    CHECK_STR(text, "1:hello\n|2:oops|1:next|");
}

TEST(a_log_ends_at_its_limit)
{
    struct wire_writer w;
    char text[256];
    struct wire_slot *s = begin(&w, 8);

    add(&w, 1, "12345\n");
    CHECK_INT(atomic_load(&s->log_cut), 0);
    add(&w, 1, "6789\n");
    CHECK_INT(atomic_load(&s->log_cut), 1);
    add(&w, 2, "never");
    text_of(s, text);
    CHECK_STR(text, "1:12345\n|1:67|");
}

TEST(a_million_tiny_writes_stay_inside)
{
    struct wire_writer w;
    struct wire_slot *s = begin(&w, 10u << 20);

    for (int i = 0; i < 1000000; i++)
        add(&w, 1 + i % 2, "\n");
    CHECK(atomic_load(&s->log_size) <= WIRE_LOG_MAX);
    CHECK_INT(atomic_load(&s->log_cut), 1);
}

TEST(the_last_line_can_be_taken_as_a_result)
{
    struct wire_writer w;
    char text[256];
    const char *result;
    uint32_t n;
    struct wire_slot *s = begin(&w, 100);

    CHECK(!wire_log_take_result(&w, &result, &n));
    add(&w, 1, "log\n");
    add(&w, 1, "{\"a\":1}\n");
    add(&w, 2, "late\n");
    CHECK(wire_log_take_result(&w, &result, &n));
    CHECK(n == 7 && memcmp(result, "{\"a\":1}", 7) == 0);
    text_of(s, text);
    CHECK_STR(text, "1:log\n|2:late\n|");
}

TEST(a_lying_log_is_read_within_its_bounds)
{
    struct wire_writer w;
    struct wire_record r;
    uint32_t at = 0, huge = 0xffffffffu;
    struct wire_slot *s = begin(&w, 100);

    add(&w, 1, "hello\n");
    memcpy(wire_log(&map, 3) + 8, &huge, sizeof huge); /* the record's length */
    CHECK(wire_log_next(wire_log(&map, 3), atomic_load(&s->log_size), &at, &r));
    CHECK_INT(r.n, 6);
    CHECK(!wire_log_next(wire_log(&map, 3), atomic_load(&s->log_size), &at, &r));
    at = 0;
    CHECK(!wire_log_next(wire_log(&map, 3), huge, &at, &r));
    CHECK(!wire_log_next(wire_log(&map, 3), 15, &at, &r));
}

TEST(messages_carry_descriptors)
{
    struct wire_message m = {.type = WIRE_LOAD, .place = 7, .names_size = 3, .names = "ab"}, got;
    struct err err;
    int pair[2], fds[WIRE_FDS_MAX], two[2] = {0, 1};

    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    CHECK_INT(wire_receive(pair[1], &got, fds, MSG_DONTWAIT, &err), -ERR_BUSY);
    CHECK_INT(wire_send(pair[0], &m, two, 2, 0, &err), 0);
    CHECK_INT(wire_receive(pair[1], &got, fds, 0, &err), 1);
    CHECK_INT(got.place, 7);
    CHECK_STR(got.names, "ab");
    CHECK(fds[0] >= 0 && fds[1] >= 0 && fds[2] == -1);
    CHECK_INT(write(pair[0], "short", 5), 5);
    CHECK_INT(wire_receive(pair[1], &got, fds, 0, &err), -ERR_INTERNAL);
    close(pair[0]);
    CHECK_INT(wire_receive(pair[1], &got, fds, 0, &err), 0);
}
