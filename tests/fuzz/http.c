/*
 * A request's path and body, from the door to the pool: the first line is the method and path, the
 * rest the body. The pool is one of a container that takes everything, and answers at once.
 */
#include "fuzz.h"
#include "pool/pool.h"
#include "proxy/executor.h"
#include "proxy/payload.h"

static struct container *const the_container = (struct container *)"x";
static unsigned answers;

void request_reply(struct request *r, unsigned status, struct buf *body)
{
    assert(status >= 200 && status < 600);
    answers++;
    if (body)
        buf_done(body);
    buf_done(&r->body);
}

void request_reply_error(struct request *r, unsigned status, const char *text)
{
    assert(strlen(text) > 0);
    request_reply(r, status, NULL);
}

void request_reply_begin(struct request *r, unsigned status, struct buf *body)
{
    (void)r, (void)status, (void)body;
    assert(!"nothing is late here");
}

void request_reply_end(struct request *r, unsigned ms) { (void)r, (void)ms; }

int container_new(struct pool *p, const char *id, struct container **out, struct err *err)
{
    (void)p;
    if (id && strlen(id) > 20)
        return err_set(err, ERR_INVALID, "no");
    *out = the_container;
    return 0;
}

struct container *container_find(struct pool *p, const char *id)
{
    (void)p;
    return id[0] == 'x' ? the_container : NULL;
}

const char *container_id(const struct container *c) { return (const char *)c; }
bool container_is_ready(const struct container *c) { return c != NULL; }
struct container *container_at(struct pool *p, struct in_addr a) { return (void)p, (void)a, NULL; }
struct container *container_at_or_former(struct pool *p, struct in_addr a)
{
    return container_at(p, a);
}
struct in_addr container_address(struct container *c) { return (void)c, (struct in_addr){0}; }
void container_refused(struct container *c) { (void)c; }
void container_destroy(struct container *c) { (void)c; }
int container_set_profile(struct container *c, const char *profile, struct err *err)
{
    (void)c, (void)err;
    return strlen(profile) < 20 ? 0 : err_set(err, ERR_INVALID, "no");
}

int container_pause(struct container *c, struct err *err) { return (void)c, (void)err, 0; }
int container_resume(struct container *c, struct err *err) { return (void)c, (void)err, 0; }

void container_init(struct container *c, const struct container_init *init)
{
    (void)c;
    assert(strlen(init->name) + strlen(init->entry) < 1u << 20);
    assert(init->env_size == 0 || init->env[init->env_size - 1] == '\0');
    init->done(init->ctx, NULL);
}

const char *activation_status_text(enum activation_status status)
{
    return status == ACTIVATION_SUCCESS ? "success" : "other";
}

void activation_stats(const struct activation *a, struct buf *out)
{
    (void)a;
    buf_text(out, ",\"stats\":{}");
}

void activation_late_text(const struct activation *a, char text[ACTIVATION_LATE_TEXT])
{
    (void)a;
    text[0] = '\0';
}

void container_run(struct container *c, struct activation *a)
{
    a->container = c;
    assert(a->strings.size == 0 || a->strings.data[a->strings.size - 1] == '\0');
    buf_init(&a->text, 1000);
    buf_init(&a->log, 1000);
    buf_text(&a->text, "{}");
    buf_text(&a->log, "[]");
    a->result = a->text.data;
    a->result_size = a->text.size;
    a->done(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    struct executor door = {.pool = (struct pool *)"p", .proxy_port = 1};
    struct request r = {0};
    char line[512];

    if (!end || (size_t)(end - data) >= sizeof line || memchr(data, '\0', (size_t)(end - data)))
        return 0;
    memcpy(line, data, (size_t)(end - data));
    line[end - data] = '\0';
    char *space = strchr(line, ' ');
    if (!space)
        return 0;
    *space = '\0';
    r.method = line;
    r.path = space + 1;
    buf_init(&r.body, 1u << 26);
    if (data + size > end + 1)
        buf_put(&r.body, end + 1, size - (size_t)(end + 1 - data));
    answers = 0;
    executor_handle(&r, &door);
    assert(answers == 1);
    return 0;
}
