/* docker ps: the table of containers, newest first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "docker/priv.h"

enum column { ID, IMAGE, COMMAND, CREATED, STATUS, PORTS, NAMES, COLUMNS };

static const char *const heads[COLUMNS] = {"CONTAINER ID", "IMAGE", "COMMAND", "CREATED",
                                           "STATUS",       "PORTS", "NAMES"};

/* As docker puts it. */
static void duration(uint64_t s, char out[32])
{
    static const struct {
        uint64_t below, unit;
        const char *name;
    } units[] = {{60, 1, "second"},
                 {3600, 60, "minute"},
                 {48 * 3600, 3600, "hour"},
                 {14 * 86400, 86400, "day"},
                 {60 * 86400, 7 * 86400, "week"},
                 {730 * 86400, 30 * 86400, "month"},
                 {UINT64_MAX, 365 * 86400, "year"}};
    size_t i = 0;

    while (s >= units[i].below)
        i++;
    uint64_t n = s / units[i].unit;
    if (s == 0)
        snprintf(out, 32, "Less than a second");
    else if (n == 1 && i > 0)
        snprintf(out, 32, "About %s %s", i == 2 ? "an" : "a", units[i].name);
    else
        snprintf(out, 32, "%llu %s%s", (unsigned long long)n, units[i].name, n == 1 ? "" : "s");
}

/* What stands in a column; the caller's. */
static char *cell(struct call *c, const struct row *r, enum column column)
{
    bool paused = container_is_paused(row_container(c->docker, r));
    char since[32];

    duration(clock_epoch_ms() / 1000 - r->created_s, since);
    switch (column) {
    case ID:
        return mem_print("%.*s", args_get(&c->args, ARG_NO_TRUNC) ? 64 : 12, r->id);
    case IMAGE:
        return mem_dup(r->image);
    case COMMAND:
        return mem_dup("\"wasm\"");
    case CREATED:
        return mem_print("%s ago", since);
    case STATUS:
        return r->killed ? mem_print("Exited (137) %s ago", since)
                         : mem_print("Up %s%s", since, paused ? " (Paused)" : "");
    case PORTS:
        return mem_dup("8080/tcp");
    case NAMES:
        return mem_dup(r->name);
    case COLUMNS:
        break;
    }
    return mem_dup("");
}

/* name=wsk0_: part of the name; ^ and $ hold it to the name's ends, as in docker's patterns. */
static bool name_fits(const char *name, const char *want)
{
    bool from_start = want[0] == '^';
    size_t n;

    want += from_start;
    want += from_start && want[0] == '/';
    n = strlen(want);
    bool to_end = n > 0 && want[n - 1] == '$';
    n -= to_end;
    for (const char *at = name; strlen(at) >= n; at++) {
        if (memcmp(at, want, n) == 0 && (!to_end || at[n] == '\0'))
            return true;
        if (from_start || *at == '\0')
            break;
    }
    return false;
}

static bool filter_fits(const struct docker *d, const struct row *r, const char *filter)
{
    if (strncmp(filter, "name=", 5) == 0)
        return name_fits(r->name, filter + 5);
    if (strncmp(filter, "id=", 3) == 0)
        return strncmp(r->id, filter + 3, strlen(filter + 3)) == 0;
    return strcmp(filter + strlen("status="), r->killed ? "exited"
                                              : container_is_paused(row_container(d, r))
                                                  ? "paused"
                                                  : "running") == 0;
}

/* Filters of one kind are alternatives; a container has to fit each kind. */
static bool fits(const struct call *c, const struct row *r)
{
    static const char *const kinds[] = {"name=", "id=", "status="};
    bool all = args_get(&c->args, ARG_ALL) != NULL;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *filter;
        unsigned at = 0;
        bool asked = false, found = false;
        while ((filter = args_next(&c->args, ARG_FILTER, &at)) != NULL)
            if (strncmp(filter, kinds[i], strlen(kinds[i])) == 0) {
                asked = true;
                found |= filter_fits(c->docker, r, filter);
            }
        if (asked && !found)
            return false;
        all |= asked && i == 2;
    }
    return all || !r->killed;
}

static bool check_filters(struct call *c)
{
    const char *filter;
    unsigned at = 0;

    while ((filter = args_next(&c->args, ARG_FILTER, &at)) != NULL) {
        if (!strchr(filter, '=')) {
            AUTO(mem)
            char *text = mem_print("invalid argument \"%s\" for \"-f, --filter\" flag: bad "
                                   "format of filter (expected name=value)",
                                   filter);
            call_misused(c, text);
            return false;
        }
        if (strncmp(filter, "name=", 5) != 0 && strncmp(filter, "id=", 3) != 0 &&
            strncmp(filter, "status=", 7) != 0) {
            c->exit = 1;
            c->where = FOREIGN;
            say(&c->err, "Error response from daemon: invalid filter '%.*s'\n",
                (int)strcspn(filter, "="), filter);
            return false;
        }
    }
    return true;
}

static void print_table(struct call *c, struct row **rows, unsigned n)
{
    char **cells = mem_zero((n + 1) * COLUMNS * sizeof(char *));
    size_t widths[COLUMNS];

    for (unsigned column = 0; column < COLUMNS; column++) {
        widths[column] = strlen(heads[column]);
        cells[column] = mem_dup(heads[column]);
        for (unsigned i = 0; i < n; i++) {
            char *text = cell(c, rows[i], column);
            size_t size = strlen(text);
            cells[(i + 1) * COLUMNS + column] = text;
            widths[column] = size > widths[column] ? size : widths[column];
        }
    }
    for (unsigned i = 0; i < (n + 1) * COLUMNS; i++) {
        unsigned column = i % COLUMNS;
        if (column + 1 < COLUMNS)
            say(&c->out, "%-*s   ", (int)widths[column], cells[i]);
        else
            say(&c->out, "%s\n", cells[i]);
        free(cells[i]);
    }
    free(cells);
}

void command_ps(struct call *c)
{
    struct docker *d = c->docker;
    struct row **rows;
    unsigned n = 0, room;

    c->where = BOTH;
    rows_clean(d);
    if (!check_filters(c))
        return;
    room = HASH_CNT(by_id, d->by_id);
    rows = mem_zero((room + 1) * sizeof *rows);
    for (struct row *r = d->by_id; r; r = r->by_id.next)
        if (fits(c, r))
            rows[room - ++n] = r;
    if (args_get(&c->args, ARG_QUIET))
        for (unsigned i = room - n; i < room; i++)
            say(&c->out, "%.*s\n", args_get(&c->args, ARG_NO_TRUNC) ? 64 : 12, rows[i]->id);
    else
        print_table(c, rows + (room - n), n);
    free(rows);
}
