#include "cli/verb.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/help.h"

/* Reading one command line. */
struct reader {
    const struct verb *verb;
    int argc, at;
    char **argv;
    char *settings;
    struct verb_call *call;
    bool wants_help;
    bool only_operands; /* "--" was there */
    unsigned operands;  /* how many there were */
    struct err *err;
};

/* "run", or "action create". */
static const char *name_of(const struct verb *v, char out[64])
{
    snprintf(out, 64, "%s%s%s", v->noun ? v->noun : "", v->noun ? " " : "", v->name);
    return out;
}

static int fail(struct reader *r, const char *what, const char *shown, const char *why)
{
    char name[64];

    return err_set(r->err, ERR_INVALID, "%s: %s'%.100s'%s", name_of(r->verb, name), what, shown,
                   why);
}

static bool is_end(const struct verb_option *o) { return !o->name && !o->value; }

static bool is_operand(const struct verb_option *o) { return o->kind >= KIND_OPERAND; }

static void list_add(struct verb_list *list, const char *item)
{
    list->items = mem_grow((void *)list->items, (list->n + 1) * sizeof *list->items);
    list->items[list->n++] = item;
}

bool verb_has_choices(const char *value) { return !strpbrk(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"); }

/* Is value one of "a|b|c"? */
static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);

    for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (n > 0 && strcspn(at, "|") == n && memcmp(at, value, n) == 0)
            return true;
    return false;
}

static int set_number(struct reader *r, const struct verb_option *o, const char *value)
{
    char *end, name[64];
    unsigned long n = strtoul(value, &end, 10);

    if (!isdigit((unsigned char)value[0]) || *end != '\0' || n < o->min || n > o->max)
        return err_set(r->err, ERR_INVALID, "%s: --%s: '%.60s' is not a number from %u to %u",
                       name_of(r->verb, name), o->name, value, o->min, o->max);
    *(unsigned *)(void *)(r->settings + o->at) = (unsigned)n;
    return 0;
}

static int set(struct reader *r, const struct verb_option *o, const char *value)
{
    void *field = r->settings + o->at;
    char name[64];

    switch (o->kind) {
    case KIND_SWITCH:
        *(bool *)field = true;
        return 0;
    case KIND_NUMBER:
        return set_number(r, o, value);
    case KIND_LIST:
    case KIND_PAIRS:
    case KIND_REST:
        list_add(field, value);
        return 0;
    case KIND_TEXT:
        if (verb_has_choices(o->value) && !is_choice(o->value, value))
            return err_set(r->err, ERR_INVALID, "%s: --%s: '%.60s' is not one of %s",
                           name_of(r->verb, name), o->name, value, o->value);
        break;
    case KIND_OPERAND:
    case KIND_OPTIONAL:
        break;
    }
    *(const char **)field = value;
    return 0;
}

/* The option that an argument names; *value is what is joined to it, if anything. */
static const struct verb_option *find(const struct verb_option *options, const char *arg,
                                      const char **value)
{
    bool is_long = arg[1] == '-';
    size_t n = is_long ? strcspn(arg + 2, "=") : 1;

    *value = NULL;
    for (const struct verb_option *o = options; !is_end(o); o++) {
        if (is_operand(o))
            continue;
        if (is_long && strlen(o->name) == n && memcmp(o->name, arg + 2, n) == 0) {
            *value = arg[2 + n] == '=' ? arg + 3 + n : NULL;
            return o;
        }
        if (!is_long && o->letter && o->letter == arg[1]) {
            *value = arg[2] ? arg + 2 : NULL;
            return o;
        }
    }
    return NULL;
}

static int read_option(struct reader *r, const char *arg)
{
    const char *value;
    const struct verb_option *o = find(r->verb->options, arg, &value);
    char needs[96];
    int done = 0;

    if (!o)
        return fail(r, "unknown option ", arg, "; --help lists them");
    if (o->kind == KIND_SWITCH)
        return value ? fail(r, "", arg, ": nothing can stand behind it") : set(r, o, NULL);
    for (int left = o->kind == KIND_PAIRS ? 2 : 1; left > 0 && done == 0; left--) {
        if (!value && r->at == r->argc) {
            snprintf(needs, sizeof needs, " needs %s", o->value);
            return fail(r, "option ", arg, needs);
        }
        done = set(r, o, value ? value : r->argv[r->at++]);
        value = NULL;
    }
    return done;
}

static bool has_rest(const struct verb *v)
{
    const struct verb_option *o = v->options;

    while (!is_end(o) && o->kind != KIND_REST)
        o++;
    return !is_end(o);
}

static int read_operand(struct reader *r, const char *arg)
{
    unsigned at = 0;

    for (const struct verb_option *o = r->verb->options; !is_end(o); o++) {
        if (!is_operand(o))
            continue;
        if (o->kind == KIND_REST ||
            (at++ == r->operands && !(r->only_operands && has_rest(r->verb)))) {
            r->operands++;
            return set(r, o, arg);
        }
    }
    return fail(r, "", arg, " is too much");
}

static int read_word(struct reader *r, const char *arg)
{
    if (r->only_operands || arg[0] != '-' || arg[1] == '\0')
        return read_operand(r, arg);
    if (strcmp(arg, "--") == 0)
        r->only_operands = true;
    else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
        r->wants_help = true;
    else if (strcmp(arg, "--json") == 0)
        r->call->json = true;
    else
        return read_option(r, arg);
    return 0;
}

/* What must be there, and is not. */
static int check_operands(struct reader *r)
{
    unsigned at = 0;
    char name[64];

    for (const struct verb_option *o = r->verb->options; !is_end(o); o++) {
        if (o->kind == KIND_OPERAND && at >= r->operands)
            return err_set(r->err, ERR_INVALID, "%s: which %s? wow %s --help says more",
                           name_of(r->verb, name), o->value, name);
        at += is_operand(o);
    }
    return 0;
}

static int read_all(struct reader *r)
{
    int done = 0;

    for (const struct verb_option *o = r->verb->options; !is_end(o); o++)
        if (o->otherwise && done == 0)
            done = set(r, o, o->otherwise);
    while (done == 0 && r->at < r->argc) {
        const char *arg = r->argv[r->at++];
        done = read_word(r, arg);
    }
    return done < 0 || r->wants_help ? done : check_operands(r);
}

static void free_lists(const struct verb *v, void *settings)
{
    for (const struct verb_option *o = v->options; !is_end(o); o++)
        if (o->kind == KIND_LIST || o->kind == KIND_PAIRS || o->kind == KIND_REST)
            free((void *)((struct verb_list *)(void *)((char *)settings + o->at))->items);
}

/* The verb that argv names, from argv[1] on; *used is how many words that took. NULL: none. */
static const struct verb *find_verb(const struct verb *const *verbs, int argc, char **argv,
                                    int *used)
{
    for (; *verbs; verbs++) {
        *used = (*verbs)->noun ? 2 : 1;
        if (argc > *used && strcmp((*verbs)->name, argv[*used]) == 0 &&
            (*used == 1 || strcmp((*verbs)->noun, argv[1]) == 0))
            return *verbs;
    }
    return NULL;
}

static bool is_noun(const struct verb *const *verbs, const char *noun)
{
    while (*verbs && !((*verbs)->noun && strcmp((*verbs)->noun, noun) == 0))
        verbs++;
    return *verbs != NULL;
}

/* Reading may have stopped before it. */
static bool wants_json(int argc, char **argv)
{
    while (argc > 0 && strcmp(argv[argc - 1], "--json") != 0)
        argc--;
    return argc > 0;
}

/* Say what went wrong, and with which status that ends. */
static int complain(const struct verb_failure *f, const struct err *err, bool json)
{
    const char *text = f->text ? f->text : err->msg;
    AUTO(buf) struct buf line;

    buf_init(&line, BUF_JSON_MAX(strlen(text)) + 8192);
    fprintf(stderr, "%s: %s\n", f->teller ? f->teller : "wow", text);
    if (json) {
        buf_text(&line, "{\"error\":");
        buf_json_string(&line, text, strlen(text));
        buf_print(&line, ",\"kind\":\"%s\"}", err_kind_text(err->kind));
        puts(line.data);
    }
    if (f->status)
        return f->status;
    return err->kind == ERR_INVALID    ? EXIT_USAGE
           : err->kind == ERR_UNUSABLE ? EXIT_ACTION_FAILED
                                       : EXIT_NOT_DONE;
}

static int run(const struct verb *const *verbs, const struct verb *v, int argc, char **argv)
{
    struct verb_call call = {.verb = v, .verbs = verbs};
    AUTO(mem) void *settings = mem_zero(v->size);
    struct err err;
    struct reader r = {
        .verb = v, .argc = argc, .argv = argv, .settings = settings, .call = &call, .err = &err};

    int done = read_all(&r);
    if (done == 0 && r.wants_help)
        help_verb(stdout, v);
    else if (done == 0)
        done = v->run(&call, settings, &err);
    free_lists(v, settings);
    if (fflush(stdout) != 0 && done == 0)
        done = err_errno(&err, ERR_INTERNAL, "standard output");
    int status =
        done < 0 ? complain(&call.failure, &err, call.json || wants_json(argc, argv)) : call.status;
    free(call.failure.text);
    return status;
}

/* Nothing was run: is it help that was asked for, or what is wrong? */
static int no_verb(const struct verb *const *verbs, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "", *next = argc > 2 ? argv[2] : "--help";
    const char *noun = is_noun(verbs, word) ? word : NULL;

    if (noun)
        word = next;
    if (argc < 2) {
        help_all(stderr, verbs, NULL);
    } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
               strcmp(word, "help") == 0) {
        help_all(stdout, verbs, noun);
        return 0;
    } else if (!noun && strcmp(word, "--version") == 0) {
        puts("wow " WOW_VERSION);
        return 0;
    } else {
        fprintf(stderr, "wow: there is no '%s%s%.100s'; wow --help lists what there is\n",
                noun ? noun : "", noun ? " " : "", word);
    }
    return EXIT_USAGE;
}

/* Options that stand at a place where a noun or a verb is looked for go behind that word. */
static void move_options(const struct verb_option *before, int argc, char **argv, int at)
{
    const char *value = NULL;
    int to = at;

    while (to < argc && argv[to][0] == '-') {
        const struct verb_option *o = find(before, argv[to], &value);
        if (!o && strcmp(argv[to], "--json") != 0)
            break;
        to += o && o->kind != KIND_SWITCH && !value ? 2 : 1;
    }
    if (to == at || to >= argc)
        return;
    char *word = argv[to];
    memmove(argv + at + 1, argv + at, (size_t)(to - at) * sizeof *argv);
    argv[at] = word;
}

int verb_main(const struct verb *const *verbs, const struct verb_option *before, int argc,
              char **argv)
{
    int used;

    move_options(before, argc, argv, 1);
    if (argc > 1 && is_noun(verbs, argv[1]))
        move_options(before, argc, argv, 2);
    const struct verb *v = find_verb(verbs, argc, argv, &used);

    return v ? run(verbs, v, argc - used - 1, argv + used + 1) : no_verb(verbs, argc, argv);
}
