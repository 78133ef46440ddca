/* docker version, info, images, pull: what wow says of itself, and of images, which it has not. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "docker/priv.h"

void command_version(struct call *c)
{
    const char *format = args_get(&c->args, ARG_FORMAT);

    if (!format) {
        say(&c->out,
            "Client:\n Version:           " DOCKER_VERSION "\n Git commit:        wow-" WOW_VERSION
            "\n OS/Arch:           linux/amd64\n\nServer: wow\n Engine:\n"
            "  Version:          " DOCKER_VERSION "\n  Git commit:       wow-" WOW_VERSION
            "\n  OS/Arch:          linux/amd64\n");
    } else if (strstr(format, "{{.Client.Version}}") || strstr(format, "{{.Server.Version}}")) {
        say(&c->out, DOCKER_VERSION "\n");
    } else {
        c->exit = 1;
        say(&c->err, "template parsing error: template: wow knows .Client.Version and "
                     ".Server.Version\n");
    }
}

void command_info(struct call *c)
{
    struct docker *d = c->docker;
    unsigned all = 0, paused = 0, stopped = 0;
    struct utsname host;

    rows_clean(d);
    for (struct row *r = d->by_id; r; r = r->by_id.next, all++) {
        stopped += r->killed;
        paused += !r->killed && container_is_paused(row_container(d, r));
    }
    uname(&host);
    say(&c->out,
        "Client:\n Version:    " DOCKER_VERSION "\n Context:    default\n Debug Mode: false\n\n"
        "Server:\n Containers: %u\n  Running: %u\n  Paused: %u\n  Stopped: %u\n",
        all, all - paused - stopped, paused, stopped);
    say(&c->out,
        " Server Version: " DOCKER_VERSION "\n Storage Driver: wow-" WOW_VERSION
        "\n Logging Driver: json-file\n Runtimes: %s\n Kernel Version: %s\n OSType: linux\n"
        " Architecture: %s\n Name: %s\n Docker Root Dir: %s\n",
        pool_engines(d->pool), host.release, host.machine, host.nodename, d->settings.containers);
}

/* An image that is ours is always there. */
void command_images(struct call *c)
{
    const char *image = c->args.operandc ? c->args.operands[0] : NULL;
    bool quiet = args_get(&c->args, ARG_QUIET) != NULL;
    char profile[PROFILE_MAX];
    struct err err;
    int ours = image ? image_profile(c->docker, image, profile, &err) : 0;
    int n = ours > 0 ? (int)image_name_size(image) : 0, width = n > 10 ? n : 10;

    c->where = ours > 0 ? OURS : image ? FOREIGN : BOTH;
    if (!quiet)
        say(&c->out, "%-*s   TAG       IMAGE ID    CREATED   SIZE\n", width, "REPOSITORY");
    if (ours > 0 && quiet)
        say(&c->out, "wow-" WOW_VERSION "\n");
    else if (ours > 0)
        say(&c->out, "%-*.*s   %-7s   wow-" WOW_VERSION "   N/A       0B\n", width, n, image,
            image[n] ? image + n + 1 : "latest");
}

void command_pull(struct call *c)
{
    const char *image = c->args.operands[0];
    bool quiet = args_get(&c->args, ARG_QUIET) != NULL;
    char profile[PROFILE_MAX];
    struct err err;
    int ours = image_profile(c->docker, image, profile, &err);
    size_t n = image_name_size(image);
    const char *tag = image[n] ? "" : ":latest";

    if (ours < 0)
        say(&c->err, "%s\n", err.msg);
    else if (!quiet && !image[n])
        say(&c->out, "Using default tag: latest\n");
    if (ours == 0)
        say(&c->err,
            "Error response from daemon: pull access denied for %s, repository does not exist or "
            "may require 'docker login'\n",
            image);
    if (ours <= 0) {
        c->where = FOREIGN;
        c->exit = 1;
        return;
    }
    if (!quiet)
        say(&c->out, "%s: Pulling from %.*s\nStatus: Image is up to date for %s%s\n",
            image[n] ? image + n + 1 : "latest", (int)n, image, image, tag);
    say(&c->out, "docker.io/%s%s\n", image, tag);
}
