#pragma once

/* Latencies, every one of them kept; quantiles are exact. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct samples {
    uint64_t *ns;
    size_t n, room;
};

void samples_init(struct samples *s, size_t most); /* what is added beyond `most` is dropped */
void samples_done(struct samples *s);
void samples_add(struct samples *s, uint64_t ns);

/* Print "NAMEn", "NAMEp50_us":…, p90, p95, p99 and max. Sorts. */
void samples_print(struct samples *s, const char *name, FILE *out);

/* Print "NAME":[[percent, µs], …]: 0 to 99, then the tail. After samples_print. */
void samples_print_curve(const struct samples *s, const char *name, FILE *out);
