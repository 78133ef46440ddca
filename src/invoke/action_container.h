#pragma once

/* An action's container: what action.c leaves to action_container.c. */

#include "invoke/action.h"

/* Destroy it, if there is one. */
void action_drop_container(struct action *a);
