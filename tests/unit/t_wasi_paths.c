/* WASI: directories that others share, paths at their edges, and arguments that wrap around. */
#include "wasi_guest.h"

#include <time.h>

TEST(a_slash_at_the_end_means_a_directory)
{
    begin();
    CHECK(open_in(3, "file", CREATE, RW) > 0);
    CHECK_INT(CALL("path_create_directory", 3, TEXT("dir///")), WASI_OK);
    CHECK_INT(CALL("path_symlink", TEXT("dir"), 3, TEXT("link")), WASI_OK);
    CHECK_INT(CALL("path_unlink_file", 3, TEXT("file/")), WASI_NOTDIR);
    CHECK_INT(CALL("path_remove_directory", 3, TEXT("file/")), WASI_NOTDIR);
    CHECK_INT(CALL("path_remove_directory", 3, TEXT("link/")), WASI_NOTDIR);
    CHECK_INT(CALL("path_rename", 3, TEXT("file/"), 3, TEXT("x")), WASI_NOTDIR);
    CHECK_INT(CALL("path_rename", 3, TEXT("file"), 3, TEXT("x/")), WASI_NOTDIR);
    CHECK_INT(CALL("path_link", 3, 0, TEXT("link/"), 3, TEXT("x")), WASI_NOTDIR);
    CHECK_INT(CALL("path_link", 3, 0, TEXT("file"), 3, TEXT("x/")), WASI_NOENT);
    CHECK_INT(CALL("path_readlink", 3, TEXT("link/"), 300, 100, 200), WASI_NOTDIR);
    CHECK_INT(CALL("path_symlink", TEXT("dir"), 3, TEXT("x/")), WASI_NOENT);
    CHECK_INT(CALL("path_rename", 3, TEXT("dir//"), 3, TEXT("moved/")), WASI_OK);
    CHECK_INT(CALL("path_symlink", TEXT("../outside"), 3, TEXT("up")), WASI_OK);
    CHECK_INT(CALL("path_create_directory", 3, TEXT("up/")), WASI_EXIST);
    CHECK_INT(CALL("path_rename", 3, TEXT("moved"), 3, TEXT("up/")), WASI_NOTDIR);
    CHECK_INT(CALL("path_link", 3, 0, TEXT("file"), 3, TEXT("up/")), WASI_EXIST);
    CHECK_INT(open_in(3, "up/", CREATE, RW), -WASI_ISDIR);
    CHECK_INT(open_in(3, "up/", 2, RIGHT_FD_READ), -WASI_NOTCAPABLE);
    CHECK_INT(CALL("path_remove_directory", 3, TEXT(".//moved/")), WASI_OK);
    CHECK_INT(open_in(3, "file/", 0, RW), -WASI_NOTDIR);
    CHECK_INT(CALL("path_filestat_get", 3, 0, TEXT("file/"), 200), WASI_NOTDIR);
}

TEST(dots_are_no_names)
{
    static const char *const dots[] = {".", "..", "./", "sub/..", "sub/.", "../", "sub/../"};

    begin();
    CHECK_INT(CALL("path_create_directory", 3, TEXT("sub")), WASI_OK);
    for (size_t i = 0; i < sizeof dots / sizeof *dots; i++) {
        CHECK_INT(CALL("path_create_directory", 3, TEXT(dots[i])), WASI_EXIST);
        CHECK_INT(CALL("path_symlink", TEXT("a"), 3, TEXT(dots[i])), WASI_EXIST);
        CHECK_INT(CALL("path_unlink_file", 3, TEXT(dots[i])), WASI_INVAL);
        CHECK_INT(CALL("path_remove_directory", 3, TEXT(dots[i])), WASI_INVAL);
        CHECK_INT(CALL("path_rename", 3, TEXT(dots[i]), 3, TEXT("x")), WASI_INVAL);
        CHECK_INT(CALL("path_rename", 3, TEXT("sub"), 3, TEXT(dots[i])), WASI_INVAL);
        CHECK(CALL("path_link", 3, 0, TEXT(dots[i]), 3, TEXT("x")) != WASI_OK);
        CHECK(CALL("path_readlink", 3, TEXT(dots[i]), 300, 100, 200) != WASI_OK);
    }
    CHECK_INT(CALL("path_create_directory", 3, TEXT("...")), WASI_OK);
    CHECK_INT(CALL("path_create_directory", 3, TEXT("..a")), WASI_OK);
    CHECK_INT(CALL("path_remove_directory", 3, TEXT("..a")), WASI_OK);
    CHECK_INT(CALL("path_create_directory", 3, TEXT("/abs")), WASI_NOTCAPABLE);
    CHECK_INT(CALL("path_create_directory", 3, TEXT("/")), WASI_NOTCAPABLE);
}

TEST(a_directory_that_was_opened_is_no_way_up)
{
    begin();
    CHECK_INT(CALL("path_create_directory", 3, TEXT("sub")), WASI_OK);
    CHECK(open_in(3, "file", CREATE, RW) > 0);
    int sub = open_in(3, "sub", 2, ALL & ~RIGHT_FD_WRITE);
    CHECK(sub > 0);
    CHECK_INT(open_in((uint32_t)sub, "../file", 0, RW), -WASI_NOTCAPABLE);
    CHECK_INT(open_in((uint32_t)sub, "..", 2, RIGHT_FD_READ), -WASI_NOTCAPABLE);
    CHECK_INT(CALL("path_rename", (uint32_t)sub, TEXT("../file"), (uint32_t)sub, TEXT("f")),
              WASI_NOTCAPABLE);
    /* A link out of the subdirectory may be made, and leads nowhere from there. */
    CHECK_INT(CALL("path_symlink", TEXT("../../secret"), (uint32_t)sub, TEXT("up")), WASI_OK);
    CHECK_INT(CALL("path_open", 3, 1, TEXT("sub/up"), 0, RIGHT_FD_READ, ALL, 0, 100),
              WASI_NOTCAPABLE);
    CHECK_INT(open_in(3, "sub/up", 0, RIGHT_FD_READ), -WASI_LOOP); /* not followed */
    CHECK_INT(open_in(3, "sub/up/x", 0, RIGHT_FD_READ), -WASI_NOTCAPABLE);
    CHECK_INT(CALL("path_symlink", TEXT("b"), 3, TEXT("a")), WASI_OK);
    CHECK_INT(CALL("path_symlink", TEXT("a"), 3, TEXT("b")), WASI_OK);
    CHECK_INT(CALL("path_open", 3, 1, TEXT("a"), 0, RIGHT_FD_READ, ALL, 0, 100), WASI_LOOP);
}

TEST(what_is_below_read_only_is_read_only)
{
    uint64_t rights;
    char path[100];

    begin();
    snprintf(path, sizeof path, "%s/ro/sub", root);
    CHECK_INT(mkdir(path, 0777), 0);
    host_file("ro/sub/file", "read me");
    int sub = open_in(4, "sub", 2, ALL & ~RIGHTS_WRITE);
    CHECK(sub > 0);
    CHECK_INT(open_in((uint32_t)sub, "file", 0, RW), -WASI_ROFS);
    CHECK_INT(open_in((uint32_t)sub, "file", 0, RIGHT_FD_FILESTAT_SET_SIZE), -WASI_ROFS);
    CHECK_INT(open_in((uint32_t)sub, "new", CREATE, RIGHT_FD_READ), -WASI_ROFS);
    CHECK_INT(CALL("path_unlink_file", (uint32_t)sub, TEXT("file")), WASI_ROFS);
    /* wasi-libc asks for no right that it does not see here, so that open would seem to work. */
    CHECK_INT(CALL("fd_fdstat_get", 4, 200), WASI_OK);
    memcpy(&rights, memory + 216, sizeof rights);
    CHECK(rights & RIGHT_FD_WRITE);
    memcpy(&rights, memory + 208, sizeof rights);
    CHECK(!(rights & RIGHTS_CHANGE));
    int fd = open_in((uint32_t)sub, "file", 0, RIGHT_FD_READ | RIGHT_FD_FILESTAT_SET_TIMES);
    CHECK(fd > 0);
    CHECK_INT(transfer("fd_write", (uint32_t)fd, "x", 1), -WASI_NOTCAPABLE);
    CHECK_INT(CALL("fd_filestat_set_times", (uint32_t)fd, 1, 1, 5), WASI_NOTCAPABLE);
    CHECK_INT(CALL("fd_allocate", (uint32_t)fd, 0, 100), WASI_NOTCAPABLE);
}

/* One listing of a directory, a few bytes at a time; how many entries. */
static int list(uint32_t fd, uint32_t room, int disturb)
{
    uint64_t cookie = 0;
    int entries = 0;

    for (uint32_t used = room; used == room; entries++) {
        if (disturb >= 0)
            lseek(disturb, 0, SEEK_END); /* as another process does that lists it as well */
        CHECK_INT(CALL("fd_readdir", fd, 8000, room, cookie, 200), WASI_OK);
        used = word(200);
        if (used < 24 || 24 + word(8016) > used)
            return used < room ? entries : -1; /* no progress is no answer */
        memcpy(&cookie, memory + 8000, 8);
    }
    return entries;
}

TEST(a_listing_has_a_position_of_its_own)
{
    begin();
    for (int i = 0; i < 9; i++) {
        char name[32];
        snprintf(name, sizeof name, "rw/%d", i);
        host_file(name, "");
    }
    off_t before = lseek(granted[0].fd, 0, SEEK_CUR);
    CHECK_INT(list(3, 30, -1), 11);
    CHECK_INT(lseek(granted[0].fd, 0, SEEK_CUR), before);
    CHECK_INT(list(3, 26, granted[0].fd), 11);
    CHECK_INT(list(3, 24, -1), -1);
    CHECK_INT(CALL("fd_readdir", 3, 8000, 0, 0, 200), WASI_OK);
    CHECK_INT(word(200), 0);
    CHECK_INT(CALL("fd_readdir", 3, 8000, 10, 0, 200), WASI_OK); /* less than an entry's head */
    CHECK_INT(word(200), 10);
    CHECK(CALL("fd_readdir", 3, 8000, 100, ALL, 200) != WASI_FAULT); /* no cookie of ours */
    CHECK_INT(CALL("fd_fdstat_set_flags", 3, FDFLAG_APPEND), WASI_OK);
    CHECK(!(fcntl(granted[0].fd, F_GETFL) & O_APPEND)); /* others have it open, too */
    CHECK_INT(CALL("fd_close", 3), WASI_OK);
    wasi_end(w);
    CHECK(fcntl(granted[0].fd, F_GETFD) >= 0 && fcntl(granted[1].fd, F_GETFD) >= 0);
    CHECK_INT(CALL("fd_readdir", 4, 8000, 100, 0, 200), WASI_BADF);
}

TEST(between_file_systems_a_rename_is_a_copy)
{
    struct stat here, there;

    begin();
    if (stat(root, &here) < 0 || stat("/dev/shm", &there) < 0 || here.st_dev == there.st_dev)
        return;
    char path[] = "/dev/shm/wow-wasi-XXXXXX";
    CHECK(mkdtemp(path) != NULL);
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    CHECK(dup2(fd, granted[1].fd) >= 0);
    granted[1].writable = true;
    const struct wasi_setup setup = {.engine = &engine, .dirs = granted, .dirc = 2};
    wasi_begin(w, &setup);
    CHECK(open_in(3, "file", CREATE, RW) > 0);
    CHECK_INT(CALL("path_rename", 3, TEXT("file"), 4, TEXT("file")), WASI_XDEV);
    CHECK_INT(CALL("path_link", 3, 0, TEXT("file"), 4, TEXT("file")), WASI_XDEV);
    CHECK_INT(rmdir(path), 0);
    CHECK_INT(CALL("path_create_directory", 4, TEXT("x")), WASI_NOENT); /* gone */
    wasi_end(w);
}

TEST(path_open_looks_before_it_touches)
{
    begin();
    CHECK_INT(CALL("path_open", 3, 0, TEXT("new"), 16 | CREATE, RW, ALL, 0, 100), WASI_INVAL);
    CHECK_INT(CALL("path_open", 3, 0, TEXT("new"), CREATE, RW, ALL, 32, 100), WASI_INVAL);
    CHECK_INT(CALL("path_open", 3, 0, TEXT("new"), CREATE, RW, ALL, 0, MEMORY - 3), WASI_FAULT);
    CHECK_INT(open_in(3, "new", 0, RIGHT_FD_READ), -WASI_NOENT);
    CHECK_INT(open_in(3, "new", CREATE, RW), 5);
    CHECK_INT(CALL("fd_fdstat_set_rights", 3, ALL & RIGHTS_DIR, RIGHT_FD_READ), WASI_OK);
    CHECK_INT(open_in(3, "new", 0, RW), -WASI_NOTCAPABLE);
    CHECK_INT(open_in(3, "new", 0, RIGHT_FD_READ), 6);
    CHECK_INT(CALL("fd_fdstat_set_rights", 3, RIGHT_FD_READDIR, 0), WASI_OK);
    CHECK_INT(open_in(3, "new", 0, 0), -WASI_NOTCAPABLE);
    CHECK_INT(open_in(5, "new", 0, 0), -WASI_NOTDIR);
}

TEST(flags_of_an_open_file)
{
    begin();
    unsigned sync = FDFLAG_DSYNC;
    CHECK_INT(CALL("path_open", 3, 0, TEXT("f"), CREATE, ALL, ALL, sync, 100), WASI_OK);
    CHECK_INT(CALL("fd_fdstat_get", 5, 200), WASI_OK);
    CHECK_INT(memory[200], FILETYPE_REGULAR);
    CHECK_INT(memory[202], sync);
    CHECK_INT(CALL("fd_fdstat_set_flags", 5, sync | FDFLAG_APPEND | FDFLAG_NONBLOCK), WASI_OK);
    CHECK_INT(CALL("fd_fdstat_set_flags", 5, FDFLAG_APPEND), WASI_NOTSUP);
    CHECK_INT(transfer("fd_write", 5, "abc", 3), 3);
    CHECK_INT(CALL("fd_seek", 5, 0, 0, 8), WASI_OK);
    CHECK_INT(transfer("fd_write", 5, "def", 3), 3); /* appended */
    CHECK_INT(CALL("fd_filestat_get", 5, 200), WASI_OK);
    CHECK_INT(word(232), 6);
    CHECK_INT(CALL("fd_filestat_set_times", 5, 1, 1, 16), WASI_INVAL);
    CHECK_INT(CALL("fd_filestat_set_size", 5, ALL), WASI_INVAL);
    CHECK_INT(open_in(3, "f", 0, RIGHT_FD_READ), 6);
    CHECK_INT(CALL("fd_pread", 6, 4000, 1, 0, 4100), WASI_NOTCAPABLE); /* that would be seeking */
    CHECK_INT(CALL("fd_pread", 0, 4000, 1, 0, 4100), WASI_SPIPE);
    CHECK_INT(transfer("fd_write", 3, "x", 1), -WASI_BADF);
}

TEST(another_file_becomes_stdout)
{
    begin();
    CHECK_INT(open_in(3, "log", CREATE, RW), 5);
    CHECK_INT(CALL("fd_renumber", 5, 1), WASI_OK);
    CHECK_INT(transfer("fd_write", 1, "hidden", 6), 6);
    CHECK_STR(printed, "");
    CHECK_INT(CALL("fd_renumber", 1, 1), WASI_OK);
    CHECK_INT(CALL("fd_renumber", 1, 77), WASI_BADF);
    CHECK_INT(CALL("fd_renumber", 2, 0), WASI_OK);
    CHECK_INT(transfer("fd_write", 0, "err", 3), 3);
    CHECK_STR(printed, "2:err");
    CHECK_INT(open_in(3, "log", 0, RIGHT_FD_READ), 2); /* the lowest that is free */
    CHECK_INT(CALL("fd_renumber", 3, 2), WASI_OK);
    CHECK_INT(CALL("fd_prestat_get", 2, 200), WASI_OK);
    CHECK_INT(CALL("fd_prestat_get", 3, 200), WASI_BADF);
}

TEST(a_pipe_does_not_make_the_worker_wait)
{
    char path[100];

    begin();
    snprintf(path, sizeof path, "%s/rw/pipe", root);
    CHECK_INT(mkfifo(path, 0666), 0);
    CHECK_INT(open_in(3, "pipe", 0, RIGHT_FD_WRITE), -WASI_NXIO);
    CHECK_INT(open_in(3, "pipe", 0, RW), -WASI_NOTCAPABLE);
    CHECK_INT(open_in(3, "pipe", 0, 0), -WASI_NOTCAPABLE);
    CHECK_INT(CALL("path_filestat_get", 3, 0, TEXT("pipe"), 200), WASI_OK);
    CHECK_INT(memory[216], FILETYPE_UNKNOWN);
}

TEST(tables_do_not_wrap_around)
{
    const uint32_t iov[2] = {5000, 1};

    begin();
    memcpy(memory, iov, sizeof iov);
    memcpy(memory + MEMORY - 8, iov, sizeof iov);
    CHECK_INT(CALL("fd_write", 1, 0xfffffff8, 2, 4100), WASI_FAULT);
    CHECK_INT(CALL("fd_write", 1, MEMORY - 8, 2, 4100), WASI_FAULT);
    CHECK_STR(printed, "");
    CHECK_INT(CALL("fd_write", 1, MEMORY - 8, 1, MEMORY - 3), WASI_FAULT);
    CHECK_INT(CALL("fd_write", 1, MEMORY, 0, 4100), WASI_OK);
    CHECK_INT(CALL("poll_oneoff", 0xffffffe0, 0, 2, 4100), WASI_FAULT);
    CHECK_INT(CALL("poll_oneoff", 0, MEMORY - 63, 2, 4100), WASI_FAULT);
    CHECK_INT(CALL("poll_oneoff", 0, 1000, 2, MEMORY - 3), WASI_FAULT);
    CHECK_INT(CALL("environ_get", MEMORY - 4, 64), WASI_FAULT);
    CHECK_INT(CALL("environ_get", 16, 0xffffffff), WASI_FAULT);
    CHECK_INT(CALL("fd_readdir", 3, 0xffffff00, 0x200, 0, 200), WASI_FAULT);
    CHECK_INT(CALL("path_readlink", 3, 0xfffffff0, 0x20, 300, 100, 200), WASI_FAULT);
    CHECK_INT(CALL("path_symlink", 0xfffffff0, 0x20, 3, TEXT("x")), WASI_FAULT);
    CHECK_INT(CALL("fd_prestat_dir_name", 3, 0xfffffffe, 3), WASI_FAULT);
    CHECK_INT(CALL("fd_filestat_get", 1, MEMORY - 63), WASI_FAULT);
    CHECK_INT(CALL("fd_fdstat_get", 1, MEMORY - 23), WASI_FAULT);
    CHECK_INT(CALL("fd_read", 0, MEMORY - 8, 1, 4100), WASI_OK); /* unaligned is fine */
    CHECK_INT(CALL("clock_time_get", 0, 0, 1001), WASI_OK);
}

struct clock_subscription {
    uint64_t userdata, tag, id, timeout, precision, flags;
};

static uint64_t now(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

TEST(a_point_in_time_is_not_told_early)
{
    const uint64_t ms = 1000000, mono = now(CLOCK_MONOTONIC), real = now(CLOCK_REALTIME);
    const struct clock_subscription subs[] = {
        {1, 0, 1, mono + 150 * ms, 0, 1}, /* there is most of it left when the next is due */
        {2, 0, 1, 15 * ms, 0, 0},
        {3, 0, 0, real + 3600000 * ms, 0, 1},
    };

    begin();
    memcpy(memory + 1000, subs, sizeof subs);
    CHECK_INT(CALL("poll_oneoff", 1000, 2000, 3, 3000), WASI_OK);
    CHECK_INT(word(3000), 1);
    CHECK_INT(word(2000), 2);
    CHECK_INT(CALL("poll_oneoff", 1000, 2000, 1, 3000), WASI_OK);
    CHECK(now(CLOCK_MONOTONIC) >= mono + 150 * ms);
    CHECK_INT(word(2000), 1);
    CHECK_INT(waits, 2);
    CHECK_INT(CALL("poll_oneoff", 1000, 2000, 1, 3000), WASI_OK); /* long past */
    CHECK_INT(word(3000), 1);
    CHECK_INT(waits, 2);
}

TEST(one_cannot_sleep_by_processor_time)
{
    const struct clock_subscription subs[] = {
        {1, 0, 2, ALL, 0, 1},
        {2, 1, 77, 0, 0, 0},
        {3, 9, 0, 0, 0, 0},
        {4, 1, 0, 0, 0, 0},
    };
    static const int errors[] = {WASI_NOTSUP, WASI_BADF, WASI_INVAL, WASI_OK};

    begin();
    memcpy(memory + 1001, subs, sizeof subs);
    CHECK_INT(CALL("poll_oneoff", 1001, 2000, 4, 3000), WASI_OK);
    CHECK_INT(word(3000), 4);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_INT(word(2008 + 32 * i) & 0xffff, errors[i]);
    CHECK_INT(word(2112), 6); /* what stdin has left */
    CHECK_INT(waits, 0);
}
