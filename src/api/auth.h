#pragma once

/* HTTP Basic: the user is the key's UUID, the password its secret. Not for other rooms. */

#include "api/call.h"

/* Find c->who. False: there is no good key, and the call is answered with 401. */
bool auth_require(struct call *c);
/* Find c->who if there is a good key; for calls that anyone may make. */
void auth_try(struct call *c);
