#include "base/utf8.h"

#include <stdint.h>

/* What may stand first, how long such a character is, and what may stand second: Unicode 3-7. */
static const struct {
    uint8_t first_min, first_max, length, second_min, second_max;
} forms[] = {
    {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

size_t utf8_length(const char *s, size_t n)
{
    const uint8_t *p = (const uint8_t *)s;
    size_t i = 0;

    while (i < sizeof forms / sizeof *forms && p[0] > forms[i].first_max)
        i++;
    if (i == sizeof forms / sizeof *forms || p[0] < forms[i].first_min || n < forms[i].length)
        return 0;
    if (forms[i].length > 1 && (p[1] < forms[i].second_min || p[1] > forms[i].second_max))
        return 0;
    for (size_t k = 2; k < forms[i].length; k++)
        if ((p[k] & 0xc0) != 0x80)
            return 0;
    return forms[i].length;
}
