#include "cli/completion.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

struct settings {
    const char *shell;
};

static const struct verb_option options[] = {
    {VERB_OPERAND(shell, "bash"), "the shell"},
    {VERB_END},
};

/*
 * What may stand for a value, by its name in the tables: words, or how bash finds files. What is
 * not listed has no completion.
 */
static const struct {
    const char *value, *words, *files;
} values[] = {
    {"ENGINE", "auto wasmtime wamr wasmer", NULL},
    {"FILE", NULL, "-f"},
    {"DIR", NULL, "-d"},
    {"DIR[:ro]", NULL, "-d"},
    {"DIR|FILE", NULL, "-f"},
    {"CODE", NULL, "-f"},
    {"FILE.wasm", NULL, "-f"},
    {"FILE.wasm|DIR", NULL, "-f"},
};

static void put_words(FILE *out, const char *choices)
{
    for (; *choices; choices++)
        fputc(*choices == '|' ? ' ' : *choices, out);
}

/* "compgen" arguments for a value; false when there is nothing to offer. */
static bool put_generator(FILE *out, const char *value)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (strcmp(values[i].value, value) == 0) {
            if (values[i].words)
                fprintf(out, "-W '%s'", values[i].words);
            else
                fputs(values[i].files, out);
            return true;
        }
    if (!verb_has_choices(value))
        return false;
    fputs("-W '", out);
    put_words(out, value);
    fputc('\'', out);
    return true;
}

static bool has_generator(const char *value)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (strcmp(values[i].value, value) == 0)
            return true;
    return verb_has_choices(value);
}

/* A case for what stands behind the option. */
static void put_option_case(FILE *out, const struct verb_option *o)
{
    if (!o->name || o->kind == KIND_SWITCH)
        return;
    fprintf(out, "        --%s", o->name);
    if (o->letter)
        fprintf(out, " | -%c", o->letter);
    fputs(") ", out);
    if (has_generator(o->value)) {
        fputs("_wow_offer ", out);
        put_generator(out, o->value);
        fputs("; ", out);
    }
    fputs("return ;;\n", out);
}

static void put_operands(FILE *out, const struct verb *v)
{
    bool any = false;

    for (const struct verb_option *o = v->options; (o->name || o->value) && !any; o++)
        if (!o->name && has_generator(o->value)) {
            fputs("        _wow_offer ", out);
            put_generator(out, o->value);
            fputc('\n', out);
            any = true;
        }
}

static void put_verb(FILE *out, const struct verb *v)
{
    fprintf(out, "    '%s%s%s')\n        case $before in\n", v->noun ? v->noun : "",
            v->noun ? " " : "", v->name);
    for (const struct verb_option *o = v->options; o->name || o->value; o++)
        put_option_case(out, o);
    fputs("        esac\n        [[ $word != -* ]] || { _wow_offer -W '", out);
    for (const struct verb_option *o = v->options; o->name || o->value; o++)
        if (o->name)
            fprintf(out, "--%s ", o->name);
    fputs("--json --help'; return; }\n", out);
    put_operands(out, v);
    fputs("        ;;\n", out);
}

static bool is_first_of_noun(const struct verb *const *verbs, const struct verb *const *v)
{
    if (!(*v)->noun)
        return false;
    while (verbs != v && !((*verbs)->noun && strcmp((*verbs)->noun, (*v)->noun) == 0))
        verbs++;
    return verbs == v;
}

/* The words that may stand first, and behind each noun. */
static void put_first(FILE *out, const struct verb *const *verbs)
{
    fputs("    '') _wow_offer -W '", out);
    for (const struct verb *const *v = verbs; *v; v++)
        if (!(*v)->noun || is_first_of_noun(verbs, v))
            fprintf(out, "%s ", (*v)->noun ? (*v)->noun : (*v)->name);
    fputs("--help --version' ;;\n", out);
    for (const struct verb *const *v = verbs; *v; v++) {
        if (!is_first_of_noun(verbs, v))
            continue;
        fprintf(out, "    '%s') _wow_offer -W '", (*v)->noun);
        for (const struct verb *const *w = v; *w; w++)
            if ((*w)->noun && strcmp((*w)->noun, (*v)->noun) == 0)
                fprintf(out, "%s ", (*w)->name);
        fputs("--help' ;;\n", out);
    }
}

/* Behind a noun the verb is two words. */
static void put_nouns(FILE *out, const struct verb *const *verbs)
{
    const char *comma = "    case $verb in ";

    for (const struct verb *const *v = verbs; *v; v++) {
        if (!is_first_of_noun(verbs, v))
            continue;
        fprintf(out, "%s%s", comma, (*v)->noun);
        comma = " | ";
    }
    if (comma[0] == ' ' && comma[1] == '|')
        fputs(") ((COMP_CWORD > 2)) && verb+=\" ${COMP_WORDS[2]}\" ;; esac\n", out);
}

static void put_script(FILE *out, const struct verb *const *verbs)
{
    fputs("# bash completion of wow, made by `wow completion bash`; to have it in each shell:\n"
          "#   wow completion bash > ~/.local/share/bash-completion/completions/wow\n"
          "_wow_offer() { mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$word\"); }\n"
          "_wow() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb=''\n"
          "    COMPREPLY=()\n"
          "    ((COMP_CWORD > 1)) && verb=${COMP_WORDS[1]}\n",
          out);
    put_nouns(out, verbs);
    fputs("    case $verb in\n", out);
    put_first(out, verbs);
    for (const struct verb *const *v = verbs; *v; v++)
        put_verb(out, *v);
    fputs("    esac\n"
          "}\n"
          "complete -o filenames -F _wow wow\n",
          out);
}

static int completion(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(mem) char *script = NULL;
    AUTO(buf) struct buf json;
    size_t n = 0;

    buf_init(&json, 1u << 20);
    if (strcmp(s->shell, "bash") != 0)
        return err_set(err, ERR_INVALID, "completion: there is one for bash only, not for '%.60s'",
                       s->shell);
    FILE *out = open_memstream(&script, &n);
    if (!out)
        return err_errno(err, ERR_INTERNAL, "open_memstream");
    put_script(out, call->verbs);
    fclose(out);
    if (!call->json) {
        fputs(script, stdout);
        return 0;
    }
    buf_json_string(&json, script, n);
    printf("{\"shell\":\"bash\",\"script\":%s}\n", json.data);
    return 0;
}

const struct verb verb_completion = {
    .name = "completion",
    .about = "print a shell's completion of wow's command lines",
    .more = "  . <(wow completion bash)    for this shell",
    .options = options,
    .size = sizeof(struct settings),
    .run = completion,
};
