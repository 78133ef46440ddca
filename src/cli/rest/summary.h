#pragma once

/* What --summary of `get` shows of an entity: its full name, description and parameters. */

#include "base/scan.h"

/* noun is "action", "package", "trigger" or "rule". */
void summary_print(const char *noun, const struct scan_text *entity);
