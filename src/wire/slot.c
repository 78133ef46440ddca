#include "wire/slot.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"

#define HEAD_SIZE 8192u
#define SLOT_SIZE ((size_t)WIRE_INPUT_MAX + WIRE_OUTPUT_MAX + WIRE_LOG_MAX)
#define MAP_SIZE (HEAD_SIZE + WIRE_SLOTS * SLOT_SIZE)
#define KEEP 65536u /* bytes at the start of a region that wire_trim leaves in place */

_Static_assert(sizeof(struct wire_head) <= HEAD_SIZE, "slots fit the first pages");

int wire_map_create(int *fd, struct wire_map *out, struct err *err)
{
    AUTO(fd) int mem = memfd_create("wow-worker", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (mem < 0 || ftruncate(mem, (off_t)MAP_SIZE) < 0 ||
        fcntl(mem, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return err_errno(err, ERR_INTERNAL, "shared memory");
    int r = wire_map_open(mem, out, err);
    if (r < 0)
        return r;
    *fd = TAKE_FD(mem);
    return 0;
}

int wire_map_open(int fd, struct wire_map *out, struct err *err)
{
    void *at = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (at == MAP_FAILED)
        return err_errno(err, ERR_INTERNAL, "mapping shared memory");
    out->head = at;
    return 0;
}

void wire_map_close(struct wire_map *map)
{
    if (map->head)
        munmap(map->head, MAP_SIZE);
    map->head = NULL;
}

uint8_t *wire_input(const struct wire_map *map, unsigned slot)
{
    return (uint8_t *)map->head + HEAD_SIZE + slot * SLOT_SIZE;
}

uint8_t *wire_output(const struct wire_map *map, unsigned slot)
{
    return wire_input(map, slot) + WIRE_INPUT_MAX;
}

uint8_t *wire_log(const struct wire_map *map, unsigned slot)
{
    return wire_output(map, slot) + WIRE_OUTPUT_MAX;
}

void wire_trim(const struct wire_map *map, unsigned slot)
{
    madvise(wire_input(map, slot) + KEEP, WIRE_INPUT_MAX - KEEP, MADV_REMOVE);
    madvise(wire_output(map, slot) + KEEP, WIRE_OUTPUT_MAX - KEEP, MADV_REMOVE);
    madvise(wire_log(map, slot) + KEEP, WIRE_LOG_MAX - KEEP, MADV_REMOVE);
}
