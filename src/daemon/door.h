#pragma once

/* "127.0.0.1:9000" */

#include <netinet/in.h>

#include "wow/err.h"

int door_parse(const char *text, struct in_addr *address, unsigned *port, struct err *err);
