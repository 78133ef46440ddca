#pragma once

/* The table of rules.h as a program that the kernel runs at each system call. */

#include <linux/filter.h>

#include "wow/err.h"

/* Make the program for such a process (rules.h); what it points to is the caller's. */
int filter_make(unsigned who, struct sock_fprog *out, struct err *err);
