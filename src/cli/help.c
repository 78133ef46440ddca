#include "cli/help.h"

#include <string.h>

enum { LEFT = 26 };

/* "[--json]", "-p KEY VALUE", "FILE.wasm …" as it stands in a usage line. */
static void usage_of(FILE *out, const struct verb_option *o)
{
    switch (o->kind) {
    case KIND_OPERAND:
        fprintf(out, " %s", o->value);
        break;
    case KIND_OPTIONAL:
        fprintf(out, " [%s]", o->value);
        break;
    case KIND_REST:
        fprintf(out, " [%s …]", o->value);
        break;
    default:
        break;
    }
}

static void usage(FILE *out, const struct verb *v)
{
    bool options = false;

    fprintf(out, "wow %s%s%s", v->noun ? v->noun : "", v->noun ? " " : "", v->name);
    for (const struct verb_option *o = v->options; o->name || o->value; o++)
        options = options || o->name;
    if (options)
        fputs(" [OPTION …]", out);
    for (const struct verb_option *o = v->options; o->name || o->value; o++)
        usage_of(out, o);
    fputc('\n', out);
}

/* Bytes that stand for no column of their own. */
static int tails(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) == 0x80;
    return n;
}

static void row(FILE *out, const char *left, const char *right, const char *otherwise)
{
    int width = LEFT + tails(left);

    fprintf(out, "  %-*s", width, left);
    if ((int)strlen(left) > width - 1)
        fprintf(out, "\n  %-*s", LEFT, "");
    fputs(right, out);
    if (otherwise)
        fprintf(out, " (default: %s)", otherwise);
    fputc('\n', out);
}

static void option(FILE *out, const struct verb_option *o)
{
    char left[96];

    if (!o->name)
        snprintf(left, sizeof left, "%s", o->value);
    else
        snprintf(left, sizeof left, "%c%c%c --%s%s%s", o->letter ? '-' : ' ',
                 o->letter ? o->letter : ' ', o->letter ? ',' : ' ', o->name,
                 o->kind == KIND_SWITCH ? "" : " ", o->kind == KIND_SWITCH ? "" : o->value);
    row(out, left, o->help, o->otherwise);
}

void help_verb(FILE *out, const struct verb *v)
{
    fputs("usage: ", out);
    usage(out, v);
    fprintf(out, "%c%s.\n", v->about[0] - ('a' <= v->about[0] && v->about[0] <= 'z' ? 32 : 0),
            v->about + 1);
    if (v->more)
        fprintf(out, "\n%s\n", v->more);
    fputc('\n', out);
    for (const struct verb_option *o = v->options; o->name || o->value; o++)
        option(out, o);
    row(out, "    --json", "print one line of JSON for programs, also for what goes wrong", NULL);
    row(out, "-h, --help", "this text", NULL);
}

static void verb_line(FILE *out, const struct verb *v)
{
    char left[64];

    snprintf(left, sizeof left, "wow %s%s%s", v->noun ? v->noun : "", v->noun ? " " : "", v->name);
    row(out, left, v->about, NULL);
}

void help_all(FILE *out, const struct verb *const *verbs, const char *noun)
{
    fprintf(out, "usage: wow %s%sVERB …\n\n", noun ? noun : "", noun ? " " : "");
    for (; *verbs; verbs++)
        if (!noun || ((*verbs)->noun && strcmp((*verbs)->noun, noun) == 0))
            verb_line(out, *verbs);
    fputs("\nwow VERB --help says what else may stand there. wow --version\n"
          "Exit status: 0 done; 1 the action failed, or does not compile; 2 it could not be done;\n"
          "64 wrong usage. Verbs of the REST API, besides: 3 no answer; 202 waited, not finished;\n"
          "n - 256, modulo 256, an answer of HTTP status n, so 148 is 404.\n",
          out);
}
