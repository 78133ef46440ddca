/* What came of mode drive: each latency kept, one line of JSON at the end. */
#include "drive.h"

#include <inttypes.h>

/*
 * An open loop's request counts when it was due in the measured time, however late its answer
 * came. A closed loop's counts when its answer came in that time.
 */
void drive_sample(struct drive *d, const struct journey *j, uint64_t now)
{
    const struct target *t = j->target;
    uint64_t at = d->load->rate > 0 ? j->intended_ns : now;
    const uint64_t *took = j->took_ns;

    if (!d->load->count && (at < d->from_ns || at >= d->until_ns))
        return;
    samples_add(&d->all, now - j->intended_ns);
    samples_add(&d->classes[t->class], now - j->intended_ns);
    d->cold += j->cold;
    d->last_ns = now;
    if (d->trace)
        fprintf(d->trace,
                "%s,%s,%d,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
                "\n",
                d->plan.classes[t->class], d->plan.groups[t->group].name, j->cold,
                (j->intended_ns - d->from_ns + (uint64_t)d->load->warmup_ms * 1000000) / 1000,
                (j->began_ns - j->intended_ns) / 1000,
                (took[STEP_EVICT] + took[STEP_START] + took[STEP_CONNECT]) / 1000,
                took[STEP_INIT] / 1000, took[STEP_RUN] / 1000, (now - j->intended_ns) / 1000);
}

static void print_samples(struct samples *s, double seconds)
{
    printf("{\"per_second\":%.3f,", (double)s->n / seconds);
    samples_print(s, "", stdout);
    printf(",");
    samples_print_curve(s, "curve_us", stdout);
    printf("}");
}

void drive_report(struct drive *d)
{
    const struct load *l = d->load;
    uint64_t from = l->count ? d->from_ns - (uint64_t)l->warmup_ms * 1000000 : d->from_ns;
    uint64_t until = l->count ? d->last_ns : d->until_ns;
    double seconds = until > from ? (double)(until - from) / 1e9 : 1;
    double cpu = d->cpu_until - d->cpu_from;

    printf("{\"mode\":\"drive\",\"loop\":\"%s\",\"connections\":%u,\"rate\":%.3f,\"seconds\":%.6f,",
           l->rate > 0 ? "open" : "closed", l->connections, l->rate, seconds);
    printf("\"sent\":%" PRIu64 ",\"bad\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"lost\":%" PRIu64
           ",\"cold\":%" PRIu64 ",\"client_cpu_seconds\":%.4f,\"client_share\":%.4f,",
           d->issued, d->bad, d->wrong, d->lost, d->cold, cpu,
           cpu / (seconds + (l->count ? 0 : l->warmup_ms / 1e3)));
    printf("\"lag_max_us\":%.1f,\"lag_mean_us\":%.1f,\"all\":", (double)d->lag_max_ns / 1e3,
           d->issued ? (double)d->lag_sum_ns / (double)d->issued / 1e3 : 0);
    print_samples(&d->all, seconds);
    printf(",\"classes\":{");
    for (size_t i = 0; i < d->plan.classc; i++) {
        printf("%s\"%s\":", i ? "," : "", d->plan.classes[i]);
        print_samples(&d->classes[i], seconds);
    }
    puts("}}");
}
