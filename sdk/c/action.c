/*
 * From the host to the action and back. In a wasm module: the buffer through which the host passes
 * arguments and takes the result, and the entry point. In a native program: main, for debuggers.
 */

#include "internal.h"

#include <string.h>

/* The action's answer, and its error in *err, for the text of its arguments (none count as {}). */
static struct json *answer(char *text, size_t size, struct wow_error *err)
{
    const struct json *args = size > 0 ? json_parse_in_place(text, size, err) : json_object();

    if (!args)
        return NULL;
    if (!json_holds(args))
        return wow_fail(err, "the arguments must be an object");
    struct json *result = wow_action(args, err);
    return result || err->value ? result : wow_fail(err, "the action returned no result");
}

#ifdef __wasm__

#define EXPORT(name) __attribute__((export_name(name), used))

EXPORT("wasm_memory_buffer_allocate_space") void wow_buffer_allocate(int32_t size);
EXPORT("get_wasm_memory_buffer_pointer") char *wow_buffer_pointer(void);
EXPORT("get_wasm_memory_buffer_len") size_t wow_buffer_len(void);
int __main_void(void);

/* First the arguments, then the result. */
static struct {
    char *text;
    size_t size;
} buffer;

void wow_buffer_allocate(int32_t size)
{
    if (size < 0)
        wow_panic("out of memory");
    buffer.text = wow_alloc((size_t)size + 1);
    buffer.size = (size_t)size;
}

char *wow_buffer_pointer(void) { return buffer.text; }

size_t wow_buffer_len(void) { return buffer.size; }

/*
 * Takes the place of the C library's function of this name, which would fetch argv for main. All
 * that argv holds is the length of the arguments, and that is known from the allocation; not to
 * ask again saves two calls into the host.
 */
int __main_void(void)
{
    struct wow_error err = {0};
    struct json *result = answer(buffer.text, buffer.size, &err);

    if (err.value)
        buffer.text = json_write("{\"Err\":{\"error\":", err.value, "}}", &buffer.size);
    else
        buffer.text = json_write("{\"Ok\":", result, "}", &buffer.size);
    return 0;
}

#else

#include <stdio.h>

/* All of a stream; *size is without the NUL behind it. */
static char *read_all(FILE *stream, size_t *size)
{
    size_t room = 64 * 1024, got;
    char *text = wow_alloc(room);

    *size = 0;
    while ((got = fread(text + *size, 1, room - *size - 1, stream)) > 0) {
        *size += got;
        if (*size == room - 1) {
            text = wow_resize(text, room, room * 2);
            room *= 2;
        }
    }
    return text;
}

int main(int argc, char **argv)
{
    struct wow_error err = {0};
    struct json *result;
    size_t size;
    char *text;

    if (argc > 1) {
        size = strlen(argv[1]);
        text = wow_copy_text(argv[1], size);
    } else {
        text = read_all(stdin, &size);
    }
    result = answer(text, size, &err);
    if (err.value)
        text = json_write("{\"error\":", err.value, "}", &size);
    else
        text = json_write("", result, "", &size);
    fwrite(text, 1, size, stdout);
    putchar('\n');
    return err.value != NULL;
}

#endif
