/* The commands that wow knows, and their options. */
#include "docker/priv.h"

#define ANY UINT32_MAX
#define END {0}
#define VALUE(name, letter, key) {name, letter, false, key}
#define SWITCH(name, letter, key) {name, letter, true, key}
#define IGNORED(name) {name, 0, false, ARG_IGNORED}
#define IGNORED_SWITCH(name) {name, 0, true, ARG_IGNORED}

static const struct arg_option none[] = {END};

static const struct arg_option run_options[] = {
    SWITCH("detach", 'd', ARG_DETACH),
    VALUE("env", 'e', ARG_ENV),
    VALUE("name", 0, ARG_NAME),
    VALUE("network", 0, ARG_NETWORK),
    VALUE("net", 0, ARG_NETWORK),
    VALUE("memory", 'm', ARG_MEMORY),
    VALUE("cpu-shares", 'c', ARG_CPU_SHARES),
    /* What keeps a process in bounds, which a wasm guest is in anyway. */
    IGNORED("memory-swap"),
    IGNORED("memory-swappiness"),
    IGNORED("memory-reservation"),
    IGNORED("cpus"),
    IGNORED("cpu-period"),
    IGNORED("cpu-quota"),
    IGNORED("cpuset-cpus"),
    IGNORED("blkio-weight"),
    IGNORED("pids-limit"),
    IGNORED("ulimit"),
    IGNORED("cap-add"),
    IGNORED("cap-drop"),
    IGNORED("security-opt"),
    IGNORED("oom-score-adj"),
    IGNORED("user"),
    IGNORED("runtime"),
    IGNORED("storage-opt"),
    IGNORED_SWITCH("init"),
    IGNORED_SWITCH("read-only"),
    /* Names are looked up by wowd, as its host does. */
    IGNORED("dns"),
    IGNORED("dns-opt"),
    IGNORED("dns-option"),
    IGNORED("dns-search"),
    IGNORED("hostname"),
    /* The log has one form; nothing ends by itself, and so nothing is restarted or removed. */
    IGNORED("log-driver"),
    IGNORED("log-opt"),
    IGNORED("restart"),
    IGNORED("stop-timeout"),
    IGNORED_SWITCH("rm"),
    IGNORED("pull"),
    IGNORED("label"),
    END,
};

static const struct arg_option ps_options[] = {
    SWITCH("all", 'a', ARG_ALL),
    SWITCH("quiet", 'q', ARG_QUIET),
    SWITCH("no-trunc", 0, ARG_NO_TRUNC),
    VALUE("filter", 'f', ARG_FILTER),
    END,
};

static const struct arg_option rm_options[] = {
    SWITCH("force", 'f', ARG_FORCE),
    SWITCH("volumes", 'v', ARG_IGNORED),
    END,
};

static const struct arg_option kill_options[] = {VALUE("signal", 's', ARG_IGNORED), END};
static const struct arg_option pull_options[] = {SWITCH("quiet", 'q', ARG_QUIET), END};
static const struct arg_option format_options[] = {VALUE("format", 'f', ARG_FORMAT), END};
static const struct arg_option images_options[] = {
    SWITCH("all", 'a', ARG_IGNORED),
    SWITCH("quiet", 'q', ARG_QUIET),
    SWITCH("no-trunc", 0, ARG_IGNORED),
    END,
};

static const struct arg_option inspect_options[] = {
    VALUE("format", 'f', ARG_FORMAT),
    IGNORED("type"),
    END,
};

static const struct arg_option logs_options[] = {
    VALUE("since", 0, ARG_SINCE),
    VALUE("until", 0, ARG_UNTIL),
    SWITCH("timestamps", 't', ARG_TIMESTAMPS),
    END,
};

const struct command docker_commands[] = {
    {"images", "docker images [OPTIONS] [REPOSITORY[:TAG]]", images_options, 0, 1, false,
     command_images},
    {"info", "docker info [OPTIONS]", none, 0, 0, false, command_info},
    {"inspect", "docker inspect [OPTIONS] NAME|ID [NAME|ID...]", inspect_options, 1, ANY, false,
     command_inspect},
    {"kill", "docker kill [OPTIONS] CONTAINER [CONTAINER...]", kill_options, 1, ANY, false,
     command_kill},
    {"logs", "docker logs [OPTIONS] CONTAINER", logs_options, 1, 1, false, command_logs},
    {"pause", "docker pause CONTAINER [CONTAINER...]", none, 1, ANY, false, command_pause},
    {"ps", "docker ps [OPTIONS]", ps_options, 0, 0, false, command_ps},
    {"pull", "docker pull [OPTIONS] NAME[:TAG|@DIGEST]", pull_options, 1, 1, false, command_pull},
    {"rm", "docker rm [OPTIONS] CONTAINER [CONTAINER...]", rm_options, 1, ANY, false, command_rm},
    {"run", "docker run [OPTIONS] IMAGE [COMMAND] [ARG...]", run_options, 1, ANY, true,
     command_run},
    {"unpause", "docker unpause CONTAINER [CONTAINER...]", none, 1, ANY, false, command_unpause},
    {"version", "docker version [OPTIONS]", format_options, 0, 0, false, command_version},
    {0},
};
