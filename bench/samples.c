#include "samples.h"

#include <stdlib.h>

#include "base/mem.h"

void samples_init(struct samples *s, size_t most)
{
    *s = (struct samples){.ns = mem_zero((most + 1) * sizeof *s->ns), .room = most};
}

void samples_done(struct samples *s)
{
    free(s->ns);
    *s = (struct samples){0};
}

void samples_add(struct samples *s, uint64_t ns)
{
    if (s->n < s->room)
        s->ns[s->n++] = ns;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The smallest latency that so many hundredths of a percent of all do not exceed. */
static double quantile_us(const struct samples *s, size_t hundredths)
{
    size_t rank = (s->n * hundredths + 9999) / 10000;

    return s->n ? (double)s->ns[rank ? rank - 1 : 0] / 1000 : 0;
}

void samples_print(struct samples *s, const char *name, FILE *out)
{
    qsort(s->ns, s->n, sizeof *s->ns, compare);
    fprintf(out,
            "\"%sn\":%zu,\"%sp50_us\":%.1f,\"%sp90_us\":%.1f,\"%sp95_us\":%.1f,"
            "\"%sp99_us\":%.1f,\"%smax_us\":%.1f",
            name, s->n, name, quantile_us(s, 5000), name, quantile_us(s, 9000), name,
            quantile_us(s, 9500), name, quantile_us(s, 9900), name, quantile_us(s, 10000));
}

void samples_print_curve(const struct samples *s, const char *name, FILE *out)
{
    static const size_t tail[] = {9950, 9990, 9999, 10000};

    fprintf(out, "\"%s\":[", name);
    for (size_t percent = 0; percent < 100; percent++)
        fprintf(out, "[%zu,%.1f],", percent, quantile_us(s, percent * 100));
    for (size_t i = 0; i < sizeof tail / sizeof *tail; i++)
        fprintf(out, "%s[%.2f,%.1f]", i ? "," : "", (double)tail[i] / 100, quantile_us(s, tail[i]));
    fprintf(out, "]");
}
