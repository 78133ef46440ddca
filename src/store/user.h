#pragma once

/*
 * Users: a user is a namespace with one key, "uuid:secret". Of the secret, 64 random letters and
 * digits, only its SHA-256 is kept: that is as good as a slow hash where nobody can guess. wowd
 * only reads them; `wow user` writes them, beside a running wowd or without one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"
#include "store/db.h"

#define USER_NAME_MAX 256
#define USER_UUID_SIZE 37
#define USER_SECRET 64 /* characters */

struct user {
    int64_t id;
    char name[USER_NAME_MAX + 1];
    char uuid[USER_UUID_SIZE];
    unsigned char key[SHA256_SIZE];
    bool disabled;                          /* is being deleted */
    int64_t invocations, concurrent, fires; /* limits of its own; -1: the daemon's */
};

struct user_key {
    char uuid[USER_UUID_SIZE];
    char secret[USER_SECRET + 1];
};

void user_key_make(struct user_key *out);
/* "uuid:secret" */
int user_key_parse(const char *text, struct user_key *out, struct err *err);
/* Is it the user's? Takes as long whatever the difference. */
bool user_key_fits(const struct user *u, const char *secret);

/* 1 and the user, 0 when there is none. */
int user_by_uuid(struct db *db, const char *uuid, struct user *out, struct err *err);
int user_by_name(struct db *db, const char *name, struct user *out, struct err *err);
int user_by_id(struct db *db, int64_t id, struct user *out, struct err *err);
int user_count(struct db *db, int64_t *out, struct err *err);
int user_list(struct db *db, void (*each)(void *ctx, const struct user *u), void *ctx,
              struct err *err);

/* ERR_CONFLICT when there is one of that name or key; ERR_INVALID: the name will not do. */
int user_add(struct db *db, const char *name, const struct user_key *key, const struct user *limits,
             struct err *err);
int user_set_key(struct db *db, int64_t id, const struct user_key *key, struct err *err);
/* With all that is its own. Step by step, so that a running wowd is not held up. */
int user_delete(struct db *db, int64_t id, struct err *err);
