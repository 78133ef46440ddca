#include "store/user.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mac.h"
#include "base/random.h"
#include "store/name.h"

#define STEP 2000 /* activations deleted at once */

void user_key_make(struct user_key *out)
{
    unsigned char b[16];

    random_bytes(b, sizeof b);
    b[6] = (b[6] & 0x0f) | 0x40; /* RFC 9562: version 4 */
    b[8] = (b[8] & 0x3f) | 0x80;
    snprintf(out->uuid, sizeof out->uuid,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
    random_text(out->secret, USER_SECRET);
}

static bool is_uuid(const char *s, size_t n)
{
    if (n != USER_UUID_SIZE - 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
            return false;
    return true;
}

int user_key_parse(const char *text, struct user_key *out, struct err *err)
{
    size_t n = strcspn(text, ":");

    if (!is_uuid(text, n) || text[n] != ':' || strlen(text + n + 1) != USER_SECRET)
        return err_set(err, ERR_INVALID, "a key is UUID:SECRET, the secret of %d characters",
                       USER_SECRET);
    snprintf(out->uuid, sizeof out->uuid, "%.*s", (int)n, text);
    snprintf(out->secret, sizeof out->secret, "%s", text + n + 1);
    return 0;
}

bool user_key_fits(const struct user *u, const char *secret)
{
    unsigned char hash[SHA256_SIZE];

    if (u->disabled || strlen(secret) != USER_SECRET)
        return false;
    sha256(secret, USER_SECRET, hash);
    return mac_equal(hash, u->key);
}

static void read_row(struct sqlite3_stmt *s, struct user *out)
{
    size_t n;

    *out = (struct user){.id = row_int(s, 0),
                         .invocations = row_is_null(s, 4) ? -1 : row_int(s, 4),
                         .concurrent = row_is_null(s, 5) ? -1 : row_int(s, 5),
                         .fires = row_is_null(s, 6) ? -1 : row_int(s, 6)};
    snprintf(out->name, sizeof out->name, "%s", row_text(s, 1, NULL));
    snprintf(out->uuid, sizeof out->uuid, "%s", row_text(s, 2, NULL));
    const void *key = row_blob(s, 3, &n);
    out->disabled = n != sizeof out->key;
    if (!out->disabled)
        memcpy(out->key, key, n);
}

static int find(struct db *db, struct sqlite3_stmt *s, struct user *out, struct err *err)
{
    int r = s ? db_step(db, s, err) : -(int)err->kind;

    if (r > 0) {
        read_row(s, out);
        db_done(s);
    }
    return r;
}

int user_by_uuid(struct db *db, const char *uuid, struct user *out, struct err *err)
{
    return find(db, db_get(db, SQL_USER_BY_UUID, err, "t", uuid), out, err);
}

int user_by_name(struct db *db, const char *name, struct user *out, struct err *err)
{
    return find(db, db_get(db, SQL_USER_BY_NAME, err, "t", name), out, err);
}

int user_by_id(struct db *db, int64_t id, struct user *out, struct err *err)
{
    return find(db, db_get(db, SQL_USER_BY_ID, err, "i", id), out, err);
}

int user_list(struct db *db, void (*each)(void *ctx, const struct user *u), void *ctx,
              struct err *err)
{
    AUTO(row) struct sqlite3_stmt *s = db_get(db, SQL_USER_LIST, err, "");
    struct user u;
    int r = s ? 0 : -(int)err->kind;

    while (r == 0 && (r = db_step(db, s, err)) > 0) {
        read_row(s, &u);
        each(ctx, &u);
        r = 0;
    }
    return r;
}

static void count_one(void *ctx, const struct user *u)
{
    (void)u;
    ++*(int64_t *)ctx;
}

int user_count(struct db *db, int64_t *out, struct err *err)
{
    *out = 0;
    return user_list(db, count_one, out, err);
}

int user_add(struct db *db, const char *name, const struct user_key *key, const struct user *limits,
             struct err *err)
{
    unsigned char hash[SHA256_SIZE];

    if (!name_is_good(name, strlen(name)) || strcmp(name, "_") == 0)
        return err_set(err, ERR_INVALID,
                       "'%.100s' is no name for a namespace: letters, digits, '_', then also "
                       "'@', '.', '&', '-' and blanks, at most %d",
                       name, USER_NAME_MAX);
    sha256(key->secret, USER_SECRET, hash);
    int r = db_run(db, SQL_USER_ADD, err, "ttbiii", name, key->uuid, (const void *)hash,
                   sizeof hash, limits->invocations, limits->concurrent, limits->fires);
    if (r == 0 || (r < 0 && err->kind == ERR_CONFLICT))
        return err_set(err, ERR_CONFLICT, "there is a user '%.100s', or one with this key", name);
    return r < 0 ? r : 0;
}

int user_set_key(struct db *db, int64_t id, const struct user_key *key, struct err *err)
{
    unsigned char hash[SHA256_SIZE];

    sha256(key->secret, USER_SECRET, hash);
    int r =
        db_run(db, SQL_USER_SET_KEY, err, "itb", id, key->uuid, (const void *)hash, sizeof hash);
    return r < 0 ? r : 0;
}

int user_delete(struct db *db, int64_t id, struct err *err)
{
    int r = db_run(db, SQL_USER_DISABLE, err, "i", id);

    while (r > 0)
        r = db_run(db, SQL_USER_DROP_ACTIVATIONS, err, "ii", id, (int64_t)STEP);
    if (r == 0)
        r = db_run(db, SQL_USER_DROP_PENDING, err, "i", id);
    if (r >= 0)
        r = db_run(db, SQL_USER_DELETE, err, "i", id);
    return r < 0 ? r : 0;
}
