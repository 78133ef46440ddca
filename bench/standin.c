/*
 * A docker that answers at once, linked as wow-docker is: what it costs to start any program, and a
 * container whose address is known. `run` prints an id, everything else nothing.
 */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";

    if (argc > 1 && strcmp(argv[1], "run") == 0)
        return write(1, id, sizeof id - 1) == (ssize_t)sizeof id - 1 ? 0 : 1;
    return 0;
}
