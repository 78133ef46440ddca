#pragma once

/* The functions of the module "spectest", which the official harness has, too. They do nothing. */

#include "wow/engine.h"

extern const struct wow_import spectest_imports[];
