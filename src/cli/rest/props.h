#pragma once

/*
 * The settings file of OpenWhisk's clients: lines KEY=VALUE, "#" begins a comment. It is
 * $WSK_CONFIG_FILE, or ~/.wskprops. Lines that are not asked for stay as they are.
 */

#include "base/buf.h"
#include "wow/err.h"

struct props {
    char *path; /* NULL: nowhere */
    struct buf text;
};

/* A file that is not there is empty. */
int props_read(struct props *out, struct err *err);
void props_done(struct props *p);
static inline void props_auto(struct props *p) { props_done(p); }

/* The caller's; NULL when it is not there. */
char *props_get(const struct props *p, const char *key);

/* value NULL takes the key away. Fails when the file could not keep the value. */
int props_set(struct props *p, const char *key, const char *value, struct err *err);

/* The file as it then is, for its owner only. */
int props_write(const struct props *p, struct err *err);
