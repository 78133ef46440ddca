/*
 * wow-snapshot-ENGINE MODULE.wasm MODULE.wow OUT.wasm: run a module's wow_initialize once, and
 * write the module anew with the memory that this left. MODULE.wow is its machine code, as
 * `wow compile` makes it. Called by tools/build-kind.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "compile/artifact.h"
#include "engine/image.h"
#include "host/imports.h"
#include "host/wasi.h"

#define INITIALIZE "wow_initialize"
#define FILE_MAX (256u << 20)
#define MEMORY_MAX (256u << 20)
#define PAGE 65536u

static void print(void *ctx, int stream, const uint8_t *data, size_t n)
{
    (void)ctx, (void)stream;
    fwrite(data, 1, n, stderr);
}

static int load(struct wow_runtime *rt, const char *path, struct wow_module **out, struct err *err)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct wow_code code = {.fd = fd, .tier = WOW_OPTIMISED};
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(struct artifact))
        return err_errno(err, ERR_NOT_FOUND, "'%s'", path);
    code.size = (size_t)st.st_size - sizeof(struct artifact);
    return wow_engine.load(rt, &code, out, err);
}

/* An engine says no more than whether so much is there. */
static struct wow_bytes memory_of(struct wow_instance *in)
{
    size_t size = 0;

    while (size < MEMORY_MAX && wow_engine.span(in, 0, (uint32_t)(size + PAGE)))
        size += PAGE;
    return (struct wow_bytes){wow_engine.span(in, 0, (uint32_t)size), size};
}

static int initialize(struct wow_module *m, struct wasi *w, struct wow_instance **out,
                      struct err *err)
{
    const struct wasi_setup setup = {.engine = &wow_engine, .write = print};
    const struct wow_limits limits = {.memory = MEMORY_MAX};
    struct wow_end end = {0};

    wasi_begin(w, &setup);
    int r = wow_engine.spawn(m, &limits, w, out, &end, err);
    if (r == 0 && *out)
        r = wow_engine.call(*out, INITIALIZE, NULL, &end, err);
    if (r == 0 && (!*out || end.kind != WOW_END_RETURN))
        r = err_set(err, ERR_UNUSABLE, INITIALIZE " ended badly: %s", end.text);
    return r;
}

static int write_out(const char *path, const struct buf *b, struct err *err)
{
    AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    return fd >= 0 && write(fd, b->data, b->size) == (ssize_t)b->size
               ? 0
               : err_errno(err, ERR_INTERNAL, "writing '%s'", path);
}

static int snapshot(char **argv, struct err *err)
{
    const struct wow_imports host = {.table = host_imports};
    AUTO(buf) struct buf wasm, made;
    struct wow_runtime *rt;
    struct wow_module *m;
    struct wow_instance *in = NULL;

    buf_init(&wasm, FILE_MAX);
    buf_init(&made, FILE_MAX);
    int r = file_read(argv[1], &wasm, err);
    if (r == 0)
        r = wow_engine.open(&host, &rt, err);
    if (r == 0)
        r = load(rt, argv[2], &m, err);
    if (r == 0)
        r = initialize(m, wasi_new(), &in, err);
    if (r < 0)
        return r;
    const struct wow_bytes bytes = {(const uint8_t *)wasm.data, wasm.size};
    r = image_write(bytes, memory_of(in), &made, err);
    return r == 0 ? write_out(argv[3], &made, err) : r;
}

int main(int argc, char **argv)
{
    struct err err;

    if (argc != 4) {
        fprintf(stderr, "usage: %s MODULE.wasm MODULE.wow OUT.wasm\n", argv[0]);
        return 64;
    }
    if (snapshot(argv, &err) < 0) {
        fprintf(stderr, "%s: %s\n", argv[0], err.msg);
        return 1;
    }
    return 0;
}
