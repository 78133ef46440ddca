/* WASI, function by function. What paths must not do is in t_wasi_paths.c. */
#include <sys/mman.h>

#include "wasi_guest.h"

TEST(the_table_has_all_46)
{
    int n = 0;

    for (const struct wow_import *i = host_imports; i->name; i++) {
        n += strcmp(i->module, "wasi_snapshot_preview1") == 0;
        CHECK(strchr(i->type, ':') - i->type <= WOW_HOST_PARAMS_MAX);
    }
    CHECK_INT(n, 46);
}

/* What an interpreter reads its action by; wherever the guest points, it stays in its memory. */
TEST(data_is_read_as_far_as_it_goes)
{
    begin();
    CHECK_INT(CALL("data_size", 0), 0);
    CHECK_INT(CALL("data_read", 0, 0, 100), 0);
    int fd = memfd_create("data", MFD_CLOEXEC);
    CHECK_INT(write(fd, "0123456789", 10), 10);
    w->setup.data = fd;
    w->setup.data_size = 10;
    CHECK_INT(CALL("data_size", 0), 10);
    CHECK_INT(CALL("data_read", 64, 3, 4), 4);
    CHECK(memcmp(memory + 64, "3456", 4) == 0);
    CHECK_INT(CALL("data_read", 64, 8, 100), 2);
    CHECK_INT(CALL("data_read", 64, 10, 1), 0);
    CHECK_INT(CALL("data_read", 64, 0xffffffff, 0xffffffff), 0);
    CHECK_INT(CALL("data_read", MEMORY - 3, 0, 4), 0);
    CHECK_INT(CALL("data_read", 0xfffffffe, 0, 4), 0);
    CHECK_INT(CALL("data_read", MEMORY - 4, 0, 4), 4);
    close(fd);
}

TEST(arguments_and_environment)
{
    begin();
    CHECK_INT(CALL("args_sizes_get", 0, 4), WASI_OK);
    CHECK_INT(word(0), 2);
    CHECK_INT(word(4), 10);
    CHECK_INT(CALL("args_get", 16, 64), WASI_OK);
    CHECK_STR((char *)memory + word(16), "action");
    CHECK_STR((char *)memory + word(20), "17");
    CHECK_INT(CALL("environ_sizes_get", 0, 4), WASI_OK);
    CHECK_INT(word(4), 11);
    CHECK_INT(CALL("environ_get", 16, 64), WASI_OK);
    CHECK_STR((char *)memory + word(20), "EMPTY=");
    CHECK_INT(CALL("args_get", 16, MEMORY - 3), WASI_FAULT);
    CHECK_INT(CALL("args_get", 0xfffffffc, 64), WASI_FAULT);
    CHECK_INT(CALL("args_sizes_get", MEMORY - 3, 4), WASI_FAULT);
}

TEST(clocks_and_chance)
{
    uint64_t a, b;

    begin();
    CHECK_INT(CALL("clock_time_get", 1, 0, 8), WASI_OK);
    CHECK_INT(CALL("clock_time_get", 1, 0, 16), WASI_OK);
    memcpy(&a, memory + 8, 8);
    memcpy(&b, memory + 16, 8);
    CHECK(b >= a && a > 0);
    CHECK_INT(CALL("clock_res_get", 0, 8), WASI_OK);
    CHECK_INT(CALL("clock_time_get", 9, 0, 8), WASI_INVAL);
    CHECK_INT(CALL("clock_time_get", 0, 0, MEMORY - 7), WASI_FAULT);
    memset(memory, 0, 64);
    CHECK_INT(CALL("random_get", 0, 32), WASI_OK);
    CHECK(memcmp(memory, memory + 32, 32) != 0);
    CHECK_INT(CALL("random_get", 1, MEMORY), WASI_FAULT);
    CHECK_INT(CALL("random_get", 0, 0xffffffff), WASI_FAULT);
    CHECK_INT(CALL("sched_yield", 0), WASI_OK);
}

TEST(streams)
{
    begin();
    CHECK_INT(transfer("fd_write", 1, "out", 3), 3);
    CHECK_INT(transfer("fd_write", 2, "err", 3), 3);
    CHECK_STR(printed, "1:out2:err");
    CHECK_INT(transfer("fd_read", 0, NULL, 4), 4);
    CHECK(memcmp(memory + 5000, "stdi", 4) == 0);
    CHECK_INT(transfer("fd_read", 0, NULL, 100), 2);
    CHECK_INT(transfer("fd_read", 0, NULL, 100), 0);
    CHECK_INT(transfer("fd_write", 0, "x", 1), -WASI_NOTCAPABLE);
    CHECK_INT(transfer("fd_read", 1, NULL, 1), -WASI_NOTCAPABLE);
    CHECK_INT(CALL("fd_seek", 1, 0, 0, 0), WASI_SPIPE);
    CHECK_INT(CALL("fd_write", 1, MEMORY - 4, 1, 0), WASI_FAULT);
    CHECK_INT(CALL("fd_write", 1, 4000, 5000, 0), WASI_INVAL);
    const uint32_t wild[2] = {0xfffffff0, 0x20};
    memcpy(memory + 4000, wild, sizeof wild);
    CHECK_INT(CALL("fd_write", 1, 4000, 1, 4100), WASI_FAULT);
    CHECK_INT(CALL("fd_fdstat_get", 1, 200), WASI_OK);
    CHECK_INT(memory[200], FILETYPE_CHARACTER);
    CHECK_INT(CALL("fd_close", 1), WASI_OK);
    CHECK_INT(transfer("fd_write", 1, "x", 1), -WASI_BADF);
    CHECK_INT(CALL("fd_close", 1), WASI_BADF);
    CHECK_INT(CALL("fd_close", 0xffffffff), WASI_BADF);
}

TEST(files_are_written_and_read)
{
    uint64_t at;

    begin();
    int fd = open_in(3, "new", CREATE, RW | RIGHT_FD_FILESTAT_GET);
    CHECK(fd >= 5);
    CHECK_INT(transfer("fd_write", (uint32_t)fd, "hello world", 11), 11);
    CHECK_INT(CALL("fd_seek", (uint32_t)fd, 6, 0, 8), WASI_OK);
    CHECK_INT(transfer("fd_read", (uint32_t)fd, NULL, 100), 5);
    CHECK(memcmp(memory + 5000, "world", 5) == 0);
    CHECK_INT(CALL("fd_tell", (uint32_t)fd, 8), WASI_OK);
    memcpy(&at, memory + 8, 8);
    CHECK_INT(at, 11);
    const uint32_t iov[2] = {5000, 5};
    memcpy(memory + 4000, iov, sizeof iov);
    CHECK_INT(CALL("fd_pread", (uint32_t)fd, 4000, 1, 0, 4100), WASI_OK);
    CHECK(memcmp(memory + 5000, "hello", 5) == 0);
    CHECK_INT(CALL("fd_pwrite", (uint32_t)fd, 4000, 1, 20, 4100), WASI_OK);
    CHECK_INT(CALL("fd_pread", (uint32_t)fd, 4000, 1, ALL, 4100), WASI_INVAL);
    CHECK_INT(CALL("fd_filestat_get", (uint32_t)fd, 200), WASI_OK);
    CHECK_INT(memory[216], FILETYPE_REGULAR);
    CHECK_INT(word(232), 25);
    CHECK_INT(CALL("fd_filestat_set_size", (uint32_t)fd, 3), WASI_NOTCAPABLE); /* not asked for */
    CHECK_INT(CALL("fd_seek", (uint32_t)fd, 0, 7, 8), WASI_INVAL);
    CHECK_INT(CALL("fd_close", (uint32_t)fd), WASI_OK);
    fd = open_in(3, "new", 0, ALL);
    CHECK_INT(CALL("fd_filestat_set_size", (uint32_t)fd, 3), WASI_OK);
    CHECK_INT(CALL("fd_allocate", (uint32_t)fd, 0, 100), WASI_OK);
    CHECK_INT(CALL("fd_advise", (uint32_t)fd, 0, 0, 1), WASI_OK);
    CHECK_INT(CALL("fd_advise", (uint32_t)fd, 0, 0, 77), WASI_INVAL);
    CHECK_INT(CALL("fd_sync", (uint32_t)fd), WASI_OK);
    CHECK_INT(CALL("fd_datasync", (uint32_t)fd), WASI_OK);
    CHECK_INT(CALL("fd_filestat_set_times", (uint32_t)fd, 5, 7000000000, 1 | 4), WASI_OK);
    CHECK_INT(CALL("fd_filestat_set_times", (uint32_t)fd, 5, 7, 3), WASI_INVAL);
    CHECK_INT(CALL("fd_fdstat_set_flags", (uint32_t)fd, 1), WASI_OK);
    CHECK_INT(CALL("fd_fdstat_set_flags", (uint32_t)fd, 16), WASI_NOTSUP);
    CHECK_INT(CALL("fd_fdstat_set_rights", (uint32_t)fd, RIGHT_FD_READ, 0), WASI_OK);
    CHECK_INT(CALL("fd_fdstat_set_rights", (uint32_t)fd, RIGHT_FD_WRITE, 0), WASI_NOTCAPABLE);
    CHECK_INT(transfer("fd_write", (uint32_t)fd, "x", 1), -WASI_NOTCAPABLE);
    CHECK_INT(transfer("fd_read", 3, NULL, 1), -WASI_ISDIR);
}

TEST(names_are_made_and_unmade)
{
    begin();
    CHECK_INT(CALL("path_create_directory", 3, TEXT("sub")), WASI_OK);
    CHECK_INT(CALL("path_create_directory", 3, TEXT("sub/deep/")), WASI_OK);
    CHECK_INT(CALL("path_create_directory", 3, TEXT("sub")), WASI_EXIST);
    CHECK(open_in(3, "sub/file", CREATE, RW) > 0);
    CHECK_INT(open_in(3, "sub/file", CREATE | 4, RW), -WASI_EXIST);
    CHECK_INT(CALL("path_rename", 3, TEXT("sub/file"), 3, TEXT("moved")), WASI_OK);
    CHECK_INT(CALL("path_link", 3, 0, TEXT("moved"), 3, TEXT("linked")), WASI_OK);
    CHECK_INT(CALL("path_symlink", TEXT("moved"), 3, TEXT("soft")), WASI_OK);
    CHECK_INT(CALL("path_readlink", 3, TEXT("soft"), 300, 100, 200), WASI_OK);
    CHECK_INT(word(200), 5);
    CHECK_INT(CALL("path_readlink", 3, TEXT("soft"), 300, 2, 200), WASI_OK);
    CHECK_INT(word(200), 2);
    CHECK_INT(CALL("path_filestat_get", 3, 0, TEXT("soft"), 200), WASI_OK);
    CHECK_INT(memory[216], FILETYPE_SYMLINK);
    CHECK_INT(CALL("path_filestat_get", 3, 1, TEXT("soft"), 200), WASI_OK);
    CHECK_INT(memory[216], FILETYPE_REGULAR);
    CHECK_INT(word(224), 2); /* links */
    CHECK_INT(CALL("path_filestat_set_times", 3, 1, TEXT("soft"), 1, 2, 5), WASI_OK);
    CHECK_INT(CALL("path_unlink_file", 3, TEXT("soft")), WASI_OK);
    CHECK_INT(CALL("path_unlink_file", 3, TEXT("soft")), WASI_NOENT);
    CHECK_INT(CALL("path_remove_directory", 3, TEXT("sub")), WASI_NOTEMPTY);
    CHECK_INT(CALL("path_remove_directory", 3, TEXT("sub/deep")), WASI_OK);
    CHECK_INT(CALL("path_remove_directory", 3, TEXT("sub")), WASI_OK);
    CHECK_INT(CALL("path_remove_directory", 3, TEXT(".")), WASI_INVAL);
    CHECK_INT(CALL("path_unlink_file", 3, TEXT("")), WASI_NOENT);
}

TEST(nothing_leads_out)
{
    static const char *const out[] = {"../secret", "/etc/passwd", "sub/../../secret", "..", "abs",
                                      "up",        "chain"};
    char path[200], target[100];

    begin();
    CHECK_INT(CALL("path_create_directory", 3, TEXT("sub")), WASI_OK);
    /* As an operator or another program might leave them. */
    snprintf(path, sizeof path, "%s/rw/abs", root);
    snprintf(target, sizeof target, "%s/secret", root);
    CHECK_INT(symlink(target, path), 0);
    snprintf(path, sizeof path, "%s/rw/up", root);
    CHECK_INT(symlink("../secret", path), 0);
    snprintf(path, sizeof path, "%s/rw/chain", root);
    CHECK_INT(symlink("up", path), 0);
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        unsigned r = CALL("path_open", 3, 1, TEXT(out[i]), 0, RW, ALL, 0, 100);
        if (!CHECK_INT(r, WASI_NOTCAPABLE))
            printf("    %s\n", out[i]);
        CHECK(CALL("path_filestat_get", 3, 1, TEXT(out[i]), 200) == WASI_NOTCAPABLE);
    }
    CHECK_INT(CALL("path_symlink", TEXT("/etc/passwd"), 3, TEXT("mine")), WASI_NOTCAPABLE);
    CHECK_INT(CALL("path_rename", 3, TEXT("sub"), 3, TEXT("../stolen")), WASI_NOTCAPABLE);
    CHECK_INT(CALL("path_link", 3, 0, TEXT("../secret"), 3, TEXT("mine")), WASI_NOTCAPABLE);
    CHECK_INT(CALL("path_create_directory", 3, TEXT("../dir")), WASI_NOTCAPABLE);
    CHECK_INT(CALL("path_unlink_file", 3, TEXT("../secret")), WASI_NOTCAPABLE);
    CHECK_INT(CALL("path_open", 3, 0, put("a"), 2, 0, RW, ALL, 0, 100), WASI_INVAL); /* a NUL */
    CHECK_INT(CALL("path_open", 3, 0, 1, 5000, 0, RW, ALL, 0, 100), WASI_NAMETOOLONG);
    CHECK_INT(CALL("path_open", 3, 0, MEMORY - 1, 5, 0, RW, ALL, 0, 100), WASI_FAULT);
    CHECK_INT(CALL("path_open", 1, 0, TEXT("x"), 0, RW, ALL, 0, 100), WASI_NOTDIR);
}

TEST(read_only_is_read_only)
{
    begin();
    int fd = open_in(4, "file", 0, RIGHT_FD_READ);
    CHECK(fd > 0);
    CHECK_INT(transfer("fd_read", (uint32_t)fd, NULL, 100), 7);
    CHECK_INT(open_in(4, "file", 0, RW), -WASI_ROFS);
    CHECK_INT(open_in(4, "new", CREATE, RIGHT_FD_READ), -WASI_ROFS);
    CHECK_INT(open_in(4, "file", 8, RIGHT_FD_READ), -WASI_ROFS); /* truncate */
    CHECK_INT(CALL("path_unlink_file", 4, TEXT("file")), WASI_ROFS);
    CHECK_INT(CALL("path_create_directory", 4, TEXT("d")), WASI_ROFS);
    CHECK_INT(CALL("path_rename", 4, TEXT("file"), 3, TEXT("file")), WASI_ROFS);
    CHECK_INT(CALL("path_rename", 3, TEXT("x"), 4, TEXT("x")), WASI_ROFS);
    CHECK_INT(CALL("path_link", 4, 0, TEXT("file"), 3, TEXT("x")), WASI_ROFS);
    CHECK_INT(CALL("path_symlink", TEXT("a"), 4, TEXT("b")), WASI_ROFS);
    CHECK_INT(CALL("path_filestat_set_times", 4, 0, TEXT("file"), 1, 1, 5), WASI_ROFS);
    CHECK_INT(CALL("fd_filestat_set_times", 4, 1, 1, 5), WASI_ROFS);
    CHECK_INT(CALL("fd_filestat_set_size", (uint32_t)fd, 0), WASI_NOTCAPABLE);
}

TEST(a_directory_is_read_in_pieces)
{
    char names[2000] = "";
    uint64_t cookie = 0;
    int entries = 0;

    begin();
    for (int i = 0; i < 50; i++) {
        char name[32];
        snprintf(name, sizeof name, "file-%02d", i);
        CHECK(open_in(3, name, CREATE, RW) > 0 && CALL("fd_close", word(100)) == 0);
    }
    for (uint32_t used = 100; used == 100;) {
        CHECK_INT(CALL("fd_readdir", 3, 8000, 100, cookie, 200), WASI_OK);
        used = word(200);
        for (uint32_t at = 0; at + 24 <= used;) {
            uint32_t n = word(8000 + at + 16);
            if (at + 24 + n > used)
                break;
            memcpy(&cookie, memory + 8000 + at, 8);
            snprintf(names + strlen(names), sizeof names - strlen(names), "%.*s ", (int)n,
                     memory + 8000 + at + 24);
            entries++;
            at += 24 + n;
        }
    }
    CHECK_INT(entries, 52);
    CHECK(strstr(names, "file-00 ") && strstr(names, "file-49 ") && strstr(names, ".. "));
    CHECK_INT(CALL("fd_readdir", 3, MEMORY - 10, 100, 0, 200), WASI_FAULT);
    CHECK_INT(CALL("fd_readdir", 1, 8000, 100, 0, 200), WASI_NOTDIR);
}

TEST(preopens_are_told_and_descriptors_end)
{
    int opened = 0;

    begin();
    CHECK_INT(CALL("fd_prestat_get", 3, 200), WASI_OK);
    CHECK_INT(word(204), 3);
    CHECK_INT(CALL("fd_prestat_dir_name", 3, 300, 3), WASI_OK);
    CHECK(memcmp(memory + 300, "/rw", 3) == 0);
    CHECK_INT(CALL("fd_prestat_dir_name", 3, 300, 2), WASI_NAMETOOLONG);
    CHECK_INT(CALL("fd_prestat_get", 5, 200), WASI_BADF);
    CHECK_INT(CALL("fd_prestat_get", 1, 200), WASI_BADF);
    while (opened < 1000 && open_in(4, "file", 0, RIGHT_FD_READ) > 0)
        opened++;
    CHECK_INT(opened, FDS_MAX - 5);
    CHECK_INT(open_in(4, "file", 0, RIGHT_FD_READ), -WASI_MFILE);
    CHECK_INT(CALL("fd_renumber", 7, 6), WASI_OK);
    CHECK_INT(CALL("fd_renumber", 7, 6), WASI_BADF);
    CHECK_INT(CALL("fd_close", 3), WASI_OK);
    CHECK_INT(open_in(3, "x", 0, RIGHT_FD_READ), -WASI_BADF);
    wasi_end(w);
    int next = open("/dev/null", O_RDONLY);
    CHECK(next < 20); /* all was closed */
    close(next);
}

TEST(devices_and_pipes_are_not_files)
{
    char path[100];

    begin();
    snprintf(path, sizeof path, "%s/rw/pipe", root);
    CHECK_INT(mkfifo(path, 0644), 0);
    CHECK_INT(open_in(3, "pipe", 0, RIGHT_FD_READ), -WASI_NOTCAPABLE);
}

TEST(poll_waits_for_the_first)
{
    struct {
        uint64_t userdata, tag, id, timeout, precision, flags;
    } subs[3] = {{1, 0, 1, 1000000, 0, 0}, {2, 0, 1, 60000000000, 0, 0}, {3, 2, 1, 0, 0, 0}};

    begin();
    memcpy(memory + 1000, subs, sizeof subs);
    CHECK_INT(CALL("poll_oneoff", 1000, 2000, 2, 3000), WASI_OK);
    CHECK_INT(word(3000), 1);
    CHECK_INT(word(2000), 1);
    CHECK_INT(waits, 1);
    CHECK_INT(CALL("poll_oneoff", 1000, 2000, 3, 3000), WASI_OK); /* stdout is ready */
    CHECK_INT(word(3000), 1);
    CHECK_INT(word(2000), 3);
    CHECK_INT(waits, 1);
    CHECK_INT(CALL("poll_oneoff", 1000, 2000, 0, 3000), WASI_INVAL);
    CHECK_INT(CALL("poll_oneoff", 1000, 2000, 0xffffffff, 3000), WASI_INVAL);
    CHECK_INT(CALL("poll_oneoff", MEMORY - 20, 2000, 1, 3000), WASI_FAULT);
    subs[0].id = 99;
    memcpy(memory + 1000, subs, sizeof subs);
    CHECK_INT(CALL("poll_oneoff", 1000, 2000, 1, 3000), WASI_OK);
    CHECK_INT(word(2008) & 0xffff, WASI_INVAL);
}

TEST(the_end_and_what_there_is_not)
{
    uint32_t code;

    begin();
    CHECK(!wasi_exited(w, &code));
    CHECK_INT(CALL("proc_exit", 3), 1000);
    CHECK(wasi_exited(w, &code));
    CHECK_INT(code, 3);
    begin();
    CHECK(!wasi_exited(w, &code));
    CHECK_INT(CALL("proc_raise", 9), WASI_NOTSUP);
    CHECK_INT(CALL("sock_accept", 3, 0, 0), WASI_NOTSUP);
    CHECK_INT(CALL("sock_recv", 3, 0, 0, 0, 0, 0), WASI_NOTSUP);
    CHECK_INT(CALL("sock_send", 3, 0, 0, 0, 0), WASI_NOTSUP);
    CHECK_INT(CALL("sock_shutdown", 3, 0), WASI_NOTSUP);
}
