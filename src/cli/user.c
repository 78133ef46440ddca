#include "cli/user.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/user.h"
#include "store/wskprops.h"

/* What is asked for. It is done to the store itself: a wowd that runs sees it within a second. */
struct plan {
    const char *name;
    const char *auth, *wskprops, *host, *data;
    struct user limits;
};

struct action {
    const char *name;
    bool needs_name;
    int (*run)(struct db *db, const struct plan *p, struct err *err);
};

static int say_key(const struct plan *p, const struct user_key *key, struct err *err)
{
    bool has_key;

    printf("%s:%s\n", key->uuid, key->secret);
    return p->wskprops ? wskprops_write(p->wskprops, p->host, key, &has_key, err) : 0;
}

static int make_key(const struct plan *p, struct user_key *key, struct err *err)
{
    if (p->auth)
        return user_key_parse(p->auth, key, err);
    user_key_make(key);
    return 0;
}

static int create(struct db *db, const struct plan *p, struct err *err)
{
    struct user_key key;

    int r = make_key(p, &key, err);
    if (r == 0)
        r = user_add(db, p->name, &key, &p->limits, err);
    return r == 0 ? say_key(p, &key, err) : r;
}

static int find(struct db *db, const struct plan *p, struct user *out, struct err *err)
{
    int r = user_by_name(db, p->name, out, err);

    return r > 0   ? 0
           : r < 0 ? r
                   : err_set(err, ERR_NOT_FOUND, "there is no user '%.100s'", p->name);
}

static int new_key(struct db *db, const struct plan *p, struct err *err)
{
    struct user_key key;
    struct user u;

    int r = find(db, p, &u, err);
    if (r == 0)
        r = make_key(p, &key, err);
    if (r == 0)
        r = user_set_key(db, u.id, &key, err);
    return r == 0 ? say_key(p, &key, err) : r;
}

static int delete(struct db *db, const struct plan *p, struct err *err)
{
    struct user u;
    int r = find(db, p, &u, err);

    return r == 0 ? user_delete(db, u.id, err) : r;
}

static void print_limit(const char *name, int64_t n)
{
    if (n >= 0)
        printf(" %s=%lld", name, (long long)n);
}

static void print_user(void *ctx, const struct user *u)
{
    (void)ctx;
    printf("%-24s %s", u->name, u->uuid);
    print_limit("invocations", u->invocations);
    print_limit("concurrent", u->concurrent);
    print_limit("fires", u->fires);
    puts(u->disabled ? " being deleted" : "");
}

static int list(struct db *db, const struct plan *p, struct err *err)
{
    (void)p;
    return user_list(db, print_user, NULL, err);
}

static const struct action actions[] = {
    {"create", true, create},
    {"list", false, list},
    {"key", true, new_key},
    {"delete", true, delete},
};

static int read_number(const char *text, int64_t *out, struct err *err)
{
    char *end;

    *out = strtol(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && *out <= 1 << 30
               ? 0
               : err_set(err, ERR_INVALID, "user: '%s' is not a number", text);
}

static int read_option(struct plan *p, const char *name, const char *value, struct err *err)
{
    const struct {
        const char *name;
        const char **text;
        int64_t *number;
    } all[] = {{"--auth", &p->auth, NULL},
               {"--wskprops", &p->wskprops, NULL},
               {"--apihost", &p->host, NULL},
               {"--data", &p->data, NULL},
               {"--invocations", NULL, &p->limits.invocations},
               {"--concurrent", NULL, &p->limits.concurrent},
               {"--fires", NULL, &p->limits.fires}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(name, all[i].name) != 0)
            continue;
        if (!value)
            return err_set(err, ERR_INVALID, "user: option '%s' needs a value", name);
        if (all[i].number)
            return read_number(value, all[i].number, err);
        *all[i].text = value;
        return 0;
    }
    return err_set(err, ERR_INVALID, "user: unknown option '%s'", name);
}

static int read_plan(int argc, char **argv, struct plan *p, const struct action **out,
                     struct err *err)
{
    int r = 0;

    for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof *actions; i++)
        if (strcmp(argv[1], actions[i].name) == 0)
            *out = &actions[i];
    if (!*out)
        return err_set(err, ERR_INVALID, "user: create, list, key or delete?");
    for (int i = 2; i < argc && r == 0; i++) {
        if (argv[i][0] == '-') {
            r = read_option(p, argv[i], argv[i + 1], err);
            i++;
        } else if (p->name || !(*out)->needs_name) {
            r = err_set(err, ERR_INVALID, "user: what is '%s' to mean?", argv[i]);
        } else {
            p->name = argv[i];
        }
    }
    if (r == 0 && (*out)->needs_name && !p->name)
        r = err_set(err, ERR_INVALID, "user: which one? wow user %s NAME", (*out)->name);
    return r;
}

int user(int argc, char **argv, int *status, struct err *err)
{
    AUTO(mem) char *own = file_default_dir("/var/lib/wow", "XDG_DATA_HOME", ".local/share");
    struct plan p = {.limits = {.invocations = -1, .concurrent = -1, .fires = -1},
                     .host = "http://127.0.0.1:3233",
                     .data = getenv("WOW_DATA") ? getenv("WOW_DATA") : own};
    const struct action *action = NULL;
    AUTO(db) struct db *db = NULL;

    *status = 0;
    int r = read_plan(argc, argv, &p, &action, err);
    if (r == 0)
        r = file_make_dirs(p.data, err);
    if (r == 0)
        r = db_open(p.data, &db, err);
    return r == 0 ? action->run(db, &p, err) : r;
}
