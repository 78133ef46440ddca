/* Activations: records are read by the store's thread, behind all that were kept before. */
#include <stdlib.h>
#include <string.h>

#include "api/actions.h"
#include "api/handlers.h"
#include "api/list.h"
#include "api/show.h"
#include "base/mem.h"

#define PAGE_BYTES (32u << 20) /* then no more records are added to a list */

/* What is to be read, and what was. */
struct reading {
    struct store_job job; /* first */
    struct call *call;
    struct record_id id;
    struct record_query query;
    char *path; /* of the query */
    bool docs, count;
    int64_t n;      /* counted */
    struct buf out; /* the answer */
    int (*write)(const struct record *r, const char *ns, struct buf *out, struct err *err);
    unsigned found;
    int r;
    struct err *err;
};

static struct reading *reading_new(struct call *c)
{
    struct reading *x = NEW(struct reading);

    x->call = c;
    x->query.ns = c->ns_id;
    buf_init(&x->out, SHOW_MAX);
    return x;
}

static void reading_free(struct reading *x)
{
    buf_done(&x->out);
    free(x->path);
    free(x);
}

/* In one's own namespace. False: answered. */
static bool own_namespace(struct call *c)
{
    if (!call_namespace(c))
        return false;
    if (call_is_own(c))
        return true;
    call_refuse(c, "", c->name ? c->name : "");
    return false;
}

/* ---- one ---- */

static int read_one(struct db *db, struct store_job *j, struct err *err)
{
    struct reading *x = (struct reading *)j;
    AUTO(row) struct sqlite3_stmt *row = NULL;
    struct record record;

    int r = record_get(db, x->query.ns, &x->id, &row, &record, err);
    if (r > 0) {
        x->found = 1;
        r = x->write(&record, x->call->ns, &x->out, err);
    }
    return r < 0 ? r : 0;
}

static void reply_one(struct store_job *j, const struct err *err)
{
    struct reading *x = (struct reading *)j;

    if (err)
        call_error(x->call, err);
    else if (!x->found)
        call_not_found(x->call);
    else
        call_reply(x->call, 200, &x->out);
    reading_free(x);
}

static void get_one(struct call *c, int (*write)(const struct record *r, const char *ns,
                                                 struct buf *out, struct err *err))
{
    struct record_id id;

    if (!own_namespace(c))
        return;
    if (strlen(c->name) != RECORD_ID_SIZE - 1) {
        call_fail(c, 400, "Activation id length is %zu but must be 32.", strlen(c->name));
        return;
    }
    if (!record_id_parse(c->name, &id)) {
        call_fail(c, 400, "The activation id is not valid.");
        return;
    }
    struct reading *x = reading_new(c);
    x->id = id;
    x->write = write;
    x->job.run = read_one;
    x->job.done = reply_one;
    store_do(c->invoke->store, &x->job);
}

static int write_response(const struct record *r, const char *ns, struct buf *out, struct err *err)
{
    (void)ns;
    return buf_add(out, r->response.at, r->response.n, err);
}

static int write_logs(const struct record *r, const char *ns, struct buf *out, struct err *err)
{
    (void)ns;
    buf_text(out, "{\"logs\":");
    int q = buf_add(out, r->logs.at, r->logs.n, err);
    return q < 0 ? q : buf_add(out, "}", 1, err);
}

void activations_get(struct call *c) { get_one(c, show_record); }

void activations_result(struct call *c) { get_one(c, write_response); }

void activations_logs(struct call *c) { get_one(c, write_logs); }

/* ---- lists ---- */

static void add_record(void *ctx, const struct record *r)
{
    struct reading *x = ctx;

    if (x->out.size > PAGE_BYTES) /* a shorter page than was asked for */
        return;
    if (x->r == 0 && x->found++ > 0)
        x->r = buf_add(&x->out, ",", 1, x->err);
    if (x->r == 0)
        x->r = x->docs ? show_record(r, x->call->ns, &x->out, x->err)
                       : show_record_item(r, &x->out, x->err);
}

static int read_list(struct db *db, struct store_job *j, struct err *err)
{
    struct reading *x = (struct reading *)j;

    x->query.path = x->path;
    x->err = err;
    if (x->count)
        return record_count(db, &x->query, &x->n, err);
    buf_text(&x->out, "[");
    int r = record_list(db, &x->query, add_record, x, err);
    if (r == 0)
        r = x->r;
    return r < 0 ? r : buf_add(&x->out, "]", 1, err);
}

static void reply_list(struct store_job *j, const struct err *err)
{
    struct reading *x = (struct reading *)j;

    if (err)
        call_error(x->call, err);
    else if (x->count)
        list_reply_count(x->call, "activations", x->n);
    else
        call_reply(x->call, 200, &x->out);
    reading_free(x);
}

static int read_time(const struct query *q, const char *name, int64_t *out, struct err *err)
{
    const char *value = query_get(q, name);

    if (!value || query_number(value, out))
        return 0;
    return err_set(err, ERR_INVALID,
                   "The query parameter '%s' was malformed:\nParameter is not a valid value for "
                   "epoch seconds: %.100s",
                   name, value);
}

/* "name" or "package/name" */
static int read_name(const struct query *q, char **out, struct err *err)
{
    const char *value = query_get(q, "name");
    AUTO(mem) char *path = value ? mem_print("/_/%s", value) : NULL;
    struct path p;

    if (!value)
        return 0;
    if (value[0] == '/' || !path_parse(path, &p))
        return err_set(err, ERR_INVALID,
                       "The query parameter 'name' was malformed:\nParameter may be a 'simple' "
                       "name or 'package-name/simple' name: %.200s",
                       value);
    *out = mem_dup(value);
    return 0;
}

void activations_list(struct call *c)
{
    struct query_page page;
    struct err err;

    if (!own_namespace(c))
        return;
    struct reading *x = reading_new(c);
    x->query.upto_ms = INT64_MAX;
    int r = query_page(&c->query, "activations", &page, &err);
    if (r == 0)
        r = query_bool(&c->query, "docs", &x->docs, &err);
    if (r == 0)
        r = read_time(&c->query, "since", &x->query.since_ms, &err);
    if (r == 0)
        r = read_time(&c->query, "upto", &x->query.upto_ms, &err);
    if (r == 0)
        r = read_name(&c->query, &x->path, &err);
    if (r == 0 && x->docs && page.count)
        r = err_set(&err, ERR_INVALID, "The parameter 'docs' is not permitted with 'count'.");
    if (r < 0) {
        call_error(c, &err);
        reading_free(x);
        return;
    }
    x->query.limit = page.limit;
    x->query.skip = page.skip;
    x->count = page.count;
    x->job.run = read_list;
    x->job.done = reply_list;
    store_do(c->invoke->store, &x->job);
}
