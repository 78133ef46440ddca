/* wow api: what it says instead of an API gateway. And the options that stand before verbs. */
#include "cli/rest/options.h"
#include "cli/rest/verbs.h"

struct settings {
    struct rest_options rest;
    struct verb_list words;
    const char *name, *file, *type, *limit, *skip;
    bool full;
};

static const struct verb_option options[] = {
    {VERB_REST(words, "WORD"), "as wsk api takes them"},
    {"apiname", 'n', VERB_TEXT(name, "NAME", NULL), "likewise"},
    {"config-file", 'c', VERB_TEXT(file, "FILE", NULL), "likewise"},
    {"response-type", 0, VERB_TEXT(type, "TYPE", NULL), "likewise"},
    {"limit", 'l', VERB_TEXT(limit, "N", NULL), "likewise"},
    {"skip", 's', VERB_TEXT(skip, "N", NULL), "likewise"},
    {"full", 'f', VERB_SWITCH(full), "likewise"},
    REST_OPTIONS,
    {VERB_END},
};

const struct verb_option rest_options_before[] = {REST_OPTIONS, {VERB_END}};

static int api(struct verb_call *call, const void *settings, struct err *err)
{
    (void)settings;
    call->failure.teller = "error";
    return err_set(err, ERR_NOT_FOUND,
                   "wow has no API gateway. A web action has a URL of its own: wow action update "
                   "NAME --web true, then wow action get NAME --url");
}

const struct verb verb_api = {
    .name = "api",
    .about = "there is no API gateway: says how web actions do instead",
    .options = options,
    .size = sizeof(struct settings),
    .run = api,
};
