#pragma once

/*
 * A file of machine code: what an engine's compiler wrote, and behind it, as its last bytes, a
 * trailer that says where the code fits. So files lie in wowd's cache, and so `wow compile` writes
 * them. Engines see only the code before the trailer.
 *
 * Machine code is trusted by whoever runs it. In the cache, the trailer has a MAC made with a key
 * that only the daemon's user can read; wowd checks it before a worker sees the file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mac.h"
#include "base/sha256.h"
#include "wow/err.h"

/* The trailer, in the byte order of the processor that the code is for. */
struct artifact {
    char magic[8];
    uint64_t size;                   /* of the code */
    unsigned char fits[SHA256_SIZE]; /* hash of the family's name */
    unsigned char wasm[SHA256_SIZE]; /* hash of the module, as it was sent */
    unsigned char mac[MAC_SIZE];     /* of the code and the trailer before this; or zero */
};

/*
 * The name of all that must be the same for code to fit: the engine, its exact version, what the
 * processor can do, the most memory the module may use. "wasmtime-48.0.8-0a1b2c3d-256".
 */
#define ARTIFACT_FAMILY_MAX 128
void artifact_family(const char *engine, const char *version, unsigned memory_mb,
                     char out[ARTIFACT_FAMILY_MAX]);

/* A trailer for code of that size; wasm is the module's hash in hex. */
void artifact_init(struct artifact *a, const char *family, const char *wasm, uint64_t size);

/* The trailer at the end of a file's bytes; false when there is none or it makes no sense. */
bool artifact_read(const void *file, size_t n, struct artifact *out);

/* Was it made for this family and module (hash in hex; NULL: any)? */
bool artifact_fits(const struct artifact *a, const char *family, const char *wasm);

/* Write its MAC; check it. code has a->size bytes. */
void artifact_sign(struct artifact *a, const struct mac_key *key, const void *code);
bool artifact_is_genuine(const struct artifact *a, const struct mac_key *key, const void *code);
