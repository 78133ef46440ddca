#pragma once

/* Lists of entities as wsk shows them: a line for each, with columns. */

#include <stdbool.h>

#include "base/scan.h"

enum table { TABLE_ACTIONS, TABLE_PACKAGES, TABLE_TRIGGERS, TABLE_RULES, TABLE_NAMESPACES };

/* "actions", "packages" …: a collection, and the table's head. */
const char *table_name(enum table t);

struct table_rows {
    struct table_row {
        struct scan_text entity;
        char *status;  /* of a rule; on the heap */
        char *sort_by; /* on the heap */
    } *items;
    size_t n;
};

/* The elements of an answer, which must outlive the rows. */
void table_read(enum table t, const struct scan_text *array, struct table_rows *out);
void table_print(enum table t, struct table_rows *rows, bool by_name);
void table_done(struct table_rows *rows);
static inline void table_auto(struct table_rows *rows) { table_done(rows); }
