#pragma once

#include "cli/rest/rest.h"

/* Enable or disable a rule. */
int rule_set_active(struct rest *r, const struct name *n, bool active, struct err *err);
