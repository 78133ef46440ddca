#include "api/list.h"

#include "api/show.h"

void list_begin(struct list_writer *w,
                int (*put)(const struct entity *e, struct buf *out, struct err *err))
{
    *w = (struct list_writer){.put = put};
    buf_init(&w->out, SHOW_MAX);
    buf_text(&w->out, "[");
}

void list_add(void *writer, const struct entity *e)
{
    struct list_writer *w = writer;

    if (w->n++ > 0)
        buf_text(&w->out, ",");
    if (w->r == 0)
        w->r = w->put(e, &w->out, &w->err);
}

void list_reply_count(struct call *c, const char *collection, int64_t n)
{
    struct buf body;

    buf_init(&body, 256);
    buf_print(&body, "{\"%s\":%lld}", collection, (long long)n);
    call_reply(c, 200, &body);
}

static int reply_page(struct call *c, const struct entity_query *q, struct err *err)
{
    struct list_writer w;

    list_begin(&w, show_item);
    int r = entity_list(store_db(c->invoke->store), q, list_add, &w, err);
    if (r == 0 && w.r < 0) {
        r = w.r;
        *err = w.err;
    }
    if (r == 0) {
        buf_text(&w.out, "]");
        call_reply(c, 200, &w.out);
    }
    buf_done(&w.out);
    return r;
}

void list_answer(struct call *c, const struct entity_query *query, const char *collection)
{
    struct entity_query q = *query;
    struct query_page page;
    struct err err;
    int64_t n = 0;

    int r = query_page(&c->query, collection, &page, &err);
    q.limit = page.limit;
    q.skip = page.skip;
    if (r == 0 && !page.count)
        r = reply_page(c, &q, &err);
    else if (r == 0 && (r = entity_count(store_db(c->invoke->store), &q, &n, &err)) == 0)
        list_reply_count(c, collection, n > q.skip ? n - q.skip : 0);
    if (r < 0)
        call_error(c, &err);
}

void list_own(struct call *c, enum entity_type type, const char *collection)
{
    if (!call_namespace(c))
        return;
    if (call_is_own(c))
        list_answer(c, &(struct entity_query){.ns = c->ns_id, .type = type}, collection);
    else
        call_refuse(c, "", "");
}
