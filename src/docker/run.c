/* docker run: a container, an address, and nothing else until its code comes. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "docker/priv.h"

#define NAME_MAX_SIZE 1024u
#define NETWORK_DEFAULT "bridge"

static void fail(struct call *c, const char *why)
{
    c->exit = 125;
    say(&c->err, "docker: %s\n\nRun 'docker run --help' for more information\n", why);
}

static void refuse(struct call *c, const char *why)
{
    AUTO(mem) char *text = mem_print("Error response from daemon: %s", why);

    fail(c, text);
}

/* "256m", "1g", bytes; in MB, at least what was asked for. */
static int parse_memory(const char *text, unsigned *mb, struct err *err)
{
    static const char units[] = "bkmg";
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, tolower((unsigned char)*end)) : units;

    if (!isdigit((unsigned char)text[0]))
        return err_set(
            err, ERR_INVALID,
            "invalid argument \"%.100s\" for \"-m, --memory\" flag: invalid size: '%.100s'", text,
            text);
    if (!unit || (*end && end[1] != '\0' && strcmp(end + 1, "b") != 0))
        return err_set(
            err, ERR_INVALID,
            "invalid argument \"%.100s\" for \"-m, --memory\" flag: invalid suffix: '%.100s'", text,
            end);
    unsigned shift = 10 * (unsigned)(unit - units);
    if (n > UINT32_MAX)
        n = UINT32_MAX;
    n = shift == 0 ? n : n << shift;
    if (n != 0 && n < MEMORY_MIN)
        return err_set(err, ERR_TOO_LARGE, "Minimum memory limit allowed is 6MB");
    n = (n + (1u << 20) - 1) >> 20;
    *mb = n > UINT32_MAX ? UINT32_MAX : (unsigned)n;
    return 0;
}

/* What docker allows, and letters of all scripts: OpenWhisk lets them into names. */
static bool is_name(const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < n;) {
        size_t length = utf8_length(name + i, n - i);
        if (length == 0 || (length == 1 && !isalnum((unsigned char)name[i]) &&
                            (i == 0 || !strchr("_.-", name[i]))))
            return false;
        i += length;
    }
    return n > 1 && n <= NAME_MAX_SIZE;
}

/* "K=V" as it stands; "K" would be the value that docker's own environment has, and is left out. */
static void put_env(struct buf *out, const struct args *a)
{
    const char *pair;
    unsigned at = 0;

    while ((pair = args_next(a, ARG_ENV, &at)) != NULL)
        if (strchr(pair, '=') && pair[0] != '=')
            buf_put(out, pair, strlen(pair) + 1);
}

/* Is the image ours? Else the answer is given. */
static bool check_image(struct call *c, const char *image)
{
    char profile[PROFILE_MAX];
    struct err err;
    int ours = image_profile(c->docker, image, profile, &err);

    if (ours < 0) {
        c->where = FOREIGN;
        fail(c, err.msg);
    } else if (ours == 0) {
        c->where = FOREIGN;
        AUTO(mem)
        char *text = mem_print("pull access denied for %s, repository does not exist or "
                               "may require 'docker login'",
                               image);
        say(&c->err, "Unable to find image '%s%s' locally\n", image,
            image[image_name_size(image)] ? "" : ":latest");
        refuse(c, text);
    }
    return ours > 0;
}

static bool take_memory(struct call *c, unsigned *mb)
{
    const char *memory = args_get(&c->args, ARG_MEMORY);
    struct err err;

    if (!memory || parse_memory(memory, mb, &err) == 0)
        return true;
    if (err.kind == ERR_INVALID)
        call_misused(c, err.msg);
    else
        refuse(c, err.msg);
    return false;
}

void command_run(struct call *c)
{
    const char *network = args_get(&c->args, ARG_NETWORK),
               *shares = args_get(&c->args, ARG_CPU_SHARES);
    struct creation what = {.name = args_get(&c->args, ARG_NAME),
                            .image = c->args.operands[0],
                            .network = network ? network : NETWORK_DEFAULT,
                            .cpu_shares = shares ? (unsigned)strtoul(shares, NULL, 10) : 0,
                            .config = {.logs = true}};
    struct container *container;
    AUTO(buf) struct buf env;
    struct err err;

    buf_init(&env, 4u << 20);
    if (!check_image(c, what.image) || !take_memory(c, &what.config.memory_mb))
        return;
    if (!args_get(&c->args, ARG_DETACH)) {
        fail(c, "a wasm container runs in the background: docker run -d");
        return;
    }
    if (c->args.operandc > 1) {
        refuse(c, "a wasm container takes no command: it waits for /init and /run");
        return;
    }
    if (what.name && !is_name(what.name)) {
        AUTO(mem)
        char *text = mem_print(
            "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", what.name);
        refuse(c, text);
        return;
    }
    put_env(&env, &c->args);
    what.config.env = env.data;
    what.config.env_size = env.size;
    if (creation_make(c->docker, &what, &container, &err) < 0)
        refuse(c, err.msg);
    else
        say(&c->out, "%s\n", container_id(container));
}
