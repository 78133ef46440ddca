/*
 * WAMR maps 8 GiB of addresses for each instance's memory, opens as much of it as the memory has,
 * and unmaps all at the end: system calls and page faults that cost more than an activation. A
 * worker has one instance at a time, so one such reservation is kept here, with its pages, and
 * cleared between instances. The linker's --wrap brings the library's calls here.
 *
 * What is kept of the last instance: the first KEEP bytes, set to zero; all behind is given back.
 * Nothing is readable beyond the size that the present instance has.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define RESERVATION ((size_t)8 << 30) /* base + offset, each of 32 bits, lies in it */
#define KEEP ((size_t)1 << 20)

/* The library's own numbers. */
#define PROTECT_RW 3 /* MMAP_PROT_READ | MMAP_PROT_WRITE */
#define PROTECT_W 2
#define PROTECT_X 4

void *__real_os_mmap(void *hint, size_t size, int prot, int flags, int file);
void __real_os_munmap(void *addr, size_t size);
int __real_os_mprotect(void *addr, size_t size, int prot);
void *__wrap_os_mmap(void *hint, size_t size, int prot, int flags, int file);
void __wrap_os_munmap(void *addr, size_t size);
int __wrap_os_mprotect(void *addr, size_t size, int prot);

/* The one reservation: [0, open) may be read and written, the rest not at all. */
static struct {
    uint8_t *at;
    size_t open;
    bool taken;
} kept;

/* A page that cannot be read, one for each execution environment: all can share it. */
static void *no_page;

/*
 * A worker may not have memory that is writable and executable. The library asks for it, to fill it
 * with machine code, but never runs what it has not made read-only before.
 */
static int not_both(int prot) { return prot & PROTECT_W ? prot & ~PROTECT_X : prot; }

static bool is_memory(size_t size, int prot, int file)
{
    return size == RESERVATION && prot == PROT_NONE && file < 0;
}

void *__wrap_os_mmap(void *hint, size_t size, int prot, int flags, int file)
{
    if (size == 4096 && prot == PROT_NONE && !hint) {
        if (!no_page)
            no_page = __real_os_mmap(hint, size, prot, flags, file);
        return no_page;
    }
    if (!is_memory(size, prot, file) || kept.taken)
        return __real_os_mmap(hint, size, not_both(prot), flags, file);
    if (!kept.at) {
        void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED)
            return NULL;
        kept.at = at;
        kept.open = 0;
    }
    kept.taken = true;
    return kept.at;
}

/* All zero again, most of it without a page. */
static void clear(void)
{
    size_t keep = kept.open < KEEP ? kept.open : KEEP;

    memset(kept.at, 0, keep);
    if (kept.open > keep)
        madvise(kept.at + keep, kept.open - keep, MADV_DONTNEED);
}

void __wrap_os_munmap(void *addr, size_t size)
{
    if (addr && addr == no_page)
        return;
    if (addr == NULL || addr != kept.at) {
        __real_os_munmap(addr, size);
        return;
    }
    clear();
    kept.taken = false;
}

/* A new instance opens [0, size) at first, and each growth the piece behind. */
int __wrap_os_mprotect(void *addr, size_t size, int prot)
{
    uint8_t *from = addr;

    if (!kept.taken || from < kept.at || from >= kept.at + RESERVATION || prot != PROTECT_RW)
        return __real_os_mprotect(addr, size, not_both(prot));
    size_t end = (size_t)(from - kept.at) + size;
    if (end > kept.open && mprotect(kept.at + kept.open, end - kept.open, PROT_READ | PROT_WRITE))
        return -1;
    if (end < kept.open && mprotect(kept.at + end, kept.open - end, PROT_NONE))
        return -1;
    kept.open = end;
    return 0;
}
