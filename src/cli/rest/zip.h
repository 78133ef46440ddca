#pragma once

/* A folder of JavaScript or Python, as OpenWhisk takes it: a zip of its files. */

#include <stdbool.h>

#include "base/buf.h"

/* "nodejs:default" of package.json, index.js, "python:default" of __main__.py; or NULL. */
const char *zip_kind(const char *folder);

/*
 * All its files, but for what begins with a dot and links; sorted and without times, so that the
 * same files are the same zip.
 */
int zip_folder(const char *folder, struct buf *out, struct err *err);
