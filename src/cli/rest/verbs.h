#pragma once

/* The verbs of the REST API, which are wsk's. */

#include "cli/verb.h"

extern const struct verb verb_action_create, verb_action_update, verb_action_invoke,
    verb_action_get, verb_action_delete, verb_action_list;
extern const struct verb verb_activation_list, verb_activation_get, verb_activation_logs,
    verb_activation_result, verb_activation_poll, verb_logs;
extern const struct verb verb_package_create, verb_package_update, verb_package_bind,
    verb_package_get, verb_package_delete, verb_package_list, verb_package_refresh;
extern const struct verb verb_trigger_create, verb_trigger_update, verb_trigger_fire,
    verb_trigger_get, verb_trigger_delete, verb_trigger_list;
extern const struct verb verb_rule_create, verb_rule_update, verb_rule_enable, verb_rule_disable,
    verb_rule_status, verb_rule_get, verb_rule_delete, verb_rule_list;
extern const struct verb verb_namespace_list, verb_namespace_get, verb_list;
extern const struct verb verb_property_get, verb_property_set, verb_property_unset;
extern const struct verb verb_api;

/* What may stand before a verb: `wow -i action list`. */
extern const struct verb_option rest_options_before[];
