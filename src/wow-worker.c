/*
 * wow-worker-ENGINE: the zygote of one engine and the workers forked from it. Started by wowd,
 * with a socket to it as descriptor 3; of no use by itself.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/log.h"
#include "wire/message.h"
#include "host/imports.h"
#include "host/wasi.h"
#include "worker/zygote.h"

int main(int argc, char **argv)
{
    const struct wow_imports host = {.table = host_imports};
    struct wow_runtime *rt;
    struct err err;

    if (argc != 2 || fcntl(WIRE_CONTROL_FD, F_GETFD) < 0) {
        fprintf(stderr, "wow-worker-%s %s: wowd starts this program to run actions\n",
                wow_engine.name, wow_engine.version);
        return 64;
    }
    fcntl(WIRE_CONTROL_FD, F_SETFD, FD_CLOEXEC);
    int r = wow_engine.open(&host, &rt, &err);
    if (r == 0)
        r = zygote_run(rt, WIRE_CONTROL_FD, argv[1], &err);
    if (r < 0)
        log_event("zygote.fault", "engine=%s error=\"%s\"", wow_engine.name, err.msg);
    return r < 0 ? 1 : 0;
}
