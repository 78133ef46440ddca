#pragma once

/*
 * What is kept of an activation: first, if nobody waits for it, that it was accepted; then how it
 * ended. Both are texts that were made once and are never taken apart; this is their form in the
 * journal, and their rows in the database.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/db.h"

/* An activation's id. seq grows with time: milliseconds since the epoch and a count. */
struct record_id {
    int64_t seq;
    uint64_t tail; /* random */
};

#define RECORD_ID_SIZE 33
void record_id_text(const struct record_id *id, char out[RECORD_ID_SIZE]);
bool record_id_parse(const char *text, struct record_id *out);

struct record_text {
    const char *at;
    size_t n;
};

/* Also in the journal: append only. */
enum record_type { RECORD_ACCEPTED = 1, RECORD_ENDED };

struct record {
    enum record_type type;
    struct record_id id;
    int64_t ns;
    bool was_accepted; /* RECORD_ENDED: there is a RECORD_ACCEPTED of it */
    uint64_t start_ms;
    unsigned status;         /* 0–3 */
    struct record_text path; /* "name" or "package/name"; RECORD_ACCEPTED: what was invoked */
    struct record_text head; /* members of the record's JSON object; RECORD_ACCEPTED: arguments */
    struct record_text response, logs; /* JSON */
};

size_t record_size(const struct record *r);
void record_encode(const struct record *r, char *out); /* record_size bytes */
/* False: these bytes are no record. Texts point into them. */
bool record_decode(const char *data, size_t n, struct record *out);

/* Into the database. One that is there already stays as it is. */
int record_save(struct db *db, const struct record *r, struct err *err);

/* 1 and the record, 0 when there is none; texts are valid until the row is done with. */
int record_get(struct db *db, int64_t ns, const struct record_id *id, struct sqlite3_stmt **row,
               struct record *out, struct err *err);

struct record_query {
    int64_t ns;
    int64_t since_ms, upto_ms; /* both included */
    const char *path;          /* NULL: any */
    int64_t limit, skip;
};
/* Each of a list, the latest first, borrowed. */
int record_list(struct db *db, const struct record_query *q,
                void (*each)(void *ctx, const struct record *r), void *ctx, struct err *err);
int record_count(struct db *db, const struct record_query *q, int64_t *out, struct err *err);

/* The seq of the latest that was ever kept and is still known; 0: none. */
int record_last(struct db *db, int64_t *out, struct err *err);
/* Up to limit of those accepted and not ended, behind one seq and up to another, in order. */
int record_pending(struct db *db, int64_t after, int64_t upto, int64_t limit,
                   void (*each)(void *ctx, const struct record *r), void *ctx, struct err *err);

/* Delete up to `limit` of the oldest: those from before a time, or any. How many that were. */
int record_trim_before(struct db *db, uint64_t ms, int64_t limit, struct err *err);
int record_trim(struct db *db, int64_t limit, struct err *err);
/* Bytes of the database that are in use. */
int record_bytes(struct db *db, int64_t *out, struct err *err);
