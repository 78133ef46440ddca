#include "cli/remote.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define UNUSABLE 502 /* of init: the fault is the code's */

DEFINE_AUTO(json, json_t *, json_decref)

/* The kind of a file of source, which is sent as it is; NULL: a module, or a zip of one. */
static const char *kind_of(const char *file)
{
    static const char *const kinds[][2] = {
        {".js", "js:wasm"}, {".mjs", "js:wasm"}, {".py", "python:wasm"}};
    const char *dot = strrchr(file, '.');

    for (size_t i = 0; dot && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(dot, kinds[i][0]) == 0)
            return kinds[i][1];
    return NULL;
}

int remote_put_base64(const struct buf *code, struct buf *out, struct err *err)
{
    AUTO(mem) char *text = mem_zero(code->size / 3 * 4 + 8);
    int n = EVP_EncodeBlock((unsigned char *)text, (unsigned char *)code->data, (int)code->size);

    buf_text(out, "\"");
    int r = buf_add(out, text, (size_t)n, err);
    buf_text(out, "\"");
    return r;
}

int remote_init_body(const char *file, const char *members, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf code;

    buf_init(&code, REMOTE_CODE_MAX);
    int r = file_read(file, &code, err);
    if (r < 0)
        return r;
    const char *kind = kind_of(file);
    buf_text(out, "{\"value\":{\"code\":");
    if (kind) {
        buf_json_string(out, code.data ? code.data : "", code.size);
        buf_print(out, ",\"kind\":\"%s\"", kind);
    } else {
        r = remote_put_base64(&code, out, err);
    }
    buf_text(out, members);
    buf_text(out, "}}");
    return r;
}

static int post(struct remote *r, const char *verb, const struct buf *body, struct buf *reply,
                struct err *err)
{
    char path[160];
    long status = 0;

    snprintf(path, sizeof path, "/%s%s%s", r->id, r->id[0] ? "/" : "", verb);
    int done = client_post(r->client, path, body, &status, reply, err);
    if (done < 0 || status == 200)
        return done;
    AUTO(json) json_t *all = json_loadb(reply->data ? reply->data : "", reply->size, 0, NULL);
    const char *text = json_string_value(json_object_get(all, "error"));
    return err_set(err, status == UNUSABLE ? ERR_UNUSABLE : ERR_INTERNAL, "%s: %s (status %ld)",
                   verb, text ? text : "no clear answer", status);
}

/* One whose answer is of no interest. */
static int post_only(struct remote *r, const char *verb, const struct buf *body, struct err *err)
{
    AUTO(buf) struct buf reply;

    buf_init(&reply, REMOTE_REPLY_MAX);
    return post(r, verb, body, &reply, err);
}

int remote_start(struct remote *r, struct err *err)
{
    AUTO(buf) struct buf reply;
    const struct buf none = {0};

    buf_init(&reply, REMOTE_REPLY_MAX);
    r->id[0] = '\0';
    int done = post(r, "start", &none, &reply, err);
    if (done < 0)
        return done;
    AUTO(json) json_t *all = json_loadb(reply.data ? reply.data : "", reply.size, 0, NULL);
    const char *id = json_string_value(json_object_get(all, "containerId"));
    if (!id || strlen(id) >= sizeof r->id)
        return err_set(err, ERR_INTERNAL, "what listens there does not answer like wowd");
    memcpy(r->id, id, strlen(id) + 1);
    return 0;
}

int remote_init(struct remote *r, const struct buf *body, struct err *err)
{
    return post_only(r, "init", body, err);
}

int remote_run(struct remote *r, const struct buf *body, struct buf *reply, struct err *err)
{
    return post(r, "run", body, reply, err);
}

int remote_destroy(struct remote *r, struct err *err)
{
    const struct buf none = {0};

    return post_only(r, "destroy", &none, err);
}
