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
DEFINE_AUTO(json, json_t *, json_decref)

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

/* A text of the manifest's; fine if it is not there. */
static int take_text(const json_t *object, const char *key, char *out, size_t size, struct err *err)
{
    const json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value))
        return 0;
    if (!json_is_string(value) || json_string_length(value) >= size ||
        strlen(json_string_value(value)) != json_string_length(value))
        return err_set(err, ERR_INVALID,
                       "\"%s\" in the zip's " MANIFEST " is not a text of at most %zu bytes", key,
                       size - 1);
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return 0;
}

/* Of the manifest, what only wowd can answer: a small object of those members, if there are any. */
static int take_ask(const json_t *manifest, struct manifest *m, struct err *err)
{
    static const char *const keys[] = {"dir", "net"};
    AUTO(json) json_t *ask = json_object();

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(manifest, keys[i]);
        if (value)
            json_object_set(ask, keys[i], value);
    }
    if (json_object_size(ask) == 0)
        return 0;
    size_t n = json_dumpb(ask, m->ask, sizeof m->ask - 1, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (n >= sizeof m->ask)
        return err_set(err, ERR_INVALID, "the zip's " MANIFEST " asks for more than %zu bytes say",
                       sizeof m->ask - 1);
    m->ask[n] = '\0';
    return 0;
}

static int read_manifest(zip_t *zip, struct manifest *m, struct err *err)
{
    AUTO(buf) struct buf text;
    zip_int64_t index = zip_name_locate(zip, MANIFEST, 0);
    json_error_t why;

    buf_init(&text, MANIFEST_MAX);
    if (index < 0)
        return 0;
    int r = read_member(zip, (zip_uint64_t)index, &text, err);
    if (r < 0)
        return r;
    AUTO(json) json_t *manifest = json_loadb(text.data ? text.data : "", text.size, 0, &why);
    if (!json_is_object(manifest))
        return err_set(err, ERR_INVALID, "the zip's " MANIFEST " is not a JSON object");
    r = take_text(manifest, "module", m->module, sizeof m->module, err);
    if (r == 0)
        r = take_text(manifest, "engine", m->engine, sizeof m->engine, err);
    if (r == 0 && strspn(m->engine, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(m->engine))
        r = err_set(err, ERR_INVALID, "\"engine\" in the zip's " MANIFEST " is no engine's name");
    return r == 0 ? take_ask(manifest, m, err) : r;
}

/* The member that is the module. */
static int find_module(zip_t *zip, const struct manifest *m, zip_uint64_t *out, struct err *err)
{
    zip_int64_t members = zip_get_num_entries(zip, 0), index = -1;

    if (m->module[0]) {
        index = zip_name_locate(zip, m->module, 0);
        if (index < 0)
            return err_set(err, ERR_INVALID,
                           "the zip has no member '%.100s', which its " MANIFEST " names",
                           m->module);
    }
    for (zip_int64_t i = 0; index < 0 && i < members; i++)
        if (ends_with(zip_get_name(zip, (zip_uint64_t)i, 0), ".wasm"))
            index = i;
    if (index < 0)
        return err_set(err, ERR_INVALID, "the zip has no *.wasm among its %lld members",
                       (long long)members);
    *out = (zip_uint64_t)index;
    return 0;
}

static int unzip(const struct buf *in, struct buf *out, struct manifest *manifest, struct err *err)
{
    zip_error_t why;
    zip_uint64_t index = 0;

    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(in->data, in->size, 0, &why);
    AUTO(zip) zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
    if (!zip) {
        err_set(err, ERR_INVALID, "the zip cannot be read: %s", zip_error_strerror(&why));
        zip_source_free(source);
        zip_error_fini(&why);
        return -(int)err->kind;
    }
    int r = read_manifest(zip, manifest, err);
    if (r == 0)
        r = find_module(zip, manifest, &index, err);
    return r < 0 ? r : read_member(zip, index, out, err);
}

static bool begins(const struct buf *b, const char *magic, size_t n)
{
    return b->size >= n && memcmp(b->data, magic, n) == 0;
}

int unpack(const struct buf *code, struct buf *wasm, struct manifest *manifest, struct err *err)
{
    *manifest = (struct manifest){0};
    if (begins(code, "PK\3\4", 4) || begins(code, "PK\5\6", 4))
        return unzip(code, wasm, manifest, err);
    if (begins(code, "\x1f\x8b", 2))
        return gunzip(code, wasm, err);
    if (begins(code, "\0asm", 4))
        return buf_add(wasm, code->data, code->size, err);
    return err_set(err, ERR_INVALID,
                   "the code is neither wasm nor a zip or gzip of it, as its first bytes say");
}
