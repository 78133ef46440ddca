#include "cli/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/user.h"
#include "store/wskprops.h"

#define LIMIT_MAX (1 << 30)

struct settings {
    const char *name, *data, *auth, *wskprops, *host;
    const char *invocations, *concurrent, *fires; /* NULL: the daemon's own limits */
};

#define NAME {VERB_OPERAND(name, "NAME"), "the user, who is also a namespace"}
#define DATA                                                 \
    {"data", 0, VERB_TEXT(data, "DIR", NULL),                \
     "wowd's --data; else WOW_DATA, else its default"}
#define KEY                                                                                      \
    {"auth", 'u', VERB_TEXT(auth, "UUID:SECRET", NULL), "this key, and not one made of chance"}, \
        {"wskprops", 0, VERB_TEXT(wskprops, "FILE", NULL), "write it to a file as wsk reads it"}, \
        {"apihost", 0, VERB_TEXT(host, "URL", "http://127.0.0.1:3233"), "where that says wowd is"}
#define LIMIT(field, what) \
    {#field, 0, VERB_TEXT(field, "N", NULL), what "; else the daemon's own limit"}

static const struct verb_option create_options[] = {
    NAME,
    KEY,
    DATA,
    LIMIT(invocations, "actions per minute"),
    LIMIT(concurrent, "invocations at once"),
    LIMIT(fires, "triggers fired per minute"),
    {VERB_END},
};
static const struct verb_option key_options[] = {NAME, KEY, DATA, {VERB_END}};
static const struct verb_option list_options[] = {DATA, {VERB_END}};
static const struct verb_option delete_options[] = {NAME, DATA, {VERB_END}};

static int open_store(const struct settings *s, struct db **out, struct err *err)
{
    AUTO(mem) char *own = file_default_dir("/var/lib/wow", "XDG_DATA_HOME", ".local/share");
    const char *data = s->data ? s->data : getenv("WOW_DATA") ? getenv("WOW_DATA") : own;

    int r = file_make_dirs(data, err);
    return r == 0 ? db_open(data, out, err) : r;
}

static int find(struct db *db, const struct settings *s, struct user *out, struct err *err)
{
    int r = user_by_name(db, s->name, out, err);

    if (r == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no user '%.100s'", s->name);
    return r < 0 ? r : 0;
}

static int make_key(const struct settings *s, struct user_key *key, struct err *err)
{
    if (s->auth)
        return user_key_parse(s->auth, key, err);
    user_key_make(key);
    return 0;
}

static int say_key(const struct verb_call *call, const struct settings *s,
                   const struct user_key *key, struct err *err)
{
    bool has_key;

    printf(call->json ? "{\"auth\":\"%s:%s\"}\n" : "%s:%s\n", key->uuid, key->secret);
    return s->wskprops ? wskprops_write(s->wskprops, s->host, key, &has_key, err) : 0;
}

static int read_limit(const char *name, const char *text, int64_t *out, struct err *err)
{
    char *end;

    *out = -1;
    if (!text)
        return 0;
    *out = strtol(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && *out <= LIMIT_MAX)
        return 0;
    return err_set(err, ERR_INVALID, "--%s: '%s' is not a number from 0 to %d", name, text,
                   LIMIT_MAX);
}

static int read_limits(const struct settings *s, struct user *out, struct err *err)
{
    int r = read_limit("invocations", s->invocations, &out->invocations, err);

    if (r == 0)
        r = read_limit("concurrent", s->concurrent, &out->concurrent, err);
    return r == 0 ? read_limit("fires", s->fires, &out->fires, err) : r;
}

static int create(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(db) struct db *db = NULL;
    struct user limits = {0};
    struct user_key key;

    int r = read_limits(s, &limits, err);
    if (r == 0)
        r = make_key(s, &key, err);
    if (r == 0)
        r = open_store(s, &db, err);
    if (r == 0)
        r = user_add(db, s->name, &key, &limits, err);
    return r == 0 ? say_key(call, s, &key, err) : r;
}

static int new_key(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(db) struct db *db = NULL;
    struct user_key key;
    struct user u;

    int r = make_key(s, &key, err);
    if (r == 0)
        r = open_store(s, &db, err);
    if (r == 0)
        r = find(db, s, &u, err);
    if (r == 0)
        r = user_set_key(db, u.id, &key, err);
    return r == 0 ? say_key(call, s, &key, err) : r;
}

static int delete(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(db) struct db *db = NULL;
    struct user u;

    int r = open_store(s, &db, err);
    if (r == 0)
        r = find(db, s, &u, err);
    if (r == 0)
        r = user_delete(db, u.id, err);
    if (r == 0 && call->json)
        puts("{}");
    return r;
}

struct listing {
    bool json;
    unsigned n;
};

static void print_limit(const struct listing *l, const char *name, int64_t n)
{
    if (n >= 0)
        printf(l->json ? ",\"%s\":%lld" : " %s=%lld", name, (long long)n);
}

static void print_user(void *ctx, const struct user *u)
{
    struct listing *l = ctx;

    /* Names have nothing to escape. */
    if (l->json)
        printf("%s{\"name\":\"%s\",\"uuid\":\"%s\"", l->n > 0 ? "," : "", u->name, u->uuid);
    else
        printf("%-24s %s", u->name, u->uuid);
    print_limit(l, "invocations", u->invocations);
    print_limit(l, "concurrent", u->concurrent);
    print_limit(l, "fires", u->fires);
    fputs(l->json ? "}" : u->disabled ? " being deleted\n" : "\n", stdout);
    l->n++;
}

static int list(struct verb_call *call, const void *settings, struct err *err)
{
    struct listing l = {.json = call->json};
    AUTO(db) struct db *db = NULL;

    int r = open_store(settings, &db, err);
    if (r < 0)
        return r;
    fputs(l.json ? "[" : "", stdout);
    r = user_list(db, print_user, &l, err);
    fputs(l.json ? "]\n" : "", stdout);
    return r;
}

const struct verb verb_user_create =
    VERB("user", "create", create_options, "let somebody use the REST API; prints the key", create);

const struct verb verb_user_key =
    VERB("user", "key", key_options,
         "give a user another key, and print it; the one before is no longer good", new_key);

const struct verb verb_user_list =
    VERB("user", "list", list_options, "who may use the REST API", list);

const struct verb verb_user_delete =
    VERB("user", "delete", delete_options, "take a user away, with all that is its own", delete);
