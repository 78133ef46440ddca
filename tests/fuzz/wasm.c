/* A module: looked through, and its memory's maximum lowered. */
#include "engine/cap.h"
#include "engine/features.h"
#include "engine/sections.h"
#include "fuzz.h"
#include "host/guest.h"
#include "host/imports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wow_bytes wasm = {data, size};
    AUTO(sections) struct sections *s = NULL;
    AUTO(buf) struct buf capped;
    struct err err;

    buf_init(&capped, size + CAP_ADDS);
    if (sections_read(wasm, &s, &err) == 0) {
        sections_check_imports(s, host_imports, &err);
        guest_shape(sections_exports_func, s, "main", &err);
        sections_exports_memory(s, "memory");
    }
    if (features_check(wasm, &err) == 0 && cap_memory(wasm, 1u << 20, &capped, &err) == 0) {
        /* What was all right still is. */
        int r = features_check((struct wow_bytes){(uint8_t *)capped.data, capped.size}, &err);
        assert(r == 0);
    }
    return 0;
}

/* The engine that guest.c would call: none. */
const struct wow_engine wow_engine;
