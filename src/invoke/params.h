#pragma once

/*
 * Parameters and annotations: OpenWhisk's arrays of {"key": …, "value": …}. A value's JSON text is
 * kept as it was sent, byte for byte; a key is unescaped and written in one way only, so that equal
 * keys are equal bytes.
 */

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "base/scan.h"

struct param {
    UT_hash_handle hh; /* by the key's text */
    bool init;         /* given to an action as environment, when it is initialised */
    bool is_null;
    uint32_t stamp; /* params_apply: the last pass that met it */
    size_t key_size, value_size;
    char text[]; /* the key as a JSON string, then the value's JSON */
};

struct params {
    struct param *all; /* uthash, in the order they were added */
    uint32_t stamp;
    size_t bytes; /* of all texts */
};

void params_done(struct params *p);
static inline void params_auto(struct params *p) { params_done(p); }

/* Add those of an array, over what is there. ERR_INVALID: it is no such array. */
int params_read(struct params *p, const struct scan_text *array, struct err *err);
/* The same from a text of our own, which is one. */
void params_add(struct params *p, const char *array);

/* key and value: plain text and JSON. */
void params_set(struct params *p, const char *key, const char *value, size_t n);
/* key and value: both JSON, of a text that was checked. */
void params_put(struct params *p, const struct scan_text *key, const struct scan_text *value);
void params_remove(struct params *p, const char *key);
/* NULL: there is none. */
const struct param *params_find(const struct params *p, const char *key);
const char *param_value(const struct param *p);
/* A value that is true, or a text or number that is not empty or 0: as OpenWhisk has it. */
bool params_truthy(const struct params *p, const char *key);
/* Is it true, and nothing else? */
bool params_true(const struct params *p, const char *key);

/* As an array, appended to out. The caller's, for params_dup. */
void params_write(const struct params *p, struct buf *out);
char *params_dup(const struct params *p);

/*
 * The arguments: parameters, but those for initialisation, under the members of a JSON object;
 * NULL for none. *fixed is set when the object names one with a value that is not null.
 */
int params_apply(struct params *p, const struct scan_text *object, struct buf *out, bool *fixed,
                 struct err *err);
