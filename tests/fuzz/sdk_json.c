/* The C SDK's JSON: what is read is written and read again, to the same text. */
#include "../../sdk/c/arena.c"

#include "fuzz.h"

static void arena_empty(void)
{
    while (arena.chunk) {
        char *before;
        memcpy(&before, arena.chunk, sizeof before);
        free(arena.chunk);
        arena.chunk = before;
    }
    arena.at = first;
    arena.end = first + FIRST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wow_error err = {0};
    size_t n, again;
    double number;
    int64_t whole;

    const struct json *value = json_parse((const char *)data, size, &err);
    if (value) {
        const char *text = json_text(value, &n);
        const struct json *copy = json_parse(text, n, &err);
        assert(copy);
        assert(strcmp(json_text(copy, &again), text) == 0 && again == n);
        json_as_double(value, &number);
        json_as_int(value, &whole);
    } else {
        assert(wow_failed(&err));
    }
    arena_empty();
    return 0;
}
