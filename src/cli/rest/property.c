/* wow property get, set, unset */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/rest/props.h"
#include "cli/rest/rest.h"
#include "cli/rest/value.h"
#include "cli/rest/verbs.h"

struct settings {
    struct rest_options rest;
    bool all, is[9]; /* by the table below */
    const char *to[9];
    const char *output;
};

enum { APIHOST, AUTH, NAMESPACE, CERT, KEY, APIVERSION, CLIVERSION, BUILD, BUILDNO, COUNT };

static const struct property {
    const char *option;
    const char *label; /* in `property get` */
    const char *tabs;
    const char *key; /* in the file; NULL: not there */
    const char *set; /* what is said when it is; NULL: cannot be */
} properties[COUNT] = {
    [APIHOST] = {"apihost", "whisk API host", "\t\t", "APIHOST", "whisk API host"},
    [AUTH] = {"auth", "whisk auth", "\t\t", "AUTH", "whisk auth"},
    [NAMESPACE] = {"namespace", "whisk namespace", "\t\t", NULL, NULL},
    [CERT] = {"cert", "client cert", "\t\t", "CERT", "client cert"},
    [KEY] = {"key", "Client key", "\t\t", "KEY", "client key"},
    [APIVERSION] = {"apiversion", "whisk API version", "\t", "APIVERSION", "whisk API version"},
    [CLIVERSION] = {"cliversion", "whisk CLI version", "\t", NULL, NULL},
    [BUILD] = {"apibuild", "whisk API build", "\t\t", NULL, NULL},
    [BUILDNO] = {"apibuildno", "whisk API build number", "\t", NULL, NULL},
};

static const struct verb_option get_options[] = {
    {"all", 0, VERB_SWITCH(all), "all of these, as without options"},
    {"apihost", 0, VERB_SWITCH(is[APIHOST]), "where the API is"},
    {"auth", 0, VERB_SWITCH(is[AUTH]), "the key"},
    {"namespace", 0, VERB_SWITCH(is[NAMESPACE]), "the key's namespace, as the server says"},
    {"cert", 0, VERB_SWITCH(is[CERT]), "the client certificate"},
    {"key", 0, VERB_SWITCH(is[KEY]), "its private key"},
    {"apiversion", 0, VERB_SWITCH(is[APIVERSION]), "the API's version"},
    {"cliversion", 0, VERB_SWITCH(is[CLIVERSION]), "wow's version"},
    {"apibuild", 0, VERB_SWITCH(is[BUILD]), "the server's build"},
    {"apibuildno", 0, VERB_SWITCH(is[BUILDNO]), "its number"},
    {"output", 'o', VERB_TEXT(output, "std|raw", "std"), "raw: the value alone"},
    REST_SWITCHES,
    {VERB_END},
};

static const struct verb_option set_options[] = {
    {"apihost", 0, VERB_TEXT(to[APIHOST], "HOST", NULL),
     "where the API is, [http://]NAME[:PORT]; without a scheme it is https"},
    {"auth", 'u', VERB_TEXT(to[AUTH], "UUID:SECRET", NULL), "the key"},
    {"apiversion", 0, VERB_TEXT(to[APIVERSION], "VERSION", NULL), "the API's version, v1"},
    {"cert", 0, VERB_TEXT(to[CERT], "FILE", NULL), "a client certificate"},
    {"key", 0, VERB_TEXT(to[KEY], "FILE", NULL), "its private key"},
    REST_SWITCHES,
    {VERB_END},
};

static const struct verb_option unset_options[] = {
    {"apihost", 0, VERB_SWITCH(is[APIHOST]), "where the API is"},
    {"auth", 0, VERB_SWITCH(is[AUTH]), "the key"},
    {"apiversion", 0, VERB_SWITCH(is[APIVERSION]), "the API's version"},
    {"cert", 0, VERB_SWITCH(is[CERT]), "the client certificate"},
    {"key", 0, VERB_SWITCH(is[KEY]), "its private key"},
    REST_SWITCHES,
    {VERB_END},
};

/* "ok: …" for each that was changed. */
static void tell(const struct settings *s)
{
    for (int i = 0; i < COUNT; i++) {
        if (s->is[i] && i == APIVERSION)
            puts("ok: whisk API version unset; the default value of v1 will be used.");
        else if (s->is[i])
            printf("ok: %s unset.\n", properties[i].set);
        else if (s->to[i] && (i == APIHOST || i == APIVERSION))
            printf("ok: %s set to %s\n", properties[i].set, s->to[i]);
        else if (s->to[i])
            printf("ok: %s set. Run 'wow property get --%s' to see the new value.\n",
                   properties[i].set, properties[i].option);
    }
}

/* set, unset */
static int set(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(props) struct props props = {0};
    AUTO(mem) char *host = NULL;

    call->failure.teller = "error";
    int r = s->to[APIHOST] ? rest_host(s->to[APIHOST], &host, err) : 0;
    if (r == 0)
        r = props_read(&props, err);
    for (int i = 0; i < COUNT && r == 0; i++)
        if (s->to[i] || s->is[i])
            r = props_set(&props, properties[i].key, s->to[i], err);
    if (r == 0)
        r = props_write(&props, err);
    if (r < 0)
        return err_wrap(err, "Unable to %s the property value", call->verb->name);
    if (call->json)
        puts("{}");
    else
        tell(s);
    return 0;
}

/* What the server is asked for. A namespace that it does not tell is "_". */
static char *ask_namespace(struct rest *r)
{
    struct scan_text first;
    struct err err;
    char *name = NULL;

    if (rest_send(r, "GET", "/namespaces", NULL, SCAN_ARRAY, &err) == 0) {
        struct scan_walk w = scan_elements(&r->value);
        name = scan_next_element(&w, &first) ? value_plain(&first) : NULL;
    }
    rest_forgive(r);
    return name ? name : mem_dup("_");
}

static int ask_build(struct rest *r, char *values[COUNT], struct err *err)
{
    int done = rest_ask_openly(r, "", err);

    values[BUILD] = done == 0 ? value_text(&r->value, "build") : NULL;
    values[BUILDNO] = done == 0 ? value_text(&r->value, "buildno") : NULL;
    for (int i = BUILD; i <= BUILDNO; i++)
        values[i] = values[i] ? values[i] : mem_dup("Unknown");
    return done;
}

static void print(const struct settings *s, bool json, char *const values[COUNT])
{
    const char *comma = "{";

    for (int i = 0; i < COUNT; i++) {
        const char *value = values[i] ? values[i] : "";
        AUTO(buf) struct buf text = {0};
        if (!s->all && !s->is[i])
            continue;
        buf_init(&text, BUF_JSON_MAX(strlen(value)) + 2);
        buf_json_string(&text, value, strlen(value));
        if (json)
            printf("%s\"%s\":%s", comma, properties[i].option, text.data);
        else if (s->output[0] == 'r')
            puts(value);
        else
            printf("%s%s%s\n", properties[i].label, properties[i].tabs, value);
        comma = ",";
    }
    if (json)
        puts("}");
}

static int get(struct verb_call *call, const void *settings, struct err *err)
{
    struct settings s = *(const struct settings *)settings;
    AUTO(rest) struct rest r = {0};
    char *values[COUNT] = {0};
    bool any = false;
    int built = 0;

    for (int i = 0; i < COUNT; i++)
        any |= s.is[i];
    s.all |= !any;
    int done = rest_open(&r, call, &s.rest, err);
    if (done == 0 && s.all && s.output[0] == 'r')
        done =
            err_set(err, ERR_INVALID, "--output|-o raw only supported with specific property type");
    if (done < 0)
        return done;
    const char *const known[COUNT] = {
        [APIHOST] = r.said, [AUTH] = r.auth,          [CERT] = r.cert,
        [KEY] = r.key,      [APIVERSION] = r.version, [CLIVERSION] = WOW_VERSION};
    for (int i = 0; i < COUNT; i++)
        values[i] = known[i] ? mem_dup(known[i]) : NULL;
    if (s.all || s.is[NAMESPACE])
        values[NAMESPACE] = ask_namespace(&r);
    if (s.all || s.is[BUILD] || s.is[BUILDNO])
        built = ask_build(&r, values, err);
    print(&s, call->json, values);
    for (int i = 0; i < COUNT; i++)
        free(values[i]);
    return built == 0 ? 0 : rest_wrap(&r, err, "Unable to obtain API build information");
}

const struct verb verb_property_get =
    VERB("property", "get", get_options, "show where the API is, the key, and who is there", get);
const struct verb verb_property_set =
    VERB("property", "set", set_options, "write such a setting to ~/.wskprops", set);
const struct verb verb_property_unset =
    VERB("property", "unset", unset_options, "take a setting out of ~/.wskprops", set);
