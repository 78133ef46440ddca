#include "cli/rest/table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/rest/value.h"

#define NAME_COLUMNS 70

const char *table_name(enum table t)
{
    static const char *const names[] = {[TABLE_ACTIONS] = "actions",
                                        [TABLE_PACKAGES] = "packages",
                                        [TABLE_TRIGGERS] = "triggers",
                                        [TABLE_RULES] = "rules",
                                        [TABLE_NAMESPACES] = "namespaces"};

    return names[t];
}

static char *full_name(const struct scan_text *entity)
{
    AUTO(mem) char *space = value_text(entity, "namespace");
    AUTO(mem) char *name = value_text(entity, "name");

    return mem_print("/%s/%s", space ? space : "", name ? name : "");
}

/* By namespace, package and name; actions without a package first. */
static char *sort_key(enum table t, const struct scan_text *entity)
{
    AUTO(mem) char *full = full_name(entity);
    bool is_packaged = t == TABLE_ACTIONS && full[0] && strchr(strchr(full + 1, '/') + 1, '/');
    char *key = mem_print("%c%s", is_packaged ? '1' : '0', full);

    for (char *at = key; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return key;
}

void table_read(enum table t, const struct scan_text *array, struct table_rows *out)
{
    struct scan_text one;

    struct scan_walk w = scan_elements(array);
    while (scan_next_element(&w, &one)) {
        out->items = mem_grow(out->items, (out->n + 1) * sizeof *out->items);
        out->items[out->n++] = (struct table_row){
            .entity = one,
            .sort_by = t == TABLE_NAMESPACES ? value_plain(&one) : sort_key(t, &one)};
    }
}

void table_done(struct table_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        free(rows->items[i].status);
        free(rows->items[i].sort_by);
    }
    free(rows->items);
    *rows = (struct table_rows){0};
}

static int by_key(const void *a, const void *b)
{
    const struct table_row *x = a, *y = b;

    return strcmp(x->sort_by, y->sort_by);
}

static void print_row(enum table t, const struct table_row *row)
{
    struct scan_text v;
    AUTO(mem) char *name = t == TABLE_NAMESPACES ? NULL : full_name(&row->entity);
    AUTO(mem) char *kind = NULL;

    switch (t) {
    case TABLE_ACTIONS:
        kind = value_pair(&row->entity, "annotations", "exec", &v) ? value_plain(&v) : NULL;
        printf("%-*s private %s\n", NAME_COLUMNS, name, kind ? kind : "");
        return;
    case TABLE_PACKAGES:
        printf("%-*s %s\n", NAME_COLUMNS, name,
               value_get(&row->entity, "publish", &v) && value_is_true(&v) ? "shared" : "private");
        return;
    case TABLE_TRIGGERS:
        printf("%-*s private\n", NAME_COLUMNS, name);
        return;
    case TABLE_RULES:
        printf("%-*s %-20s %s\n", NAME_COLUMNS, name, "private", row->status ? row->status : "");
        return;
    case TABLE_NAMESPACES:
        puts(row->sort_by);
        return;
    }
}

void table_print(enum table t, struct table_rows *rows, bool by_name)
{
    if (by_name && rows->n > 0)
        qsort(rows->items, rows->n, sizeof *rows->items, by_key);
    puts(table_name(t));
    for (size_t i = 0; i < rows->n; i++)
        print_row(t, &rows->items[i]);
}
