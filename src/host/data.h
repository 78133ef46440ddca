#pragma once

/*
 * An action's data, for an interpreter that runs it: two host functions of the module "wow".
 *
 *     data_size() -> i32                how many bytes there are; 0 when there is none
 *     data_read(to, at, n) -> i32       copies n bytes from offset at, and says how many there were
 */

#include "wow/engine.h"

int data_size(void *guest, struct wow_instance *in, uint64_t *v);
int data_read(void *guest, struct wow_instance *in, uint64_t *v);
