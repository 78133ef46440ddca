#pragma once

/*
 * wow compile: run an engine's compiler as wowd does, limited and locked in, on a wasm module, a
 * gzip or a zip of one, and write its machine code to a file (compile/artifact.h).
 */

#include "cli/verb.h"

extern const struct verb verb_compile;
