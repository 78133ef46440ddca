/* bench-load: puts load on a wowd and prints, in one line of JSON, how it bore it. */
#include "load.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

static const struct mode {
    const char *name;
    int (*go)(const struct load *l, struct err *err);
    bool needs_code;
} modes[] = {
    {"hammer", load_hammer, false},    {"rotate", load_rotate, true}, {"cold", load_cold, true},
    {"deadline", load_deadline, true}, {"drive", load_drive, false},
};

#define MODES (sizeof modes / sizeof *modes)

static const struct option options[] = {
    {"to", required_argument, NULL, 't'},
    {"method", required_argument, NULL, 'm'},
    {"path", required_argument, NULL, 'p'},
    {"expect", required_argument, NULL, 'e'},
    {"header", required_argument, NULL, 'h'},
    {"namespace", required_argument, NULL, 's'},
    {"body", required_argument, NULL, 'b'},
    {"code", required_argument, NULL, 'c'},
    {"next", required_argument, NULL, 'n'},
    {"connections", required_argument, NULL, 'C'},
    {"containers", required_argument, NULL, 'K'},
    {"warmup", required_argument, NULL, 'w'},
    {"time", required_argument, NULL, 'T'},
    {"count", required_argument, NULL, 'N'},
    {"deadline", required_argument, NULL, 'D'},
    {"unseen", no_argument, NULL, 'u'},
    {"keep", no_argument, NULL, 'k'},
    {"plan", required_argument, NULL, 'P'},
    {"trace", required_argument, NULL, 'R'},
    {"rate", required_argument, NULL, 'r'},
    {"slots", required_argument, NULL, 'S'},
    {"seed", required_argument, NULL, 'x'},
    {"prepare", no_argument, NULL, 'a'},
    {"in-turn", no_argument, NULL, 'i'},
    {"close", no_argument, NULL, 'l'},
    {0},
};

static const char help[] =
    "usage: bench-load hammer|rotate|cold|deadline --to ADDR:PORT [--OPTION VALUE] …\n"
    "       bench-load drive --plan FILE [--OPTION VALUE] …\n"
    "  hammer    one request on --connections, for --time ms after --warmup ms, or --count of "
    "them:\n"
    "            --method, --path, --body FILE, --header 'NAME: VALUE'\n"
    "  rotate    the same with runs of --containers in turn, each made of --code FILE before\n"
    "  cold      --count times start, init with --code, first run with --body, destroy\n"
    "  deadline  --count times a run of --code, which never ends, with --deadline ms to go, then\n"
    "            two of --next with --body\n"
    "  drive     what a --plan says (bench/plan.h); --connections requests are always under way,\n"
    "            or --rate of them begin in a second and their latency counts from then on;\n"
    "            --in-turn: groups in turn, not by chance (--seed); --prepare: start all "
    "containers\n"
    "            before; --slots: so many at once, others are stopped; --close: a connection for\n"
    "            each request; --trace FILE: a line of each request\n"
    "  --expect TEXT     what every good answer contains\n"
    "  --namespace NAME  of all containers; without it each is a namespace of its own\n"
    "  --unseen          make every container's code new, by a custom section\n"
    "  --keep            rotate, drive: leave the containers there\n";

int load_address(struct sockaddr_in *out, const char *text, struct err *err)
{
    const char *colon = strrchr(text, ':');
    AUTO(mem) char *host = mem_dup_n(text, colon ? (size_t)(colon - text) : 0);

    out->sin_family = AF_INET;
    out->sin_port = htons((uint16_t)strtoul(colon ? colon + 1 : "0", NULL, 10));
    if (inet_pton(AF_INET, host, &out->sin_addr) != 1 || out->sin_port == 0)
        return err_set(err, ERR_INVALID, "'%s' is not ADDR:PORT", text);
    return 0;
}

static int set_number(unsigned *to, unsigned max, const char *text, struct err *err)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || n > max)
        return err_set(err, ERR_INVALID, "'%s' is not a number from 0 to %u", text, max);
    *to = (unsigned)n;
    return 0;
}

/* Those of mode drive. */
static int set_drive_option(struct load *l, int option, const char *value, struct err *err)
{
    switch (option) {
    case 'P':
        l->plan = value;
        return 0;
    case 'R':
        l->trace = value;
        return 0;
    case 'r':
        l->rate = strtod(value, NULL);
        return l->rate > 0 ? 0 : err_set(err, ERR_INVALID, "--rate %s", value);
    case 'S':
        return set_number(&l->slots, 1000000, value, err);
    case 'x':
        return set_number(&l->seed, 1000000, value, err);
    case 'a':
        l->prepare = true;
        return 0;
    case 'i':
        l->in_turn = true;
        return 0;
    case 'l':
        l->close = true;
        return 0;
    default:
        return err_set(err, ERR_INVALID, "bench-load --help lists the options");
    }
}

static int set_option(struct load *l, int option, const char *value, struct err *err)
{
    switch (option) {
    case 't':
        return load_address(&l->to, value, err);
    case 'm':
        l->method = value;
        return 0;
    case 'p':
        l->path = value;
        return 0;
    case 'e':
        l->expect = value;
        return 0;
    case 'h':
        l->header = value;
        return 0;
    case 's':
        l->ns = value;
        return 0;
    case 'b':
        return file_read(value, &l->body, err);
    case 'c':
        return file_read(value, &l->code, err);
    case 'n':
        return file_read(value, &l->next, err);
    case 'C':
        return set_number(&l->connections, 1024, value, err);
    case 'K':
        return set_number(&l->containers, 1000000, value, err);
    case 'w':
        return set_number(&l->warmup_ms, 60000, value, err);
    case 'T':
        return set_number(&l->time_ms, 3600000, value, err);
    case 'N':
        return set_number(&l->count, 4000000, value, err);
    case 'D':
        return set_number(&l->deadline_ms, 60000, value, err);
    case 'u':
        l->unseen = true;
        return 0;
    case 'k':
        l->keep = true;
        return 0;
    default:
        return set_drive_option(l, option, value, err);
    }
}

static int read_arguments(struct load *l, int argc, char **argv, const struct mode **mode,
                          struct err *err)
{
    int option, r = 0;

    while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        r = set_option(l, option, optarg, err);
    }
    if (r < 0)
        return r;
    for (size_t i = 0; i < MODES && optind == argc - 1; i++)
        if (strcmp(argv[optind], modes[i].name) == 0)
            *mode = &modes[i];
    if (!*mode || ((*mode)->go == load_drive ? !l->plan : l->to.sin_port == 0))
        return err_set(err, ERR_INVALID, "a mode, and --to or --plan; bench-load --help tells");
    if ((*mode)->needs_code && l->code.size == 0)
        return err_set(err, ERR_INVALID, "mode %s needs --code", (*mode)->name);
    if ((*mode)->go == load_deadline && l->next.size == 0)
        return err_set(err, ERR_INVALID, "mode deadline needs --next");
    return 0;
}

int main(int argc, char **argv)
{
    struct load l = {.method = "POST",
                     .path = "/echo",
                     .connections = 1,
                     .containers = 1,
                     .warmup_ms = 200,
                     .time_ms = 10000,
                     .deadline_ms = 100};
    const struct mode *mode = NULL;
    struct err err;

    buf_init(&l.body, LOAD_FILE_MAX);
    buf_init(&l.code, LOAD_FILE_MAX);
    buf_init(&l.next, LOAD_FILE_MAX);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    int r = read_arguments(&l, argc, argv, &mode, &err);
    if (r == 0 && l.count == 0 && (mode->go == load_cold || mode->go == load_deadline))
        l.count = 50;
    if (r == 0)
        r = mode->go(&l, &err);
    if (r < 0)
        fprintf(stderr, "bench-load: %s\n", err.msg);
    buf_done(&l.body);
    buf_done(&l.code);
    buf_done(&l.next);
    return r < 0 ? 1 : 0;
}
