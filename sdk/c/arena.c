/*
 * The arena: memory that is handed out and never taken back. It begins in a static block, which
 * costs nothing until it is touched, and goes on in chunks.
 */

#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALIGN = 16, FIRST = 48 * 1024, CHUNK = 64 * 1024 };

static _Alignas(ALIGN) char first[FIRST];

static struct {
    char *at, *end;
    char *chunk; /* the newest; each begins with the address of the one before */
} arena = {.at = first, .end = first + FIRST};

#ifdef __wasm__
/*
 * Weak, so that malloc is there when the action uses it and costs nothing when it does not. When
 * it is there, chunks must come from it: it takes all memory behind the static data for its own.
 */
__attribute__((weak)) extern void *malloc(size_t size);

static char *chunk_new(size_t size)
{
    enum { PAGE = 64 * 1024 };

    if (malloc)
        return malloc(size);
    size_t page = __builtin_wasm_memory_grow(0, size / PAGE + (size % PAGE != 0));
    return page == SIZE_MAX ? NULL : (char *)(page * PAGE);
}
#else
static char *chunk_new(size_t size) { return malloc(size); }
#endif

static size_t rounded(size_t size)
{
    if (size > SIZE_MAX / 2)
        wow_panic("out of memory");
    return (size + ALIGN - 1) / ALIGN * ALIGN;
}

__attribute__((noinline)) static void arena_grow(size_t room)
{
    size_t size = ALIGN + (room < CHUNK - ALIGN ? CHUNK - ALIGN : room);
    char *chunk = chunk_new(size);

    if (!chunk)
        wow_panic("out of memory");
    memcpy(chunk, &arena.chunk, sizeof arena.chunk);
    arena.chunk = chunk;
    arena.at = chunk + ALIGN;
    arena.end = chunk + size;
}

void *wow_alloc(size_t size)
{
    size_t room = rounded(size);

    if (room > (size_t)(arena.end - arena.at))
        arena_grow(room);
    char *p = arena.at;
    arena.at += room;
    return p;
}

void *wow_resize(void *p, size_t size, size_t larger)
{
    size_t room = rounded(larger);
    char *block = p;

    if (block + rounded(size) == arena.at && room <= (size_t)(arena.end - block)) {
        arena.at = block + room;
        return p;
    }
    return memcpy(wow_alloc(larger), p, size);
}

char *wow_copy_text(const char *text, size_t size)
{
    char *copy = wow_alloc(size + 1);

    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

_Noreturn void wow_panic(const char *text)
{
    char line[128] = "wow: ";
    size_t at = strlen(line);

    while (*text && at < sizeof line - 1)
        line[at++] = *text++;
    line[at++] = '\n';
    if (write(STDERR_FILENO, line, at) < 0) {
        /* There is nobody left to tell. */
    }
    __builtin_trap();
}
