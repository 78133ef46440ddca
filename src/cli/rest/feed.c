#include "cli/rest/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/arguments.h"
#include "cli/rest/activation.h"
#include "cli/rest/value.h"

char *feed_of(const struct rest *r)
{
    struct scan_text feed;

    return value_pair(&r->value, "annotations", "feed", &feed) && feed.type == SCAN_STRING
               ? value_plain(&feed)
               : NULL;
}

static int make_arguments(const struct rest *r, const char *event, const struct name *trigger,
                          const struct pairs *args, struct buf *out, struct err *err)
{
    AUTO(pairs) struct pairs all = {0};
    AUTO(mem) char *name = name_full(trigger);

    for (size_t i = 0; args && i < args->n; i++) {
        all.items = mem_grow(all.items, (all.n + 1) * sizeof *all.items);
        all.items[all.n++] =
            (struct pair){mem_dup(args->items[i].key), mem_dup(args->items[i].value)};
    }
    pairs_set_text(&all, "lifecycleEvent", event);
    pairs_set_text(&all, "triggerName", name);
    pairs_set_text(&all, "authKey", r->auth ? r->auth : "");
    return pairs_put_object(&all, out, err);
}

/* The error of a feed that failed, or did not answer in time. */
static int failed(struct rest *r, enum invoked how, struct err *err)
{
    struct scan_text response = {0}, result = {0}, error;

    if (how == INVOKED_UNFINISHED) {
        r->call->failure.status = EXIT_UNFINISHED;
        return err_set(err, ERR_BUSY, "Request accepted, but processing not completed yet.");
    }
    r->call->failure.status = rest_exit(r);
    value_get(&r->value, "response", &response);
    value_get(&response, "result", &result);
    AUTO(mem)
    char *text = value_get(&result, "error", &error) ? value_plain(&error) : mem_dup("no reason");
    return err_set(err, ERR_UNUSABLE, "The following application error was received: %.300s", text);
}

static int tell(struct rest *r, const char *feed, const char *event, const struct name *trigger,
                const struct pairs *args, struct err *err)
{
    AUTO(name) struct name n = {0};
    AUTO(buf) struct buf body;

    buf_init(&body, 2 * ARGUMENTS_MAX);
    int done = name_parse_entity(feed, &n, err);
    if (done == 0)
        done = make_arguments(r, event, trigger, args, &body, err);
    if (done < 0)
        return done;
    enum invoked how = activation_invoke(r, &n, &body, true, false, err);
    if (how == INVOKED_NOT)
        return -(int)err->kind;
    if (how == INVOKED) {
        if (!r->call->json && strcmp(event, "CREATE") == 0)
            activation_print(r, stdout, &n, "");
        if (!r->call->json)
            rest_print(r);
        return 0;
    }
    if (!r->call->json)
        value_print(stderr, &r->value, true);
    return failed(r, how, err);
}

int feed_tell(struct rest *r, const char *feed, const char *event, const struct name *trigger,
              const struct pairs *args, struct err *err)
{
    struct buf was = r->body;
    struct scan_text value = r->value;

    buf_init(&r->body, HTTP_ANSWER_MAX);
    int done = tell(r, feed, event, trigger, args, err);
    buf_done(&r->body);
    r->body = was;
    r->value = value;
    return done < 0 ? rest_wrap(r, err, "Unable to configure feed '%.200s'", feed) : 0;
}

bool feed_read(struct rest *r, const struct name *trigger)
{
    AUTO(mem) char *feed = feed_of(r);
    struct err err;

    if (!feed)
        return false;
    if (feed_tell(r, feed, "READ", trigger, NULL, &err) == 0)
        return true;
    fprintf(stderr, "warning: %s\n", err.msg);
    rest_forgive(r);
    return false;
}
