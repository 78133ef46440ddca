#pragma once

/* The settings file of OpenWhisk's clients, ~/.wskprops: lines KEY=VALUE. */

#include <stdbool.h>

#include "store/user.h"

/*
 * Set APIHOST, and AUTH if there is a key; other lines of a file that is there stay. *has_key says
 * whether there is an AUTH now.
 */
int wskprops_write(const char *path, const char *host, const struct user_key *key, bool *has_key,
                   struct err *err);
