#pragma once

/*
 * Mode drive of bench-load: requests for the groups of a plan, in a closed loop (so many under way,
 * always) or an open one (so many a second, whatever the answers do). A target that is cold is
 * started and initialised by the request that needs it, and when there is no slot for it another
 * one is stopped before, as a platform does.
 *
 * One thread, one epoll. A journey is a request on its way through these steps; a link is a
 * connection; a watch tells epoll's events apart.
 */

#include <stdio.h>
#include <sys/types.h>

#include "plan.h"
#include "samples.h"

enum step { STEP_EVICT, STEP_START, STEP_CONNECT, STEP_INIT, STEP_RUN, STEP_STOP, STEPS };
enum phase { PHASE_PREPARE, PHASE_MEASURE, PHASE_STOP };

struct watch {
    bool is_child; /* of a journey; else it is a link's */
    struct journey *journey;
};

struct link {
    struct watch watch; /* first: journey is NULL while it is idle */
    struct client client;
    struct place *place;
    struct link *next;
};

struct journey {
    struct watch watch; /* first: its child's */
    struct target *target, *victim;
    enum step step;
    struct link *link;
    struct buf request; /* of start, init, destroy */
    const struct buf *sending;
    int child; /* a pidfd, or -1 */
    pid_t pid;
    bool busy, cold;
    uint64_t wake_ns;                        /* it tries again then; 0: it waits for an event */
    uint64_t intended_ns, began_ns, step_ns; /* asked for; begun; the step begun */
    uint64_t took_ns[STEPS];
};

/* A request that waits for a target or a journey. */
struct waiting {
    size_t group;
    uint64_t intended_ns;
};

struct drive {
    const struct load *load;
    struct plan plan;
    enum phase phase;
    struct journey *journeys;
    struct link *dead;
    unsigned journeyc, busy, sleepers;
    size_t warm; /* targets that are not cold, ready ones left out */
    struct waiting *queue;
    size_t queue_from, queue_to, queue_room;
    int poll;
    size_t turn;
    uint64_t chance, next_ns, from_ns, until_ns, last_ns, issued, cold;
    uint64_t bad, wrong, lost;
    uint64_t lag_max_ns, lag_sum_ns; /* of the generator itself, in an open loop */
    double cpu_from, cpu_until;
    struct samples all, *classes;
    FILE *trace;
    char first[300]; /* what was amiss first */
};

/* journey.c: one request, step by step. */
void journey_start(struct drive *d, struct journey *j, struct target *t, struct target *victim,
                   enum step step, uint64_t intended_ns);
void journey_event(struct drive *d, struct watch *w, uint32_t events);
void journey_wake(struct drive *d, struct journey *j);
void journey_forget_links(struct drive *d);
void journey_bury(struct drive *d); /* after each round of events */

/* drive.c: what a journey tells when it is over; failed: the first fault of it was noted. */
void drive_over(struct drive *d, struct journey *j, bool failed);
void drive_note(struct drive *d, const char *what, const char *text);

/* drive_report.c */
void drive_sample(struct drive *d, const struct journey *j, uint64_t now);
void drive_report(struct drive *d);
