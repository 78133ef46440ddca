#pragma once

/* Actions as the handlers of several files see them. Not for other rooms. */

#include "api/call.h"
#include "invoke/action.h"

/*
 * The action that the path names, for reading or running it. False: answered. *out is the
 * caller's.
 */
bool call_action(struct call *c, struct action **out);

/* Is the name that the path has for an entity good for one? False: answered. */
bool call_name_is_good(struct call *c, const char *name);

/* For PUT and DELETE: in one's own namespace, and not in a binding. False: answered. */
bool call_may_change(struct call *c);
bool call_package_is_there(struct call *c);
