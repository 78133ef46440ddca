#include "grant/policy.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/file.h"
#include "base/mem.h"
#include "wire/slot.h"

#define FILE_MAX (1u << 20)
#define UNSET UINT32_MAX
#define RESULT_KB_MAX (WIRE_OUTPUT_MAX / 1024)

DEFINE_AUTO(json, json_t *, json_decref)

/* What one object of the file says; numbers it does not name are UNSET, lists NULL. */
struct entry {
    struct caps caps;
    struct roots directories;
    struct hosts hosts;
    struct networks addresses;
    struct names profiles;
    UT_hash_handle hh;
    char name[];
};

struct policy {
    struct caps base;
    struct entry *fallback; /* "default"; or NULL */
    struct entry *namespaces, *profiles;
    struct roots common;
};

static const struct number {
    const char *name;
    size_t at;
    unsigned min, max;
} numbers[] = {
#define NUMBER(field, min, max) {#field, offsetof(struct caps, field), min, max}
    NUMBER(memory_mb, 1, 4096),
    NUMBER(timeout_ms, 1, 86400000),
    NUMBER(logs_mb, 0, 10),
    NUMBER(concurrency, 1, CAPS_NO_LIMIT),
    NUMBER(activations, 0, CAPS_NO_LIMIT),
    NUMBER(result_kb, 1, RESULT_KB_MAX),
    NUMBER(http_requests, 0, CAPS_NO_LIMIT),
    NUMBER(http_response_kb, 0, RESULT_KB_MAX),
    NUMBER(http_timeout_ms, 1, 86400000),
    NUMBER(clock_us, 0, 60000000),
#undef NUMBER
};

#define NUMBERS (sizeof numbers / sizeof *numbers)

static unsigned *number_of(struct caps *c, const struct number *n)
{
    return (unsigned *)((char *)c + n->at);
}

static void entry_free(struct entry *e)
{
    if (!e)
        return;
    roots_done(&e->directories);
    hosts_done(&e->hosts);
    free(e->addresses.all);
    for (size_t i = 0; i < e->profiles.n; i++)
        free(e->profiles.all[i]);
    free(e->profiles.all);
    free(e);
}

void policy_free(struct policy *p)
{
    struct entry *e, *next;

    if (!p)
        return;
    HASH_ITER (hh, p->namespaces, e, next) {
        HASH_DEL(p->namespaces, e);
        entry_free(e);
    }
    HASH_ITER (hh, p->profiles, e, next) {
        HASH_DEL(p->profiles, e);
        entry_free(e);
    }
    entry_free(p->fallback);
    roots_done(&p->common);
    free(p);
}

static struct entry *find(struct entry *all, const char *name)
{
    struct entry *e = NULL;

    if (name)
        HASH_FIND_STR(all, name, e);
    return e;
}

/* ---- the lists of an entry, text by text ---- */

static int add_directory(struct entry *e, const char *text, struct err *err)
{
    e->caps.directories = &e->directories;
    return text ? roots_add(&e->directories, text, err) : 0;
}

static int add_host(struct entry *e, const char *text, struct err *err)
{
    e->caps.hosts = &e->hosts;
    return text ? hosts_add(&e->hosts, text, err) : 0;
}

static int add_address(struct entry *e, const char *text, struct err *err)
{
    struct networks *n = &e->addresses;
    struct network made;

    e->caps.addresses = n;
    if (!text)
        return 0;
    if (!network_parse(text, &made))
        return err_set(err, ERR_INVALID,
                       "'%.100s' is no address, and no network such as 10.0.0.0/8", text);
    n->all = mem_grow(n->all, (n->n + 1) * sizeof *n->all);
    n->all[n->n++] = made;
    return 0;
}

static int add_profile(struct entry *e, const char *text, struct err *err)
{
    struct names *n = &e->profiles;

    (void)err;
    e->caps.profiles = n;
    if (!text)
        return 0;
    n->all = mem_grow(n->all, (n->n + 1) * sizeof *n->all);
    n->all[n->n++] = mem_dup(text);
    return 0;
}

static const struct list {
    const char *name;
    /* text NULL: the list is there, and may stay empty */
    int (*add)(struct entry *e, const char *text, struct err *err);
} lists[] = {{"directories", add_directory},
             {"hosts", add_host},
             {"addresses", add_address},
             {"profiles", add_profile}};

#define LISTS (sizeof lists / sizeof *lists)

static int read_list(struct entry *e, const struct list *list, const json_t *value, struct err *err)
{
    size_t i;
    json_t *item;
    int r = list->add(e, NULL, err);
    bool good = json_is_array(value);

    json_array_foreach (value, i, item) {
        const char *text = json_string_value(item);
        good = good && text;
        if (r == 0 && text)
            r = list->add(e, text, err);
    }
    if (!good)
        r = err_set(err, ERR_INVALID, "it must be an array of texts");
    return r < 0 ? err_wrap(err, "\"%s\"", list->name) : 0;
}

static int read_number(struct entry *e, const struct number *n, unsigned memory_max_mb,
                       const json_t *value, struct err *err)
{
    json_int_t given = json_integer_value(value);
    bool is_memory = n->at == offsetof(struct caps, memory_mb);

    if (!json_is_integer(value) || given < n->min || given > n->max)
        return err_set(err, ERR_INVALID, "\"%s\" must be a number from %u to %u", n->name, n->min,
                       n->max);
    if (is_memory && given > memory_max_mb)
        return err_set(err, ERR_INVALID, "\"%s\": %u is more than this daemon's --memory-max, %u",
                       n->name, (unsigned)given, memory_max_mb);
    *number_of(&e->caps, n) = (unsigned)given;
    return 0;
}

static int read_member(struct entry *e, const char *key, const json_t *value,
                       unsigned memory_max_mb, struct err *err)
{
    for (size_t i = 0; i < NUMBERS; i++)
        if (strcmp(numbers[i].name, key) == 0)
            return read_number(e, &numbers[i], memory_max_mb, value, err);
    for (size_t i = 0; i < LISTS; i++)
        if (strcmp(lists[i].name, key) == 0)
            return read_list(e, &lists[i], value, err);
    return err_set(err, ERR_INVALID, "\"%.60s\" is nothing that a policy can say", key);
}

static int read_entry(const struct policy *p, const char *name, const json_t *object,
                      struct entry **out, struct err *err)
{
    size_t n = strlen(name) + 1;
    struct entry *e = mem_zero(sizeof *e + n);
    const char *key;
    json_t *value;
    int r = json_is_object(object) ? 0 : err_set(err, ERR_INVALID, "it must be an object");

    memcpy(e->name, name, n);
    for (size_t i = 0; i < NUMBERS; i++)
        *number_of(&e->caps, &numbers[i]) = UNSET;
    json_object_foreach ((json_t *)object, key, value) {
        if (r == 0)
            r = read_member(e, key, value, p->base.memory_mb, err);
    }
    if (r < 0) {
        entry_free(e);
        return err_wrap(err, "\"%.60s\"", name);
    }
    *out = e;
    return 0;
}

static int read_entries(const struct policy *p, const json_t *object, struct entry **all,
                        struct err *err)
{
    const char *name;
    json_t *value;
    struct entry *e;
    int r = json_is_object(object) ? 0 : err_set(err, ERR_INVALID, "it must be an object");

    json_object_foreach ((json_t *)object, name, value) {
        if (r == 0)
            r = read_entry(p, name, value, &e, err);
        if (r == 0)
            HASH_ADD_STR(*all, name, e);
    }
    return r;
}

static int read_top(struct policy *p, const char *key, const json_t *value, struct err *err)
{
    if (strcmp(key, "default") == 0)
        return read_entry(p, key, value, &p->fallback, err);
    if (strcmp(key, "namespaces") == 0 || strcmp(key, "profiles") == 0) {
        struct entry **all = key[0] == 'n' ? &p->namespaces : &p->profiles;
        return read_entries(p, value, all, err) < 0 ? err_wrap(err, "\"%s\"", key) : 0;
    }
    return err_set(err, ERR_INVALID,
                   "\"%.60s\" is neither \"default\" nor \"namespaces\" nor \"profiles\"", key);
}

/* A namespace that may use a profile which is not there was misspelt. */
static int check_profiles(const struct policy *p, const struct entry *e, struct err *err)
{
    if (e && e->caps.profiles && find(p->profiles, e->name) == e)
        return err_set(err, ERR_INVALID, "\"%.60s\": a profile has no \"profiles\"", e->name);
    for (size_t i = 0; e && i < e->profiles.n; i++)
        if (!policy_has_profile(p, e->profiles.all[i]))
            return err_set(err, ERR_INVALID, "\"%.60s\": there is no profile \"%.60s\"", e->name,
                           e->profiles.all[i]);
    return 0;
}

static int read_file(struct policy *p, const char *path, struct err *err)
{
    AUTO(buf) struct buf text;
    json_error_t why;
    const char *key;
    json_t *value;

    buf_init(&text, FILE_MAX);
    int r = file_read(path, &text, err);
    if (r < 0)
        return err_wrap(err, "policy");
    AUTO(json)
    json_t *all = json_loadb(text.data ? text.data : "", text.size, JSON_REJECT_DUPLICATES, &why);
    if (!all)
        return err_set(err, ERR_INVALID, "%s:%d: %s", path, why.line, why.text);
    if (!json_is_object(all))
        return err_set(err, ERR_INVALID, "%s: not a JSON object", path);
    json_object_foreach (all, key, value) {
        if (r == 0)
            r = read_top(p, key, value, err);
    }
    if (r == 0)
        r = check_profiles(p, p->fallback, err);
    for (const struct entry *e = p->namespaces; e && r == 0; e = e->hh.next)
        r = check_profiles(p, e, err);
    for (const struct entry *e = p->profiles; e && r == 0; e = e->hh.next)
        r = check_profiles(p, e, err);
    return r < 0 ? err_wrap(err, "%s", path) : 0;
}

static int read_common(struct policy *p, const char *list, struct err *err)
{
    int r = 0;

    while (*list && r == 0) {
        size_t n = strcspn(list, ":");
        AUTO(mem) char *path = mem_dup_n(list, n);
        if (n > 0)
            r = roots_add(&p->common, path, err);
        list += n + (list[n] == ':');
    }
    return r < 0 ? err_wrap(err, "grant-dirs") : 0;
}

int policy_load(const char *path, const struct caps *base, const char *common, struct policy **out,
                struct err *err)
{
    struct policy *p = NEW(struct policy);

    p->base = *base;
    int r = read_common(p, common, err);
    if (r == 0 && path[0])
        r = read_file(p, path, err);
    if (r < 0) {
        policy_free(p);
        return r;
    }
    p->base.common = &p->common;
    *out = p;
    return 0;
}

static void overlay(struct caps *c, struct entry *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < NUMBERS; i++)
        if (*number_of(&e->caps, &numbers[i]) != UNSET)
            *number_of(c, &numbers[i]) = *number_of(&e->caps, &numbers[i]);
    if (e->caps.directories)
        c->directories = e->caps.directories;
    if (e->caps.hosts)
        c->hosts = e->caps.hosts;
    if (e->caps.addresses)
        c->addresses = e->caps.addresses;
    if (e->caps.profiles)
        c->profiles = e->caps.profiles;
}

void policy_caps(const struct policy *p, const char *ns, const char *profile, struct caps *out)
{
    *out = p->base;
    overlay(out, p->fallback);
    overlay(out, find(p->namespaces, ns));
    overlay(out, find(p->profiles, profile));
}

bool policy_has_profile(const struct policy *p, const char *profile)
{
    return find(p->profiles, profile) != NULL;
}

void policy_describe(const struct policy *p, char out[64])
{
    snprintf(out, 64, "namespaces=%u profiles=%u", HASH_COUNT(p->namespaces),
             HASH_COUNT(p->profiles));
}

bool names_have(const struct names *n, const char *name)
{
    for (size_t i = 0; i < n->n; i++)
        if (strcmp(n->all[i], name) == 0)
            return true;
    return false;
}

bool networks_have(const struct networks *n, const struct address *a)
{
    for (size_t i = 0; n && i < n->n; i++)
        if (network_has(&n->all[i], a))
            return true;
    return false;
}
