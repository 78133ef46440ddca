#pragma once

/*
 * A container's log file, in the form and place of docker's json-file driver, which is where an
 * OpenWhisk invoker looks for what an action printed: DIR/ID/ID-json.log, one JSON object a line.
 * After each activation's lines come OpenWhisk's sentinels, one for each stream, before the
 * activation is answered; lines of activations that ran at once are not mixed. A guest cannot
 * write a sentinel: its first character is escaped, which a reader of JSON does not see. A file
 * only grows while its container lives; of a long one the beginning becomes a hole.
 *
 * No file is held open. One that is not there is made when something is to be written; one that
 * cannot be written is an event in wowd's log.
 */

#include <stdbool.h>

#include "wire/slot.h"

/* So much of a file is kept, at its end: many times what one activation may print. */
#define SINK_KEEP (128 << 20)
#define SINK_SENTINEL "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"

/* dir: as the operator says; "" for none, and then nothing here does anything. */
void sink_create(const char *dir, const char *id);
char *sink_path(const char *dir, const char *id); /* the caller's */
void sink_remove(const char *dir, const char *id);

/*
 * What the slot's guest printed, and the sentinels; map may be NULL. The limit is in bytes of these
 * lines, as an invoker counts them: it destroys a container whose activation has more.
 */
void sink_activation(const char *dir, const char *id, const struct wire_map *map, unsigned slot,
                     unsigned limit);
/* A line of wow's own on stderr, with sentinels or without. */
void sink_say(const char *dir, const char *id, const char *text, bool sentinels);
