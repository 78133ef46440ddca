#pragma once

/*
 * The REST door as wowd runs it: the store, what invokes, and the server on its address, made and
 * taken down in the right order; the first user; the settings file for clients.
 */

#include "daemon/options.h"
#include "http/loop.h"
#include "pool/pool.h"

struct rest;

/* Open the store and listen. Nothing is answered before rest_start. */
int rest_new(struct loop *l, const struct options *o, struct rest **out, struct err *err);
/* With the pool there. */
int rest_start(struct rest *r, struct pool *p, struct err *err);
/* A worker is up. */
void rest_ready(struct rest *r);
/* "127.0.0.1:3233" */
const char *rest_at(const struct rest *r);

/*
 * Accept nothing more, and call done when all that is under way has ended and is answered; or when
 * that has taken too long.
 */
void rest_drain(struct rest *r, void (*done)(void *ctx), void *ctx);
/* The pool is about to be freed. */
void rest_stop(struct rest *r);
/* It was. */
void rest_free(struct rest *r);
