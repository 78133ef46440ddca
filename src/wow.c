/* wow: the command line. A row for each verb; what they share is in cli/verb.c. */
#include "cli/build.h"
#include "cli/compile.h"
#include "cli/completion.h"
#include "cli/doctor.h"
#include "cli/invoke.h"
#include "cli/new.h"
#include "cli/rest/verbs.h"
#include "cli/run.h"
#include "cli/user.h"
#include "cli/watch.h"

static const struct verb *const verbs[] = {
    &verb_new,
    &verb_build,
    &verb_run,
    &verb_watch,
    &verb_compile,
    &verb_invoke,
    &verb_action_create,
    &verb_action_update,
    &verb_action_invoke,
    &verb_action_get,
    &verb_action_delete,
    &verb_action_list,
    &verb_activation_list,
    &verb_activation_get,
    &verb_activation_logs,
    &verb_activation_result,
    &verb_activation_poll,
    &verb_logs,
    &verb_package_create,
    &verb_package_update,
    &verb_package_bind,
    &verb_package_refresh,
    &verb_package_get,
    &verb_package_delete,
    &verb_package_list,
    &verb_trigger_create,
    &verb_trigger_update,
    &verb_trigger_fire,
    &verb_trigger_get,
    &verb_trigger_delete,
    &verb_trigger_list,
    &verb_rule_create,
    &verb_rule_update,
    &verb_rule_enable,
    &verb_rule_disable,
    &verb_rule_status,
    &verb_rule_get,
    &verb_rule_delete,
    &verb_rule_list,
    &verb_namespace_list,
    &verb_namespace_get,
    &verb_list,
    &verb_property_get,
    &verb_property_set,
    &verb_property_unset,
    &verb_api,
    &verb_user_create,
    &verb_user_key,
    &verb_user_list,
    &verb_user_delete,
    &verb_doctor,
    &verb_completion,
    NULL,
};

int main(int argc, char **argv) { return verb_main(verbs, rest_options_before, argc, argv); }
