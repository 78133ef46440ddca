/*
 * wow-compile-ENGINE: makes machine code of one upload. Started by wowd, which hands it its
 * socket to it as descriptor 3 (compile/compiler.h); of no use by itself.
 */
#include <stdio.h>
#include <string.h>

#include "compile/compiler.h"
#include "wow/engine.h"

int main(int argc, char **argv)
{
    struct compiler_role role;

    if (argc == 2 && strcmp(argv[1], "--about") == 0) {
        printf("%s %d %u\n", wow_engine.version, wow_engine.has_baseline, wow_engine.loads_max);
        return 0;
    }
    if (compiler_read_role(argc, argv, &role) < 0) {
        fprintf(stderr, "wow-compile-%s %s: wowd starts this program to compile an action\n",
                wow_engine.name, wow_engine.version);
        return 64;
    }
    return compiler_run(&role);
}
