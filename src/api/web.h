#pragma once

/*
 * Web actions: HTTP in, an action's arguments; its result out, as HTTP. web.c has who may, the
 * other two files the two directions. Not for other rooms.
 */

#include "api/invoked.h"
#include "invoke/action.h"

enum web_ext { WEB_HTTP, WEB_JSON, WEB_HTML, WEB_TEXT, WEB_SVG };

/* The arguments, as a JSON object. False: answered. */
bool web_input(struct call *c, struct action *a, const char *path, struct buf *out);

/* Answer with the outcome. */
void web_output(struct invoked *i);
