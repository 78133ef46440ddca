#pragma once

/* What has happened since wowd started, counted: for /metrics. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_KINDS 16  /* kinds, sequences the last of those in use */
#define STATS_STATES 4  /* OpenWhisk's statuses */
#define STATS_BUCKETS 16

struct histogram {
    uint64_t buckets[STATS_BUCKETS]; /* up to stats_bounds[i]; what is above is only in count */
    uint64_t count;
    double sum_s;
};

extern const double stats_bounds[STATS_BUCKETS]; /* seconds */

struct stats {
    uint64_t activations[STATS_KINDS][STATS_STATES];
    uint64_t cold, warm;
    uint64_t rejected_rate, rejected_concurrency; /* answered with 429 */
    uint64_t fires, web;
    uint64_t ticks, dropped_ticks, missed_ticks; /* of alarms */
    uint64_t recovered;                          /* run again after a restart */
    struct histogram wait, init, run;
    struct histogram latency[2]; /* warm, cold */
};

void histogram_add(struct histogram *h, uint64_t ns);
