/* Modes cold and deadline: each step of a sequence is timed by itself. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "load.h"
#include "samples.h"

#define COLD_WARMUP 10u

struct cold {
    struct samples start, init, run, all;
};

static int cold_once(struct container_maker *m, const struct load *l, struct cold *c, bool counts,
                     struct err *err)
{
    char id[LOAD_ID_SIZE];
    uint64_t start, init, run;

    int r = maker_start(m, id, &start, err);
    if (r == 0)
        r = maker_init(m, id, &l->code, &init, err);
    if (r == 0)
        r = maker_run(m, id, &l->body, l->expect, &run, err);
    if (r == 0)
        r = maker_destroy(m, id, err);
    if (r < 0 || !counts)
        return r;
    samples_add(&c->start, start);
    samples_add(&c->init, init);
    samples_add(&c->run, run);
    samples_add(&c->all, start + init + run);
    return 0;
}

int load_cold(const struct load *l, struct err *err)
{
    struct container_maker m;
    struct cold c;
    struct samples *all[] = {&c.start, &c.init, &c.run, &c.all};
    static const char *const names[] = {"start_", "init_", "run_", ""};
    uint64_t until = clock_mono_ns() + (uint64_t)l->time_ms * 1000000;

    for (unsigned i = 0; i < 4; i++)
        samples_init(all[i], l->count);
    int r = maker_open(&m, l, err);
    for (unsigned i = 0; r == 0 && i < l->count + COLD_WARMUP && clock_mono_ns() < until; i++)
        r = cold_once(&m, l, &c, i >= COLD_WARMUP, err);
    maker_close(&m);
    if (r == 0)
        printf("{\"mode\":\"cold\"");
    for (unsigned i = 0; i < 4; i++) {
        if (r == 0) {
            putchar(',');
            samples_print(all[i], names[i], stdout);
        }
        samples_done(all[i]);
    }
    if (r == 0)
        puts("}");
    return r;
}

/* A run of the endless guest, then one of the other. */
static int deadline_once(struct container_maker *m, const struct load *l, const char *endless,
                         const char *next, struct samples *late, struct samples *after,
                         struct samples *second, struct err *err)
{
    AUTO(buf) struct buf body;
    uint64_t ns, deadline = clock_epoch_ms() + l->deadline_ms;

    buf_init(&body, 1024);
    buf_print(&body, "{\"value\":{},\"deadline\":\"%" PRIu64 "\"}", deadline);
    int r = maker_run(m, endless, &body, "\"status_code\":2", &ns, err);
    if (r < 0)
        return r;
    uint64_t now = clock_epoch_ns();
    if (now < deadline * 1000000)
        return err_set(err, ERR_INTERNAL, "answered before its deadline: %.200s",
                       m->client.in.data + m->client.head);
    samples_add(late, now - deadline * 1000000);
    r = maker_run(m, next, &l->body, l->expect, &ns, err);
    if (r < 0)
        return r;
    samples_add(after, ns);
    r = maker_run(m, next, &l->body, l->expect, &ns, err);
    if (r == 0)
        samples_add(second, ns);
    return r;
}

int load_deadline(const struct load *l, struct err *err)
{
    struct container_maker m;
    struct samples late, next, second;
    char ids[2][LOAD_ID_SIZE];
    uint64_t ns, until = clock_mono_ns() + (uint64_t)l->time_ms * 1000000;

    samples_init(&late, l->count);
    samples_init(&next, l->count);
    samples_init(&second, l->count);
    int r = maker_open(&m, l, err);
    for (unsigned i = 0; r == 0 && i < 2; i++) {
        r = maker_start(&m, ids[i], &ns, err);
        if (r == 0)
            r = maker_init(&m, ids[i], i ? &l->next : &l->code, &ns, err);
    }
    for (unsigned i = 0; r == 0 && i < l->count && clock_mono_ns() < until; i++)
        r = deadline_once(&m, l, ids[0], ids[1], &late, &next, &second, err);
    for (unsigned i = 0; r == 0 && i < 2; i++)
        r = maker_destroy(&m, ids[i], err);
    maker_close(&m);
    if (r == 0) {
        printf("{\"mode\":\"deadline\",");
        samples_print(&late, "late_", stdout);
        putchar(',');
        samples_print(&next, "next_", stdout);
        putchar(',');
        samples_print(&second, "second_", stdout);
        puts("}");
    }
    samples_done(&late);
    samples_done(&next);
    samples_done(&second);
    return r;
}
