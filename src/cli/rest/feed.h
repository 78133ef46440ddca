#pragma once

/*
 * Feeds: an action that makes a trigger fire. It is told of the trigger's creation, change and end,
 * and asked about it, in its arguments: lifecycleEvent, triggerName, authKey.
 */

#include "cli/rest/pairs.h"
#include "cli/rest/rest.h"

/* The feed that the last answer, a trigger, is annotated with; the caller's, NULL: none. */
char *feed_of(const struct rest *r);

/*
 * Tell a feed, with arguments besides; its answer is shown. event is CREATE, READ, UPDATE or
 * DELETE. The last answer stays what it was.
 */
int feed_tell(struct rest *r, const char *feed, const char *event, const struct name *trigger,
              const struct pairs *args, struct err *err);

/*
 * The last answer is a trigger: show what its feed says of it. False when it has none, or that
 * does not work, which was told.
 */
bool feed_read(struct rest *r, const struct name *trigger);
