/*
 * An action of the SDK as a component of wasi:http, for `wasmtime serve`: the body of the request
 * are the arguments, the answer's is the result. Linked with the action and the SDK, compiled as a
 * reactor; the imports are those of serve.wit, by the canonical ABI.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HTTP(name) __attribute__((import_module("wasi:http/types@0.2.0"), import_name(name)))
#define STREAMS(name) __attribute__((import_module("wasi:io/streams@0.2.0"), import_name(name)))
#define BODY_MAX 65536
#define WRITE_MAX 4096u

struct result {
    uint8_t is_error;
    uint32_t a, b; /* a handle, or a list */
    uint8_t rest[56];
};

HTTP("[method]incoming-request.consume") void consume(int32_t request, struct result *out);
HTTP("[method]incoming-body.stream") void body_stream(int32_t body, struct result *out);
STREAMS("[method]input-stream.blocking-read")
void read_stream(int32_t stream, int64_t most, struct result *out);
STREAMS("[resource-drop]input-stream") void drop_input(int32_t stream);
HTTP("[resource-drop]incoming-body") void drop_body(int32_t body);
HTTP("[resource-drop]incoming-request") void drop_request(int32_t request);
HTTP("[constructor]fields") int32_t new_fields(void);
HTTP("[method]fields.append")
void append(int32_t fields, const char *name, int32_t name_n, const char *value, int32_t value_n,
            struct result *out);
HTTP("[constructor]outgoing-response") int32_t new_response(int32_t fields);
HTTP("[method]outgoing-response.body") void response_body(int32_t response, struct result *out);
HTTP("[static]response-outparam.set")
void answer(int32_t param, int32_t is_error, int32_t response, int32_t a, int64_t b, int32_t c,
            int32_t d, int32_t e, int32_t f);
HTTP("[method]outgoing-body.write") void write_stream(int32_t body, struct result *out);
STREAMS("[method]output-stream.blocking-write-and-flush")
void write_all(int32_t stream, const char *text, int32_t n, struct result *out);
STREAMS("[resource-drop]output-stream") void drop_output(int32_t stream);
HTTP("[static]outgoing-body.finish")
void finish(int32_t body, int32_t has_trailers, int32_t trailers, struct result *out);

/* The SDK's side of the buffer ABI. */
void wow_buffer_allocate(int32_t size);
char *wow_buffer_pointer(void);
size_t wow_buffer_len(void);
int __main_void(void);

void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size);
__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size,
                                                                size_t align, size_t size)
{
    (void)old_size, (void)align;
    return realloc(old, size);
}

/* The SDK's only import, for a last word. A component has no preview 1. */
int32_t __imported_wasi_snapshot_preview1_fd_write(int32_t fd, int32_t at, int32_t n, int32_t out);
int32_t __imported_wasi_snapshot_preview1_fd_write(int32_t fd, int32_t at, int32_t n, int32_t out)
{
    (void)fd, (void)at, (void)n, (void)out;
    return 52;
}

static void take_arguments(int32_t request)
{
    static char text[BODY_MAX];
    size_t size = 0;
    struct result r;

    consume(request, &r);
    int32_t body = (int32_t)r.a;
    body_stream(body, &r);
    int32_t stream = (int32_t)r.a;
    for (;;) {
        read_stream(stream, BODY_MAX, &r);
        if (r.is_error || r.b > BODY_MAX - size)
            break;
        memcpy(text + size, (char *)(uintptr_t)r.a, r.b);
        size += r.b;
    }
    drop_input(stream);
    drop_body(body);
    drop_request(request);
    wow_buffer_allocate((int32_t)size);
    memcpy(wow_buffer_pointer(), text, size);
}

void handle(int32_t request, int32_t out);
__attribute__((export_name("wasi:http/incoming-handler@0.2.0#handle"))) void handle(int32_t request,
                                                                                    int32_t out)
{
    char length[16];
    struct result r;

    take_arguments(request);
    __main_void();
    const char *text = wow_buffer_pointer();
    size_t size = wow_buffer_len();
    int32_t fields = new_fields();
    char *digits = length + sizeof length;
    for (size_t n = size; digits == length + sizeof length || n > 0; n /= 10)
        *--digits = (char)('0' + n % 10);
    append(fields, "content-length", 14, digits, (int32_t)(length + sizeof length - digits), &r);
    int32_t response = new_response(fields);
    response_body(response, &r);
    int32_t body = (int32_t)r.a;
    answer(out, 0, response, 0, 0, 0, 0, 0, 0);
    write_stream(body, &r);
    int32_t stream = (int32_t)r.a;
    for (size_t at = 0; at < size; at += WRITE_MAX)
        write_all(stream, text + at, (int32_t)(size - at < WRITE_MAX ? size - at : WRITE_MAX), &r);
    drop_output(stream);
    finish(body, 0, 0, &r);
}
