#include "store/record.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"

#define SEQ_BITS 16 /* of a seq: the count within a millisecond */

void record_id_text(const struct record_id *id, char out[RECORD_ID_SIZE])
{
    unsigned char bytes[16];

    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)((uint64_t)id->seq >> (56 - 8 * i));
        bytes[8 + i] = (unsigned char)(id->tail >> (56 - 8 * i));
    }
    hex_encode(bytes, sizeof bytes, out);
}

bool record_id_parse(const char *text, struct record_id *out)
{
    unsigned char bytes[16];
    uint64_t seq = 0;

    if (!hex_decode(text, bytes, sizeof bytes))
        return false;
    out->tail = 0;
    for (int i = 0; i < 8; i++) {
        seq = seq << 8 | bytes[i];
        out->tail = out->tail << 8 | bytes[8 + i];
    }
    out->seq = (int64_t)seq;
    return true;
}

/* ---- the journal's form: fixed numbers, then four texts with their lengths in front ---- */

struct fixed {
    uint32_t type, status;
    int64_t seq, ns;
    uint64_t tail, start_ms;
    uint32_t was_accepted;
    uint32_t sizes[4];
};

static void texts_of(const struct record *r, struct record_text texts[4])
{
    texts[0] = r->path;
    texts[1] = r->head;
    texts[2] = r->response;
    texts[3] = r->logs;
}

size_t record_size(const struct record *r)
{
    return sizeof(struct fixed) + r->path.n + r->head.n + r->response.n + r->logs.n;
}

void record_encode(const struct record *r, char *out)
{
    struct fixed f = {.type = r->type,
                      .status = r->status,
                      .seq = r->id.seq,
                      .ns = r->ns,
                      .tail = r->id.tail,
                      .start_ms = r->start_ms,
                      .was_accepted = r->was_accepted};
    struct record_text texts[4];

    texts_of(r, texts);
    for (int i = 0; i < 4; i++)
        f.sizes[i] = (uint32_t)texts[i].n;
    memcpy(out, &f, sizeof f);
    out += sizeof f;
    for (int i = 0; i < 4; i++) {
        if (texts[i].n > 0)
            memcpy(out, texts[i].at, texts[i].n);
        out += texts[i].n;
    }
}

bool record_decode(const char *data, size_t n, struct record *out)
{
    struct record_text texts[4];
    struct fixed f;

    if (n < sizeof f)
        return false;
    memcpy(&f, data, sizeof f);
    data += sizeof f;
    n -= sizeof f;
    for (int i = 0; i < 4; i++) {
        if (f.sizes[i] > n)
            return false;
        texts[i] = (struct record_text){data, f.sizes[i]};
        data += f.sizes[i];
        n -= f.sizes[i];
    }
    *out = (struct record){.type = (enum record_type)f.type,
                           .id = {.seq = f.seq, .tail = f.tail},
                           .ns = f.ns,
                           .was_accepted = f.was_accepted != 0,
                           .start_ms = f.start_ms,
                           .status = f.status,
                           .path = texts[0],
                           .head = texts[1],
                           .response = texts[2],
                           .logs = texts[3]};
    return n == 0 && (f.type == RECORD_ACCEPTED || f.type == RECORD_ENDED);
}

/* ---- the database ---- */

int record_save(struct db *db, const struct record *r, struct err *err)
{
    int n = 0;

    if (r->type == RECORD_ACCEPTED) {
        n = db_run(db, SQL_PENDING_ADD, err, "iiinn", r->id.seq, (int64_t)r->id.tail, r->ns,
                   r->path.at, r->path.n, r->head.at, r->head.n);
        return n < 0 ? n : 0;
    }
    n = db_run(db, SQL_ACTIVATION_ADD, err, "iiiniinnn", r->id.seq, (int64_t)r->id.tail, r->ns,
               r->path.at, r->path.n, (int64_t)r->start_ms, (int64_t)r->status, r->head.at,
               r->head.n, r->response.at, r->response.n, r->logs.at, r->logs.n);
    if (n >= 0 && r->was_accepted)
        n = db_run(db, SQL_PENDING_DROP, err, "i", r->id.seq);
    return n < 0 ? n : 0;
}

static struct record_text text_at(struct sqlite3_stmt *s, int column)
{
    struct record_text t;

    t.at = row_text(s, column, &t.n);
    return t;
}

/* The columns of RECORD in sql.c. */
static void read_row(struct sqlite3_stmt *s, int64_t ns, struct record *out)
{
    *out = (struct record){.type = RECORD_ENDED,
                           .ns = ns,
                           .id = {.seq = row_int(s, 0), .tail = (uint64_t)row_int(s, 1)},
                           .path = text_at(s, 2),
                           .start_ms = (uint64_t)row_int(s, 3),
                           .status = (unsigned)row_int(s, 4),
                           .head = text_at(s, 5),
                           .response = text_at(s, 6),
                           .logs = text_at(s, 7)};
}

int record_get(struct db *db, int64_t ns, const struct record_id *id, struct sqlite3_stmt **row,
               struct record *out, struct err *err)
{
    *row = db_get(db, SQL_ACTIVATION_GET, err, "iii", id->seq, (int64_t)id->tail, ns);
    int r = *row ? db_step(db, *row, err) : -(int)err->kind;

    if (r > 0)
        read_row(*row, ns, out);
    return r;
}

int record_list(struct db *db, const struct record_query *q,
                void (*each)(void *ctx, const struct record *r), void *ctx, struct err *err)
{
    enum sql which = q->path ? SQL_ACTIVATION_LIST_NAMED : SQL_ACTIVATION_LIST;
    struct sqlite3_stmt *s = db_get(db, which, err, q->path ? "iiiiit" : "iiiii", q->ns,
                                    q->since_ms, q->upto_ms, q->limit, q->skip, q->path);
    int r = s ? 0 : -(int)err->kind;

    while (r == 0 && (r = db_step(db, s, err)) > 0) {
        struct record record;
        read_row(s, q->ns, &record);
        each(ctx, &record);
        r = 0;
    }
    return r;
}

int record_count(struct db *db, const struct record_query *q, int64_t *out, struct err *err)
{
    enum sql which = q->path ? SQL_ACTIVATION_COUNT_NAMED : SQL_ACTIVATION_COUNT;
    AUTO(row)
    struct sqlite3_stmt *s =
        db_get(db, which, err, q->path ? "iiit" : "iii", q->ns, q->since_ms, q->upto_ms, q->path);

    int r = s ? db_step(db, s, err) : -(int)err->kind;
    if (r < 0)
        return r;
    int64_t n = row_int(s, 0);
    *out = n > q->skip ? n - q->skip : 0;
    return 0;
}

int record_last(struct db *db, int64_t *out, struct err *err)
{
    AUTO(row) struct sqlite3_stmt *s = db_get(db, SQL_ACTIVATION_LAST, err, "");
    int r = s ? db_step(db, s, err) : -(int)err->kind;

    if (r < 0)
        return r;
    *out = row_int(s, 0);
    return 0;
}

int record_pending(struct db *db, int64_t after, int64_t upto, int64_t limit,
                   void (*each)(void *ctx, const struct record *r), void *ctx, struct err *err)
{
    struct sqlite3_stmt *s = db_get(db, SQL_PENDING_LIST, err, "iii", after, upto, limit);
    int r = s ? 0 : -(int)err->kind;

    while (r == 0 && (r = db_step(db, s, err)) > 0) {
        const struct record record = {.type = RECORD_ACCEPTED,
                                      .id = {.seq = row_int(s, 0), .tail = (uint64_t)row_int(s, 1)},
                                      .ns = row_int(s, 2),
                                      .path = text_at(s, 3),
                                      .head = text_at(s, 4)};
        each(ctx, &record);
        r = 0;
    }
    return r;
}

int record_trim_before(struct db *db, uint64_t ms, int64_t limit, struct err *err)
{
    return db_run(db, SQL_ACTIVATION_TRIM_AGE, err, "ii", (int64_t)(ms << SEQ_BITS), limit);
}

int record_trim(struct db *db, int64_t limit, struct err *err)
{
    return db_run(db, SQL_ACTIVATION_TRIM_SIZE, err, "i", limit);
}

int record_bytes(struct db *db, int64_t *out, struct err *err)
{
    AUTO(row) struct sqlite3_stmt *s = db_get(db, SQL_BYTES, err, "");
    int r = s ? db_step(db, s, err) : -(int)err->kind;

    if (r < 0)
        return r;
    *out = row_int(s, 0);
    return 0;
}
