#include "docker/args.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct arg_option *by_name(const struct arg_option *table, const char *name, size_t n)
{
    for (; table->name; table++)
        if (strlen(table->name) == n && memcmp(table->name, name, n) == 0)
            return table;
    return NULL;
}

static const struct arg_option *by_letter(const struct arg_option *table, char letter)
{
    for (; table->name; table++)
        if (table->letter == letter)
            return table;
    return NULL;
}

static void put(struct args *a, const struct arg_option *o, const char *value)
{
    a->options[a->optionc++] = (struct arg){o->key, value};
}

/* What the words are taken from. */
struct words {
    const struct arg_option *table;
    const char *const *argv;
    unsigned argc, at;
};

/* --name, --name=value or --name value */
static int take_long(struct words *w, struct args *out, struct err *err)
{
    const char *word = w->argv[w->at++] + 2;
    size_t n = strcspn(word, "=");
    const struct arg_option *o = by_name(w->table, word, n);

    if (!o)
        return err_set(err, ERR_INVALID, "unknown flag: --%.*s", (int)(n < 100 ? n : 100), word);
    if (o->is_switch)
        put(out, o, word[n] == '=' && strcmp(word + n, "=false") == 0 ? NULL : "");
    else if (word[n] == '=')
        put(out, o, word + n + 1);
    else if (w->at < w->argc)
        put(out, o, w->argv[w->at++]);
    else
        return err_set(err, ERR_INVALID, "flag needs an argument: --%s", o->name);
    return 0;
}

/* -a, -aq, -m256m or -m 256m */
static int take_short(struct words *w, struct args *out, struct err *err)
{
    const char *word = w->argv[w->at++] + 1;

    for (const char *p = word; *p; p++) {
        const struct arg_option *o = by_letter(w->table, *p);
        if (!o)
            return err_set(err, ERR_INVALID, "unknown shorthand flag: '%c' in -%.100s", *p, word);
        if (o->is_switch) {
            put(out, o, "");
            continue;
        }
        if (p[1])
            put(out, o, p + 1 + (p[1] == '='));
        else if (w->at < w->argc)
            put(out, o, w->argv[w->at++]);
        else
            return err_set(err, ERR_INVALID, "flag needs an argument: '%c' in -%.100s", *p, word);
        break;
    }
    return 0;
}

static unsigned letters(unsigned argc, const char *const *argv)
{
    unsigned n = argc;

    for (unsigned i = 0; i < argc; i++)
        n += (unsigned)strlen(argv[i]);
    return n;
}

int args_parse(const struct arg_option *table, bool operand_ends, unsigned argc,
               const char *const *argv, struct args *out, struct err *err)
{
    struct words w = {.table = table, .argv = argv, .argc = argc};
    int r = 0;

    /* As many as there can be: each letter of a word may be an option. */
    *out = (struct args){.options = mem_zero((letters(argc, argv) + 1) * sizeof(struct arg)),
                         .operands = mem_zero((argc + 1) * sizeof(const char *))};
    while (r == 0 && w.at < argc) {
        const char *word = argv[w.at];
        bool is_operand = word[0] != '-' || word[1] == '\0';
        if (strcmp(word, "--") == 0) {
            w.at++;
            break;
        }
        if (is_operand && operand_ends)
            break;
        if (is_operand)
            out->operands[out->operandc++] = argv[w.at++];
        else
            r = word[1] == '-' ? take_long(&w, out, err) : take_short(&w, out, err);
    }
    while (r == 0 && w.at < argc)
        out->operands[out->operandc++] = argv[w.at++];
    if (r < 0)
        args_done(out);
    return r;
}

void args_done(struct args *a)
{
    free(a->options);
    free(a->operands);
    *a = (struct args){0};
}

const char *args_get(const struct args *a, enum arg_key key)
{
    const char *value = NULL;

    for (unsigned i = 0; i < a->optionc; i++)
        if (a->options[i].key == key)
            value = a->options[i].value;
    return value;
}

const char *args_next(const struct args *a, enum arg_key key, unsigned *at)
{
    while (*at < a->optionc) {
        const struct arg *o = &a->options[(*at)++];
        if (o->key == key)
            return o->value;
    }
    return NULL;
}
