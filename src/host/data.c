#include "host/data.h"

#include <unistd.h>

#include "host/wasi_priv.h"

int data_size(void *guest, struct wow_instance *in, uint64_t *v)
{
    const struct wasi *w = guest;

    (void)in;
    v[0] = w->setup.data_size;
    return 0;
}

int data_read(void *guest, struct wow_instance *in, uint64_t *v)
{
    const struct wasi *w = guest;
    uint32_t at = (uint32_t)v[1], n = (uint32_t)v[2], size = w->setup.data_size;
    uint8_t *to;
    ssize_t got = 0;

    if (at > size)
        at = size;
    if (n > size - at)
        n = size - at;
    to = n > 0 ? w->setup.engine->span(in, (uint32_t)v[0], n) : NULL;
    if (to)
        got = pread(w->setup.data, to, n, at);
    v[0] = got > 0 ? (uint32_t)got : 0;
    return 0;
}
