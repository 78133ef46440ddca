#pragma once

#include "wow/err.h"

/*
 * wow invoke: run a wasm file once in a container made for it, print its answer and, with
 * --times, what the requests took. Returns the exit status: 0 success, 1 anything else the action
 * did; an error when it could not be run.
 */
int invoke(int argc, char **argv, int *status, struct err *err);
