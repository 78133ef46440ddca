#pragma once

/*
 * Activations that wait for a worker. Namespaces take turns, and within a namespace its containers
 * do, so that neither a namespace nor a container with many activations can starve another. What
 * waits for one container is served in the order it came.
 */

#include <stdbool.h>

#include "pool/activation.h"

struct queue;
struct line; /* of one container's activations */

/* A namespace, as long as one of its activations waits or runs. */
struct tenant;

struct queue *queue_new(void);
void queue_free(struct queue *q); /* must be empty */

/* The tenant of that name; each call is to be met by a tenant_unref. */
struct tenant *tenant_ref(struct queue *q, const char *ns);
void tenant_unref(struct queue *q, struct tenant *t);
/* Activations with a worker. */
unsigned tenant_running(const struct tenant *t);
void tenant_count(struct tenant *t, int change);

unsigned queue_size(const struct queue *q);

/* At the end of its container's line, or at its head. a->tenant must be set. */
void queue_put(struct queue *q, struct activation *a, bool in_front);
/* Take one out, wherever it stands; its namespace and container had their turn. */
void queue_take(struct queue *q, struct activation *a);

/*
 * Whose turn it is, of those that may_start; it stays in the queue. idle: only a namespace that
 * runs nothing. NULL: there is none.
 */
struct activation *queue_next(struct queue *q, bool idle,
                              bool (*may_start)(const struct activation *a));
/* Any; for clearing up. */
struct activation *queue_any(struct queue *q);
