#pragma once

/*
 * Names of namespaces and entities: one letter, digit or underscore, or more of these with
 * "@ .&-" after the first, not ending in a blank; at most NAME_SIZE_MAX characters.
 */

#include <stdbool.h>
#include <stddef.h>

#define NAME_SIZE_MAX 256u

bool name_is_good(const char *name, size_t n);
