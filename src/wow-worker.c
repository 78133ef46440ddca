/*
 * wow-worker-ENGINE: the zygote of one engine and the workers forked from it. Started by wowd,
 * with a socket to it as descriptor 3; of no use by itself.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "host/imports.h"
#include "host/wasi.h"
#include "wire/message.h"
#include "worker/rules.h"
#include "worker/zygote.h"

/* USER DIRECTORIES MEMORY_MB FILE_MB, as in struct sandbox_plan. */
static void read_plan(char **argv, struct sandbox_plan *plan)
{
    *plan = (struct sandbox_plan){
        .user = argv[1],
        .who = RULE_WORKER | (wow_engine.load_maps_code ? RULE_CODE : 0),
        .dirs = argv[2],
        .data = strtoul(argv[3], NULL, 10) << 20,
        .file = strtoul(argv[4], NULL, 10) << 20,
    };
}

int main(int argc, char **argv)
{
    const struct wow_imports host = {.table = host_imports};
    struct sandbox_plan plan;
    struct wow_runtime *rt;
    struct err err;

    if (argc != 5 || fcntl(WIRE_CONTROL_FD, F_GETFD) < 0) {
        fprintf(stderr, "wow-worker-%s %s: wowd starts this program to run actions\n",
                wow_engine.name, wow_engine.version);
        return 64;
    }
    fcntl(WIRE_CONTROL_FD, F_SETFD, FD_CLOEXEC);
    read_plan(argv, &plan);
    int r = wow_engine.open(&host, &rt, &err);
    if (r == 0)
        r = zygote_run(rt, WIRE_CONTROL_FD, &plan, &err);
    if (r < 0)
        log_event("zygote.fault", "engine=%s error=\"%s\"", wow_engine.name, err.msg);
    return r < 0 ? 1 : 0;
}
