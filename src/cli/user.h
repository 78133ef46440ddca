#pragma once

/* The verb of `wow` that manages who may use the REST API: create, list, key, delete. */

#include "wow/err.h"

int user(int argc, char **argv, int *status, struct err *err);
