#include "spectest.h"

static int nothing(void *guest, struct wow_instance *in, uint64_t *v)
{
    (void)guest;
    (void)in;
    (void)v;
    return 0;
}

const struct wow_import spectest_imports[] = {
    {"spectest", "print", ":", nothing},           {"spectest", "print_i32", "i:", nothing},
    {"spectest", "print_i64", "I:", nothing},      {"spectest", "print_f32", "f:", nothing},
    {"spectest", "print_f64", "F:", nothing},      {"spectest", "print_i32_f32", "if:", nothing},
    {"spectest", "print_f64_f64", "FF:", nothing}, {0},
};
