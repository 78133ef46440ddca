/* From an engine's call to the functions of WASI and `wow`: the one table that all engines link. */
#include "host/imports.h"

#include "host/data.h"
#include "host/http.h"
#include "host/wasi_priv.h"

static int host_proc_exit(void *guest, struct wow_instance *in, uint64_t *v)
{
    struct wasi *w = guest;

    (void)in;
    w->exited = true;
    w->code = (uint32_t)v[0];
    return WOW_STOP;
}

#define X(name, type)                                                                              \
    static int host_##name(void *guest, struct wow_instance *in, uint64_t *v)                      \
    {                                                                                              \
        const struct wasi_call c = {guest, in, v};                                                 \
        v[0] = wasi_##name(&c);                                                                    \
        return 0;                                                                                  \
    }
WASI_FUNCTIONS(X)
#undef X

#define MODULE "wasi_snapshot_preview1"

const struct wow_import host_imports[] = {
#define X(name, type) {MODULE, #name, type, host_##name},
    WASI_FUNCTIONS(X)
#undef X
        {MODULE, "proc_exit", "i:", host_proc_exit},
    {"wow", "data_size", ":i", data_size},
    {"wow", "data_read", "iii:i", data_read},
    {"wow", "http_request", "ii:i", http_host_request},
    {"wow", "http_read", "iiii:i", http_host_read},
    {NULL, NULL, NULL, NULL},
};
