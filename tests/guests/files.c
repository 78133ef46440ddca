/*
 * Does to files what its arguments say, in WASI's own words, and answers how each call went:
 * {"do": [["open", 3, "in.txt"], ["read", 4]]} -> {"did": [[0, 4], [0, "hello"]]}. The first of
 * each answer is WASI's error number. Nothing of the C library is between a path and the host.
 */
#include <string.h>
#include <wasi/api.h>
#include <wow/action.h>

#define ROOM 65536u

static uint8_t room[ROOM];

/* One call: its arguments after the name, and what it answers beside the error number. */
struct call {
    const struct json *args;
    struct json *out;
    struct wow_error *err;
};

static uint32_t number(const struct call *c, size_t i)
{
    uint64_t n = 0;

    json_as_uint(json_at(c->args, i), &n);
    return (uint32_t)n;
}

static const char *text(const struct call *c, size_t i)
{
    const char *t = json_as_string(json_at(c->args, i), NULL);

    return t ? t : "";
}

static uint32_t answer_fd(const struct call *c, uint32_t errno_, uint32_t fd)
{
    if (errno_ == 0)
        json_add(c->out, json_uint(fd));
    return errno_;
}

static uint32_t answer_text(const struct call *c, uint32_t errno_, size_t n)
{
    if (errno_ == 0)
        json_add(c->out, json_string_n((const char *)room, n));
    return errno_;
}

/* dir, path, oflags; to be read */
static uint32_t do_open(const struct call *c)
{
    __wasi_fd_t fd = 0;
    uint32_t r = __wasi_path_open(number(c, 1), __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, text(c, 2),
                                  (uint16_t)number(c, 3),
                                  __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR |
                                      __WASI_RIGHTS_PATH_OPEN | __WASI_RIGHTS_FD_FILESTAT_GET,
                                  UINT64_MAX >> 34, 0, &fd);
    return answer_fd(c, r, fd);
}

/* dir, path, oflags; to be written */
static uint32_t do_create(const struct call *c)
{
    __wasi_fd_t fd = 0;
    uint32_t r = __wasi_path_open(
        number(c, 1), __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, text(c, 2), (uint16_t)number(c, 3),
        __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE, 0, 0, &fd);
    return answer_fd(c, r, fd);
}

static uint32_t do_read(const struct call *c)
{
    __wasi_iovec_t iov = {room, ROOM};
    __wasi_size_t n = 0;

    return answer_text(c, __wasi_fd_read(number(c, 1), &iov, 1, &n), n);
}

static uint32_t do_write(const struct call *c)
{
    const char *t = text(c, 2);
    __wasi_ciovec_t iov = {(const uint8_t *)t, strlen(t)};
    __wasi_size_t n;

    return __wasi_fd_write(number(c, 1), &iov, 1, &n);
}

static uint32_t do_close(const struct call *c) { return __wasi_fd_close(number(c, 1)); }

static uint32_t do_resize(const struct call *c)
{
    return __wasi_fd_filestat_set_size(number(c, 1), number(c, 2));
}

static uint32_t do_renumber(const struct call *c)
{
    return __wasi_fd_renumber(number(c, 1), number(c, 2));
}

static uint32_t do_preopen(const struct call *c)
{
    __wasi_prestat_t stat;
    uint32_t r = __wasi_fd_prestat_get(number(c, 1), &stat);

    if (r == 0)
        r = __wasi_fd_prestat_dir_name(number(c, 1), room, stat.u.dir.pr_name_len);
    return answer_text(c, r, r == 0 ? stat.u.dir.pr_name_len : 0);
}

/* The names in a directory, in one text. */
static uint32_t do_list(const struct call *c)
{
    static char names[ROOM];
    __wasi_size_t n = 0, at = 0, end = 0;
    __wasi_dirent_t d;
    uint32_t r = __wasi_fd_readdir(number(c, 1), room, ROOM, 0, &n);

    while (r == 0 && at + sizeof d <= n) {
        memcpy(&d, room + at, sizeof d);
        at += sizeof d;
        if (d.d_namlen > n - at || end + d.d_namlen + 1 >= ROOM)
            break;
        memcpy(names + end, room + at, d.d_namlen);
        end += d.d_namlen;
        names[end++] = ' ';
        at += d.d_namlen;
    }
    memcpy(room, names, end);
    return answer_text(c, r, end);
}

static uint32_t do_stat(const struct call *c)
{
    __wasi_filestat_t stat;
    uint32_t r = __wasi_path_filestat_get(number(c, 1), number(c, 3), text(c, 2), &stat);

    return answer_fd(c, r, r == 0 ? (uint32_t)stat.size : 0);
}

static uint32_t do_times(const struct call *c)
{
    return __wasi_path_filestat_set_times(number(c, 1), __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW,
                                          text(c, 2), 0, 0, __WASI_FSTFLAGS_MTIM);
}

static uint32_t do_mkdir(const struct call *c)
{
    return __wasi_path_create_directory(number(c, 1), text(c, 2));
}

static uint32_t do_rmdir(const struct call *c)
{
    return __wasi_path_remove_directory(number(c, 1), text(c, 2));
}

static uint32_t do_unlink(const struct call *c)
{
    return __wasi_path_unlink_file(number(c, 1), text(c, 2));
}

/* target, dir, path */
static uint32_t do_symlink(const struct call *c)
{
    return __wasi_path_symlink(text(c, 1), number(c, 2), text(c, 3));
}

static uint32_t do_readlink(const struct call *c)
{
    __wasi_size_t n = 0;

    return answer_text(c, __wasi_path_readlink(number(c, 1), text(c, 2), room, ROOM, &n), n);
}

/* dir, path, dir, path */
static uint32_t do_link(const struct call *c)
{
    return __wasi_path_link(number(c, 1), 0, text(c, 2), number(c, 3), text(c, 4));
}

static uint32_t do_rename(const struct call *c)
{
    return __wasi_path_rename(number(c, 1), text(c, 2), number(c, 3), text(c, 4));
}

static const struct {
    const char *name;
    uint32_t (*call)(const struct call *c);
} calls[] = {
    {"open", do_open},         {"create", do_create},   {"read", do_read},
    {"write", do_write},       {"close", do_close},     {"resize", do_resize},
    {"renumber", do_renumber}, {"preopen", do_preopen}, {"list", do_list},
    {"stat", do_stat},         {"times", do_times},     {"mkdir", do_mkdir},
    {"rmdir", do_rmdir},       {"unlink", do_unlink},   {"symlink", do_symlink},
    {"readlink", do_readlink}, {"link", do_link},       {"rename", do_rename},
};

static struct json *files(const struct json *args, struct wow_error *err)
{
    const struct json *todo = wow_array(args, "do", err);
    struct json *result = json_object(), *did = json_set(result, "did", json_array());

    for (const struct json *one = json_first(todo); one; one = json_next(one)) {
        struct json *out = json_array();
        struct call c = {.args = one, .out = json_array(), .err = err};
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
            if (strcmp(calls[i].name, text(&c, 0)) == 0)
                json_add(out, json_uint(calls[i].call(&c)));
        if (json_count(out) == 0)
            return wow_fail(err, "no such call");
        for (const struct json *v = json_first(c.out); v; v = json_next(v))
            json_add(out, v);
        json_add(did, out);
    }
    return result;
}

WOW_ACTION(files)
