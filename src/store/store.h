#pragma once

/*
 * What survives a restart: users and entities, and the records of activations, in one SQLite
 * database. The event loop's thread reads users and entities from a connection of its own, and
 * never waits for a write: everything that changes the database, or reads records, is done by the
 * store's one thread, in the order it was given.
 *
 * A record is safe from the moment store_keep returns, whatever happens to the process: it is in
 * the journal. The thread saves what has come since it last looked in one transaction. With `sync`
 * store_confirm says when it would survive a power failure, too.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"
#include "store/record.h"

struct store;

struct store_settings {
    const char *dir;
    uint64_t keep_ms;   /* activations older than this are deleted; 0: none are */
    uint64_t bytes_max; /* of the database: beyond it the oldest activations are deleted */
    bool sync;          /* wait for the disk */
};

/* Takes what an earlier process left in the journal into the database. */
int store_open(const struct store_settings *settings, struct store **out, struct err *err);
/* Saves everything, as far as the disk lets it; jobs that are not done are done with an error. */
void store_close(struct store *s);

/* The loop's connection; only for reading. */
struct db *store_db(struct store *s);

/* Readable when there is news; then the loop calls store_news, which calls jobs' done. */
int store_fd(const struct store *s);
void store_news(void *store);

/* An id that is larger than all before, also than those of earlier processes. */
void store_next_id(struct store *s, struct record_id *out);
/* The largest seq that was given out. */
int64_t store_last_seq(const struct store *s);

/* Whether records can be saved at present: ERR_BUSY, and why not. */
int store_is_writable(struct store *s, struct err *err);

/* Keep a record; its texts are copied. After an error it is as if it had not been asked for. */
int store_keep(struct store *s, const struct record *r, struct err *err);
/* Must who kept a record wait until all that was kept is saved, before telling anybody of it? */
bool store_must_confirm(const struct store *s);
uint64_t store_backlog(const struct store *s); /* bytes that are kept and not yet saved */

/* Something for the thread to do. Whoever gives it owns it, and has it back with done. */
struct store_job {
    /* In the store's thread, within a transaction if the job writes. NULL: nothing is to be done,
       but everything before it to be saved. */
    int (*run)(struct db *db, struct store_job *j, struct err *err);
    bool writes;
    /* In the loop's; err is NULL on success. */
    void (*done)(struct store_job *j, const struct err *err);
    /* The store's. */
    struct store_job *next;
    struct err err;
    bool failed;
};
void store_do(struct store *s, struct store_job *j);
