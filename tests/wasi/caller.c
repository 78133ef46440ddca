/*
 * A guest that makes the WASI calls it is told, with the arguments it is told, and says what came
 * back: so the tests are tables, on every engine. argv[1] is {"script": "CALL; CALL; …"}, where
 * CALL is the name of a function, or "buf", and its arguments:
 *
 *     123, -1        a number
 *     =text          a pointer to the text (%20 is a space); #text the pointer and the length
 *     :0a0b          a pointer to these bytes
 *     *16            a pointer to so many zeros, which are shown after the call
 *     @2             the pointer that call 2, counted from 0, used as *, or else as =, # or :
 *     $2             the number that call 2 has put at its *
 *     [@2,8,@3,4]    a pointer to such numbers, as for iovecs
 *
 * The result: {"results": [[ERRNO, "HEX of *"], …]}.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t i;
typedef int64_t I;

#define A(n) (i)v[n]
#define L(n) v[n]
#define CALL(name, shape) CALL_(name, shape)
#define CALL_(name, params, args)                                                                  \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) i wasi_##name     \
        params;                                                                                    \
    static i call_##name(const I *v)                                                               \
    {                                                                                              \
        (void)v;                                                                                   \
        return wasi_##name args;                                                                   \
    }

#define V_ (void), ()
#define V_i (i), (A(0))
#define V_ii (i, i), (A(0), A(1))
#define V_iI (i, I), (A(0), L(1))
#define V_iii (i, i, i), (A(0), A(1), A(2))
#define V_iII (i, I, I), (A(0), L(1), L(2))
#define V_iIi (i, I, i), (A(0), L(1), A(2))
#define V_iiii (i, i, i, i), (A(0), A(1), A(2), A(3))
#define V_iIii (i, I, i, i), (A(0), L(1), A(2), A(3))
#define V_iIIi (i, I, I, i), (A(0), L(1), L(2), A(3))
#define V_iiiii (i, i, i, i, i), (A(0), A(1), A(2), A(3), A(4))
#define V_iiiIi (i, i, i, I, i), (A(0), A(1), A(2), L(3), A(4))
#define V_iiiiii (i, i, i, i, i, i), (A(0), A(1), A(2), A(3), A(4), A(5))
#define V_iiiiiii (i, i, i, i, i, i, i), (A(0), A(1), A(2), A(3), A(4), A(5), A(6))
#define V_iiiiIIi (i, i, i, i, I, I, i), (A(0), A(1), A(2), A(3), L(4), L(5), A(6))
#define V_iiiiiIIii                                                                                \
    (i, i, i, i, i, I, I, i, i), (A(0), A(1), A(2), A(3), A(4), L(5), L(6), A(7), A(8))

#define FUNCTIONS(X)                                                                               \
    X(args_get, V_ii)                                                                              \
    X(args_sizes_get, V_ii)                                                                        \
    X(environ_get, V_ii)                                                                           \
    X(environ_sizes_get, V_ii)                                                                     \
    X(clock_res_get, V_ii)                                                                         \
    X(clock_time_get, V_iIi)                                                                       \
    X(fd_advise, V_iIIi)                                                                           \
    X(fd_allocate, V_iII)                                                                          \
    X(fd_close, V_i)                                                                               \
    X(fd_datasync, V_i)                                                                            \
    X(fd_fdstat_get, V_ii)                                                                         \
    X(fd_fdstat_set_flags, V_ii)                                                                   \
    X(fd_fdstat_set_rights, V_iII)                                                                 \
    X(fd_filestat_get, V_ii)                                                                       \
    X(fd_filestat_set_size, V_iI)                                                                  \
    X(fd_filestat_set_times, V_iIIi)                                                               \
    X(fd_pread, V_iiiIi)                                                                           \
    X(fd_prestat_get, V_ii)                                                                        \
    X(fd_prestat_dir_name, V_iii)                                                                  \
    X(fd_pwrite, V_iiiIi)                                                                          \
    X(fd_read, V_iiii)                                                                             \
    X(fd_readdir, V_iiiIi)                                                                         \
    X(fd_renumber, V_ii)                                                                           \
    X(fd_seek, V_iIii)                                                                             \
    X(fd_sync, V_i)                                                                                \
    X(fd_tell, V_ii)                                                                               \
    X(fd_write, V_iiii)                                                                            \
    X(path_create_directory, V_iii)                                                                \
    X(path_filestat_get, V_iiiii)                                                                  \
    X(path_filestat_set_times, V_iiiiIIi)                                                          \
    X(path_link, V_iiiiiii)                                                                        \
    X(path_open, V_iiiiiIIii)                                                                      \
    X(path_readlink, V_iiiiii)                                                                     \
    X(path_remove_directory, V_iii)                                                                \
    X(path_rename, V_iiiiii)                                                                       \
    X(path_symlink, V_iiiii)                                                                       \
    X(path_unlink_file, V_iii)                                                                     \
    X(poll_oneoff, V_iiii)                                                                         \
    X(proc_raise, V_i)                                                                             \
    X(random_get, V_ii)                                                                            \
    X(sched_yield, V_)                                                                             \
    X(sock_accept, V_iii)                                                                          \
    X(sock_recv, V_iiiiii)                                                                         \
    X(sock_send, V_iiiii)                                                                          \
    X(sock_shutdown, V_ii)

FUNCTIONS(CALL)

__attribute__((import_module("wasi_snapshot_preview1"),
               import_name("proc_exit"))) void wasi_proc_exit(i);
static i call_proc_exit(const I *v)
{
    wasi_proc_exit(A(0));
    return -1;
}

static i call_buf(const I *v)
{
    (void)v;
    return 0;
}

static const struct function {
    const char *name;
    i (*call)(const I *v);
} functions[] = {
#define X(name, shape) {#name, call_##name},
    FUNCTIONS(X)
#undef X
        {"proc_exit", call_proc_exit},
    {"buf", call_buf},
};

#define LINES_MAX 256
#define ARGS_MAX 12
#define ARENA (3u << 20)

static struct line {
    i error;
    uint8_t *pointer, *shown;
    uint32_t size;
} lines[LINES_MAX];
static uint32_t linec;

static uint8_t arena[ARENA];
static uint32_t used;
static char out[ARENA];
static uint32_t outn;

static uint8_t *room(uint32_t n)
{
    uint8_t *at = arena + used;

    used += (n + 15) & ~15u;
    if (used > ARENA)
        __builtin_trap();
    return at;
}

static bool equal(const char *a, uint32_t n, const char *b)
{
    for (uint32_t k = 0; k < n; k++)
        if (a[k] != b[k])
            return false;
    return b[n] == '\0';
}

static int hex(char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }

/* A number, from *at on; @K and $K included. */
static I number(const char **at)
{
    const char kind = **at;
    bool minus = kind == '-';
    uint64_t n = 0;

    if (kind == '@' || kind == '$' || minus)
        ++*at;
    for (; **at >= '0' && **at <= '9'; ++*at)
        n = n * 10 + (uint64_t)(**at - '0');
    const struct line *l = &lines[n % LINES_MAX];
    if (kind == '@')
        return (uint32_t)(uintptr_t)(l->shown ? l->shown : l->pointer);
    if (kind == '$')
        return *(uint32_t *)(void *)l->shown;
    return minus ? -(I)n : (I)n;
}

static uint32_t text(const char *from, const char *end, uint8_t *to, bool all_hex)
{
    uint32_t n = 0;

    while (from < end)
        if (all_hex || *from == '%') {
            from += !all_hex;
            to[n++] = (uint8_t)(hex(from[0]) << 4 | hex(from[1]));
            from += 2;
        } else {
            to[n++] = (uint8_t)*from++;
        }
    return n;
}

static uint32_t *list(const char *at)
{
    uint32_t *to = (uint32_t *)(void *)room(2048), n = 0;

    while (*at == '[' || *at == ',') {
        at++;
        to[n++] = (uint32_t)number(&at);
    }
    return to;
}

/* One argument becomes one or, of '#', two values. */
static uint32_t argument(struct line *l, const char *at, const char *end, I *v)
{
    const char kind = *at;
    const char *after = at + 1;
    uint8_t *made = 0;
    uint32_t n = 0;

    if (kind == '[') {
        v[0] = (uint32_t)(uintptr_t)list(at);
        return 1;
    }
    if (kind != '=' && kind != '#' && kind != ':' && kind != '*') {
        v[0] = number(&at);
        return 1;
    }
    if (kind == '*') {
        n = (uint32_t)number(&after);
        made = room(n);
        l->shown = made;
        l->size = n;
    } else {
        made = room((uint32_t)(end - at));
        n = text(after, end, made, kind == ':');
    }
    if (!l->pointer)
        l->pointer = made;
    v[0] = (uint32_t)(uintptr_t)made;
    v[1] = n;
    return kind == '#' ? 2 : 1;
}

static void put(const char *s)
{
    while (*s)
        out[outn++] = *s++;
}

static void put_number(I n)
{
    char digits[24];
    int k = 0;

    if (n < 0) {
        put("-");
        n = -n;
    }
    do
        digits[k++] = (char)('0' + n % 10);
    while (n /= 10);
    while (k > 0)
        out[outn++] = digits[--k];
}

static void show(const struct line *l)
{
    static const char digits[] = "0123456789abcdef";

    put(linec ? ",[" : "[");
    put_number(l->error);
    put(",\"");
    for (uint32_t k = 0; k < l->size; k++) {
        out[outn++] = digits[l->shown[k] >> 4];
        out[outn++] = digits[l->shown[k] & 15];
    }
    put("\"]");
}

/* From at to end: a name and its arguments. */
static void run(const char *at, const char *end)
{
    struct line *l = &lines[linec];
    const struct function *f = 0;
    I v[ARGS_MAX + 2] = {0};
    uint32_t n = 0;

    for (int word = 0; at < end; word++) {
        while (at < end && *at == ' ')
            at++;
        const char *stop = at;
        while (stop < end && *stop != ' ')
            stop++;
        for (uint32_t k = 0; word == 0 && k < sizeof functions / sizeof *functions; k++)
            if (equal(at, (uint32_t)(stop - at), functions[k].name))
                f = &functions[k];
        if (word > 0 && stop > at && n < ARGS_MAX)
            n += argument(l, at, stop, v + n);
        at = stop;
    }
    if (!f)
        __builtin_trap();
    l->error = f->call(v);
    show(l);
    linec++;
}

__attribute__((export_name("_start"))) void start(void)
{
    uint32_t counts[2];
    static char *argv[4];

    wasi_args_sizes_get((i)(uintptr_t)&counts[0], (i)(uintptr_t)&counts[1]);
    wasi_args_get((i)(uintptr_t)argv, (i)(uintptr_t)room(counts[1]));
    const char *at = argv[1];
    for (int quotes = 0; quotes < 3; at++) /* {"script": " */
        quotes += *at == '"';
    put("\n{\"results\":[");
    while (*at != '"') {
        const char *end = at;
        while (*end != ';' && *end != '"')
            end++;
        run(at, end);
        at = end + (*end == ';');
    }
    put("]}\n");
    uint32_t iov[2] = {(uint32_t)(uintptr_t)out, outn}, done;
    wasi_fd_write(1, (i)(uintptr_t)iov, 1, (i)(uintptr_t)&done);
}
