#pragma once

/*
 * A fuzz target is one file that defines this function: it does with the bytes what wow does with
 * bytes of that kind, and asserts what must then be true. Nothing may crash, leak or hang.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
