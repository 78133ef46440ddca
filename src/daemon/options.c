#include "daemon/options.h"

#include <ctype.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define NAME_SIZE 32

enum kind { TEXT, NUMBER, SWITCH };

struct option {
    const char *name;
    const char *arg; /* what stands behind it, for the help */
    enum kind kind;
    size_t at; /* in struct options: a char *, an unsigned or a bool */
    unsigned min, max;
    const char *help;
};

#define TEXT(field) TEXT, offsetof(struct options, field), 0, 0
#define NUMBER(field, min, max) NUMBER, offsetof(struct options, field), min, max
#define SWITCH(field) SWITCH, offsetof(struct options, field), 0, 0

static const struct option table[] = {
    {"executor", "ADDR:PORT", TEXT(executor),
     "where the executor door listens; port 0 picks one; fd:N is a socket that listens already"},
    {"proxy", "on|off", SWITCH(proxy), "open the action proxy door, and the control door"},
    {"proxy-port", "N", NUMBER(proxy_port, 0, 65535),
     "port of the action proxy door, on every container's own address; 0 picks one"},
    {"control", "PATH", TEXT(control),
     "the Unix socket on which wow-docker asks; control.sock in the data directory if empty"},
    {"images", "NAME/,NAME/…", TEXT(images),
     "the images that are wow's begin so; the rest is the name of a profile"},
    {"rest", "ADDR:PORT", TEXT(rest),
     "where OpenWhisk's REST API is, /api/v1; port 0 picks one; off: nowhere"},
    {"tls-cert", "FILE", TEXT(tls_cert), "the REST API with TLS: its certificates, PEM"},
    {"tls-key", "FILE", TEXT(tls_key), "and its key, PEM"},
    {"wskprops", "FILE", TEXT(wskprops),
     "write where the REST API is, and guest's key when it is made, to a file as wsk reads it"},
    {"limit-invocations", "N", NUMBER(limit_invocations, 0, 1u << 30),
     "of actions per minute and namespace"},
    {"limit-concurrent", "N", NUMBER(limit_concurrent, 0, 1u << 30),
     "invocations under way at once, per namespace"},
    {"limit-fires", "N", NUMBER(limit_fires, 0, 1u << 30), "of triggers per minute and namespace"},
    {"limit-sequence", "N", NUMBER(limit_sequence, 1, 1000), "actions of a sequence"},
    {"limit-alarms", "N", NUMBER(limit_alarms, 0, 1u << 20), "alarms per namespace"},
    {"keep-days", "N", NUMBER(keep_days, 0, 36500),
     "how long records of activations are kept; 0: for ever"},
    {"keep-size", "MB", NUMBER(keep_mb, 1, 1u << 24),
     "how large the database may become before the oldest records are deleted"},
    {"sync", "on|off", SWITCH(sync),
     "answer only when the disk has an activation's record: survives a power failure, too"},
    {"drain", "S", NUMBER(drain_s, 0, 3600),
     "how long the end waits for what is under way at the REST API"},
    {"data", "DIR", TEXT(data), "what must survive a restart; one wowd at a time"},
    {"cache", "DIR", TEXT(cache), "compiled modules; may be deleted while wowd is down"},
    {"cache-size", "MB", NUMBER(cache_mb, 1, 1u << 24), "how much the cache may hold"},
    {"engine", "NAME", TEXT(engine),
     "runs actions that do not choose: wasmtime, wamr, wasmer, or auto for the best there is"},
    {"tiering", "on|off", SWITCH(tiering),
     "answer code never seen from a baseline while the optimised code is made"},
    {"trust-precompiled", "on|off", SWITCH(trust_precompiled),
     "accept machine code from clients, who can then do all that a worker can"},
    {"workers", "N", NUMBER(workers, 1, 1024), "how many actions compute at once"},
    {"memory", "MB", NUMBER(memory_mb, 1, 4096), "linear memory of an action that asks for none"},
    {"memory-max", "MB", NUMBER(memory_max_mb, 1, 4096), "linear memory an action may ask for"},
    {"memory-budget", "MB", NUMBER(budget_mb, 0, 1u << 24),
     "what all activations under way may use together, by their limits; 0 is four times "
     "what this machine has"},
    {"queue-wait", "MS", NUMBER(wait_ms, 1, 86400000),
     "how long an activation waits for a processor or memory before it is refused"},
    {"timeout", "MS", NUMBER(timeout_ms, 1, 86400000), "deadline of a run that names none"},
    {"log-limit", "KB", NUMBER(log_kb, 0, 10240), "what an activation may print"},
    {"file-limit", "MB", NUMBER(file_mb, 1, 1u << 24),
     "how large an action may make a file in a granted directory"},
    {"compile-time", "S", NUMBER(compile_s, 1, 3600),
     "processor time that compiling an action may take, and twice that by the clock"},
    {"idle-timeout", "S", NUMBER(idle_s, 1, 86400),
     "close a connection on which nothing has moved for so long"},
    {"user", "NAME", TEXT(user), "whom workers run as, when wowd runs as root"},
    {"user-ids", "FIRST:COUNT", TEXT(user_ids),
     "give each worker a user id of its own, from FIRST on; its group is that of --user"},
    {"grant-dirs", "DIR:DIR…", TEXT(grant_dirs),
     "below which directories actions may ask for one (annotation \"dir\")"},
    {"policy", "FILE", TEXT(policy),
     "what the actions of each namespace may ask for (docs/policy.md); read again at SIGHUP"},
    {"outbound", "N", NUMBER(outbound, 0, 1024),
     "HTTP requests of actions at once; 0 for none, whatever the policy grants"},
    {"ca-file", "FILE", TEXT(ca_file),
     "certificates of authorities that such requests trust beside the system's"},
    {"container-logs", "DIR", TEXT(container_logs),
     "where docker keeps containers' files: write DIR/ID/ID-json.log of all, for an invoker "
     "to read, and config.v2.json of those that wow-docker made"},
    {"config", "FILE", TEXT(config), "a JSON object with any of these settings"},
};

#define OPTIONS (sizeof table / sizeof *table)

static void set_defaults(struct options *o)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    *o = (struct options){
        .executor = mem_dup("127.0.0.1:9000"),
        .control = mem_dup(""),
        .images = mem_dup("wow/"),
        .rest = mem_dup("127.0.0.1:3233"),
        .tls_cert = mem_dup(""),
        .tls_key = mem_dup(""),
        .wskprops = mem_dup(""),
        .data = file_default_dir("/var/lib/wow", "XDG_DATA_HOME", ".local/share"),
        .cache = file_default_dir("/var/cache/wow", "XDG_CACHE_HOME", ".cache"),
        .engine = mem_dup("auto"),
        .user = mem_dup("nobody"),
        .user_ids = mem_dup(""),
        .grant_dirs = mem_dup(""),
        .policy = mem_dup(""),
        .ca_file = mem_dup(""),
        .outbound = 128,
        .container_logs = mem_dup(""),
        .config = mem_dup(""),
        .proxy_port = 8080,
        .workers = cores > 0 ? (unsigned)cores : 1,
        .memory_mb = 256,
        .memory_max_mb = 512,
        .wait_ms = 10000,
        .timeout_ms = 60000,
        .log_kb = 10240,
        .cache_mb = 4096,
        .proxy = true,
        .tiering = true,
        .idle_s = 60,
        .file_mb = 1024,
        .compile_s = 60,
        .drain_s = 30,
        .limit_invocations = 60,
        .limit_concurrent = 30,
        .limit_fires = 60,
        .limit_sequence = 50,
        .limit_alarms = 100,
        .keep_days = 7,
        .keep_mb = 10240,
    };
}

void options_done(struct options *o)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (table[i].kind == TEXT)
            free(*(char **)((char *)o + table[i].at));
}

static void *field(struct options *o, const struct option *opt) { return (char *)o + opt->at; }

/* Its value as a text; small is room for one. */
static const char *show(struct options *o, const struct option *opt, char small[16])
{
    if (opt->kind == TEXT)
        return *(char **)field(o, opt);
    if (opt->kind == SWITCH)
        return *(bool *)field(o, opt) ? "on" : "off";
    snprintf(small, 16, "%u", *(unsigned *)field(o, opt));
    return small;
}

static bool is_switch(const char *value)
{
    return strcmp(value, "on") == 0 || strcmp(value, "off") == 0;
}

/* Set one option; where says who gave it, for the error. */
static int set(struct options *o, const struct option *opt, const char *value, const char *where,
               struct err *err)
{
    char *end;

    if (opt->kind == TEXT) {
        char **text = field(o, opt);
        free(*text);
        *text = mem_dup(value);
        return 0;
    }
    if (opt->kind == SWITCH) {
        *(bool *)field(o, opt) = strcmp(value, "on") == 0;
        return is_switch(value)
                   ? 0
                   : err_set(err, ERR_INVALID, "%s: '%s' is neither on nor off", where, value);
    }
    unsigned long n = strtoul(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end != '\0' || n < opt->min || n > opt->max)
        return err_set(err, ERR_INVALID, "%s: '%s' is not a number from %u to %u", where, value,
                       opt->min, opt->max);
    *(unsigned *)field(o, opt) = (unsigned)n;
    return 0;
}

static const struct option *find(const char *name, size_t n)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (strlen(table[i].name) == n && memcmp(table[i].name, name, n) == 0)
            return &table[i];
    return NULL;
}

/* WOW_PROXY_PORT for "proxy-port". */
static const char *environment(const struct option *opt, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "WOW_%s", opt->name);
    for (char *p = name; *p; p++)
        *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
    return getenv(name);
}

static int read_environment(struct options *o, struct err *err)
{
    char name[NAME_SIZE];
    int r = 0;

    for (size_t i = 0; i < OPTIONS && r == 0; i++) {
        const char *value = environment(&table[i], name);
        if (value)
            r = set(o, &table[i], value, name, err);
    }
    return r;
}

static int read_entry(struct options *o, const char *file, const char *key, const json_t *value,
                      struct err *err)
{
    static const char *const kinds[] = {
        [TEXT] = "a string", [NUMBER] = "a number", [SWITCH] = "true or false"};
    const struct option *opt = find(key, strlen(key));
    AUTO(mem) char *where = mem_print("%s: \"%s\"", file, key);
    char number[32];

    if (!opt || strcmp(key, "config") == 0)
        return err_set(err, ERR_INVALID, "%s is no setting of wowd's", where);
    if (opt->kind == SWITCH && json_is_boolean(value))
        return set(o, opt, json_is_true(value) ? "on" : "off", where, err);
    if (opt->kind == NUMBER ? !json_is_integer(value) : !json_is_string(value))
        return err_set(err, ERR_INVALID, "%s must be %s", where, kinds[opt->kind]);
    if (opt->kind != NUMBER)
        return set(o, opt, json_string_value(value), where, err);
    snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    return set(o, opt, number, where, err);
}

static int read_file(struct options *o, const char *path, struct err *err)
{
    AUTO(buf) struct buf text = {0};
    json_error_t why;
    const char *key;
    json_t *value;

    buf_init(&text, 1u << 20);
    int r = file_read(path, &text, err);
    if (r < 0)
        return r;
    json_t *all = json_loadb(text.data ? text.data : "", text.size, 0, &why);
    if (!json_is_object(all)) {
        r = all ? err_set(err, ERR_INVALID, "%s: not a JSON object", path)
                : err_set(err, ERR_INVALID, "%s:%d: %s", path, why.line, why.text);
        json_decref(all);
        return r;
    }
    json_object_foreach (all, key, value) {
        if (r == 0)
            r = read_entry(o, path, key, value, err);
    }
    json_decref(all);
    return r;
}

/* "--name value" or "--name=value"; *i moves on. */
static int read_argument(struct options *o, int argc, char **argv, int *i, struct err *err)
{
    const char *arg = argv[*i];
    size_t n = strcspn(arg, "=");
    const struct option *opt = strncmp(arg, "--", 2) == 0 ? find(arg + 2, n - 2) : NULL;
    const char *value = arg[n] == '=' ? arg + n + 1 : NULL;

    if (!opt)
        return err_set(err, ERR_INVALID, "unknown option '%s'; --help lists them", arg);
    if (!value && opt->kind == SWITCH && (*i + 1 == argc || !is_switch(argv[*i + 1])))
        value = "on";
    if (!value && ++*i < argc)
        value = argv[*i];
    if (!value)
        return err_set(err, ERR_INVALID, "option '%s' needs %s", arg, opt->arg);
    AUTO(mem) char *where = mem_print("--%s", opt->name);
    return set(o, opt, value, where, err);
}

static int read_arguments(struct options *o, int argc, char **argv, enum options_want *want,
                          struct err *err)
{
    int r = 0;

    *want = OPTIONS_SERVE;
    for (int i = 1; i < argc && r == 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            *want = OPTIONS_HELP;
        else if (strcmp(argv[i], "--version") == 0)
            *want = OPTIONS_VERSION;
        else if (strcmp(argv[i], "--print-sandbox") == 0)
            *want = OPTIONS_SANDBOX;
        else
            r = read_argument(o, argc, argv, &i, err);
    }
    return r;
}

int options_read(int argc, char **argv, struct options *o, enum options_want *want, struct err *err)
{
    set_defaults(o);
    int r = read_environment(o, err);
    if (r == 0)
        r = read_arguments(o, argc, argv, want, err);
    if (r == 0 && o->config[0] && *want == OPTIONS_SERVE) {
        /* Only now is it known which file; what was read before it counts more. */
        AUTO(mem) char *path = mem_dup(o->config);
        options_done(o);
        set_defaults(o);
        r = read_file(o, path, err);
        if (r == 0)
            r = read_environment(o, err);
        if (r == 0)
            r = read_arguments(o, argc, argv, want, err);
    }
    if (o->memory_max_mb < o->memory_mb)
        o->memory_max_mb = o->memory_mb;
    if (r < 0)
        options_done(o);
    return r;
}

void options_help(void)
{
    struct options o;
    char name[NAME_SIZE], left[64], small[16];

    set_defaults(&o);
    puts("usage: wowd [--OPTION VALUE] …\n"
         "Runs OpenWhisk actions as WebAssembly. In the foreground; SIGTERM or Ctrl-C ends it.\n");
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *opt = &table[i];
        snprintf(left, sizeof left, "--%s %s", opt->name, opt->arg);
        printf("  %-24s %s\n", left, opt->help);
        environment(opt, name);
        printf("  %-24s (%s; default %s%s%s)\n", "", name, opt->kind == TEXT ? "'" : "",
               show(&o, opt, small), opt->kind == TEXT ? "'" : "");
    }
    puts("  --help, --version, --print-sandbox (what workers and compilers may do)\n\n"
         "Every setting may also stand in the environment, or in the file of --config.\n"
         "When wowd accepts connections it prints one line on standard output:\n"
         "  ready executor=ADDR:PORT proxy=PORT rest=ADDR:PORT");
    options_done(&o);
}
