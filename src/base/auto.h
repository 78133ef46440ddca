#pragma once

/*
 * Release at the end of the scope: AUTO(name) on a declaration, DEFINE_AUTO beside x_free.
 * TAKE moves a pointer out, so that its scope no longer releases it.
 */

#include <stdlib.h>
#include <unistd.h>

#define AUTO(name) __attribute__((cleanup(name##_auto)))
#define DEFINE_AUTO(name, type, release) \
    static inline void name##_auto(type *p) { release(*p); }
#define TAKE(p)                      \
    ({                               \
        __typeof__(p) taken_ = (p);  \
        (p) = NULL;                  \
        taken_;                      \
    })

static inline void fd_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* For plain malloc'ed memory and for descriptors, -1 being none. */
static inline void mem_auto(void *p) { free(*(void **)p); }
DEFINE_AUTO(fd, int, fd_close)

#define TAKE_FD(fd)       \
    ({                    \
        int taken_ = fd;  \
        (fd) = -1;        \
        taken_;           \
    })
