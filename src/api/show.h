#pragma once

/* Entities and records as OpenWhisk's clients expect them. Not for other rooms. */

#include "base/buf.h"
#include "invoke/params.h"
#include "store/entity.h"
#include "store/record.h"

/* A whole entity may be as large as code and parameters together, escaped. */
#define SHOW_MAX (512u << 20)

/*
 * The whole entity. Of an action: code, or NULL for none; parameters, or NULL for its own; binding,
 * "ns/name", when it was read through one. Of a package or trigger: more, members behind it.
 */
struct show_extra {
    const struct buf *code;
    const char *parameters, *binding, *more;
};
int show_entity(const struct entity *e, const struct show_extra *extra, struct buf *out,
                struct err *err);
/* As an item of a list. */
int show_item(const struct entity *e, struct buf *out, struct err *err);

/* {"path": "ns[/package]", "name"}, of "ns/[package/]name" */
void show_path(const char *path, struct buf *out);

/* A record of a namespace: whole, or as an item of a list. */
int show_record(const struct record *r, const char *ns, struct buf *out, struct err *err);
int show_record_item(const struct record *r, struct buf *out, struct err *err);
