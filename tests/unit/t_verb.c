/* Command lines read by tables: nouns and verbs, every kind of option, and what is wrong. */

#include "cli/verb.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct settings {
    bool flag;
    const char *text, *first, *second;
    unsigned number;
    struct verb_list list, pairs, rest;
};

static const struct verb_option options[] = {
    {VERB_OPERAND(first, "FIRST"), "must be there"},
    {VERB_OPTIONAL(second, "SECOND"), "may be there"},
    {VERB_REST(rest, "REST"), "all else"},
    {"flag", 'f', VERB_SWITCH(flag), "a switch"},
    {"text", 't', VERB_TEXT(text, "TEXT", "otherwise"), "a text"},
    {"choice", 'c', VERB_TEXT(text, "a|bc", NULL), "one of two"},
    {"number", 'n', VERB_NUMBER(number, "N", 2, 30, "7"), "a number"},
    {"list", 'l', VERB_LIST(list, "ITEM"), "many"},
    {"param", 'p', VERB_PAIRS(pairs, "KEY VALUE"), "many, in pairs"},
    {VERB_END},
};

static char seen[512]; /* what the verb got */

static void put_list(const char *name, const struct verb_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), " %s=%s", name, list->items[i]);
}

static int run(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;

    snprintf(seen, sizeof seen, "%s%s%s %s,%s,%s,%u%s%s", call->verb->noun ? call->verb->noun : "",
             call->verb->noun ? "/" : "", call->verb->name, s->first, s->second ? s->second : "-",
             s->text, s->number, s->flag ? ",flag" : "", call->json ? ",json" : "");
    put_list("rest", &s->rest);
    put_list("list", &s->list);
    put_list("pair", &s->pairs);
    call->status = 3;
    if (s->second && strcmp(s->second, "long") == 0)
        call->failure = (struct verb_failure){"error", strdup("all of it"), 148};
    return strcmp(s->first, "fail") == 0 ? err_set(err, ERR_NOT_FOUND, "as told") : 0;
}

static const struct verb plain = VERB(NULL, "do", options, "a verb", run),
                         create = VERB("action", "create", options, "a verb", run),
                         get = VERB("action", "get", options, "a verb", run),
                         other = VERB("rule", "get", options, "a verb", run);
static const struct verb *const verbs[] = {&plain, &create, &get, &other, NULL};

/* What may stand before the verb. */
static const struct verb_option before[] = {
    {"flag", 'f', VERB_SWITCH(flag), "a switch"},
    {"text", 't', VERB_TEXT(text, "TEXT", NULL), "a text"},
    {VERB_END},
};

/* Run a line of words; its status. What it prints is in `printed`. */
static char printed[8192];

static int line(const char *words)
{
    char copy[256], *argv[32] = {(char *)"wow"}, *save = NULL;
    int argc = 1, fd = memfd_create("out", 0);
    int out = dup(STDOUT_FILENO), errors = dup(STDERR_FILENO);

    snprintf(copy, sizeof copy, "%s", words);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    seen[0] = '\0';
    fflush(stdout);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    int status = verb_main(verbs, before, argc, argv);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    ssize_t n = pread(fd, printed, sizeof printed - 1, 0);
    printed[n > 0 ? n : 0] = '\0';
    close(fd);
    close(out);
    close(errors);
    return status;
}

TEST(verbs_and_nouns_are_found)
{
    static const char *const lines[][2] = {
        {"do x", "do x,-,otherwise,7"},
        {"action create x", "action/create x,-,otherwise,7"},
        {"action get x", "action/get x,-,otherwise,7"},
        {"rule get x", "rule/get x,-,otherwise,7"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CHECK_INT(line(lines[i][0]), 3);
        CHECK_STR(seen, lines[i][1]);
    }
}

TEST(options_and_operands_may_be_mixed)
{
    static const char *const lines[][2] = {
        {"do -f x -t y", "do x,-,y,7,flag"},
        {"do x y z1 z2", "do x,y,otherwise,7 rest=z1 rest=z2"},
        {"do x -- -f --json", "do x,-,otherwise,7 rest=-f rest=--json"},
        {"do -", "do -,-,otherwise,7"},
        {"do --text=a=b --number=30 x", "do x,-,a=b,30"},
        {"do -tword -n2 x", "do x,-,word,2"},
        {"do x -t one -t two", "do x,-,two,7"},
        {"do x -c bc", "do x,-,bc,7"},
        {"do x -l 1 --list=2 -l3", "do x,-,otherwise,7 list=1 list=2 list=3"},
        {"do x -p k -5 -p --json v", "do x,-,otherwise,7 pair=k pair=-5 pair=--json pair=v"},
        {"do x --param=k v", "do x,-,otherwise,7 pair=k pair=v"},
        {"do --json x", "do x,-,otherwise,7,json"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CHECK_INT(line(lines[i][0]), 3);
        CHECK_STR(seen, lines[i][1]);
    }
}

TEST(some_options_may_stand_before_the_verb)
{
    static const char *const lines[][2] = {
        {"-f do x", "do x,-,otherwise,7,flag"},
        {"-f -t a --json do x", "do x,-,a,7,flag,json"},
        {"-ta action get x", "action/get x,-,a,7"},
        {"action -f --text b get x", "action/get x,-,b,7,flag"},
        {"-f action --text=b get x -t c", "action/get x,-,c,7,flag"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CHECK_INT(line(lines[i][0]), 3);
        CHECK_STR(seen, lines[i][1]);
    }
    CHECK_INT(line("-z do x"), EXIT_USAGE);
    CHECK_STR(printed, "wow: there is no '-z'; wow --help lists what there is\n");
    CHECK_INT(line("-f"), EXIT_USAGE);
    CHECK_INT(line("-t do"), EXIT_USAGE);
}

TEST(a_verb_may_tell_its_failures_its_own_way)
{
    CHECK_INT(line("do fail long"), 148);
    CHECK_STR(printed, "error: all of it\n");
    CHECK_INT(line("do fail long --json"), 148);
    CHECK_STR(printed, "error: all of it\n{\"error\":\"all of it\",\"kind\":\"not found\"}\n");
}

TEST(what_is_wrong_is_named)
{
    static const char *const lines[][2] = {
        {"do", "wow: do: which FIRST? wow do --help says more\n"},
        {"action create", "wow: action create: which FIRST? wow action create --help says more\n"},
        {"do x -z", "wow: do: unknown option '-z'; --help lists them\n"},
        {"do x --flag=on", "wow: do: '--flag=on': nothing can stand behind it\n"},
        {"do x -t", "wow: do: option '-t' needs TEXT\n"},
        {"do x -p k", "wow: do: option '-p' needs KEY VALUE\n"},
        {"do x -c b", "wow: do: --choice: 'b' is not one of a|bc\n"},
        {"do x -n 1", "wow: do: --number: '1' is not a number from 2 to 30\n"},
        {"do x -n 31", "wow: do: --number: '31' is not a number from 2 to 30\n"},
        {"do x -n 3x", "wow: do: --number: '3x' is not a number from 2 to 30\n"},
        {"fly", "wow: there is no 'fly'; wow --help lists what there is\n"},
        {"action fly", "wow: there is no 'action fly'; wow --help lists what there is\n"},
        {"create x", "wow: there is no 'create'; wow --help lists what there is\n"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CHECK_INT(line(lines[i][0]), EXIT_USAGE);
        CHECK_STR(printed, lines[i][1]);
        CHECK_STR(seen, "");
    }
}

TEST(a_failure_is_told_in_the_form_that_was_asked_for)
{
    CHECK_INT(line("do fail"), EXIT_NOT_DONE);
    CHECK_STR(printed, "wow: as told\n");
    CHECK_INT(line("do fail --json"), EXIT_NOT_DONE);
    CHECK_STR(printed, "wow: as told\n{\"error\":\"as told\",\"kind\":\"not found\"}\n");
}

TEST(help_is_given_for_all_for_a_noun_and_for_a_verb)
{
    CHECK_INT(line("--help"), 0);
    CHECK(strstr(printed, "\n  wow action create ") && strstr(printed, "\n  wow do "));
    CHECK_INT(line("action --help"), 0);
    CHECK(strstr(printed, "\n  wow action get ") && !strstr(printed, "\n  wow do "));
    CHECK_INT(line("action"), 0);
    CHECK_INT(line("action get --help"), 0);
    CHECK(strstr(printed, "usage: wow action get [OPTION …] FIRST [SECOND] [REST …]\n"));
    CHECK(strstr(printed, "\n  -n, --number N            a number (default: 7)\n"));
}
