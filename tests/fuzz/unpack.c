/* What was in it: wasm, gzip, or zip with a wow.json. */
#include "compile/unpack.h"

#include "compile/artifact.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf in = {.data = (char *)data, .size = size};
    AUTO(buf) struct buf out;
    struct manifest manifest;
    struct artifact artifact;
    struct err err;

    buf_init(&out, 1u << 20);
    if (unpack(&in, &out, &manifest, &err) == 0) {
        assert(out.size <= 1u << 20);
        assert(strlen(manifest.module) < sizeof manifest.module);
        assert(strlen(manifest.engine) < sizeof manifest.engine);
    }
    artifact_read(data, size, &artifact);
    return 0;
}
