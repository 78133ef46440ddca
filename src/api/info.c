/* What this server is: for clients that ask before they have a key, and for who watches it. */
#include <string.h>

#include "api/handlers.h"
#include "api/openapi.h"
#include "invoke/runtimes.h"

#define MB (1 << 20)

static void put_limits(struct buf *b, const struct invoke_settings *s)
{
    buf_print(b,
              "\"limits\":{\"actions_per_minute\":%u,\"triggers_per_minute\":%u,"
              "\"concurrent_actions\":%u,\"sequence_length\":%u,",
              s->invocations, s->fires, s->concurrent, s->sequence_max);
    for (int i = 0; i < 2; i++) {
        const char *prefix = i == 0 ? "default_" : "";
        buf_print(b,
                  "\"%smin_action_duration\":%d,\"%smax_action_duration\":%d,"
                  "\"%smin_action_memory\":%d,\"%smax_action_memory\":%lld,"
                  "\"%smin_action_logs\":0,\"%smax_action_logs\":%d%s",
                  prefix, TIMEOUT_MIN_MS, prefix, TIMEOUT_MAX_MS, prefix, MEMORY_MIN_MB * MB,
                  prefix, (long long)s->memory_max_mb * MB, prefix, prefix, LOGS_MAX_MB * MB,
                  i == 0 ? "," : "}");
    }
}

/* Kinds by family, in the table's order, as far as they are there. */
static void put_runtimes(struct buf *b, const struct pool *p)
{
    const char *family = "";

    buf_text(b, "\"runtimes\":{");
    for (size_t i = 0; i < runtimec; i++) {
        const struct runtime *r = &runtimes[i];
        if (!runtime_is_there(p, r))
            continue;
        if (strcmp(family, r->family) == 0)
            buf_text(b, ",");
        else
            buf_print(b, "%s\"%s\":[", *family ? "]," : "", r->family);
        buf_print(b,
                  "{\"kind\":\"%s\",\"image\":\"%s\",\"deprecated\":false,\"default\":%s,"
                  "\"attached\":true,\"requireMain\":false}",
                  r->kind, r->image, r->is_default ? "true" : "false");
        family = r->family;
    }
    buf_text(b, "]}");
}

void info_root(struct call *c)
{
    struct buf body;

    buf_init(&body, 65536);
    buf_text(&body, "{\"description\":\"OpenWhisk\",\"support\":{\"github\":"
                    "\"https://github.com/apache/openwhisk/issues\",\"slack\":"
                    "\"http://slack.openwhisk.org\"},\"api_paths\":[\"/api/v1\"],");
    put_limits(&body, &c->invoke->settings);
    buf_text(&body, ",");
    put_runtimes(&body, c->invoke->pool);
    buf_text(&body, "}");
    call_reply(c, 200, &body);
}

void info_api(struct call *c)
{
    struct buf body;

    buf_init(&body, 4096);
    buf_text(&body, "{\"description\":\"OpenWhisk API\",\"api_version\":\"1.0.0\","
                    "\"api_version_path\":\"v1\",\"build\":\"wow " WOW_VERSION
                    "\",\"buildno\":\"" WOW_VERSION "\",\"swagger_paths\":{\"ui\":\"/docs\","
                    "\"api-docs\":\"/api-docs\"}}");
    call_reply(c, 200, &body);
}

void info_document(struct call *c)
{
    struct buf body;

    buf_init(&body, 1u << 20);
    openapi_write(&body);
    call_reply(c, 200, &body);
}

void info_ping(struct call *c)
{
    struct buf body;

    buf_init(&body, 8);
    buf_text(&body, "pong");
    c->request->type = "text/plain; charset=UTF-8";
    request_reply(c->request, 200, &body);
    call_free(c);
}

void info_ready(struct call *c)
{
    struct buf body;
    struct err err;

    if (!c->api->is_ready) {
        call_fail(c, 503, "No worker is up yet.");
    } else if (store_is_writable(c->invoke->store, &err) < 0) {
        call_fail(c, 503, "%s", err.msg);
    } else {
        buf_init(&body, 32);
        buf_text(&body, "{\"ready\":true}");
        call_reply(c, 200, &body);
    }
}
