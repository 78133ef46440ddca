#pragma once

/* Programs, started and waited for as an invoker does it. For many threads at once. */

#include <stddef.h>
#include <stdint.h>

#include "wow/err.h"

#define COMMAND_OUT 256

/* Run it to its end; what it printed, without the last newline. A status but 0 is an error. */
int command_run(char *const argv[], char out[COMMAND_OUT], uint64_t *ns, struct err *err);
