#pragma once

/* The members of a PUT's body that several kinds of entities have. Not for other rooms. */

#include "api/call.h"
#include "invoke/params.h"

/* The member of an object; .n is 0 when it has none, or null. */
struct scan_text field(const struct scan_text *object, const char *name);
/* Its text, appended to out; ERR_INVALID when it is no string. */
int field_string(const struct scan_text *value, const char *name, struct buf *out, struct err *err);

/*
 * Take over version, publish, annotations and parameters, as far as the body has them; the last
 * two replace what was there. Without a version a stored entity's patch number is counted up.
 * `updated` is set. ERR_TOO_LARGE has its whole text, ERR_INVALID the detail of a malformed body.
 */
int fields_common(const struct scan_text *body, struct entity *e, struct err *err);
int fields_params(const struct scan_text *body, const char *name, struct params *out,
                  struct err *err);
int fields_version(const struct scan_text *body, struct entity *e, struct err *err);

/* Answer for what the functions above have found wrong. */
void fields_refuse(struct call *c, const struct err *err);

/* What PUT begins with: its query and the entity that is there, if there is one, as a copy.
   False: answered. */
bool fields_existing(struct call *c, enum entity_type type, const char *package,
                     struct entity **out);
