/* Namespaces: everyone has one. */
#include <string.h>

#include "api/handlers.h"
#include "invoke/runtimes.h"
#include "invoke/limit.h"

void namespaces_list(struct call *c)
{
    struct buf body;

    buf_init(&body, 4096);
    buf_text(&body, "[");
    buf_json_string(&body, c->who->user.name, strlen(c->who->user.name));
    buf_text(&body, "]");
    call_reply(c, 200, &body);
}

void namespaces_limits(struct call *c)
{
    const struct invoke *v = c->invoke;
    struct buf body;

    if (!call_namespace(c))
        return;
    if (!call_is_own(c)) {
        call_refuse(c, "", "");
        return;
    }
    buf_init(&body, 4096);
    buf_print(&body,
              "{\"invocationsPerMinute\":%u,\"concurrentInvocations\":%u,\"firesPerMinute\":%u,"
              "\"allowedKinds\":[",
              limit_of_invocations(v, c->who), limit_of_concurrency(v, c->who),
              limit_of_fires(v, c->who));
    const char *comma = "";
    for (size_t i = 0; i < runtimec; i++) {
        if (!runtime_is_there(v->pool, &runtimes[i]))
            continue;
        buf_print(&body, "%s\"%s\"", comma, runtimes[i].kind);
        comma = ",";
    }
    buf_print(&body,
              "],\"storeActivations\":true,\"minActionMemory\":%d,\"maxActionMemory\":%u,"
              "\"minActionLogs\":0,\"maxActionLogs\":%d,\"minActionTimeout\":%d,"
              "\"maxActionTimeout\":%d,\"minActionConcurrency\":1,\"maxActionConcurrency\":%d,"
              "\"maxParameterSize\":\"%u B\",\"maxPayloadSize\":\"%u B\",\"truncationSize\":"
              "\"%u B\",\"maxActionInstances\":%u}",
              MEMORY_MIN_MB, v->settings.memory_max_mb, LOGS_MAX_MB, TIMEOUT_MIN_MS, TIMEOUT_MAX_MS,
              CONCURRENCY_MAX, PARAMETERS_MAX, PAYLOAD_MAX, PAYLOAD_MAX,
              limit_of_concurrency(v, c->who));
    call_reply(c, 200, &body);
}
