#include "cli/rest/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/rest/value.h"

/* Names of parameters, sorted, each once. */
struct names {
    struct {
        char *text;
        bool is_bound;
    } *items;
    size_t n;
};

static void add(struct names *names, char *text, bool is_bound)
{
    if (!text)
        return;
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i].text, text) == 0) {
            free(text);
            return;
        }
    names->items = mem_grow(names->items, (names->n + 1) * sizeof *names->items);
    names->items[names->n].text = text;
    names->items[names->n++].is_bound = is_bound;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The texts that members of an array's objects have. */
static void add_all(struct names *names, const struct scan_text *array, const char *member,
                    bool is_bound)
{
    struct scan_text one;

    if (array->type != SCAN_ARRAY)
        return;
    struct scan_walk w = scan_elements(array);
    while (scan_next_element(&w, &one))
        add(names, value_text(&one, member), is_bound);
}

/* Those that are bound, and those that annotations describe. */
static struct names names_of(const struct scan_text *entity)
{
    struct names names = {0};
    struct scan_text list;

    if (value_get(entity, "parameters", &list))
        add_all(&names, &list, "key", true);
    if (value_pair(entity, "annotations", "parameters", &list))
        add_all(&names, &list, "name", false);
    if (names.n > 0)
        qsort(names.items, names.n, sizeof *names.items, by_text);
    return names;
}

static void print_list(const struct names *names, const char *mark, const char *last_comma)
{
    for (size_t i = 0; i < names->n; i++)
        printf("%s%s%s",
               i == 0             ? ""
               : i + 1 < names->n ? ", "
                                  : last_comma,
               names->items[i].is_bound ? mark : "", names->items[i].text);
}

/* One entity; space is "/ns" or "/ns/pkg". */
static void print_one(const char *label, const char *space, const struct scan_text *entity)
{
    struct scan_text v;
    struct names names = names_of(entity);
    AUTO(mem) char *name = value_text(entity, "name");
    AUTO(mem)
    char *described = value_pair(entity, "annotations", "description", &v) && v.type == SCAN_STRING
                          ? value_plain(&v)
                          : NULL;
    bool final = value_pair(entity, "annotations", "final", &v) && value_is_true(&v);

    printf("%s %s/%s", label, space, name ? name : "");
    if (described && described[0]) {
        printf(": %s", described);
    } else if (names.n > 0) {
        printf(": Returns a result based on parameter%s ", names.n > 1 ? "s" : "");
        print_list(&names, "", " and ");
    }
    printf("\n   (parameters: %s", names.n > 0 ? "" : "none defined");
    print_list(&names, final ? "**" : "*", ", ");
    puts(")");
    for (size_t i = 0; i < names.n; i++)
        free(names.items[i].text);
    free(names.items);
}

static void print_members(const char *label, const char *space, const struct scan_text *package,
                          const char *member)
{
    struct scan_text list, one;

    if (!value_get(package, member, &list) || list.type != SCAN_ARRAY)
        return;
    struct scan_walk w = scan_elements(&list);
    while (scan_next_element(&w, &one))
        print_one(label, space, &one);
}

void summary_print(const char *noun, const struct scan_text *entity)
{
    AUTO(mem) char *space = value_text(entity, "namespace");
    AUTO(mem) char *name = value_text(entity, "name");
    AUTO(mem) char *status = value_text(entity, "status");
    AUTO(mem) char *root = mem_print("/%s", space ? space : "");

    if (strcmp(noun, "rule") == 0) {
        printf("rule %s/%s\n   (status: %s)\n", root, name ? name : "", status ? status : "");
        return;
    }
    print_one(noun, root, entity);
    if (strcmp(noun, "package") != 0)
        return;
    AUTO(mem) char *inner = mem_print("%s/%s", root, name ? name : "");
    print_members(" action", inner, entity, "actions");
    print_members(" feed  ", inner, entity, "feeds");
}
