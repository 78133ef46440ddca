#include "proxy/action_proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "proxy/payload.h"

/* The result itself; an invoker sees success and application error in it, and failure in 502. */
static unsigned answer(const struct activation *a, struct buf *body)
{
    buf_put(body, a->result, a->result_size);
    if (a->refused) /* not 503: the invoker would lose the activation */
        return STATUS_DEVELOPER;
    switch (a->status) {
    case ACTIVATION_SUCCESS:
    case ACTIVATION_APPLICATION_ERROR:
        return 200;
    case ACTIVATION_DEVELOPER_ERROR:
        return STATUS_DEVELOPER;
    case ACTIVATION_WHISK_ERROR:
        return STATUS_INTERNAL;
    }
    return STATUS_INTERNAL;
}

void action_proxy_handle(struct request *r, void *ctx)
{
    bool is_init = strcmp(r->path, "/init") == 0, is_run = strcmp(r->path, "/run") == 0;
    struct container *c =
        is_init ? container_at_or_former(ctx, r->local) : container_at(ctx, r->local);
    char address[INET_ADDRSTRLEN], text[128];

    if (!is_init && !is_run) {
        request_reply_error(r, STATUS_NOT_FOUND, "No such path: POST /init, /run.");
    } else if (strcmp(r->method, "POST") != 0) {
        request_reply_error(r, STATUS_METHOD, "Only POST is understood here.");
    } else if (!c) {
        inet_ntop(AF_INET, &r->local, address, sizeof address);
        snprintf(text, sizeof text, "No container has the address %s.", address);
        /* A container of a former wowd: 503 has the invoker run the activation in another. */
        request_reply_error(r, is_run ? STATUS_BUSY : STATUS_NOT_FOUND, text);
    } else if (is_init) {
        payload_init(r, c);
    } else {
        payload_run(r, c, answer, true);
    }
}
