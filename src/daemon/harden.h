#pragma once

/* What wowd itself gives up, for whoever may one day take it over. */

#include "wow/err.h"

/* First of all: closes what it inherited, and keeps what it will make from others. */
void harden_begin(void);

/*
 * Once the doors are open: no program it starts can get more rights than it has, and of root's it
 * keeps those that it still needs. kept is their names, for the log.
 */
#define HARDEN_KEPT 128
int harden_finish(char kept[HARDEN_KEPT], struct err *err);
