#pragma once

/* Media types, as far as web actions must tell them apart. Not for other rooms. */

#include <stdbool.h>

/* "type/subtype", whatever stands behind it? */
bool media_is_type(const char *type);
/* Is it this one? Parameters and case do not count. */
bool media_is(const char *type, const char *name);
bool media_is_json(const char *type);
/* Would its bytes be no text? */
bool media_is_binary(const char *type);
/* Does an Accept header (NULL: none) allow the type? */
bool media_accepts(const char *accept, const char *type);
