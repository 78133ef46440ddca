#pragma once

/*
 * Landlock: the kernel refuses a process files by where they are, whatever descriptors it holds,
 * and TCP, and signals and abstract sockets to processes outside. Where the kernel has it.
 */

/*
 * Make a rule set that allows no file, but those below roots ("A:B"), which may be read and
 * changed there. Returns its descriptor, and the kernel's version of Landlock; -1 and 0 when there
 * is none. roots NULL: files are not looked at.
 */
int landlock_make(const char *roots, int *version);

/* Restrict this process for ever; no_new_privs must have been set. Returns 0 or -1 and errno. */
int landlock_enter(int rules);
