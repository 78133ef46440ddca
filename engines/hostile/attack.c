#include "attack.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "wire/slot.h"

#define LINES_MAX 256
#define ARGS_MAX 8
#define BYTES_MAX 65536u

struct line {
    char *words[ARGS_MAX];
    int wordc;
    long value;
    void *pointer;  /* the first that was made for an argument */
    uint8_t *bytes; /* to be shown */
    size_t size;
};

struct attack {
    const struct attack_target *target;
    struct line lines[LINES_MAX];
    int linec;
};

static long number(const char *text) { return (long)strtoull(text, NULL, 0); }

static void *bytes_of_hex(const char *hex, size_t *n)
{
    unsigned char *out = calloc(1, strlen(hex) / 2 + 1);

    *n = strlen(hex) / 2;
    if (!out || !hex_decode(hex, out, *n))
        abort();
    return out;
}

static void *text_of(const char *from)
{
    char *out = calloc(1, strlen(from) + 1), *to = out, digits[3] = "";

    while (out && *from) {
        if (from[0] == '%' && from[1] && from[2]) {
            memcpy(digits, from + 1, 2);
            *to++ = (char)strtoul(digits, NULL, 16);
            from += 3;
        } else {
            *to++ = *from++;
        }
    }
    return out;
}

static long argument(struct attack *a, struct line *l, const char *word)
{
    void *made = NULL;
    size_t n = 0;

    switch (word[0]) {
    case '$':
        return a->lines[number(word + 1) % LINES_MAX].value;
    case '@':
        return (long)a->lines[number(word + 1) % LINES_MAX].pointer;
    case '=':
        made = text_of(word + 1);
        break;
    case ':':
        made = bytes_of_hex(word + 1, &n);
        break;
    case '*':
        n = (size_t)number(word + 1);
        made = calloc(1, n);
        l->bytes = made;
        l->size = n;
        break;
    default:
        return number(word);
    }
    if (!l->pointer)
        l->pointer = made;
    return (long)made;
}

static void do_call(struct attack *a, struct line *l)
{
    long v[ARGS_MAX] = {0};

    for (int i = 1; i < l->wordc; i++)
        v[i] = argument(a, l, l->words[i]);
    long r = syscall(v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
    l->value = r < 0 && r > -4096 ? -errno : r;
}

static void do_touch(struct attack *a, struct line *l)
{
    size_t n = (size_t)number(l->words[1]);
    char *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)a;
    l->value = at == MAP_FAILED ? -errno : (long)n;
    for (size_t i = 0; at != MAP_FAILED && i < n; i += 4096)
        at[i] = 1;
}

static void do_spin(struct attack *a, struct line *l)
{
    sigset_t all;

    (void)a;
    (void)l;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (;;)
        __asm__ volatile("");
}

static uint64_t until(const char *ms) { return clock_mono_ns() + (uint64_t)number(ms) * 1000000u; }

static void do_ring(struct attack *a, struct line *l)
{
    uint64_t end = until(l->words[1]), one = 1;

    (void)a;
    do
        if (write((int)number(l->words[2]), &one, sizeof one) > 0)
            l->value++;
    while (clock_mono_ns() < end);
}

/* Mostly what steers wowd, and there mostly small numbers: they reach further than wild ones. */
static void do_scribble(struct attack *a, struct line *l)
{
    uint64_t end = until(l->words[1]), x = (uint64_t)number(l->words[2]) * 2654435761u + 1;
    const size_t head = 8192, size = a->target->map_size;

    while (clock_mono_ns() < end)
        for (int i = 0; i < 1024; i++, l->value++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            size_t at = (x >> 8) % (x & 1 ? head / 4 : size) & ~(size_t)3;
            uint32_t noise = x & 2 ? (uint32_t)(x >> 40) & 15 : (uint32_t)(x >> 32);
            memcpy(a->target->map + at, &noise, sizeof noise);
        }
}

static void do_peek(struct attack *a, struct line *l)
{
    l->size = (size_t)number(l->words[2]);
    l->bytes = calloc(1, l->size + 1);
    if (l->bytes)
        memcpy(l->bytes, a->target->map + number(l->words[1]), l->size);
    l->value = (long)l->size;
}

static void do_poke(struct attack *a, struct line *l)
{
    size_t n;
    void *bytes = bytes_of_hex(l->words[2], &n);

    memcpy(a->target->map + number(l->words[1]), bytes, n);
    free(bytes);
    l->value = (long)n;
}

/* Of struct wire_head. */
static void do_where(struct attack *a, struct line *l)
{
    static const struct {
        const char *name;
        size_t at;
    } names[] = {
        {"state", offsetof(struct wire_head, slots[0].state)},
        {"outcome", offsetof(struct wire_head, slots[0].outcome)},
        {"size", offsetof(struct wire_head, slots[0].output_size)},
        {"bell", offsetof(struct wire_head, bell)},
    };

    (void)a;
    l->value = -ENOENT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, l->words[1]) == 0)
            l->value = (long)names[i].at;
}

static const struct verb {
    const char *name;
    int words; /* at least */
    bool maps; /* needs the shared memory */
    void (*run)(struct attack *a, struct line *l);
} verbs[] = {
    {"call", 2, false, do_call}, {"touch", 2, false, do_touch},      {"spin", 1, false, do_spin},
    {"ring", 3, false, do_ring}, {"scribble", 3, true, do_scribble}, {"peek", 3, true, do_peek},
    {"poke", 3, true, do_poke},  {"where", 2, true, do_where},
};

static void run_line(struct attack *a, struct line *l)
{
    for (size_t i = 0; l->wordc > 0 && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, l->words[0]) == 0 && l->wordc >= verbs[i].words &&
            (a->target->map || !verbs[i].maps)) {
            verbs[i].run(a, l);
            return;
        }
    l->value = -ENOSYS;
}

static void show(const struct line *l, struct buf *out)
{
    size_t n = l->size < BYTES_MAX ? l->size : BYTES_MAX;
    char *hex = l->bytes ? malloc(2 * n + 1) : NULL;

    if (!hex) {
        buf_print(out, "%ld", l->value);
        return;
    }
    hex_encode(l->bytes, n, hex);
    buf_print(out, "{\"value\":%ld,\"bytes\":\"", l->value);
    buf_text(out, hex);
    buf_text(out, "\"}");
    free(hex);
}

void attack_run(const char *text, size_t n, const struct attack_target *target, struct buf *out)
{
    static struct attack a;
    char *copy = strndup(text, n), *row, *rows = copy, *word;

    a = (struct attack){.target = target};
    buf_text(out, "[");
    while ((row = strsep(&rows, "\n")) != NULL && a.linec < LINES_MAX) {
        struct line *l = &a.lines[a.linec];
        while ((word = strsep(&row, " ")) != NULL && l->wordc < ARGS_MAX)
            if (*word)
                l->words[l->wordc++] = word;
        if (l->wordc == 0)
            continue;
        run_line(&a, l);
        if (a.linec++ > 0)
            buf_text(out, ",");
        show(l, out);
    }
    buf_text(out, "]");
    free(copy);
}
