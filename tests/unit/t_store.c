/* The store: what is written is there after a crash, once, and whole. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/entity.h"
#include "store/store.h"
#include "store/user.h"
#include "test.h"

static char dir[64];

static const char *fresh_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/t_store.XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    return dir;
}

static void remove_dir(void)
{
    char command[100];
    pid_t pid = fork();

    if (pid == 0) {
        snprintf(command, sizeof command, "%s", dir);
        execlp("rm", "rm", "-rf", command, NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
}

#define GUEST 2 /* its id: whisk.system was there before it */

static struct store *open_store(void)
{
    const struct store_settings settings = {.dir = dir, .bytes_max = 1u << 30};
    struct store *s = NULL;
    struct err err;

    CHECK_INT(store_open(&settings, &s, &err), 0);
    return s;
}

/* A job that does nothing: done when all before it is. */
static int jobs_done;

static void count_done(struct store_job *j, const struct err *err)
{
    (void)j;
    CHECK(err == NULL);
    jobs_done++;
}

static void await(struct store *s, int jobs)
{
    struct pollfd p = {.fd = store_fd(s), .events = POLLIN};

    while (jobs_done < jobs) {
        CHECK_INT(poll(&p, 1, 5000), 1);
        store_news(s);
    }
}

static void settle(struct store *s)
{
    struct store_job j = {.done = count_done};

    jobs_done = 0;
    store_do(s, &j);
    await(s, 1);
}

static struct record_text text(const char *at) { return (struct record_text){at, strlen(at)}; }

static struct record record_of(struct store *s, const char *path, uint64_t start_ms)
{
    struct record r = {.type = RECORD_ENDED,
                       .ns = 7,
                       .start_ms = start_ms,
                       .status = 1,
                       .path = text(path),
                       .head = text("\"version\":\"0.0.1\""),
                       .response = text("{\"error\":1}"),
                       .logs = text("[]")};

    store_next_id(s, &r.id);
    return r;
}

static char seen[256];

static void note_path(void *ctx, const struct record *r)
{
    (void)ctx;
    snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%.*s ", (int)r->path.n, r->path.at);
}

static const char *list(struct db *db, const char *path)
{
    const struct record_query q = {.ns = 7, .upto_ms = INT64_MAX, .path = path, .limit = 100};
    struct err err;

    seen[0] = '\0';
    CHECK_INT(record_list(db, &q, note_path, NULL, &err), 0);
    return seen;
}

TEST(ids_grow_and_can_be_read_back)
{
    struct record_id a, b, c;
    char one[RECORD_ID_SIZE], two[RECORD_ID_SIZE];

    fresh_dir();
    struct store *s = open_store();
    store_next_id(s, &a);
    store_next_id(s, &b);
    record_id_text(&a, one);
    record_id_text(&b, two);
    CHECK(strcmp(one, two) < 0);
    CHECK_INT(strlen(one), 32);
    CHECK(record_id_parse(two, &c));
    CHECK(c.seq == b.seq && c.tail == b.tail);
    CHECK(!record_id_parse("0123456789abcdef0123456789abcdeF", &c));
    CHECK(!record_id_parse("0123456789abcdef0123456789abcde", &c));
    store_close(s);
    remove_dir();
}

TEST(records_are_listed_by_start_and_name)
{
    struct err err;

    fresh_dir();
    struct store *s = open_store();
    struct record first = record_of(s, "p/a", 100), second = record_of(s, "b", 300),
                  third = record_of(s, "b", 200);
    CHECK_INT(store_keep(s, &first, &err), 0);
    CHECK_INT(store_keep(s, &second, &err), 0);
    CHECK_INT(store_keep(s, &third, &err), 0);
    settle(s);
    CHECK_STR(list(store_db(s), NULL), "b b p/a ");
    CHECK_STR(list(store_db(s), "p/a"), "p/a ");
    CHECK_STR(list(store_db(s), "a"), "");
    CHECK_INT(store_backlog(s), 0);
    store_close(s);
    AUTO(mem) char *path = mem_print("%s/journal.1", dir);
    CHECK_INT(access(path, F_OK), -1);
    remove_dir();
}

/* In a child that is killed as soon as it has kept n records and one that was accepted. */
static void keep_and_die(int n)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct err err;
        struct store *s = open_store();
        for (int i = 0; i < n; i++) {
            struct record r = record_of(s, "a", (uint64_t)i);
            if (store_keep(s, &r, &err) < 0)
                _exit(1);
        }
        struct record r = record_of(s, "later", 0);
        r.type = RECORD_ACCEPTED;
        if (store_keep(s, &r, &err) == 0)
            raise(SIGKILL);
        _exit(1);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(what_was_kept_survives_a_kill)
{
    const struct record_query q = {.ns = 7, .upto_ms = INT64_MAX};
    struct err err;
    int64_t n = 0;

    fresh_dir();
    keep_and_die(1000);
    for (int i = 0; i < 2; i++) { /* and is there once, however often it is opened */
        struct store *s = open_store();
        CHECK_INT(record_count(store_db(s), &q, &n, &err), 0);
        CHECK_INT(n, 1000);
        seen[0] = '\0';
        CHECK_INT(record_pending(store_db(s), 0, INT64_MAX, 10, note_path, NULL, &err), 0);
        CHECK_STR(seen, "later ");
        store_close(s);
    }
    remove_dir();
}

TEST(a_record_that_was_cut_off_is_none)
{
    const struct record_query q = {.ns = 7, .upto_ms = INT64_MAX};
    struct stat st;
    struct err err;
    int64_t n = 0;

    fresh_dir();
    keep_and_die(3);
    AUTO(mem) char *path = mem_print("%s/journal.1", dir);
    CHECK_INT(stat(path, &st), 0);
    CHECK_INT(truncate(path, st.st_size - 3), 0);
    struct store *s = open_store();
    CHECK_INT(record_count(store_db(s), &q, &n, &err), 0);
    CHECK_INT(n, 3);
    seen[0] = '\0';
    CHECK_INT(record_pending(store_db(s), 0, INT64_MAX, 10, note_path, NULL, &err), 0);
    CHECK_STR(seen, "");
    store_close(s);
    remove_dir();
}

/* ---- entities ---- */

struct change {
    struct store_job job;
    struct entity *e;
    const char *code;
    int (*run)(struct db *db, const struct entity *e, struct err *err);
    bool failed;
    struct err err;
};

static int run_change(struct db *db, struct store_job *j, struct err *err)
{
    struct change *c = (struct change *)j;

    return c->run ? c->run(db, c->e, err) : entity_put(db, c->e, c->code, err);
}

static void note_change(struct store_job *j, const struct err *err)
{
    struct change *c = (struct change *)j;

    c->failed = err != NULL;
    if (err)
        c->err = *err;
    jobs_done++;
}

/* "", or why not. */
static const char *change(struct store *s, struct entity *e, const char *code,
                          int (*run)(struct db *db, const struct entity *e, struct err *err))
{
    static struct change c;

    c = (struct change){.job = {.run = run_change, .done = note_change, .writes = true},
                        .e = e,
                        .code = code,
                        .run = run};
    jobs_done = 0;
    store_do(s, &c.job);
    await(s, 1);
    return c.failed ? c.err.msg : "";
}

static struct entity *read_entity(struct store *s, const char *name)
{
    struct entity *e = NULL;
    struct err err;

    return entity_get(store_db(s), GUEST, "", name, &e, &err) > 0 ? e : NULL;
}

static struct store *store_with_user(void)
{
    const struct user none = {.invocations = -1, .concurrent = -1, .fires = -1};
    struct user_key key;
    struct db *db;
    struct err err;

    fresh_dir();
    CHECK_INT(db_open(dir, &db, &err), 0);
    user_key_make(&key);
    CHECK_INT(user_add(db, "guest", &key, &none, &err), 0);
    CHECK_INT(user_add(db, "guest", &key, &none, &err), -ERR_CONFLICT);
    CHECK_INT(user_add(db, "-", &key, &none, &err), -ERR_INVALID);
    db_close(db);
    return open_store();
}

TEST(an_entity_is_changed_by_who_has_seen_it)
{
    struct store *s = store_with_user();
    struct entity *e = entity_new(ENTITY_ACTION, GUEST, "guest", "", "a");

    e->has_code = true;
    memset(e->code_hash, 3, sizeof e->code_hash);
    entity_set(&e->kind, "wasm:0.1");
    entity_set(&e->parameters, "[{\"key\":\"x\",\"value\":1e400}]");
    CHECK_STR(change(s, e, "code", NULL), "");
    CHECK_STR(change(s, e, "code", NULL), "resource already exists");
    struct entity *one = read_entity(s, "a"), *two = read_entity(s, "a");
    CHECK_STR(one->parameters, "[{\"key\":\"x\",\"value\":1e400}]");
    CHECK_STR(one->ns_name, "guest");
    CHECK_STR(change(s, one, NULL, NULL), "");
    CHECK_STR(change(s, two, NULL, NULL), "Concurrent modification to resource detected.");
    CHECK_STR(change(s, two, NULL, entity_delete), "Concurrent modification to resource detected.");
    entity_unref(two);
    two = read_entity(s, "a");
    CHECK_STR(change(s, two, NULL, entity_delete), "");
    struct buf code;
    struct err err;
    buf_init(&code, 100);
    CHECK_INT(entity_code(store_db(s), e, &code, &err), -ERR_NOT_FOUND); /* nobody has it */
    buf_done(&code);
    entity_unref(e);
    entity_unref(one);
    entity_unref(two);
    store_close(s);
    remove_dir();
}

TEST(a_key_fits_its_user_only)
{
    struct user_key key, other;
    struct user u = {0};
    struct err err;
    char text[200];

    user_key_make(&key);
    user_key_make(&other);
    sha256(key.secret, USER_SECRET, u.key);
    CHECK(user_key_fits(&u, key.secret));
    CHECK(!user_key_fits(&u, other.secret));
    CHECK(!user_key_fits(&u, ""));
    snprintf(text, sizeof text, "%s:%s", key.uuid, key.secret);
    CHECK_INT(user_key_parse(text, &other, &err), 0);
    CHECK_STR(other.secret, key.secret);
    text[10] = 'x';
    CHECK_INT(user_key_parse(text, &other, &err), -ERR_INVALID);
}

TEST(a_newer_schema_is_not_touched)
{
    struct db *db = NULL;
    struct err err;

    fresh_dir();
    CHECK_INT(db_open(dir, &db, &err), 0);
    db_close(db);
    AUTO(mem) char *path = mem_print("%s/wow.db", dir);
    int fd = open(path, O_RDWR); /* user_version: bytes 60 to 63 of the file */
    CHECK_INT(pwrite(fd, "\0\0\0\x63", 4, 60), 4);
    close(fd);
    CHECK_INT(db_open(dir, &db, &err), -ERR_CONFLICT);
    CHECK(strstr(err.msg, "made by a newer wow: its schema is 99") != NULL);
    remove_dir();
}
