#pragma once

/* What WAMR's two programs have in common. */

#include "wow/engine.h"

#define WAMR_VERSION "2.4.3"
#define WAMR_ERROR_MAX 192

/* Start the library; once per process. */
int common_start(struct err *err);
