#include "cron/zone.h"

#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

#define DATABASE "/usr/share/zoneinfo"
#define NAME_MAX_SIZE 64u
#define CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/"

/* A name, and no path out of the database. */
static bool is_name(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && n <= NAME_MAX_SIZE && strspn(name, CHARACTERS) == n && name[0] != '/';
}

/* There are other files among the zones, which GLib would complain of. */
static bool is_zone(const char *name)
{
    AUTO(mem) char *path = mem_print(DATABASE "/%s", name);
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char magic[4];

    return fd >= 0 && read(fd, magic, sizeof magic) == sizeof magic &&
           memcmp(magic, "TZif", sizeof magic) == 0;
}

int zone_find(const char *name, struct zone **out, struct err *err)
{
    GTimeZone *z = is_name(name) && is_zone(name) ? g_time_zone_new_identifier(name) : NULL;

    if (!z)
        return err_set(err, ERR_INVALID, "Invalid timezone.");
    *out = (struct zone *)z;
    return 0;
}

void zone_free(struct zone *z)
{
    if (z)
        g_time_zone_unref((GTimeZone *)z);
}

int64_t zone_offset(const struct zone *z, int64_t t)
{
    GTimeZone *zone = (GTimeZone *)z;

    if (!zone)
        return 0;
    return g_time_zone_get_offset(zone, g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, t));
}
