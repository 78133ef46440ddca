/* Counters, in the text format of Prometheus. Labels are kinds and statuses, never names. */
#include <stdio.h>

#include "api/handlers.h"
#include "invoke/runtimes.h"
#include "pool/activation.h"
#include "store/alarm.h"

#define TYPE "text/plain; version=0.0.4; charset=utf-8"

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_print(b, "# HELP wow_%s %s\n# TYPE wow_%s %s\n", name, help, name, type);
}

static void one(struct buf *b, const char *name, const char *type, const char *help,
                unsigned long long value)
{
    head(b, name, type, help);
    buf_print(b, "wow_%s %llu\n", name, value);
}

static void put_activations(struct buf *b, const struct stats *s)
{
    head(b, "activations_total", "counter", "Activations that have ended, by kind and status.");
    for (size_t k = 0; k < RUNTIME_KINDS; k++)
        for (int status = 0; status < STATS_STATES; status++)
            buf_print(b, "wow_activations_total{kind=\"%s\",status=\"%s\"} %llu\n", runtime_kind(k),
                      activation_status_text((enum activation_status)status),
                      (unsigned long long)s->activations[k][status]);
    head(b, "starts_total", "counter", "Activations that began, with a new container or without.");
    buf_print(b, "wow_starts_total{start=\"cold\"} %llu\nwow_starts_total{start=\"warm\"} %llu\n",
              (unsigned long long)s->cold, (unsigned long long)s->warm);
    head(b, "throttled_total", "counter", "Requests answered with 429.");
    buf_print(b,
              "wow_throttled_total{limit=\"rate\"} %llu\n"
              "wow_throttled_total{limit=\"concurrency\"} %llu\n",
              (unsigned long long)s->rejected_rate, (unsigned long long)s->rejected_concurrency);
}

/* label: 'name="value"', or "". */
static void put_series(struct buf *b, const char *name, const char *label,
                       const struct histogram *h)
{
    const char *comma = label[0] ? "," : "";
    char braces[64] = "";
    uint64_t below = 0;

    for (int i = 0; i < STATS_BUCKETS; i++) {
        below += h->buckets[i];
        buf_print(b, "wow_%s_bucket{%s%sle=\"%g\"} %llu\n", name, label, comma, stats_bounds[i],
                  (unsigned long long)below);
    }
    buf_print(b, "wow_%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, label, comma,
              (unsigned long long)h->count);
    if (label[0])
        snprintf(braces, sizeof braces, "{%s}", label);
    buf_print(b, "wow_%s_sum%s %.9g\nwow_%s_count%s %llu\n", name, braces, h->sum_s, name, braces,
              (unsigned long long)h->count);
}

static void put_histogram(struct buf *b, const char *name, const char *help,
                          const struct histogram *h)
{
    head(b, name, "histogram", help);
    put_series(b, name, "", h);
}

static void put_latency(struct buf *b, const struct stats *s)
{
    head(b, "latency_seconds", "histogram",
         "From the request to the end of an action, its container new or not.");
    put_series(b, "latency_seconds", "start=\"cold\"", &s->latency[true]);
    put_series(b, "latency_seconds", "start=\"warm\"", &s->latency[false]);
}

/* Resident memory, bytes: the second number of statm, in pages of 4 KiB. */
static unsigned long long resident(void)
{
    unsigned long long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (f) {
        if (fscanf(f, "%llu %llu", &size, &pages) != 2)
            pages = 0;
        fclose(f);
    }
    return pages * 4096;
}

static void put_pool(struct buf *b, const struct pool *p)
{
    struct pool_gauges g;

    pool_measure(p, &g);
    one(b, "containers", "gauge", "Containers there are.", g.containers);
    one(b, "workers", "gauge", "Worker processes.", g.workers);
    one(b, "workers_computing", "gauge", "Workers whose guest computes.", g.computing);
    one(b, "queue_length", "gauge", "Activations that wait for a worker.", g.queued);
    one(b, "memory_charged_bytes", "gauge", "What the activations under way may use together.",
        g.charged);
    one(b, "memory_budget_bytes", "gauge", "What they may use at most.", g.budget);
    one(b, "code_cache_bytes", "gauge", "Machine code in the cache.", g.cache_bytes);
    head(b, "code_cache_lookups_total", "counter", "Uploads, by whether the cache knew them.");
    buf_print(b,
              "wow_code_cache_lookups_total{result=\"hit\"} %llu\n"
              "wow_code_cache_lookups_total{result=\"miss\"} %llu\n",
              (unsigned long long)g.known_uploads, (unsigned long long)g.unknown_uploads);
}

static void put_alarms(struct buf *b, const struct invoke *v)
{
    const struct stats *s = &v->stats;
    int64_t n = 0;
    struct err err;

    if (alarm_count(store_db(v->store), 0, &n, &err) == 0)
        one(b, "alarms", "gauge", "Triggers with an alarm that is active.", (unsigned long long)n);
    head(b, "alarm_ticks_total", "counter", "Ticks of alarms.");
    buf_print(b,
              "wow_alarm_ticks_total{outcome=\"fired\"} %llu\n"
              "wow_alarm_ticks_total{outcome=\"dropped\"} %llu\n"
              "wow_alarm_ticks_total{outcome=\"missed\"} %llu\n",
              (unsigned long long)s->ticks, (unsigned long long)s->dropped_ticks,
              (unsigned long long)s->missed_ticks);
}

/* What the process is, and whether it does its work. */
static void put_process(struct buf *b, struct call *c)
{
    struct err err;

    head(b, "build_info", "gauge", "1; the label is what it is about.");
    buf_text(b, "wow_build_info{version=\"" WOW_VERSION "\"} 1\n");
    head(b, "start_time_seconds", "gauge", "When wowd started, since the epoch.");
    buf_print(b, "wow_start_time_seconds %.3f\n", (double)c->api->began_ms / 1000);
    one(b, "ready", "gauge", "1: /ready says so, too.",
        c->api->is_ready && store_is_writable(c->invoke->store, &err) == 0);
    one(b, "resident_memory_bytes", "gauge", "Memory of wowd itself.", resident());
    head(b, "requests_total", "counter", "Answers of this door.");
    for (unsigned i = 2; i <= 5; i++)
        buf_print(b, "wow_requests_total{status=\"%uxx\"} %llu\n", i,
                  (unsigned long long)server_answers(c->api->server, i));
}

static void put_store(struct buf *b, struct store *s)
{
    struct db *db = store_db(s);
    int64_t bytes = 0;
    struct err err;

    one(b, "store_backlog_bytes", "gauge", "Records that are kept and not yet in the database.",
        store_backlog(s));
    one(b, "store_reads_total", "counter", "Statements run while a request waited for them.",
        db_count(db));
    if (record_bytes(db, &bytes, &err) == 0)
        one(b, "database_bytes", "gauge", "What is in use of the database.",
            (unsigned long long)bytes);
}

void metrics_get(struct call *c)
{
    const struct invoke *v = c->invoke;
    const struct stats *s = &v->stats;
    struct buf body;

    buf_init(&body, 1u << 20);
    put_activations(&body, s);
    put_latency(&body, s);
    put_histogram(&body, "wait_seconds", "From the request to the start of init or run.", &s->wait);
    put_histogram(&body, "init_seconds", "Making a container ready, when that was needed.",
                  &s->init);
    put_histogram(&body, "run_seconds", "Running, in the worker.", &s->run);
    one(&body, "trigger_fires_total", "counter", "Triggers fired that had an active rule.",
        s->fires);
    put_alarms(&body, v);
    one(&body, "web_requests_total", "counter", "Requests for web actions that ran one.", s->web);
    one(&body, "recovered_total", "counter", "Activations taken up again after a restart.",
        s->recovered);
    one(&body, "invocations_running", "gauge", "Invocations that have not ended.", v->running);
    put_store(&body, v->store);
    put_process(&body, c);
    put_pool(&body, v->pool);
    c->request->type = TYPE;
    request_reply(c->request, 200, &body);
    call_free(c);
}
