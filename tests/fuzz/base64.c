/* An upload's text. */
#include "base/base64.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) struct buf out;
    struct err err;

    buf_init(&out, size);
    if (base64_decode((const char *)data, size, &out, &err) == 0)
        assert(out.size <= size / 4 * 3);
    return 0;
}
