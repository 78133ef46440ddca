#include "invoke/entitle.h"

#include <string.h>

bool entitled_to_package(const struct identity *who, const struct entity *package)
{
    return package->ns == who->user.id || (package->publish && !package->binding);
}

bool entitled_to_action(const struct identity *who, const struct action *a)
{
    if (a->binding) /* seen by its owner, if what it is bound to still is */
        return a->binding->ns == who->user.id && entitled_to_package(who, a->package);
    if (a->entity->ns == who->user.id)
        return true;
    return a->package && entitled_to_package(who, a->package);
}

int entitled_refuse(struct err *err, const char *what)
{
    return err_set(err, ERR_REFUSED,
                   "The supplied authentication is not authorized to access '%s'.", what);
}
