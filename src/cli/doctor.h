#pragma once

/*
 * wow doctor: what this machine has of all that wow builds with and stands on, a line for each, and
 * what to do about what is missing.
 */

#include "cli/verb.h"

extern const struct verb verb_doctor;
