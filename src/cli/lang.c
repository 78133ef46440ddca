#include "cli/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

const struct lang lang_table[] = {
    {"c", "C, with include/wow/action.h", "*.c", "c/wow-cc", "c/template",
     "clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32"},
    {"rust", "Rust, with the crate wow", "*.rs", "rust/wow-rustc", "rust/template",
     "rustc libstd-rust-dev-wasm32 lld-14"},
    {"assemblyscript", "AssemblyScript, with the module wow", "*.ts", "assemblyscript/wow-asc",
     "assemblyscript/template", "nodejs npm"},
    {0},
};

const struct lang *lang_find(const char *name)
{
    const struct lang *l = lang_table;

    while (l->name && strcmp(l->name, name) != 0)
        l++;
    return l->name ? l : NULL;
}

int lang_sdk(char out[PATH_MAX], struct err *err)
{
    const char *named = getenv("WOW_SDK");
    char beside[PATH_MAX], probe[PATH_MAX + 16];

    int r = file_program_dir(beside, err);
    if (r < 0)
        return r;
    strncat(beside, "/../share/wow/sdk", sizeof beside - strlen(beside) - 1);
    const char *const places[] = {named, beside, WOW_SDK_DIR};
    for (size_t i = named ? 0 : 1; i < sizeof places / sizeof *places; i++) {
        snprintf(probe, sizeof probe, "%s/c/wow-cc", places[i]);
        if (access(probe, X_OK) == 0) {
            snprintf(out, PATH_MAX, "%s", places[i]);
            return 0;
        }
        if (i == 0)
            break; /* who names one wants that one */
    }
    return err_set(err, ERR_NOT_FOUND, "there is no SDK in '%s'; WOW_SDK names its directory",
                   named ? named : WOW_SDK_DIR);
}
