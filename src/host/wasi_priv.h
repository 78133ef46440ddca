#pragma once

/* What the files of WASI share: its numbers, the state, and how memory is reached. */

#include <errno.h>
#include <time.h>

#include "host/wasi.h"

/* Error numbers of the ABI. */
enum wasi_errno {
    WASI_OK = 0,
    WASI_2BIG = 1,
    WASI_ACCES = 2,
    WASI_AGAIN = 6,
    WASI_BADF = 8,
    WASI_BUSY = 10,
    WASI_DQUOT = 19,
    WASI_EXIST = 20,
    WASI_FAULT = 21,
    WASI_FBIG = 22,
    WASI_ILSEQ = 25,
    WASI_INTR = 27,
    WASI_INVAL = 28,
    WASI_IO = 29,
    WASI_ISDIR = 31,
    WASI_LOOP = 32,
    WASI_MFILE = 33,
    WASI_MLINK = 34,
    WASI_NAMETOOLONG = 37,
    WASI_NFILE = 41,
    WASI_NODEV = 43,
    WASI_NOENT = 44,
    WASI_NOMEM = 48,
    WASI_NOSPC = 51,
    WASI_NOSYS = 52,
    WASI_NOTDIR = 54,
    WASI_NOTEMPTY = 55,
    WASI_NOTSOCK = 57,
    WASI_NOTSUP = 58,
    WASI_NXIO = 60,
    WASI_OVERFLOW = 61,
    WASI_PERM = 63,
    WASI_PIPE = 64,
    WASI_RANGE = 68,
    WASI_ROFS = 69,
    WASI_SPIPE = 70,
    WASI_STALE = 72,
    WASI_TXTBSY = 74,
    WASI_XDEV = 75,
    WASI_NOTCAPABLE = 76,
};

/* Rights of a descriptor, one bit each. */
#define RIGHT(bit) ((uint64_t)1 << (bit))
#define RIGHT_FD_DATASYNC RIGHT(0)
#define RIGHT_FD_READ RIGHT(1)
#define RIGHT_FD_SEEK RIGHT(2)
#define RIGHT_FD_FDSTAT_SET_FLAGS RIGHT(3)
#define RIGHT_FD_SYNC RIGHT(4)
#define RIGHT_FD_TELL RIGHT(5)
#define RIGHT_FD_WRITE RIGHT(6)
#define RIGHT_FD_ADVISE RIGHT(7)
#define RIGHT_FD_ALLOCATE RIGHT(8)
#define RIGHT_PATH_CREATE_DIRECTORY RIGHT(9)
#define RIGHT_PATH_CREATE_FILE RIGHT(10)
#define RIGHT_PATH_LINK_SOURCE RIGHT(11)
#define RIGHT_PATH_LINK_TARGET RIGHT(12)
#define RIGHT_PATH_OPEN RIGHT(13)
#define RIGHT_FD_READDIR RIGHT(14)
#define RIGHT_PATH_READLINK RIGHT(15)
#define RIGHT_PATH_RENAME_SOURCE RIGHT(16)
#define RIGHT_PATH_RENAME_TARGET RIGHT(17)
#define RIGHT_PATH_FILESTAT_GET RIGHT(18)
#define RIGHT_PATH_FILESTAT_SET_SIZE RIGHT(19)
#define RIGHT_PATH_FILESTAT_SET_TIMES RIGHT(20)
#define RIGHT_FD_FILESTAT_GET RIGHT(21)
#define RIGHT_FD_FILESTAT_SET_SIZE RIGHT(22)
#define RIGHT_FD_FILESTAT_SET_TIMES RIGHT(23)
#define RIGHT_PATH_SYMLINK RIGHT(24)
#define RIGHT_PATH_REMOVE_DIRECTORY RIGHT(25)
#define RIGHT_PATH_UNLINK_FILE RIGHT(26)
#define RIGHT_POLL_FD_READWRITE RIGHT(27)

/* Those that change something: a directory granted read-only has none of them. */
#define RIGHTS_CHANGE                                                                              \
    (RIGHT_FD_WRITE | RIGHT_FD_ALLOCATE | RIGHT_PATH_CREATE_DIRECTORY | RIGHT_PATH_CREATE_FILE |   \
     RIGHT_PATH_LINK_SOURCE | RIGHT_PATH_LINK_TARGET | RIGHT_PATH_RENAME_SOURCE |                  \
     RIGHT_PATH_RENAME_TARGET | RIGHT_PATH_FILESTAT_SET_SIZE | RIGHT_PATH_FILESTAT_SET_TIMES |     \
     RIGHT_FD_FILESTAT_SET_SIZE | RIGHT_FD_FILESTAT_SET_TIMES | RIGHT_PATH_SYMLINK |               \
     RIGHT_PATH_REMOVE_DIRECTORY | RIGHT_PATH_UNLINK_FILE)
#define RIGHTS_FILE                                                                                \
    (RIGHT_FD_DATASYNC | RIGHT_FD_READ | RIGHT_FD_SEEK | RIGHT_FD_FDSTAT_SET_FLAGS |               \
     RIGHT_FD_SYNC | RIGHT_FD_TELL | RIGHT_FD_WRITE | RIGHT_FD_ADVISE | RIGHT_FD_ALLOCATE |        \
     RIGHT_FD_FILESTAT_GET | RIGHT_FD_FILESTAT_SET_SIZE | RIGHT_FD_FILESTAT_SET_TIMES |            \
     RIGHT_POLL_FD_READWRITE)
/* What a guest asks for that opens a file to write to it. */
#define RIGHTS_WRITE (RIGHT_FD_WRITE | RIGHT_FD_ALLOCATE | RIGHT_FD_FILESTAT_SET_SIZE)
#define RIGHTS_ALL (RIGHT(28) - 1)
#define RIGHTS_DIR                                                                                 \
    (RIGHTS_ALL & ~(RIGHT_FD_READ | RIGHT_FD_WRITE | RIGHT_FD_SEEK | RIGHT_FD_TELL |               \
                    RIGHT_FD_ALLOCATE | RIGHT_FD_ADVISE | RIGHT_FD_FILESTAT_SET_SIZE))

enum wasi_filetype {
    FILETYPE_UNKNOWN,
    FILETYPE_BLOCK,
    FILETYPE_CHARACTER,
    FILETYPE_DIRECTORY,
    FILETYPE_REGULAR,
    FILETYPE_DATAGRAM,
    FILETYPE_STREAM,
    FILETYPE_SYMLINK,
};

enum {
    FDFLAG_APPEND = 1,
    FDFLAG_DSYNC = 2,
    FDFLAG_NONBLOCK = 4,
    FDFLAG_RSYNC = 8,
    FDFLAG_SYNC = 16,
    FDFLAGS_ALL = 31
};

enum fd_kind { FD_FREE, FD_STREAM, FD_DIR, FD_FILE };

struct wasi_fd {
    enum fd_kind kind;
    int stream;          /* FD_STREAM: 0, 1, 2 */
    int host;            /* else: the descriptor behind it */
    bool owned;          /* to be closed; what was granted is shared with other processes */
    bool read_only;      /* nothing below it may be changed */
    const char *preopen; /* name, of a granted directory */
    uint64_t rights, inheriting;
    uint16_t flags;
};

#define FDS_MAX 96

struct wasi {
    struct wasi_setup setup;
    struct wasi_fd fds[FDS_MAX];
    uint32_t top; /* descriptors at and above are free */
    size_t in_at; /* how much of stdin was read */
    bool exited;
    bool told; /* that a directory is read-only */
    uint32_t code;
};

/* A call under way: parameters in v, i32 ones in the low half. */
struct wasi_call {
    struct wasi *w;
    struct wow_instance *in;
    const uint64_t *v;
};

static inline uint32_t arg32(const struct wasi_call *c, int i) { return (uint32_t)c->v[i]; }

/* The guest's memory; NULL if it is not all the guest's. Not to be kept. */
static inline uint8_t *mem(const struct wasi_call *c, uint32_t at, uint32_t n)
{
    return c->w->setup.engine->span(c->in, at, n);
}

uint16_t wasi_host_errno(int host);

/* The same for a host call that just ended: less than 0 is failure. */
static inline uint16_t wasi_result(long r) { return r < 0 ? wasi_host_errno(errno) : WASI_OK; }

/* Store numbers, little-endian as guests and we are; FAULT outside the guest's memory. */
uint16_t wasi_put32(const struct wasi_call *c, uint32_t at, uint32_t value);
uint16_t wasi_put64(const struct wasi_call *c, uint32_t at, uint64_t value);
uint16_t wasi_put(const struct wasi_call *c, uint32_t at, const void *data, uint32_t n);

/* The descriptor of that number, if it is open and has those rights; otherwise an error. */
uint16_t wasi_fd_get(const struct wasi_call *c, uint32_t fd, uint64_t rights, struct wasi_fd **out);
/* The same for one that must be a directory, which is looked at first. */
uint16_t wasi_dir_get(const struct wasi_call *c, uint32_t fd, uint64_t rights,
                      struct wasi_fd **out);
/* A new descriptor for a host's one, the lowest that is free; MFILE closes the host's. */
uint16_t wasi_fd_add(const struct wasi_call *c, const struct wasi_fd *like, uint32_t *out);
/* A change below a directory that may only be read: its log says so, once. Returns ROFS. */
uint16_t wasi_read_only(struct wasi *w, const struct wasi_fd *dir);
void wasi_fd_release(struct wasi *w, uint32_t fd);

struct stat;
uint16_t wasi_put_filestat(const struct wasi_call *c, uint32_t at, const struct stat *st);
/* openat2 that stays below dir; follows no link out of it. -1 and errno. */
int wasi_open_beneath(int dir, const char *path, uint64_t flags, uint64_t mode);
/* What utimensat wants, from the ABI's times and flags. */
uint16_t wasi_times(uint64_t atim, uint64_t mtim, uint32_t flags, struct timespec out[2]);

/* Every function: its name and its type, as in struct wow_import. */
#define WASI_FUNCTIONS(X)                                                                          \
    X(args_get, "ii:i")                                                                            \
    X(args_sizes_get, "ii:i")                                                                      \
    X(environ_get, "ii:i")                                                                         \
    X(environ_sizes_get, "ii:i")                                                                   \
    X(clock_res_get, "ii:i")                                                                       \
    X(clock_time_get, "iIi:i")                                                                     \
    X(fd_advise, "iIIi:i")                                                                         \
    X(fd_allocate, "iII:i")                                                                        \
    X(fd_close, "i:i")                                                                             \
    X(fd_datasync, "i:i")                                                                          \
    X(fd_fdstat_get, "ii:i")                                                                       \
    X(fd_fdstat_set_flags, "ii:i")                                                                 \
    X(fd_fdstat_set_rights, "iII:i")                                                               \
    X(fd_filestat_get, "ii:i")                                                                     \
    X(fd_filestat_set_size, "iI:i")                                                                \
    X(fd_filestat_set_times, "iIIi:i")                                                             \
    X(fd_pread, "iiiIi:i")                                                                         \
    X(fd_prestat_get, "ii:i")                                                                      \
    X(fd_prestat_dir_name, "iii:i")                                                                \
    X(fd_pwrite, "iiiIi:i")                                                                        \
    X(fd_read, "iiii:i")                                                                           \
    X(fd_readdir, "iiiIi:i")                                                                       \
    X(fd_renumber, "ii:i")                                                                         \
    X(fd_seek, "iIii:i")                                                                           \
    X(fd_sync, "i:i")                                                                              \
    X(fd_tell, "ii:i")                                                                             \
    X(fd_write, "iiii:i")                                                                          \
    X(path_create_directory, "iii:i")                                                              \
    X(path_filestat_get, "iiiii:i")                                                                \
    X(path_filestat_set_times, "iiiiIIi:i")                                                        \
    X(path_link, "iiiiiii:i")                                                                      \
    X(path_open, "iiiiiIIii:i")                                                                    \
    X(path_readlink, "iiiiii:i")                                                                   \
    X(path_remove_directory, "iii:i")                                                              \
    X(path_rename, "iiiiii:i")                                                                     \
    X(path_symlink, "iiiii:i")                                                                     \
    X(path_unlink_file, "iii:i")                                                                   \
    X(poll_oneoff, "iiii:i")                                                                       \
    X(proc_raise, "i:i")                                                                           \
    X(sched_yield, ":i")                                                                           \
    X(random_get, "ii:i")                                                                          \
    X(sock_accept, "iii:i")                                                                        \
    X(sock_recv, "iiiiii:i")                                                                       \
    X(sock_send, "iiiii:i")                                                                        \
    X(sock_shutdown, "ii:i") /* and proc_exit, which has no result */

#define X(name, type) uint16_t wasi_##name(const struct wasi_call *c);
WASI_FUNCTIONS(X)
#undef X
