#pragma once

/*
 * The options that every verb of the REST API takes, and some that many do, as rows for a verb's
 * table (cli/verb.h); its struct settings has a `struct rest_options rest`.
 */

#include "cli/verb.h"

struct rest_options {
    const char *apihost, *auth, *apiversion, *cert, *key; /* NULL: from elsewhere */
    bool insecure, verbose, debug;
};

#define REST_SWITCHES                                                                           \
    {"insecure", 'i', VERB_SWITCH(rest.insecure), "do not check the server's certificate"},     \
        {"verbose", 'v', VERB_SWITCH(rest.verbose), "show requests and answers on stderr"},     \
        {"debug", 'd', VERB_SWITCH(rest.debug), "the same, uncut and with headers"}

#define REST_OPTIONS                                                                            \
    {"apihost", 0, VERB_TEXT(rest.apihost, "HOST", NULL),                                       \
     "where it is, [http://]NAME[:PORT]; else as ~/.wskprops says"},       \
        {"auth", 'u', VERB_TEXT(rest.auth, "UUID:SECRET", NULL),                                \
         "the key; else as ~/.wskprops says"},                                \
        {"apiversion", 0, VERB_TEXT(rest.apiversion, "VERSION", NULL), "else v1"},              \
        {"cert", 0, VERB_TEXT(rest.cert, "FILE", NULL), "a client certificate"},                \
        {"key", 0, VERB_TEXT(rest.key, "FILE", NULL), "its private key"}, REST_SWITCHES

#define REST_PARAMS                                                                             \
    {"param", 'p', VERB_PAIRS(params, "KEY VALUE"), "a parameter; JSON counts as that"},        \
        {"param-file", 'P', VERB_LIST(param_files, "FILE"), "parameters, as a JSON object"}

#define REST_ANNOTATIONS                                                                        \
    {"annotation", 'a', VERB_PAIRS(annotations, "KEY VALUE"), "an annotation, likewise"},       \
        {"annotation-file", 'A', VERB_LIST(annotation_files, "FILE"),                           \
         "annotations, as a JSON object"}
