#include "plan.h"

#include <string.h>

int plan_open(struct plan *p, const char *dir)
{
    char path[1024];

    *p = (struct plan){.dir = dir, .number = (unsigned)-1};
    snprintf(path, sizeof path, "%s/plan", dir);
    p->file = fopen(path, "re");
    return p->file ? 0 : -1;
}

static enum plan_verb verb_of(const char *word)
{
    return strcmp(word, "compile") == 0  ? PLAN_COMPILE
           : strcmp(word, "module") == 0 ? PLAN_MODULE
           : strcmp(word, "call") == 0   ? PLAN_CALL
                                         : PLAN_OTHER;
}

int plan_next(struct plan *p, unsigned from)
{
    char line[1024], verb[16];

    while (fgets(line, sizeof line, p->file)) {
        p->number++;
        if (p->number < from || sscanf(line, "%15s %63s", verb, p->what) != 2)
            continue;
        p->verb = verb_of(verb);
        return 1;
    }
    return 0;
}

void plan_answer(const struct plan *p, const char *word, const char *text)
{
    printf("%u %s ", p->number, word);
    for (; *text; text++)
        putchar(*text == '\n' ? ' ' : *text);
    putchar('\n');
    fflush(stdout); /* the next step may be the end of this process */
}
