#pragma once

/* Invoking an action, for `action invoke` and for feeds; and log lines as they are shown. */

#include <stdio.h>

#include "cli/rest/rest.h"

enum invoked {
    INVOKED,            /* it went well; the answer is r->value */
    INVOKED_FAILED,     /* the action failed: so the answer says */
    INVOKED_UNFINISHED, /* waited long enough; the answer has the activation's id */
    INVOKED_NOT,        /* *err says why */
};

enum invoked activation_invoke(struct rest *r, const struct name *n, const struct buf *args,
                               bool blocking, bool result, struct err *err);

/* "ok: invoked /_/a… with id ID" of the last answer. */
void activation_print(const struct rest *r, FILE *out, const struct name *n, const char *says);

/* The lines of a record's "logs", or of an answer to …/logs; strip: without time and stream. */
void activation_print_logs(const struct scan_text *record, bool strip);
