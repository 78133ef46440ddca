#include "store/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/journal.h"

#define GATHER_MS 4         /* records wait so long for others, if nothing else waits for them */
#define RETRY_MS 250        /* between attempts to save what could not be saved */
#define TRIM_S 30           /* between looks for what is too old or too much */
#define TRIM_STEP 1000      /* activations deleted in one transaction */
#define BACKLOG_MAX (64u << 20) /* then who keeps a record waits for it to be saved */

/* In the thread's list: a record, or a job. */
struct item {
    struct item *next;
    struct store_job *job; /* NULL: a record */
    long file;             /* of the journal */
    size_t size;
    char frame[]; /* JOURNAL_HEAD bytes, then the record */
};

struct list {
    struct item *first, **end;
};

struct store {
    struct store_settings settings;
    struct db *db;      /* the loop's */
    struct db *writing; /* the thread's */
    struct journal *journal;
    int event;
    pthread_t thread;
    int64_t last_seq;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* Guarded by lock. */
    struct list items;
    bool urgent; /* a job is among them */
    bool closing;
    bool asleep;
    struct store_job *done;
    char fault[256];

    atomic_bool failing; /* what `fault` says */
    atomic_ullong backlog;
    /* The thread's. */
    struct list unsaved; /* what a transaction could not save */
    uint64_t trim_ns;
};

static void list_init(struct list *l)
{
    l->first = NULL;
    l->end = &l->first;
}

static void list_add(struct list *l, struct item *i)
{
    i->next = NULL;
    *l->end = i;
    l->end = &i->next;
}

static void list_join(struct list *l, struct list *more)
{
    if (!more->first)
        return;
    *l->end = more->first;
    l->end = more->end;
    list_init(more);
}

/* ---- the thread ---- */

static void set_fault(struct store *s, const struct err *err)
{
    pthread_mutex_lock(&s->lock);
    snprintf(s->fault, sizeof s->fault, "%.255s", err ? err->msg : "");
    pthread_mutex_unlock(&s->lock);
    atomic_store(&s->failing, err != NULL);
}

static void finish_job(struct store *s, struct store_job *j, const struct err *err)
{
    uint64_t one = 1;

    j->failed = err != NULL;
    if (err)
        j->err = *err;
    pthread_mutex_lock(&s->lock);
    struct store_job **at = &s->done;
    while (*at)
        at = &(*at)->next;
    j->next = NULL;
    *at = j;
    pthread_mutex_unlock(&s->lock);
    ssize_t r = write(s->event, &one, sizeof one);
    (void)r; /* it can only be full, and then the loop is about to look */
}

static int end_transaction(struct db *db, int r, struct err *err)
{
    struct err other;

    if (r >= 0)
        r = db_run(db, SQL_COMMIT, err, "");
    if (r < 0)
        db_run(db, SQL_ROLLBACK, &other, "");
    return r < 0 ? r : 0;
}

/* One transaction for all of them. They are gone when it has succeeded. */
static int save(struct store *s, struct list *records, struct err *err)
{
    struct record record;
    uint64_t bytes = 0;
    long file = 0;

    if (!records->first)
        return 0;
    int r = db_run(s->writing, SQL_BEGIN, err, "");
    if (r < 0)
        return r;
    for (const struct item *i = records->first; i && r >= 0; i = i->next) {
        bytes += i->size;
        file = i->file;
        if (record_decode(i->frame + JOURNAL_HEAD, i->size, &record))
            r = record_save(s->writing, &record, err);
    }
    r = end_transaction(s->writing, r, err);
    if (r < 0)
        return r;
    journal_forget(s->journal, file);
    atomic_fetch_sub(&s->backlog, bytes);
    while (records->first) {
        struct item *i = records->first;
        records->first = i->next;
        free(i);
    }
    list_init(records);
    return 0;
}

static int run_job(struct store *s, struct store_job *j, struct err *err)
{
    struct db *db = s->writing;

    if (!j->run || !j->writes)
        return j->run ? j->run(db, j, err) : 0;
    int r = db_set_sync(db, true, err); /* what a user makes is not to be lost */
    if (r == 0)
        r = db_run(db, SQL_BEGIN, err, "");
    if (r < 0)
        return r;
    r = end_transaction(db, j->run(db, j, err), err);
    if (!s->settings.sync) {
        struct err other;
        db_set_sync(db, false, &other);
    }
    return r;
}

/* What stands before a job is saved before it is run. */
static void work(struct store *s, struct list *items)
{
    struct err err;

    while (items->first) {
        struct item *i = items->first;
        items->first = i->next;
        if (!i->job) {
            list_add(&s->unsaved, i);
            continue;
        }
        int saved = save(s, &s->unsaved, &err);
        if (saved < 0)
            set_fault(s, &err);
        int r = saved < 0 && !i->job->run ? saved : run_job(s, i->job, &err);
        finish_job(s, i->job, r < 0 ? &err : NULL);
        free(i);
    }
    int r = save(s, &s->unsaved, &err);
    if (r < 0 || atomic_load(&s->failing))
        set_fault(s, r < 0 ? &err : NULL);
}

/* Delete what is too old, then, if that is not enough, the oldest. True if there is more. */
static bool trim(struct store *s)
{
    uint64_t now = clock_epoch_ms();
    int64_t bytes = 0;
    struct err err;
    int n = 0;

    if (s->settings.keep_ms && s->settings.keep_ms < now)
        n = record_trim_before(s->writing, now - s->settings.keep_ms, TRIM_STEP, &err);
    if (n == 0 && record_bytes(s->writing, &bytes, &err) == 0 &&
        (uint64_t)bytes > s->settings.bytes_max)
        n = record_trim(s->writing, TRIM_STEP, &err);
    return n > 0;
}

static void trim_if_due(struct store *s)
{
    uint64_t now = clock_mono_ns();

    if (now < s->trim_ns)
        return;
    bool more = trim(s);
    s->trim_ns = now + (more ? 0 : TRIM_S * 1000000000ull);
}

static void wait_ms(struct store *s, uint64_t ms)
{
    uint64_t until = clock_mono_ns() + ms * 1000000;
    struct timespec t = {.tv_sec = (time_t)(until / 1000000000),
                         .tv_nsec = (long)(until % 1000000000)};

    pthread_cond_timedwait(&s->wake, &s->lock, &t);
}

/* Holding the lock: wait until there is something to do. */
static void wait_for_work(struct store *s)
{
    if (s->unsaved.first && !s->closing) {
        wait_ms(s, RETRY_MS);
        return;
    }
    if (!s->items.first && !s->closing && clock_mono_ns() < s->trim_ns) {
        s->asleep = true;
        wait_ms(s, TRIM_S * 1000);
        s->asleep = false;
    }
    if (s->items.first && !s->urgent && !s->closing)
        wait_ms(s, GATHER_MS);
}

static void *thread_main(void *arg)
{
    struct store *s = arg;
    bool closing = false;

    while (!closing) {
        struct list items;
        list_init(&items);
        pthread_mutex_lock(&s->lock);
        wait_for_work(s);
        list_join(&items, &s->items);
        s->urgent = false;
        closing = s->closing && !items.first;
        pthread_mutex_unlock(&s->lock);
        work(s, &items);
        if (!closing)
            trim_if_due(s);
    }
    return NULL;
}

/* ---- the loop ---- */

static void hand_over(struct store *s, struct item *i, bool urgent)
{
    pthread_mutex_lock(&s->lock);
    list_add(&s->items, i);
    bool wake = s->asleep || (urgent && !s->urgent);
    s->urgent |= urgent;
    s->asleep = false; /* one call will do */
    pthread_mutex_unlock(&s->lock);
    if (wake)
        pthread_cond_signal(&s->wake);
}

int store_keep(struct store *s, const struct record *r, struct err *err)
{
    size_t n = record_size(r);
    struct item *i = malloc(sizeof *i + JOURNAL_HEAD + n);

    if (!i)
        return err_set(err, ERR_BUSY, "out of memory");
    record_encode(r, i->frame + JOURNAL_HEAD);
    long file = journal_append(s->journal, i->frame, n, err);
    if (file < 0) {
        free(i);
        return (int)file;
    }
    i->job = NULL;
    i->file = file;
    i->size = n;
    atomic_fetch_add(&s->backlog, n);
    hand_over(s, i, false);
    return 0;
}

bool store_must_confirm(const struct store *s)
{
    return s->settings.sync || store_backlog(s) > BACKLOG_MAX;
}

uint64_t store_backlog(const struct store *s) { return atomic_load(&s->backlog); }

int store_is_writable(struct store *s, struct err *err)
{
    if (!atomic_load_explicit(&s->failing, memory_order_relaxed)) {
        int r = journal_reserve(s->journal, store_backlog(s) == 0, err);
        if (r < 0)
            err->kind = ERR_BUSY;
        return r < 0 ? -(int)err->kind : 0;
    }
    pthread_mutex_lock(&s->lock);
    err_set(err, ERR_BUSY, "%s", s->fault);
    pthread_mutex_unlock(&s->lock);
    return -(int)err->kind;
}

void store_do(struct store *s, struct store_job *j)
{
    struct item *i = NEW(struct item);

    i->job = j;
    hand_over(s, i, true);
}

void store_news(void *store)
{
    struct store *s = store;
    uint64_t count;
    ssize_t r = read(s->event, &count, sizeof count);

    (void)r; /* nothing to read: fine */
    pthread_mutex_lock(&s->lock);
    struct store_job *j = s->done;
    s->done = NULL;
    pthread_mutex_unlock(&s->lock);
    while (j) {
        struct store_job *next = j->next;
        j->done(j, j->failed ? &j->err : NULL);
        j = next;
    }
}

struct db *store_db(struct store *s) { return s->db; }

int store_fd(const struct store *s) { return s->event; }

void store_next_id(struct store *s, struct record_id *out)
{
    int64_t now = (int64_t)(clock_epoch_ms() << 16);

    /* Within a millisecond they count up; a clock that goes back does not take them along. */
    s->last_seq = now > s->last_seq ? now : s->last_seq + 1;
    out->seq = s->last_seq;
    random_bytes(&out->tail, sizeof out->tail);
}

int64_t store_last_seq(const struct store *s) { return s->last_seq; }

/* ---- beginning and end ---- */

static int replay(void *ctx, const char *data, size_t n, struct err *err)
{
    struct record r;

    return record_decode(data, n, &r) ? record_save(ctx, &r, err) : 0;
}

static int recover(struct store *s, struct err *err)
{
    int r = db_run(s->writing, SQL_BEGIN, err, "");

    if (r < 0)
        return r;
    r = journal_open(s->settings.dir, replay, s->writing, &s->journal, err);
    r = end_transaction(s->writing, r, err);
    if (r == 0)
        journal_forget(s->journal, journal_current(s->journal));
    return r;
}

static void dispose(struct store *s)
{
    if (s->event >= 0)
        close(s->event);
    db_close(s->db);
    db_close(s->writing);
    journal_close(s->journal, s->unsaved.first != NULL);
    while (s->unsaved.first) {
        struct item *i = s->unsaved.first;
        s->unsaved.first = i->next;
        free(i);
    }
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static int start_thread(struct store *s, struct err *err)
{
    s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->event < 0)
        return err_errno(err, ERR_INTERNAL, "eventfd");
    int code = pthread_create(&s->thread, NULL, thread_main, s);
    return code ? err_set(err, ERR_INTERNAL, "no thread: %s", strerror(code)) : 0;
}

int store_open(const struct store_settings *settings, struct store **out, struct err *err)
{
    struct store *s = NEW(struct store);
    pthread_condattr_t attr;

    s->settings = *settings;
    s->event = -1;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_condattr_destroy(&attr);
    list_init(&s->items);
    list_init(&s->unsaved);
    int r = db_open(settings->dir, &s->writing, err);
    if (r == 0)
        r = db_open(settings->dir, &s->db, err);
    if (r == 0)
        r = db_set_sync(s->writing, settings->sync, err);
    if (r == 0)
        r = recover(s, err);
    if (r == 0)
        r = record_last(s->db, &s->last_seq, err);
    if (r == 0)
        r = start_thread(s, err);
    if (r < 0) {
        dispose(s);
        return r;
    }
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->closing = true;
    pthread_mutex_unlock(&s->lock);
    pthread_cond_signal(&s->wake);
    pthread_join(s->thread, NULL);
    store_news(s);
    dispose(s);
}
