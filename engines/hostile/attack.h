#pragma once

/*
 * What somebody does who has broken out of an engine: any system call, with any arguments, and
 * anything that can be done to the memory shared with wowd. The attack is a text, line by line:
 *
 *     call NUMBER ARG…     a system call; up to six arguments, each
 *                              123, 0x7b, -1    a number
 *                              $2               the result of line 2, counted from 0
 *                              =text            a pointer to the text, %XX for odd bytes
 *                              :0a0b            a pointer to these bytes
 *                              *N               a pointer to N zeros; what is there after the call
 *                                               is part of the result
 *                              @2               the pointer that line 2 used as :, = or *
 *     touch BYTES          map so much memory and write to all of it
 *     spin                 block all signals and compute for ever
 *     ring MS FD           ring wowd's bell all the time
 *     scribble MS SEED     fill the shared memory with noise, again and again
 *     peek AT N            bytes of the shared memory
 *     poke AT HEX          write some there
 *     where NAME           where that is of the first slot: state, outcome, size, bell
 *
 * Each line's result is an element of an array: a number, less than 0 an errno, and for what gives
 * bytes {"value": N, "bytes": "HEX"}.
 */

#include <stdint.h>

#include "base/buf.h"

struct attack_target {
    uint8_t *map; /* shared memory; NULL in a compiler */
    size_t map_size;
};

/* Do it, and append the array to out. */
void attack_run(const char *text, size_t n, const struct attack_target *target, struct buf *out);
