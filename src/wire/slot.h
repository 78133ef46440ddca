#pragma once

/*
 * The memory that wowd and one worker share: a memfd that both map, sealed so that neither can
 * cut it short. It holds WIRE_SLOTS slots, each an activation with its input, output and log.
 * Only pages that were touched exist.
 *
 * A slot belongs to one side at a time, and `state` says to which:
 *
 *     FREE ──wowd──▶ QUEUED ──worker──▶ TAKEN ──worker──▶ DONE ──wowd──▶ FREE
 *                       └──────wowd, to give it to another worker──────────▲
 *
 * The log is the exception: wowd reads it also when the worker was killed while it held the slot.
 * A guest that broke out of its sandbox could write anything here, at any time: wowd reads each
 * number once, checks it against the region's size, and trusts no text.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/call.h"
#include "wow/err.h"

#define WIRE_SLOTS 8
#define WIRE_INPUT_MAX (8u << 20)  /* arguments, then strings */
#define WIRE_OUTPUT_MAX (8u << 20) /* the result's JSON */
#define WIRE_CALL_MAX (WIRE_OUTPUT_MAX - WIRE_HEADERS_MAX) /* a request and its response */
#define WIRE_LOG_MAX (12u << 20)   /* records, see wire/log.h */
#define WIRE_ENV_MAX 704u          /* variables of a guest */

/* The entry point of an action that names none, as OpenWhisk calls it: _start, or this function. */
#define WIRE_ENTRY "main"

enum wire_state { WIRE_FREE, WIRE_QUEUED, WIRE_TAKEN, WIRE_DONE };

/* How an activation ended, as the worker saw it. */
enum wire_outcome {
    WIRE_SUCCESS,   /* output is the result: a JSON object or array */
    WIRE_APP_ERROR, /* output is the error: {"error": …} */
    WIRE_DEV_ERROR, /* text says what the guest did wrong */
    WIRE_MEMORY,    /* the guest ran out of its memory limit */
    WIRE_INTERNAL,  /* text says what went wrong on our side */
};

struct wire_slot {
    _Atomic uint32_t state;
    /* Written by wowd while FREE, read by the worker while TAKEN. */
    uint32_t place;        /* which of the worker's loaded modules */
    uint32_t loads;        /* LOAD messages to have been read before */
    uint32_t args_size;    /* input: that many bytes of JSON … */
    uint32_t text_size;    /* … and NUL-terminated strings: action name, entry point, "K=V" …;
                           of two with the same name the first counts */
    uint32_t log_limit;    /* bytes the guest may print */
    uint32_t output_limit; /* bytes its result may have */
    uint64_t order;        /* the queued slot with the smallest runs next */
    uint64_t memory;       /* limit, bytes */
    uint64_t clock_ns;     /* what its clocks are rounded down to; 0: nothing */
    uint32_t measure;      /* find out how much memory the guest had in the end */
    uint32_t prepares;     /* an interpreter is to prepare its data */
    /* Written by the worker while TAKEN. */
    _Atomic uint32_t waiting;  /* the guest sleeps: it needs no processor */
    _Atomic uint32_t log_size; /* bytes of complete records */
    _Atomic uint32_t log_cut;  /* the log limit was reached */
    uint32_t outcome;
    uint32_t output_size;
    uint64_t run_ns;      /* from taken to done */
    uint64_t memory_used; /* bytes, when measured: memory only grows, so it is the most there was */
    char text[256];
    struct wire_call call; /* each its part of it, by call.state */
};

/* The first page. */
struct wire_head {
    _Atomic uint32_t worker_sleeps; /* the worker blocks in recvmsg: it needs a WAKE message */
    _Atomic uint32_t bell;          /* the worker has news and wowd has not looked yet */
    _Atomic uint32_t wowd_sleeps;   /* wowd blocks, or is about to: it needs the eventfd as well */
    _Atomic uint32_t linger;        /* how often the worker is to look again before it sleeps */
    struct wire_slot slots[WIRE_SLOTS];
};

/* One side's mapping. */
struct wire_map {
    struct wire_head *head;
};

/* Make the memfd, sealed; returns it through *fd. */
int wire_map_create(int *fd, struct wire_map *out, struct err *err);
/* Map the memfd that the other side made. */
int wire_map_open(int fd, struct wire_map *out, struct err *err);
void wire_map_close(struct wire_map *map);

uint8_t *wire_input(const struct wire_map *map, unsigned slot);
uint8_t *wire_output(const struct wire_map *map, unsigned slot);
uint8_t *wire_log(const struct wire_map *map, unsigned slot);

/* Give the memory behind a slot back to the system, but for the first pages of each region. */
void wire_trim(const struct wire_map *map, unsigned slot);
