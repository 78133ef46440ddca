/*
 * For builds with AddressSanitizer only. WAMR leaves a trap by longjmp out of its signal handler,
 * whereupon the sanitizer asks for the bounds of the stack; glibc reads them from /proc, which a
 * worker has not got. So they are asked for once, before that.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

static struct {
    void *at;
    size_t size;
} stack; /* of the one thread there is */

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
    int (*real)(pthread_t, pthread_attr_t *) = NULL;

    if (stack.size > 0) {
        pthread_attr_init(attr);
        return pthread_attr_setstack(attr, stack.at, stack.size);
    }
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_getattr_np");
    int r = real(thread, attr);
    if (r == 0)
        pthread_attr_getstack(attr, &stack.at, &stack.size);
    return r;
}
