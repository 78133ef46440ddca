#pragma once

/* --web and --web-secure: the annotations that make an action a web action. */

#include "cli/rest/pairs.h"

struct web {
    const char *mode;   /* of --web: yes, true, raw, no, false; or NULL */
    const char *secure; /* of --web-secure, or NULL */
    bool drops_secret;  /* out: "require-whisk-auth" is to be deleted */
};

/*
 * annotations are those of the command line; was is the action as it is there (n is 0: it is not).
 * What an update would lose is taken over from that.
 */
int web_annotate(struct web *w, const struct scan_text *was, struct pairs *annotations,
                 struct err *err);
