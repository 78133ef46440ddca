#include "compile/artifact.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/file.h"

#define MAGIC "wowcode2"
#define CPUINFO_MAX (16u << 20)

/* A short name for what this processor can do: code made for it fits no lesser one. */
static void name_processor(char out[9])
{
    AUTO(buf) struct buf info;
    char hash[SHA256_HEX];
    struct err err;

    buf_init(&info, CPUINFO_MAX);
    const char *flags = file_read("/proc/cpuinfo", &info, &err) < 0 || !info.data
                            ? NULL
                            : strstr(info.data, "\nflags");
    if (!flags)
        flags = "\nunknown";
    sha256_hex(flags, strcspn(flags + 1, "\n"), hash);
    memcpy(out, hash, 8);
    out[8] = '\0';
}

void artifact_family(const char *engine, const char *version, unsigned memory_mb,
                     char out[ARTIFACT_FAMILY_MAX])
{
    char processor[9];

    name_processor(processor);
    snprintf(out, ARTIFACT_FAMILY_MAX, "%.32s-%.64s-%s-%u", engine, version, processor, memory_mb);
}

void artifact_init(struct artifact *a, const char *family, const char *wasm, uint64_t size)
{
    *a = (struct artifact){.size = size};
    memcpy(a->magic, MAGIC, sizeof a->magic);
    sha256(family, strlen(family), a->fits);
    hex_decode(wasm, a->wasm, sizeof a->wasm);
}

bool artifact_read(const void *file, size_t n, struct artifact *out)
{
    if (n <= sizeof *out)
        return false;
    memcpy(out, (const char *)file + n - sizeof *out, sizeof *out);
    return memcmp(out->magic, MAGIC, sizeof out->magic) == 0 && out->size == n - sizeof *out;
}

bool artifact_fits(const struct artifact *a, const char *family, const char *wasm)
{
    unsigned char hash[SHA256_SIZE];

    sha256(family, strlen(family), hash);
    if (memcmp(hash, a->fits, sizeof hash) != 0)
        return false;
    return !wasm ||
           (hex_decode(wasm, hash, sizeof hash) && memcmp(hash, a->wasm, sizeof hash) == 0);
}

static void make_mac(const struct artifact *a, const struct mac_key *key, const void *code,
                     unsigned char out[MAC_SIZE])
{
    mac_make(key, code, a->size, a, offsetof(struct artifact, mac), out);
}

void artifact_sign(struct artifact *a, const struct mac_key *key, const void *code)
{
    make_mac(a, key, code, a->mac);
}

bool artifact_is_genuine(const struct artifact *a, const struct mac_key *key, const void *code)
{
    unsigned char mac[MAC_SIZE];

    make_mac(a, key, code, mac);
    return mac_equal(mac, a->mac);
}
