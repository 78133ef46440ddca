#include "store/name.h"

#include <string.h>

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool name_is_good(const char *name, size_t n)
{
    if (n == 0 || n > NAME_SIZE_MAX || !is_word(name[0]) || name[n - 1] == ' ')
        return false;
    for (size_t i = 1; i < n; i++)
        if (!is_word(name[i]) && (name[i] == '\0' || !strchr("@ .&-", name[i])))
            return false;
    return true;
}
