#pragma once

/* The header lines of a guest's request: which may be sent, and as libcurl wants them. */

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "wow/err.h"

/*
 * From "Name: value" lines, hostile. Refused are those that say where a message ends or who it is
 * for, which are libcurl's to set: a guest could otherwise put a second request into the first.
 */
int fields_read(const char *lines, size_t n, struct curl_slist **out, struct err *err);
bool fields_have(const struct curl_slist *fields, const char *name);
/* Without some: those about a body, and those that are for one host only. */
struct curl_slist *fields_without(struct curl_slist *fields, bool body, bool secrets);
/* "GET", "PROPFIND": capitals and '-', but none that asks for a tunnel or an echo. */
bool fields_good_method(const char *method);
