#include "compile/unpack.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include <zip.h>
#include <zlib.h>

#include "base/mem.h"

#define MANIFEST "wow.json"
#define MANIFEST_MAX 65536u
#define CHUNK 65536u

DEFINE_AUTO(zip, zip_t *, zip_discard)

static int gunzip(const struct buf *in, struct buf *out, struct err *err)
{
    z_stream z = {.next_in = (unsigned char *)in->data, .avail_in = (unsigned)in->size};
    unsigned char chunk[CHUNK];
    int state = Z_OK, r = 0;

    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return err_set(err, ERR_INTERNAL, "zlib does not start");
    while (r == 0 && state == Z_OK) {
        z.next_out = chunk;
        z.avail_out = sizeof chunk;
        state = inflate(&z, Z_NO_FLUSH);
        r = buf_add(out, chunk, sizeof chunk - z.avail_out, err);
    }
    inflateEnd(&z);
    if (r < 0)
        return err_wrap(err, "the gzip unpacks to too much");
    if (state != Z_STREAM_END)
        return err_set(err, ERR_INVALID, "the gzip is cut or damaged");
    return 0;
}

static bool ends_with(const char *name, const char *tail)
{
    size_t n = strlen(name), t = strlen(tail);

    return n > t && strcmp(name + n - t, tail) == 0;
}

static int read_member(zip_t *zip, zip_uint64_t index, struct buf *out, struct err *err)
{
    const char *name = zip_get_name(zip, index, 0);
    zip_file_t *file = zip_fopen_index(zip, index, 0);
    char chunk[CHUNK];
    zip_int64_t n = 0;
    int r = 0;

    if (!file) {
        zip_error_t *e = zip_get_error(zip);
        if (zip_error_code_zip(e) == ZIP_ER_NOPASSWD)
            return err_set(err, ERR_INVALID, "the zip's member '%s' is encrypted", name);
        return err_set(err, ERR_INVALID, "the zip's member '%s': %s", name, zip_error_strerror(e));
    }
    while (r == 0 && (n = zip_fread(file, chunk, sizeof chunk)) > 0)
        r = buf_add(out, chunk, (size_t)n, err);
    zip_fclose(file);
    if (r < 0)
        return err_wrap(err, "the zip's member '%s' unpacks to too much", name);
    return n < 0 ? err_set(err, ERR_INVALID, "the zip's member '%s' is damaged", name) : 0;
}

/* The member that wow.json names; -1 when there is no manifest or it names none. */
static int manifest_member(zip_t *zip, zip_int64_t *index, struct err *err)
{
    AUTO(buf) struct buf text;
    json_error_t why;

    buf_init(&text, MANIFEST_MAX);
    *index = zip_name_locate(zip, MANIFEST, 0);
    if (*index < 0)
        return 0;
    int r = read_member(zip, (zip_uint64_t)*index, &text, err);
    if (r < 0)
        return r;
    json_t *manifest = json_loadb(text.data ? text.data : "", text.size, 0, &why);
    if (!json_is_object(manifest)) {
        json_decref(manifest);
        return err_set(err, ERR_INVALID, "the zip's " MANIFEST " is not a JSON object");
    }
    const char *module = json_string_value(json_object_get(manifest, "module"));
    *index = module ? zip_name_locate(zip, module, 0) : -1;
    if (module && *index < 0)
        r = err_set(err, ERR_INVALID,
                    "the zip has no member '%.100s', which its " MANIFEST " names", module);
    json_decref(manifest);
    return r;
}

static int unzip(const struct buf *in, struct buf *out, struct err *err)
{
    zip_error_t why;
    zip_int64_t index;

    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(in->data, in->size, 0, &why);
    AUTO(zip) zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
    if (!zip) {
        err_set(err, ERR_INVALID, "the zip cannot be read: %s", zip_error_strerror(&why));
        zip_source_free(source);
        zip_error_fini(&why);
        return -(int)err->kind;
    }
    int r = manifest_member(zip, &index, err);
    if (r < 0)
        return r;
    zip_int64_t members = zip_get_num_entries(zip, 0);
    for (zip_int64_t i = 0; index < 0 && i < members; i++)
        if (ends_with(zip_get_name(zip, (zip_uint64_t)i, 0), ".wasm"))
            index = i;
    if (index < 0)
        return err_set(err, ERR_INVALID, "the zip has no *.wasm among its %lld members",
                       (long long)members);
    return read_member(zip, (zip_uint64_t)index, out, err);
}

static bool begins(const struct buf *b, const char *magic, size_t n)
{
    return b->size >= n && memcmp(b->data, magic, n) == 0;
}

int unpack(const struct buf *code, struct buf *wasm, struct err *err)
{
    if (begins(code, "PK\3\4", 4) || begins(code, "PK\5\6", 4))
        return unzip(code, wasm, err);
    if (begins(code, "\x1f\x8b", 2))
        return gunzip(code, wasm, err);
    if (begins(code, "\0asm", 4))
        return buf_add(wasm, code->data, code->size, err);
    return err_set(err, ERR_INVALID,
                   "the code is neither wasm nor a zip or gzip of it, as its first bytes say");
}
