#include "invoke/invoke.h"

#include <stdlib.h>

#include "base/mem.h"
#include "invoke/alarm.h"
#include "invoke/invocation.h"

struct invoke *invoke_new(struct loop *l, struct pool *p, struct store *s,
                          const struct invoke_settings *settings)
{
    struct invoke *v = NEW(struct invoke);

    v->loop = l;
    v->pool = p;
    v->store = s;
    v->settings = *settings;
    v->recover_upto = store_last_seq(s);
    v->retry = timer_new(l, primitive_retry, v);
    return v;
}

void invoke_stop(struct invoke *v)
{
    v->stopping = true;
    alarms_stop(v);
    primitive_retry(v);
}

void invoke_free(struct invoke *v)
{
    if (!v)
        return;
    v->closing = true;
    alarms_free(v);
    actions_close(v);
    identity_close(v);
    timer_free(v->retry);
    timer_free(v->recovery);
    free(v);
}
