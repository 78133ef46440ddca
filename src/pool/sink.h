#pragma once

/*
 * A container's log file, in the form and place of docker's json-file driver, which is where an
 * OpenWhisk invoker looks for what an action printed: DIR/ID/ID-json.log, one JSON object a line.
 * After each activation's lines come OpenWhisk's sentinels, one for each stream, before the
 * activation is answered; lines of activations that ran at once are not mixed. A guest cannot
 * write a sentinel: its first character is escaped, which a reader of JSON does not see.
 *
 * No file is held open. A file that cannot be written is an event in wowd's log.
 */

#include <stdbool.h>

#include "wire/slot.h"

/* dir: as the operator says; "" for none, and then nothing here does anything. */
void sink_create(const char *dir, const char *id);
void sink_remove(const char *dir, const char *id);

/*
 * What the slot's guest printed, and the sentinels; map may be NULL. The limit is in bytes of these
 * lines, as an invoker counts them: it destroys a container whose activation has more.
 */
void sink_activation(const char *dir, const char *id, const struct wire_map *map, unsigned slot,
                     unsigned limit);
/* A line of wow's own on stderr, with sentinels or without. */
void sink_say(const char *dir, const char *id, const char *text, bool sentinels);
