/* What an action asks for: its annotations, or (after a line "=") the wow.json of its zip. */
#include <jansson.h>
#include <unistd.h>

#include "fuzz.h"
#include "grant/ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct roots roots;
    struct caps caps = {.directories = &roots};
    const struct roots *const both[] = {&roots, NULL};
    const bool is_manifest = size > 0 && data[0] == '=';
    char *manifest = is_manifest ? strndup((const char *)data + 1, size - 1) : NULL;
    json_t *annotations =
        is_manifest ? NULL : json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
    int fds[WIRE_DIRS_MAX];
    const char *text;
    struct ask ask;
    struct err err;

    if (roots.n == 0) {
        roots_add(&roots, "/usr/share/doc:ro", &err);
        roots_add(&roots, "/tmp", &err);
    }
    if (ask_read(annotations, manifest ? manifest : "", &ask, &err) == 0) {
        assert(ask.dirs.dirc <= WIRE_DIRS_MAX && ask.dirs.names_size <= WIRE_NAMES_MAX);
        assert(ask.hosts.n <= HOSTS_MAX);
        ask_check(&ask, &caps, &err);
        if (dirs_open(&ask.dirs, both, 2, false, fds, &err) == 0)
            for (uint32_t i = 0; i < ask.dirs.dirc; i++)
                close(fds[i]);
        ask_done(&ask);
    }
    ask_text(annotations, "wow-engine", &text, &err);
    json_decref(annotations);
    free(manifest);
    return 0;
}
