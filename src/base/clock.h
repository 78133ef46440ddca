#pragma once

/* The two clocks wow reads: one that only goes forward, and the wall's. */

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_mono_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
static inline uint64_t clock_mono_us(void) { return clock_mono_ns() / 1000; }
static inline uint64_t clock_epoch_ns(void) { return clock_ns(CLOCK_REALTIME); }
static inline uint64_t clock_epoch_ms(void) { return clock_epoch_ns() / 1000000; }
