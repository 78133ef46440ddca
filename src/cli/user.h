#pragma once

/*
 * Who may use the REST API. These verbs work on the store itself, beside a wowd or without one; one
 * that runs sees it within a second.
 */

#include "cli/verb.h"

extern const struct verb verb_user_create, verb_user_key, verb_user_list, verb_user_delete;
