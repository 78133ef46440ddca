#include "pool/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/file.h"
#include "base/mem.h"

#define INTERPRETER_MAX (48u << 20)

/* nodejs:default is what OpenWhisk's command line calls a *.js that it is told nothing of. */
static const struct {
    const char *name, *file;
} table[] = {
    {KIND_DEFAULT, NULL},
    {"wasm:default", NULL},
    {"js:wasm", "js.wasm"},
    {"js:default", "js.wasm"},
    {"nodejs:default", "js.wasm"},
    {"python:wasm", "python.wasm"},
    {"python:default", "python.wasm"},
};

#define TABLE (sizeof table / sizeof *table)
_Static_assert(TABLE <= KINDS_MAX, "there is room for all");

void kinds_init(struct kinds *k)
{
    for (size_t i = 0; i < TABLE; i++)
        k->all[i] = (struct kind){.name = table[i].name, .file = table[i].file};
}

void kinds_done(struct kinds *k)
{
    for (size_t i = 0; i < TABLE; i++)
        free(k->all[i].code);
}

int kinds_get(struct kinds *k, const char *name, struct kind **out, struct err *err)
{
    char names[200] = "";

    for (size_t i = 0; i < TABLE; i++) {
        if (strcmp(name, k->all[i].name) == 0) {
            *out = &k->all[i];
            return 0;
        }
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", k->all[i].name);
    }
    return err_set(err, ERR_UNUSABLE, "there is no kind '%.60s', only %s", name, names);
}

bool kinds_have(const struct kinds *k, const char *name, const struct pool_settings *settings)
{
    char path[4096];

    for (size_t i = 0; i < TABLE; i++) {
        if (strcmp(name, k->all[i].name) != 0)
            continue;
        snprintf(path, sizeof path, "%s/kinds/%s", settings->programs,
                 k->all[i].file ? k->all[i].file : "");
        return !k->all[i].file || k->all[i].code || access(path, R_OK) == 0;
    }
    return false;
}

int kind_read(struct kind *k, const struct pool_settings *settings, struct err *err)
{
    AUTO(buf) struct buf wasm;
    char path[4096];

    buf_init(&wasm, INTERPRETER_MAX);
    if (k->code)
        return 0;
    snprintf(path, sizeof path, "%s/kinds/%s", settings->programs, k->file);
    int r = file_read(path, &wasm, err);
    if (r < 0) {
        err->kind = ERR_UNUSABLE;
        return err_wrap(err, "this wow was built without the interpreter of the kind '%s'",
                        k->name);
    }
    k->code = mem_zero(wasm.size / 3 * 4 + 8);
    k->size = (size_t)EVP_EncodeBlock((unsigned char *)k->code, (unsigned char *)wasm.data,
                                      (int)wasm.size);
    sha256_hex(k->code, k->size, k->upload);
    return 0;
}
