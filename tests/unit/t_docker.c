/* Command lines taken apart, and names of images: what needs no container. */
#include <stdio.h>
#include <string.h>

#include "docker/priv.h"
#include "test.h"

static const struct arg_option table[] = {
    {"all", 'a', true, ARG_ALL},  {"quiet", 'q', true, ARG_QUIET},
    {"name", 0, false, ARG_NAME}, {"memory", 'm', false, ARG_MEMORY},
    {"env", 'e', false, ARG_ENV}, {0}};

static struct args args;
static struct err err;

/* Words, with a space between them. */
static int parse(const char *line, bool operand_ends)
{
    static char text[1024];
    static const char *words[64];
    unsigned n = 0;

    snprintf(text, sizeof text, "%s", line);
    for (char *at = text; *at && n < 64;) {
        words[n++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    return args_parse(table, operand_ends, n, words, &args, &err);
}

TEST(options_may_stand_anywhere)
{
    static const char *const lines[] = {"--name x -a one two", "one -a two --name x",
                                        "one two -a --name=x", "-a --name=x one -- two"};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CHECK_INT(parse(lines[i], false), 0);
        CHECK_INT(args.operandc, 2);
        CHECK_STR(args.operands[0], "one");
        CHECK_STR(args.operands[1], "two");
        CHECK_STR(args_get(&args, ARG_NAME), "x");
        CHECK(args_get(&args, ARG_ALL) != NULL);
        CHECK(args_get(&args, ARG_QUIET) == NULL);
        args_done(&args);
    }
}

TEST(an_operand_may_end_them)
{
    CHECK_INT(parse("-a image -q --name x", true), 0);
    CHECK_INT(args.operandc, 4);
    CHECK_STR(args.operands[1], "-q");
    CHECK(args_get(&args, ARG_QUIET) == NULL);
    args_done(&args);
}

TEST(short_options_may_be_joined)
{
    static const char *const lines[] = {"-aqm 5m x", "-aqm5m x", "-aqm=5m x", "-a -q -m 5m x"};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CHECK_INT(parse(lines[i], false), 0);
        CHECK_STR(args_get(&args, ARG_MEMORY), "5m");
        CHECK(args_get(&args, ARG_ALL) && args_get(&args, ARG_QUIET));
        CHECK_INT(args.operandc, 1);
        args_done(&args);
    }
}

TEST(the_last_value_counts_and_all_are_there)
{
    unsigned at = 0;

    CHECK_INT(parse("-e A=1 --env B=2 -e A=3 --all --all=false", false), 0);
    CHECK_STR(args_get(&args, ARG_ENV), "A=3");
    CHECK_STR(args_next(&args, ARG_ENV, &at), "A=1");
    CHECK_STR(args_next(&args, ARG_ENV, &at), "B=2");
    CHECK_STR(args_next(&args, ARG_ENV, &at), "A=3");
    CHECK(args_next(&args, ARG_ENV, &at) == NULL);
    CHECK(args_get(&args, ARG_ALL) == NULL);
    args_done(&args);
}

TEST(what_is_wrong_is_said_as_docker_does)
{
    static const struct {
        const char *line, *error;
    } all[] = {{"--frob x", "unknown flag: --frob"},
               {"--frob=1", "unknown flag: --frob"},
               {"-z", "unknown shorthand flag: 'z' in -z"},
               {"-aqz", "unknown shorthand flag: 'z' in -aqz"},
               {"--name", "flag needs an argument: --name"},
               {"-am", "flag needs an argument: 'm' in -am"},
               {"--", ""},
               {"-", ""}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int r = parse(all[i].line, false);
        CHECK_STR(r < 0 ? err.msg : "", all[i].error);
        args_done(&args);
    }
}

TEST(images)
{
    static const struct {
        const char *image, *profile; /* NULL: no image's name; "": not ours */
    } all[] = {{"wow/wasm", "wasm"},
               {"wow/wasm:0.1", "wasm"},
               {"wow/wasm-net@sha256:ab", "wasm-net"},
               {"r.example:5000/wow/wasm:x", "wasm"},
               {"wow/a/b", ""},
               {"wow", ""},
               {"wow:1", ""},
               {"other/wasm", ""},
               {"r.example:5000/x/wasm", ""},
               {"wow/", NULL},
               {"wow/wasm:", NULL},
               {"wow/wasm@", NULL},
               {"wow/Wasm", NULL},
               {"wow/wa sm", NULL},
               {"wow/wasm:a/b c", NULL},
               {"", NULL}};
    const struct docker d = {.settings.images = "wow/,r.example:5000/wow/"};
    char profile[PROFILE_MAX];

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int r = image_profile(&d, all[i].image, profile, &err);
        CHECK_INT(r, !all[i].profile ? -1 : all[i].profile[0] ? 1 : 0);
        if (r > 0)
            CHECK_STR(profile, all[i].profile);
    }
}

TEST(what_an_image_makes_of_a_container)
{
    static const struct {
        const char *name, *profile, *kind;
    } all[] = {{"wasm", "", ""},
               {"wasm-net", "wasm-net", ""},
               {"js", "", "js:wasm"},
               {"js-net", "js-net", "js:wasm"},
               {"python", "", "python:wasm"},
               {"python-a-b", "python-a-b", "python:wasm"},
               {"jsx", "jsx", ""},
               {"net", "net", ""}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct container_config config = {0};
        image_config(all[i].name, &config);
        CHECK_STR(config.profile ? config.profile : "", all[i].profile);
        CHECK_STR(config.kind ? config.kind : "", all[i].kind);
    }
}
