#pragma once

/*
 * Who may do what: everything in one's own namespace; in another's, read and run what is in a
 * package that is shared.
 */

#include "invoke/action.h"
#include "invoke/identity.h"

bool entitled_to_action(const struct identity *who, const struct action *a);
bool entitled_to_package(const struct identity *who, const struct entity *package);
/* ERR_REFUSED with OpenWhisk's text; what is "ns/name", or "ns". */
int entitled_refuse(struct err *err, const char *what);
