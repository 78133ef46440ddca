#pragma once

/* The paths, in one table; the API's description and its tests walk it, too. */

#include "api/call.h"

enum route_who { ROUTE_ANYONE, ROUTE_KEY };

struct route {
    const char *method; /* "*": any */
    const char *path;   /* ":x" is a segment, "*" at the end what is left */
    enum route_who who;
    call_handler *handle;
    const char *summary;
    /* For the description: names of its query's parameters, with blanks between, and of the
       schemas of body and answer; "" for none. */
    const char *query, *body, *answer;
};

extern const struct route routes[];
extern const size_t routec;
