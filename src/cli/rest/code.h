#pragma once

/* An action's code, from what stands on a command line to a request's "exec". */

#include <stdbool.h>

#include "base/buf.h"

#define CODE_REQUEST_MAX (320u << 20) /* 48 MiB of code as JSON, and what is around it */

struct code {
    const char *file;   /* source, module, archive or folder; NULL: none */
    const char *kind;   /* NULL: by the file's end */
    const char *main;   /* NULL: not said */
    const char *docker; /* an image, or NULL */
    bool native;
};

/* Sources of a language that wow builds become a module first. `{"kind":…,"code":…}` */
int code_exec(const struct code *c, struct buf *out, struct err *err);

/* What a file is to be called that an action's code is saved to: its end, ".js". */
const char *code_end(const char *kind, const struct buf *code);
