/* Containers, made and used one request at a time. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "load.h"

int maker_open(struct container_maker *m, const struct load *l, struct err *err)
{
    *m = (struct container_maker){.load = l, .serial = clock_epoch_ns()};
    buf_init(&m->request, LOAD_REQUEST_MAX);
    buf_init(&m->body, LOAD_REQUEST_MAX);
    buf_init(&m->code, LOAD_REQUEST_MAX);
    return client_open(&m->client, &l->to, err);
}

void maker_close(struct container_maker *m)
{
    client_close(&m->client);
    buf_done(&m->request);
    buf_done(&m->body);
    buf_done(&m->code);
}

static void put_base64(struct buf *out, const unsigned char *data, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < n; i += 3) {
        uint32_t bits = (uint32_t)data[i] << 16 | (i + 1 < n ? (uint32_t)data[i + 1] << 8 : 0) |
                        (i + 2 < n ? data[i + 2] : 0);
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                        i + 1 < n ? digits[bits >> 6 & 63] : '=',
                        i + 2 < n ? digits[bits & 63] : '='};
        buf_put(out, four, 4);
    }
}

/* A custom section "bench" with a number in it: another module of the same meaning. */
static void put_section(struct buf *code, uint64_t number)
{
    char section[2 + 6 + 8] = {0, 6 + 8, 5, 'b', 'e', 'n', 'c', 'h'};

    memcpy(section + 8, &number, 8);
    buf_put(code, section, sizeof section);
}

/* Send POST /VERB or /ID/VERB. */
static int post(struct container_maker *m, const char *id, const char *verb, const char *body,
                size_t n, const char *expect, uint64_t *ns, struct err *err)
{
    char path[LOAD_ID_SIZE + 16];

    snprintf(path, sizeof path, "%s%s/%s", id ? "/" : "", id ? id : "", verb);
    client_request(&m->request, "POST", path, body, n);
    int r = client_exchange(&m->client, &m->request, ns, err);
    if (r < 0)
        return err_wrap(err, "%s", path);
    if (!client_is_good(&m->client) || !client_contains(&m->client, expect))
        return err_set(err, ERR_INTERNAL, "%s: %u %.200s", path, m->client.status,
                       m->client.in.data + m->client.head);
    return 0;
}

int maker_start(struct container_maker *m, char id[LOAD_ID_SIZE], uint64_t *ns, struct err *err)
{
    static const char name[] = "\"containerId\":\"";
    int r = post(m, NULL, "start", "", 0, name, ns, err);

    if (r < 0)
        return r;
    const char *from = strstr(m->client.in.data, name) + sizeof name - 1;
    snprintf(id, LOAD_ID_SIZE, "%.*s", (int)strcspn(from, "\""), from);
    return 0;
}

int maker_init(struct container_maker *m, const char *id, const struct buf *code, uint64_t *ns,
               struct err *err)
{
    buf_clear(&m->code);
    buf_put(&m->code, code->data, code->size);
    if (m->load->unseen)
        put_section(&m->code, m->serial++);
    buf_clear(&m->body);
    buf_text(&m->body, "{\"value\":{\"name\":\"bench\",\"main\":\"main\",\"binary\":true");
    if (m->load->ns)
        buf_print(&m->body, ",\"env\":{\"__OW_NAMESPACE\":\"%s\"}", m->load->ns);
    buf_text(&m->body, ",\"code\":\"");
    put_base64(&m->body, (const unsigned char *)m->code.data, m->code.size);
    buf_text(&m->body, "\"}}");
    return post(m, id, "init", m->body.data, m->body.size, NULL, ns, err);
}

int maker_run(struct container_maker *m, const char *id, const struct buf *body, const char *expect,
              uint64_t *ns, struct err *err)
{
    return post(m, id, "run", body->data, body->size, expect, ns, err);
}

int maker_destroy(struct container_maker *m, const char *id, struct err *err)
{
    uint64_t ns;

    return post(m, id, "destroy", "", 0, NULL, &ns, err);
}
