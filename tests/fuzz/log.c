/* A worker's slot, as a worker that was taken over may leave it: the log, line by line. */
#include "fuzz.h"
#include "pool/lines.h"
#include "wire/log.h"

static bool look(const struct line_text *line, void *ctx)
{
    uint32_t *sum = ctx;

    assert(memchr(line->time, '\0', sizeof line->time));
    assert(line->stream == 1 || line->stream == 2);
    for (size_t i = 0; i < line->n; i++)
        *sum += (unsigned char)line->text[i];
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire_map map;
    static int fd;
    uint32_t sum = 0, claimed;
    struct err err;

    if (size < 5 || size > 65536)
        return 0;
    if (!map.head) {
        int r = wire_map_create(&fd, &map, &err);
        assert(r == 0);
    }
    memcpy(&claimed, data, sizeof claimed);
    const uint32_t n = (uint32_t)size - 5;
    uint8_t *log = wire_log(&map, WIRE_SLOTS - 1);
    struct wire_slot *slot = &map.head->slots[WIRE_SLOTS - 1];
    memcpy(log, data + 5, n);
    slot->log_size = data[4] & 2 ? n : claimed <= WIRE_LOG_MAX ? claimed % 65536 : claimed;
    slot->log_cut = data[4] & 1;
    lines_each(&map, WIRE_SLOTS - 1, 10240, look, &sum);
    memset(log, 0, n);
    /* And at the region's very end, where a step too far leaves the map. */
    struct wire_record r;
    uint32_t at = WIRE_LOG_MAX - n;
    memcpy(log + at, data + 5, n);
    while (wire_log_next(log, WIRE_LOG_MAX, &at, &r))
        sum += r.n > 0 ? (unsigned char)r.text[r.n - 1] : 0;
    return 0;
}
