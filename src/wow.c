/* wow: the command line. Finds the verb in a table and prints what went wrong. */
#include <stdio.h>
#include <string.h>

#include "cli/compile.h"
#include "cli/invoke.h"

static const struct verb {
    const char *name, *args, *help;
    int (*run)(int argc, char **argv, int *status, struct err *err);
} verbs[] = {
    {"invoke", "FILE.wasm [JSON] [--times] [--engine E] [--executor ADDR:PORT]",
     "run a module once in a new container of a running wowd", invoke},
    {"compile", "FILE.wasm [--engine E] [--tier T] [--memory MB] [-o OUT]",
     "make machine code, which a wowd takes that trusts it; shows the time it takes", compile_file},
};

static void help(FILE *out)
{
    fputs("usage: wow VERB …\n\n", out);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        fprintf(out, "  wow %s %s\n      %s\n", verbs[i].name, verbs[i].args, verbs[i].help);
    fputs("  wow --help, wow --version\n\n"
          "The executor is 127.0.0.1:9000 if neither --executor nor WOW_EXECUTOR says otherwise.\n"
          "Exit status: 0 success, 1 the action failed, 2 it could not be run, 64 wrong usage.\n",
          out);
}

int main(int argc, char **argv)
{
    struct err err;
    int status = 0;

    if (argc < 2) {
        help(stderr);
        return 64;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("wow " WOW_VERSION);
        return 0;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(argv[1], verbs[i].name) != 0)
            continue;
        if (verbs[i].run(argc - 1, argv + 1, &status, &err) == 0)
            return status;
        fprintf(stderr, "wow: %s\n", err.msg);
        return err.kind == ERR_INVALID ? 64 : 2;
    }
    fprintf(stderr, "wow: there is no '%s'; wow --help lists what there is\n", argv[1]);
    return 64;
}
