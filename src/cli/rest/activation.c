/* wow activation list, get, logs, result */
#include "cli/rest/activation.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/rest/value.h"
#include "cli/rest/verbs.h"

#define ID_MAX 256

struct settings {
    struct rest_options rest;
    const char *id, *field;
    bool last, summary, logs, strip;
};

#define ID {VERB_OPTIONAL(id, "ID"), "the activation"}
#define LAST {"last", 'l', VERB_SWITCH(last), "the last one that began"}

static const struct verb_option get_options[] = {
    ID,
    {VERB_OPTIONAL(field, "FIELD"), "show this member only"},
    LAST,
    {"summary", 's', VERB_SWITCH(summary), "name, status, time and result"},
    {"logs", 'g', VERB_SWITCH(logs), "the log only, without times and streams"},
    REST_OPTIONS,
    {VERB_END},
};

static const struct verb_option logs_options[] = {
    ID,           LAST,       {"strip", 'r', VERB_SWITCH(strip), "without times and streams"},
    REST_OPTIONS, {VERB_END},
};

static const struct verb_option result_options[] = {ID, LAST, REST_OPTIONS, {VERB_END}};

/* Where the text begins behind "2026-08-05T12:00:00.123Z stdout: "; 0: that is not there. */
static size_t text_of(const char *line)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.d";
    const char *at = line;

    for (const char *s = shape; *s; s++, at++)
        if (*s == 'd' ? !isdigit((unsigned char)*at) : *at != *s)
            return 0;
    while (isdigit((unsigned char)*at))
        at++;
    if (*at++ != 'Z')
        return 0;
    const char *stream = at + strspn(at, " ");
    if (strncmp(stream, "stdout:", 7) == 0 || strncmp(stream, "stderr:", 7) == 0)
        at = stream + 7;
    return *at == ' ' && at[1] ? (size_t)(at + 1 - line) : 0;
}

void activation_print_logs(const struct scan_text *record, bool strip)
{
    struct scan_text lines, line;

    if (!value_get(record, "logs", &lines) || lines.type != SCAN_ARRAY)
        return;
    struct scan_walk w = scan_elements(&lines);
    while (scan_next_element(&w, &line)) {
        AUTO(buf) struct buf text;
        struct err ignored;
        buf_init(&text, line.n);
        /* As the action wrote it: its log may have colours. */
        if (line.type == SCAN_STRING && scan_unescape(&line, &text, &ignored) == 0 && text.data)
            puts(text.data + (strip ? text_of(text.data) : 0));
        else if (line.type != SCAN_STRING)
            printf("%.*s\n", (int)line.n, line.at);
        else
            puts("");
    }
}

/* What stands behind ID is the field when --last says which. */
static int find_id(struct rest *r, const struct settings *s, char **id, const char **field,
                   struct err *err)
{
    struct scan_text first;

    *field = s->last && s->id ? s->id : s->field;
    if (!s->last) {
        *id = s->id ? mem_dup(s->id) : NULL;
        return s->id ? 0 : err_set(err, ERR_INVALID, "An activation ID is required.");
    }
    int done =
        rest_send(r, "GET", "/namespaces/_/activations?limit=1&skip=0", NULL, SCAN_ARRAY, err);
    if (done < 0)
        return done;
    struct scan_walk w = scan_elements(&r->value);
    *id = scan_next_element(&w, &first) ? value_text(&first, "activationId") : NULL;
    return *id ? 0
               : err_set(err, ERR_NOT_FOUND, "Activation list does not contain any activations.");
}

/* Ask for the record, or a part of it: "", "/logs", "/result". */
static int ask(struct rest *r, struct verb_call *call, const struct settings *s, const char *part,
               const char *what, char **id, const char **field, struct err *err)
{
    AUTO(buf) struct buf path;

    buf_init(&path, 65536);
    int done = rest_open(r, call, &s->rest, err);
    if (done < 0)
        return done;
    done = find_id(r, s, id, field, err);
    if (done == 0 && ((*id)[strcspn(*id, "/?#")] || strlen(*id) > ID_MAX))
        done = err_set(err, ERR_INVALID, "The activation id is not valid.");
    if (done < 0)
        return rest_wrap(r, err, "Unable to get %s", what);
    buf_text(&path, "/namespaces/_/activations/");
    name_encode(&path, *id);
    buf_text(&path, part);
    if (rest_send(r, "GET", path.data, NULL, SCAN_OBJECT, err) < 0)
        return rest_wrap(r, err, "Unable to get %s '%s'", what, *id);
    return 0;
}

static int show_field(const struct rest *r, const char *id, const char *field, struct err *err)
{
    struct scan_text value;

    if (!value_get_nocase(&r->value, field, &value))
        return err_set(err, ERR_INVALID, "Invalid field filter '%.100s'.", field);
    if (!r->call->json)
        printf("ok: got activation %s, displaying field %s\n", id, field);
    value_print(stdout, &value, !r->call->json);
    return 0;
}

static void show_summary(const struct rest *r)
{
    struct scan_text response = {0}, result;
    AUTO(mem) char *space = value_text(&r->value, "namespace");
    AUTO(mem) char *name = value_text(&r->value, "name");
    AUTO(mem) char *status = NULL;
    time_t at = (time_t)(value_number(&r->value, "end", 0) / 1000);
    char when[64] = "";
    struct tm tm;

    value_get(&r->value, "response", &response);
    status = value_text(&response, "status");
    if (localtime_r(&at, &tm))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S %z %Z", &tm);
    printf("activation result for '/%s/%s' (%s at %s)\n", space ? space : "", name ? name : "",
           status ? status : "", when);
    if (value_get(&response, "result", &result))
        value_print(stdout, &result, true);
}

static int get(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(mem) char *id = NULL;
    const char *field;

    int done = ask(&r, call, s, "", "activation", &id, &field, err);
    if (done < 0)
        return done;
    if (field)
        return show_field(&r, id, field, err);
    if (call->json)
        rest_print(&r);
    else if (s->summary)
        show_summary(&r);
    else if (s->logs)
        activation_print_logs(&r.value, true);
    else {
        printf("ok: got activation %s\n", id);
        rest_print(&r);
    }
    return 0;
}

static int logs(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    AUTO(rest) struct rest r = {0};
    AUTO(mem) char *id = NULL;
    const char *field;

    int done = ask(&r, call, s, "/logs", "logs for activation", &id, &field, err);
    if (done < 0)
        return done;
    if (call->json)
        rest_print(&r);
    else
        activation_print_logs(&r.value, s->strip);
    return 0;
}

static int result(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    struct scan_text value;
    AUTO(rest) struct rest r = {0};
    AUTO(mem) char *id = NULL;
    const char *field;

    int done = ask(&r, call, s, "/result", "result for activation", &id, &field, err);
    if (done < 0)
        return done;
    if (value_get(&r.value, "result", &value))
        value_print(stdout, &value, !call->json);
    else
        puts("null");
    return 0;
}

const struct verb verb_activation_get =
    VERB("activation", "get", get_options, "show an activation's record", get);
const struct verb verb_activation_logs =
    VERB("activation", "logs", logs_options, "show an activation's log", logs);
const struct verb verb_activation_result =
    VERB("activation", "result", result_options, "show an activation's result", result);
