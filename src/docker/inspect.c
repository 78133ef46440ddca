/* docker inspect: a container in JSON, or the few of Go's templates that OpenWhisk uses. */
#include <arpa/inet.h>
#include <string.h>

#include "docker/priv.h"
#include "pool/lines.h"

#define NETWORKS ".NetworkSettings.Networks."
#define ADDRESS ".IPAddress"

static bool is(const char *text, size_t n, const char *what)
{
    return n == strlen(what) && memcmp(text, what, n) == 0;
}

static const char *status(const struct docker *d, const struct row *r)
{
    return r->killed ? "exited" : container_is_paused(row_container(d, r)) ? "paused" : "running";
}

/* The value of what stands between braces. */
static bool put_value(struct call *c, const struct row *r, const char *at, size_t n)
{
    size_t head = sizeof NETWORKS - 1, tail = sizeof ADDRESS - 1;
    char address[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &r->address, address, sizeof address);
    if (is(at, n, ".NetworkSettings.IPAddress"))
        say(&c->out, "%s", address);
    else if (n > head + tail && memcmp(at, NETWORKS, head) == 0 &&
             memcmp(at + n - tail, ADDRESS, tail) == 0)
        say(&c->out, "%s", is(at + head, n - head - tail, r->network) ? address : "<no value>");
    else if (is(at, n, ".State.OOMKilled"))
        say(&c->out, "%s", r->exhausted ? "true" : "false");
    else if (is(at, n, ".State.Status"))
        say(&c->out, "%s", status(c->docker, r));
    else
        return false;
    return true;
}

/* What is wrong with the template; NULL: nothing. */
static const char *put_template(struct call *c, const struct row *r, const char *text)
{
    for (;;) {
        const char *open = strstr(text, "{{");
        buf_put(&c->out, text, open ? (size_t)(open - text) : strlen(text));
        if (!open)
            break;
        const char *at = open + 2, *close = strstr(at, "}}"), *end = close;
        if (!close)
            return "unclosed action";
        while (at < end && *at == ' ')
            at++;
        while (end > at && end[-1] == ' ')
            end--;
        if (!put_value(c, r, at, (size_t)(end - at)))
            return "wow knows .NetworkSettings.Networks.NAME.IPAddress, "
                   ".NetworkSettings.IPAddress, .State.OOMKilled and .State.Status";
        text = close + 2;
    }
    buf_text(&c->out, "\n");
    return NULL;
}

static void put_text(struct buf *out, const char *text)
{
    buf_json_string(out, text, strlen(text));
}

static void put_json(struct call *c, const struct row *r)
{
    const char *state = status(c->docker, r);
    char address[INET_ADDRSTRLEN], created[LINES_TIME];
    struct buf *o = &c->out;

    inet_ntop(AF_INET, &r->address, address, sizeof address);
    lines_time(r->created_s * 1000000000u, created);
    say(o, "    {\n        \"Id\": \"%s\",\n        \"Created\": \"%s\",\n", r->id, created);
    say(o,
        "        \"State\": {\n            \"Status\": \"%s\",\n            \"Running\": %s,\n"
        "            \"Paused\": %s,\n            \"OOMKilled\": %s\n        },\n        "
        "\"Name\": ",
        state, r->killed ? "false" : "true", strcmp(state, "paused") == 0 ? "true" : "false",
        r->exhausted ? "true" : "false");
    say(o, "\"/%s\",\n        \"Config\": {\n            \"Image\": ", r->name);
    put_text(o, r->image);
    say(o,
        "\n        },\n        \"HostConfig\": {\n            \"Memory\": %llu,\n"
        "            \"CpuShares\": %u,\n            \"NetworkMode\": ",
        (unsigned long long)r->memory_mb << 20, r->cpu_shares);
    put_text(o, r->network);
    say(o,
        "\n        },\n        \"NetworkSettings\": {\n            \"IPAddress\": \"%s\",\n"
        "            \"Networks\": {\n                ",
        address);
    put_text(o, r->network);
    say(o,
        ": {\n                    \"IPAddress\": \"%s\"\n                }\n            }\n"
        "        }\n    }",
        address);
}

static void inspect_json(struct call *c)
{
    unsigned found = 0;

    buf_text(&c->out, "[");
    for (unsigned i = 0; i < c->args.operandc; i++) {
        const struct row *r = row_find(c->docker, c->args.operands[i]);
        if (!r)
            continue;
        buf_text(&c->out, found++ ? ",\n" : "\n");
        put_json(c, r);
    }
    buf_text(&c->out, found ? "\n]\n" : "]\n");
}

void command_inspect(struct call *c)
{
    const char *format = args_get(&c->args, ARG_FORMAT), *fault = NULL;
    unsigned missing = 0;

    for (unsigned i = 0; i < c->args.operandc; i++) {
        const struct row *r = row_find(c->docker, c->args.operands[i]);
        if (!r) {
            missing++;
            say(&c->err, "Error: No such object: %s\n", c->args.operands[i]);
        } else if (format && !fault) {
            fault = put_template(c, r, format);
        }
    }
    if (!format)
        inspect_json(c);
    if (fault)
        say(&c->err, "template parsing error: template: %s\n", fault);
    if (format && c->out.size == 0)
        buf_text(&c->out, "\n");
    c->exit = fault || missing ? 1 : 0;
    if (missing == c->args.operandc)
        c->where = FOREIGN;
}
