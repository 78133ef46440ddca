#include "wire/call.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void wire_call_ask(struct wire_call *c, void (*tell)(void *ctx), void *ctx)
{
    atomic_store(&c->state, WIRE_CALL_ASKED);
    tell(ctx);
    while (atomic_load(&c->state) == WIRE_CALL_ASKED)
        syscall(SYS_futex, &c->state, FUTEX_WAIT, WIRE_CALL_ASKED, NULL, NULL, 0);
}

void wire_call_answer(struct wire_call *c)
{
    atomic_store(&c->state, WIRE_CALL_ANSWERED);
    syscall(SYS_futex, &c->state, FUTEX_WAKE, 1, NULL, NULL, 0);
}
