#include "invoke/kinds.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const struct kind kinds[] = {
    {"wasm:0.1", "wasm", true, "wow/action-wasm"},
};

const size_t kindc = sizeof kinds / sizeof *kinds;

void kind_normal(const char *name, char *out, size_t n)
{
    size_t at = 0;

    while (isspace((unsigned char)*name))
        name++;
    for (; *name && at + 1 < n; name++)
        out[at++] = (char)tolower((unsigned char)*name);
    while (at > 0 && isspace((unsigned char)out[at - 1]))
        at--;
    out[at] = '\0';
}

const struct kind *kind_find(const char *name)
{
    char normal[64], family[80];

    kind_normal(name, normal, sizeof normal);
    for (size_t i = 0; i < kindc; i++) {
        snprintf(family, sizeof family, "%s:default", kinds[i].family);
        if (strcmp(normal, kinds[i].name) == 0 ||
            (kinds[i].is_default && strcmp(normal, family) == 0))
            return &kinds[i];
    }
    return NULL;
}

size_t kind_index(const char *name)
{
    for (size_t i = 0; i < kindc; i++)
        if (strcmp(name, kinds[i].name) == 0)
            return i;
    return kindc;
}
