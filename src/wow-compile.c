/*
 * wow-compile-ENGINE: makes machine code of one upload. Started by wowd, which hands it its
 * descriptors (compile/compiler.h); of no use by itself.
 */
#include <stdio.h>
#include <string.h>

#include "compile/compiler.h"
#include "wow/engine.h"

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("%s-%s\n", wow_engine.name, wow_engine.version);
        return 0;
    }
    if (argc != 3) {
        fprintf(stderr, "wow-compile-%s %s: wowd starts this program to compile an action\n",
                wow_engine.name, wow_engine.version);
        return 64;
    }
    return compiler_run(argv[1], argv[2]);
}
