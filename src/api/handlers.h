#pragma once

/* Every handler that a route names, by the file it is in. Not for other rooms. */

#include "api/call.h"

/* actions.c */
call_handler actions_list, actions_list_package, actions_get, actions_delete;
/* action_put.c */
call_handler actions_put;
/* action_post.c */
call_handler actions_post;
/* packages.c */
call_handler packages_list, packages_get, packages_put, packages_delete, packages_refresh;
/* triggers.c */
call_handler triggers_list, triggers_get, triggers_put, triggers_delete, triggers_post;
/* rules.c */
call_handler rules_list, rules_get, rules_put, rules_delete, rules_post;
/* activations.c */
call_handler activations_list, activations_get, activations_result, activations_logs;
/* namespaces.c */
call_handler namespaces_list, namespaces_limits;
/* info.c */
call_handler info_root, info_api, info_ping, info_ready, info_document;
/* metrics.c */
call_handler metrics_get;
/* dashboard.c */
call_handler dashboard_get;
/* web.c */
call_handler web_any;
