#pragma once

#include "wow/err.h"

/*
 * wow compile: run an engine's compiler as wowd does, limited and locked in, on a wasm module, a
 * gzip or a zip of one, and write its machine code to a file (compile/artifact.h).
 */
int compile_file(int argc, char **argv, int *status, struct err *err);
