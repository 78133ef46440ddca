/*
 * Sequences: each action's result is the next one's arguments, and the first error is the end. The
 * sequence has a record of its own, with its parts' ids where logs would be.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "invoke/entitle.h"
#include "invoke/invoke.h"
#include "invoke/parts.h"

struct sequence {
    struct parts parts; /* first */
    struct scan_walk walk;
};

static void step(struct sequence *s);

static void sequence_end(struct sequence *s)
{
    parts_end(&s->parts, "");
    free(s);
}

static void part_ended(struct invocation *part)
{
    struct sequence *s = part->ctx;
    struct invocation *whole = s->parts.whole;
    bool stop = parts_take(&s->parts, part);

    whole->status = part->status;
    buf_clear(&whole->result);
    buf_put(&whole->result, part->result.data, part->result.size);
    invocation_free(part);
    if (stop)
        sequence_end(s);
    else
        step(s);
}

/* The next component, or the end. */
static void step(struct sequence *s)
{
    struct invocation *whole = s->parts.whole;
    AUTO(action) struct action *a = NULL;
    AUTO(buf) struct buf path = {0};
    struct scan_text component;
    struct err err;

    buf_init(&path, 2048);
    if (!scan_next_element(&s->walk, &component)) {
        sequence_end(s);
        return;
    }
    int r = scan_unescape(&component, &path, &err);
    if (r == 0)
        r = action_find_path(whole->invoke, path.data, &a, &err);
    if (r < 0)
        invocation_fail(whole, ACTIVATION_WHISK_ERROR, "Sequence failed.");
    else if (r == 0 || !entitled_to_action(whole->who, a))
        invocation_fail(whole, ACTIVATION_APPLICATION_ERROR, "Sequence component does not exist.");
    else if (!parts_may_go_on(&s->parts, a))
        invocation_fail(whole, ACTIVATION_APPLICATION_ERROR, "Too many actions in the sequence.");
    else if ((r = parts_start(&s->parts, a, &whole->result, part_ended, s, &err)) < 0)
        invocation_fail(whole, ACTIVATION_WHISK_ERROR, "Sequence failed.");
    else
        return;
    sequence_end(s);
}

void sequence_start(struct invocation *i)
{
    struct sequence *s = NEW(struct sequence);
    const char *components = i->action->entity->components;
    const struct scan_text array = {.at = components, .n = strlen(components), .type = SCAN_ARRAY};

    parts_begin(&s->parts, i);
    s->walk = scan_elements(&array);
    i->status = ACTIVATION_SUCCESS;
    buf_put(&i->result, i->args.data, i->args.size); /* what the first one is given */
    step(s);
}
