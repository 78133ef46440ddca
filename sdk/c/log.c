/* The activation's log. */

#include "internal.h"

#include <string.h>
#include <unistd.h>

void wow_log(const char *text)
{
    size_t size = strlen(text);
    char *line = wow_alloc(size + 1);
    ssize_t n;

    memcpy(line, text, size);
    line[size++] = '\n';
    while (size > 0 && (n = write(STDERR_FILENO, line, size)) > 0) {
        line += n;
        size -= (size_t)n;
    }
}
