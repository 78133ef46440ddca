#include "invoke/stats.h"

const double stats_bounds[STATS_BUCKETS] = {0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005,
                                            0.001,   0.0025,   0.005,   0.01,   0.025,   0.1,
                                            0.5,     2.5,      10,      60};

void histogram_add(struct histogram *h, uint64_t ns)
{
    double s = (double)ns / 1e9;

    h->count++;
    h->sum_s += s;
    for (int i = 0; i < STATS_BUCKETS; i++)
        if (s <= stats_bounds[i]) {
            h->buckets[i]++;
            return;
        }
}
