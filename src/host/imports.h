#pragma once

/*
 * All host functions that a guest may import: WASI preview 1 and `wow`. The guest that they get is
 * a struct wasi.
 */

#include "wow/engine.h"

extern const struct wow_import host_imports[];
