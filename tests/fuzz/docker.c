/*
 * Words of a docker command line, each with a NUL behind it, as wow-docker sends them; lines
 * have an empty word between them. The pool takes every container and forgets none.
 */
#include <stdio.h>

#include "base/log.h"
#include "docker/docker.h"
#include "fuzz.h"

#define CONTAINERS 8

struct container {
    char id[65];
    bool paused;
};

static struct container all[CONTAINERS];
static unsigned count, answers;

bool request_is_trusted(const struct request *r) { return r != NULL; }

void request_reply(struct request *r, unsigned status, struct buf *body)
{
    answers++;
    assert(status == 200 || status == 400);
    if (body && status == 200)
        assert(strncmp(body->data, "ours ", 5) == 0 || strncmp(body->data, "foreign ", 8) == 0 ||
               strncmp(body->data, "both ", 5) == 0);
    if (body)
        buf_done(body);
    buf_done(&r->body);
}

void request_reply_error(struct request *r, unsigned status, const char *text)
{
    assert(strlen(text) > 0);
    request_reply(r, status, NULL);
}

int container_new(struct pool *p, const char *id, struct container **out, struct err *err)
{
    (void)p, (void)id;
    if (count == CONTAINERS)
        return err_set(err, ERR_BUSY, "there are enough");
    struct container *c = &all[count];
    snprintf(c->id, sizeof c->id, "%064x", ++count);
    c->paused = false;
    *out = c;
    return 0;
}

struct container *container_find(struct pool *p, const char *id)
{
    (void)p;
    for (unsigned i = 0; i < count; i++)
        if (strcmp(all[i].id, id) == 0)
            return &all[i];
    return NULL;
}

int container_configure(struct container *c, const struct container_config *config, struct err *err)
{
    (void)c;
    assert(config->env_size == 0 || config->env[config->env_size - 1] == '\0');
    return config->memory_mb <= 512 ? 0 : err_set(err, ERR_INVALID, "too much");
}

static int set(struct container *c, bool paused, struct err *err)
{
    if (c->paused == paused)
        return err_set(err, ERR_CONFLICT, "so it is");
    c->paused = paused;
    return 0;
}

int container_pause(struct container *c, struct err *err) { return set(c, true, err); }
int container_resume(struct container *c, struct err *err) { return set(c, false, err); }
bool container_is_paused(const struct container *c) { return c->paused; }
const char *container_id(const struct container *c) { return c->id; }
void container_kill(struct container *c) { c->paused = false; }
void container_destroy(struct container *c) { c->id[0] = '\0'; }
struct in_addr container_address(struct container *c) { return (void)c, (struct in_addr){0}; }
const char *pool_engines(const struct pool *p) { return (void)p, "none"; }
int container_take_address(struct container *c, struct in_addr address, struct err *err)
{
    return (void)c, (void)address, (void)err, 0;
}

/* Files are not what is tried here, and that they cannot be written is no news. */
void log_event(const char *event, const char *fmt, ...) { (void)event, (void)fmt; }

char *sink_path(const char *dir, const char *id);
char *sink_path(const char *dir, const char *id)
{
    return (void)dir, (void)id, strdup("/dev/null");
}
void sink_remove(const char *dir, const char *id);
void sink_remove(const char *dir, const char *id) { (void)dir, (void)id; }
void lines_time(uint64_t epoch_ns, char out[31]);
void lines_time(uint64_t epoch_ns, char out[31])
{
    snprintf(out, 31, "%030llu", (unsigned long long)epoch_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct docker_settings settings = {
        .images = "wow/,x/", .containers = "/nonexistent", .data = "/nonexistent"};
    struct docker *d = docker_new((struct pool *)"p", &settings);
    const uint8_t *at = data, *end = data + size;
    unsigned asked = 0;

    count = answers = 0;
    while (at < end) {
        const uint8_t *stop = memmem(at, (size_t)(end - at), "\0\0", 2);
        const uint8_t *next = stop ? stop + 2 : end;
        struct request r = {.path = "/docker", .method = "POST"};
        buf_init(&r.body, size + 1);
        buf_put(&r.body, at, (size_t)((stop ? stop + 1 : end) - at));
        docker_handle(&r, d);
        asked++;
        at = next;
    }
    assert(answers == asked);
    docker_free(d);
    return 0;
}
