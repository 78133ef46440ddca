"""
WASI preview 1 as the specification has it, function by function: what each gives, each error that
it documents, and pointers and sizes that lie. Every call is made by a guest (tests/wasi/caller.c)
in a real worker, on every engine. Source: WebAssembly/WASI, legacy/preview1/docs.md.
"""
import os
import pwd
import re
import shutil
import struct
import time

import pytest

from harness import BUILD, ROOT, Wowd

CALLER = (BUILD / "guests" / "caller.wasm").read_bytes()

OK, ACCES, BADF, EXIST, FAULT, FBIG, INVAL, ISDIR = 0, 2, 8, 20, 21, 22, 28, 31
LOOP, MFILE, NAMETOOLONG, NOENT, NOTDIR, NOTEMPTY, NOTSUP = 32, 33, 37, 44, 54, 55, 58
ROFS, SPIPE, XDEV, NOTCAPABLE, PERM = 69, 70, 75, 76, 63

NOBODY = pwd.getpwnam("nobody").pw_uid
BAD = 0xFFFFFFF0  # no memory reaches there
RW, RO = 3, 4     # the granted directories
NONE = 99         # no such descriptor
READ, SEEK, FLAGS, TELL, WRITE, READDIR, STAT = 2, 4, 8, 32, 64, 1 << 14, 1 << 21
ALL = (1 << 28) - 1
CREAT, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8
APPEND = 1
FOLLOW = 1
MAX64 = (1 << 63) - 1


def opens(path, oflags=0, rights=READ | WRITE | SEEK | TELL | STAT, flags=0, fd=RW, lookup=FOLLOW,
          inheriting=ALL):
    """Line of a path_open; $K is the new descriptor then."""
    return f"path_open {fd} {lookup} #{path} {oflags} {rights} {inheriting} {flags} *4"


def subscription(kind, what, timeout=0, flags=0, userdata=7):
    if kind == 0:
        body = struct.pack("<IIQQHxxxxxx", what, 0, timeout, 0, flags)
    else:
        body = struct.pack("<I28x", what)
    return ":" + (struct.pack("<QBxxxxxxx", userdata, kind) + body).hex()


def u32(out, at=0):
    return struct.unpack_from("<I", out, at)[0]


def u64(out, at=0):
    return struct.unpack_from("<Q", out, at)[0]


FILE = opens("file")
FULL = opens("file", rights=ALL)

# Function: cases. A case is the lines, the errors of the last of them (or of all, as a list; those
# before it are OK then), and what must be true of the last one's bytes.
CASES = {
    "args_sizes_get": [
        ("buf *4; args_sizes_get @0 *4", OK, lambda out: u32(out) > 40),
        (f"args_sizes_get {BAD} *4", FAULT), (f"args_sizes_get *4 {BAD}", FAULT)],
    "args_get": [
        ("buf *64; args_get @0 *4096", OK, lambda out: b'{"script"' in out),
        (f"args_get {BAD} *4096", FAULT), (f"args_get *64 {BAD}", FAULT),
        ("args_get *64 -1", FAULT)],
    "environ_sizes_get": [
        ("buf *4; environ_sizes_get @0 *4; environ_sizes_get *4 @0", OK, lambda out: u32(out) == 2),
        (f"environ_sizes_get {BAD} *4", FAULT), (f"environ_sizes_get *4 {BAD}", FAULT)],
    "environ_get": [
        ("buf *64; environ_get @0 *4096", OK, lambda out: b"A=1\0" in out),
        (f"environ_get {BAD} *4096", FAULT), (f"environ_get *64 {BAD}", FAULT)],
    "clock_res_get": [
        *[(f"clock_res_get {clock} *8", OK, lambda out: 0 < u64(out) <= 10 ** 9)
          for clock in range(4)],
        ("clock_res_get 4 *8", INVAL), ("clock_res_get -1 *8", INVAL),
        (f"clock_res_get 0 {BAD}", FAULT)],
    "clock_time_get": [
        ("clock_time_get 0 1000 *8", OK, lambda out: abs(u64(out) / 1e9 - time.time()) < 60),
        *[(f"clock_time_get {clock} 0 *8", OK, lambda out: u64(out) > 0) for clock in (1, 2, 3)],
        ("clock_time_get 4 0 *8", INVAL), (f"clock_time_get 0 0 {BAD}", FAULT)],
    "fd_advise": [
        *[(f"{FULL}; fd_advise $0 0 4 {advice}", OK) for advice in range(6)],
        (f"{FULL}; fd_advise $0 0 4 6", INVAL), (f"fd_advise {NONE} 0 0 0", BADF),
        ("fd_advise 1 0 0 0", NOTCAPABLE), (f"fd_advise {RW} 0 0 0", NOTCAPABLE),
        (f"{FILE}; fd_advise $0 0 0 0", NOTCAPABLE),
        (f"{FULL}; fd_advise $0 -1 0 0", INVAL), (f"{FULL}; fd_advise $0 0 -1 0", INVAL)],
    "fd_allocate": [
        (f"{FULL}; fd_allocate $0 0 100; fd_filestat_get $0 *64", OK,
         lambda out: u64(out, 32) == 100),
        (f"{FULL}; fd_allocate $0 0 0", INVAL),
        (f"{FULL}; fd_allocate $0 -1 9", INVAL),
        (f"{FULL}; fd_allocate $0 0 {MAX64}", FBIG),
        (f"{opens('file', rights=READ)}; fd_allocate $0 0 9", NOTCAPABLE),
        (f"fd_allocate {NONE} 0 9", BADF), ("fd_allocate 1 0 9", NOTCAPABLE),
        (f"fd_allocate {RO} 0 9", ROFS), (f"fd_allocate {RW} 0 9", NOTCAPABLE)],
    "fd_close": [
        (f"{FILE}; fd_close $0; fd_close $0", BADF), (f"{FILE}; fd_close $0", OK),
        (f"fd_close {NONE}", BADF), ("fd_close -1", BADF),
        (f"fd_close {RW}; fd_prestat_get {RW} *8", BADF), ("fd_close 0", OK)],
    "fd_datasync": [
        (f"{FULL}; fd_datasync $0", OK), (f"fd_datasync {NONE}", BADF),
        (f"{opens('file', rights=READ)}; fd_datasync $0", NOTCAPABLE), ("fd_datasync 1", NOTCAPABLE)],
    "fd_sync": [
        (f"{FULL}; fd_sync $0", OK), (f"fd_sync {NONE}", BADF),
        (f"{opens('file', rights=READ)}; fd_sync $0", NOTCAPABLE), ("fd_sync 1", NOTCAPABLE)],
    "fd_fdstat_get": [
        ("fd_fdstat_get 1 *24", OK, lambda out: out[0] == 2),
        (f"fd_fdstat_get {RW} *24", OK, lambda out: out[0] == 3 and not u64(out, 8) & WRITE),
        (f"{opens('file', flags=APPEND)}; fd_fdstat_get $0 *24", OK,
         lambda out: out[0] == 4 and out[2] == APPEND and u64(out, 8) & WRITE),
        (f"fd_fdstat_get {NONE} *24", BADF), (f"fd_fdstat_get 1 {BAD}", FAULT)],
    "fd_fdstat_set_flags": [
        (f"{FULL}; fd_fdstat_set_flags $0 {APPEND}; buf #xy; "
         "fd_write $0 [@2,2] 1 *4; fd_filestat_get $0 *64", OK, lambda out: u64(out, 32) == 6),
        (f"{FULL}; fd_fdstat_set_flags $0 4", OK),
        (f"{FULL}; fd_fdstat_set_flags $0 2", NOTSUP),
        (f"{FULL}; fd_fdstat_set_flags $0 32", INVAL),
        (f"{opens('file', rights=READ)}; fd_fdstat_set_flags $0 1", NOTCAPABLE),
        (f"fd_fdstat_set_flags {NONE} 0", BADF)],
    "fd_fdstat_set_rights": [
        (f"{opens('file')}; fd_fdstat_set_rights $0 {READ} 0; fd_write $0 [@0,4] 1 *4", NOTCAPABLE),
        (f"{opens('file', rights=READ)}; fd_fdstat_set_rights $0 {READ | WRITE} 0", NOTCAPABLE),
        (f"fd_fdstat_set_rights {RW} 0 0; {opens('file')}", NOTCAPABLE),
        (f"fd_fdstat_set_rights {NONE} 0 0", BADF)],
    "fd_filestat_get": [
        (f"{FILE}; fd_filestat_get $0 *64", OK, lambda out: out[16] == 4 and u64(out, 32) == 4),
        (f"fd_filestat_get {RW} *64", OK, lambda out: out[16] == 3),
        ("fd_filestat_get 0 *64", OK, lambda out: out[16] == 2),
        (f"{opens('file', rights=READ)}; fd_filestat_get $0 *64", NOTCAPABLE),
        (f"fd_filestat_get {NONE} *64", BADF), (f"fd_filestat_get 1 {BAD}", FAULT)],
    "fd_filestat_set_size": [
        (f"{FULL}; fd_filestat_set_size $0 9; fd_filestat_get $0 *64", OK,
         lambda out: u64(out, 32) == 9),
        (f"{FULL}; fd_filestat_set_size $0 -1", INVAL),
        (f"{FULL}; fd_filestat_set_size $0 {1 << 40}", FBIG),
        (f"{FILE}; fd_filestat_set_size $0 1", NOTCAPABLE),
        (f"fd_filestat_set_size {NONE} 1", BADF), (f"fd_filestat_set_size {RO} 1", ROFS),
        ("fd_filestat_set_size 1 1", NOTCAPABLE)],
    "fd_filestat_set_times": [
        (f"{FULL}; fd_filestat_set_times $0 5000000001 7000000002 5; "
         "fd_filestat_get $0 *64", OK,
         lambda out: (u64(out, 40), u64(out, 48)) == (5000000001, 7000000002)),
        (f"{FULL}; fd_filestat_set_times $0 0 0 10; fd_filestat_get $0 *64",
         OK, lambda out: abs(u64(out, 48) / 1e9 - time.time()) < 60),
        (f"{FULL}; fd_filestat_set_times $0 1 1 3", INVAL),
        (f"{FULL}; fd_filestat_set_times $0 1 1 12", INVAL),
        (f"{FULL}; fd_filestat_set_times $0 1 1 16", INVAL),
        (f"{FILE}; fd_filestat_set_times $0 1 1 5", NOTCAPABLE),
        (f"fd_filestat_set_times {NONE} 1 1 5", BADF)],
    "fd_pread": [
        (f"{FILE}; buf *8; fd_pread $0 [@1,8] 1 1 *4; buf @1", OK),
        (f"{FILE}; buf *8; fd_pread $0 [@1,8] 1 1 *4", OK, lambda out: u32(out) == 3),
        (f"{FILE}; buf *8; fd_pread $0 [@1,8] 1 100 *4", OK, lambda out: u32(out) == 0),
        (f"{FILE}; buf *8; fd_pread $0 [@1,2,@1,2] 2 0 *4", OK, lambda out: u32(out) == 4),
        (f"{FILE}; fd_pread $0 [{BAD},8] 1 0 *4", FAULT),
        (f"{FILE}; fd_pread $0 {BAD} 1 0 *4", FAULT),
        (f"{FILE}; buf *8; fd_pread $0 [@1,8] 1 0 {BAD}", FAULT),
        (f"{FILE}; fd_pread $0 [] -1 0 *4", INVAL),
        (f"{FILE}; buf *8; fd_pread $0 [@1,8] 1 -1 *4", INVAL),
        (f"fd_pread {NONE} [] 0 0 *4", BADF), (f"fd_pread {RW} [] 0 0 *4", ISDIR),
        ("fd_pread 0 [] 0 0 *4", SPIPE),
        (f"{opens('file', rights=WRITE)}; fd_pread $0 [] 0 0 *4", NOTCAPABLE)],
    "fd_prestat_get": [
        (f"fd_prestat_get {RW} *8", OK, lambda out: out[0] == 0 and u32(out, 4) > 4),
        ("fd_prestat_get 1 *8", BADF), (f"fd_prestat_get {RO + 1} *8", BADF),
        (f"{opens('dir', DIRECTORY)}; fd_prestat_get $0 *8", BADF),
        (f"fd_prestat_get {RW} {BAD}", FAULT)],
    "fd_prestat_dir_name": [
        (f"fd_prestat_dir_name {RW} *400 400", OK, lambda out: out.rstrip(b"\0").endswith(b"/rw")),
        (f"fd_prestat_dir_name {RW} *3 3", NAMETOOLONG),
        (f"fd_prestat_dir_name {RW} {BAD} 400", FAULT),
        ("fd_prestat_dir_name 1 *40 40", BADF), (f"fd_prestat_dir_name {NONE} *40 40", BADF)],
    "fd_pwrite": [
        (f"{FILE}; buf #xy; fd_pwrite $0 [@1,2] 1 10 *4; fd_filestat_get $0 *64", OK,
         lambda out: u64(out, 32) == 12),
        (f"{FILE}; fd_pwrite $0 [{BAD},8] 1 0 *4", FAULT),
        (f"{FILE}; fd_pwrite $0 {BAD} 1 0 *4", FAULT),
        (f"{FILE}; buf #xy; fd_pwrite $0 [@1,2] 1 -5 *4", INVAL),
        (f"{FILE}; buf #xy; fd_pwrite $0 [@1,2] 1 {1 << 40} *4", FBIG),
        (f"fd_pwrite {NONE} [] 0 0 *4", BADF), (f"fd_pwrite {RW} [] 0 0 *4", BADF),
        ("fd_pwrite 1 [] 0 0 *4", SPIPE),
        (f"{opens('file', rights=READ)}; fd_pwrite $0 [] 0 0 *4", NOTCAPABLE)],
    "fd_read": [
        (f"{FILE}; buf *8; fd_read $0 [@1,3,@1,8] 2 *4; fd_tell $0 *8", OK, lambda out: u64(out) == 4),
        ("buf *64; fd_read 0 [@0,10] 1 *4", OK, lambda out: u32(out) == 10),
        ("fd_read 1 [] 0 *4", NOTCAPABLE), (f"fd_read {NONE} [] 0 *4", BADF),
        (f"fd_read {RW} [] 0 *4", ISDIR), (f"fd_read 0 [{BAD},100] 1 *4", FAULT),
        ("fd_read 0 [0,-1] 1 *4", FAULT), (f"fd_read 0 {BAD} 2 *4", FAULT),
        (f"fd_read 0 [] 0 {BAD}", FAULT), ("fd_read 0 [] 1025 *4", INVAL),
        (f"{opens('file', rights=WRITE)}; fd_read $0 [] 0 *4", NOTCAPABLE)],
    "fd_readdir": [
        (f"fd_readdir {RW} *4096 4096 0 *4", OK, lambda out: u32(out) > 24 * 4),
        (f"buf *4096; fd_readdir {RW} @0 4096 0 *4; buf @0", OK),
        (f"buf *30; fd_readdir {RW} @0 30 0 *4", OK, lambda out: u32(out) == 30),
        (f"fd_readdir {RW} *10 0 0 *4", OK, lambda out: u32(out) == 0),
        (f"fd_readdir {RW} {BAD} 400 0 *4", FAULT), (f"fd_readdir {RW} *40 -1 0 *4", FAULT),
        (f"fd_readdir {RW} *400 400 0 {BAD}", FAULT),
        (f"{FILE}; fd_readdir $0 *400 400 0 *4", NOTDIR),
        (f"fd_readdir {NONE} *400 400 0 *4", BADF),
        (f"fd_readdir {RW} *400 400 -1 *4", INVAL),
        (f"fd_fdstat_set_rights {RW} 0 0; fd_readdir {RW} *400 400 0 *4", NOTCAPABLE)],
    "fd_renumber": [
        (f"{FILE}; {opens('new', CREAT)}; fd_renumber $0 $1; fd_filestat_get $1 *64", OK,
         lambda out: u64(out, 32) == 4),
        (f"{FILE}; {FILE}; fd_renumber $0 $1; fd_close $0", BADF),
        (f"fd_renumber {NONE} 1", BADF), (f"{FILE}; fd_renumber $0 {NONE}", BADF),
        (f"{FILE}; fd_renumber $0 $0; fd_tell $0 *8", OK)],
    "fd_seek": [
        (f"{FILE}; fd_seek $0 -1 2 *8", OK, lambda out: u64(out) == 3),
        (f"{FILE}; fd_seek $0 9 0 *8", OK, lambda out: u64(out) == 9),
        (f"{FILE}; fd_seek $0 2 0 *8; fd_seek $0 1 1 *8", OK, lambda out: u64(out) == 3),
        (f"{FILE}; fd_seek $0 -1 0 *8", INVAL), (f"{FILE}; fd_seek $0 0 3 *8", INVAL),
        (f"{FILE}; fd_seek $0 0 0 {BAD}", FAULT), ("fd_seek 1 0 0 *8", SPIPE),
        (f"fd_seek {NONE} 0 0 *8", BADF), (f"fd_seek {RW} 0 0 *8", NOTCAPABLE),
        (f"{opens('file', rights=READ | TELL)}; fd_seek $0 1 0 *8", NOTCAPABLE),
        (f"{opens('file', rights=READ | TELL)}; fd_seek $0 0 1 *8", OK)],
    "fd_tell": [
        (f"{FILE}; fd_seek $0 2 0 *8; fd_tell $0 *8", OK, lambda out: u64(out) == 2),
        (f"{FILE}; fd_tell $0 {BAD}", FAULT), ("fd_tell 0 *8", NOTCAPABLE), (f"fd_tell {NONE} *8", BADF),
        (f"{opens('file', rights=READ)}; fd_tell $0 *8", NOTCAPABLE)],
    "fd_write": [
        (f"{FILE}; buf #abcdef; fd_write $0 [@1,4,@1,2] 2 *4; fd_filestat_get $0 *64", OK,
         lambda out: u64(out, 32) == 6),
        ("buf #hello%0a; fd_write 1 [@0,6] 1 *4", OK, lambda out: u32(out) == 6),
        ("buf #hello%0a; fd_write 2 [@0,6] 1 *4", OK, lambda out: u32(out) == 6),
        ("fd_write 0 [] 0 *4", NOTCAPABLE), (f"fd_write {RW} [] 0 *4", BADF),
        (f"fd_write {NONE} [] 0 *4", BADF), (f"fd_write 1 [{BAD},100] 1 *4", FAULT),
        (f"fd_write 1 {BAD} 1 *4", FAULT), ("fd_write 1 [0,-1] 1 *4", FAULT),
        (f"fd_write 1 [] 0 {BAD}", FAULT), ("fd_write 1 [] 1025 *4", INVAL),
        (f"{opens('file', rights=READ)}; fd_write $0 [] 0 *4", NOTCAPABLE)],
    "path_create_directory": [
        (f"path_create_directory {RW} #new; path_filestat_get {RW} 0 #new *64", OK,
         lambda out: out[16] == 3),
        (f"path_create_directory {RW} #new/", OK), (f"path_create_directory {RW} #dir", EXIST),
        (f"path_create_directory {RW} #.", EXIST), (f"path_create_directory {RW} #no/x", NOENT),
        (f"path_create_directory {RW} #file/x", NOTDIR),
        (f"path_create_directory {RW} #../x", NOTCAPABLE),
        (f"path_create_directory {RW} #/x", NOTCAPABLE),
        (f"path_create_directory {RW} #out/x", NOTCAPABLE),
        (f"path_create_directory {RO} #x", ROFS), (f"path_create_directory {NONE} #x", BADF),
        ("path_create_directory 1 #x", NOTDIR), (f"path_create_directory {RW} {BAD} 9", FAULT),
        (f"path_create_directory {RW} =x 0", NOENT), (f"path_create_directory {RW} #x%00y", INVAL),
        (f"path_create_directory {RW} 0 5000", NAMETOOLONG),
        (f"path_create_directory {RW} #{'n' * 256}", NAMETOOLONG)],
    "path_filestat_get": [
        (f"path_filestat_get {RW} 0 #file *64", OK, lambda out: out[16] == 4 and u64(out, 32) == 4),
        (f"path_filestat_get {RW} 0 #link *64", OK, lambda out: out[16] == 7),
        (f"path_filestat_get {RW} {FOLLOW} #link *64", OK, lambda out: out[16] == 4),
        (f"path_filestat_get {RW} {FOLLOW} #. *64", OK, lambda out: out[16] == 3),
        (f"path_filestat_get {RW} {FOLLOW} #out *64", NOTCAPABLE),
        (f"path_filestat_get {RW} {FOLLOW} #loop *64", LOOP),
        (f"path_filestat_get {RW} 0 #no *64", NOENT), (f"path_filestat_get {RW} 0 #.. *64", NOTCAPABLE),
        (f"path_filestat_get {RW} 0 #file/ *64", NOTDIR), (f"path_filestat_get {NONE} 0 #x *64", BADF),
        (f"path_filestat_get 1 0 #x *64", NOTDIR), (f"path_filestat_get {RW} 0 #file {BAD}", FAULT),
        (f"path_filestat_get {RW} 0 {BAD} 4 *64", FAULT)],
    "path_filestat_set_times": [
        (f"path_filestat_set_times {RW} 0 #file 3000000001 4000000002 5; "
         f"path_filestat_get {RW} 0 #file *64", OK,
         lambda out: (u64(out, 40), u64(out, 48)) == (3000000001, 4000000002)),
        (f"path_filestat_set_times {RW} 0 #file 1 1 15", INVAL),
        (f"path_filestat_set_times {RW} 0 #no 1 1 5", NOENT),
        (f"path_filestat_set_times {RO} 0 #file 1 1 5", ROFS),
        (f"path_filestat_set_times {RW} 1 #out 1 1 5", NOTCAPABLE),
        (f"path_filestat_set_times {NONE} 0 #file 1 1 5", BADF),
        (f"path_filestat_set_times {RW} 0 {BAD} 4 1 1 5", FAULT)],
    "path_link": [
        (f"path_link {RW} 0 #file {RW} #hard; path_filestat_get {RW} 0 #hard *64", OK,
         lambda out: u64(out, 24) == 2),
        (f"path_link {RW} 0 #file {RW} #dir", EXIST), (f"path_link {RW} 0 #no {RW} #x", NOENT),
        (f"path_link {RW} 0 #dir {RW} #x", PERM), (f"path_link {RW} 1 #link {RW} #x", INVAL),
        (f"path_link {RW} 0 #file {RO} #x", ROFS), (f"path_link {RO} 0 #file {RW} #x", ROFS),
        (f"path_link {RW} 0 #../file {RW} #x", NOTCAPABLE),
        (f"path_link {RW} 0 #file {RW} #../x", NOTCAPABLE),
        (f"path_link {NONE} 0 #file {RW} #x", BADF), (f"path_link {RW} 0 #file {NONE} #x", BADF),
        (f"path_link {RW} 0 {BAD} 4 {RW} #x", FAULT), (f"path_link {RW} 0 #file {RW} {BAD} 1", FAULT),
        (f"path_link {RW} 0 #file/ {RW} #x", NOTDIR)],
    "path_open": [
        (FILE, OK, lambda out: u32(out) == RO + 1), (opens("new", CREAT), OK),
        (opens("dir", DIRECTORY, rights=READDIR), OK), (opens("link"), OK),
        (f"{opens('file', TRUNC)}; fd_filestat_get $0 *64", OK, lambda out: u64(out, 32) == 0),
        (opens("file", CREAT | EXCL), EXIST), (opens("no"), NOENT), (opens("file", DIRECTORY), NOTDIR),
        (opens("file/"), NOTDIR), (opens("link", lookup=0), LOOP), (opens("loop"), LOOP),
        (opens("out"), NOTCAPABLE), (opens("../ro/file"), NOTCAPABLE), (opens("/etc/passwd"), NOTCAPABLE),
        (opens("dir/../../ro/file"), NOTCAPABLE), (opens("dir/../file"), OK),
        (opens("new", CREAT, fd=RO), ROFS), (opens("file", fd=RO), ROFS),
        (opens("file", fd=RO, rights=READ), OK), (opens("file", TRUNC, fd=RO, rights=READ), ROFS),
        (opens("fifo", rights=READ), NOTCAPABLE), (opens("file", fd=NONE), BADF),
        (opens("file", fd=1), NOTDIR), (opens("file", 16), INVAL), (opens("file", flags=32), INVAL),
        (f"path_open {RW} 1 {BAD} 4 0 {READ} 0 0 *4", FAULT),
        (f"path_open {RW} 1 #new {CREAT} {READ} 0 0 {BAD}; ", FAULT),
        (f"path_open {RW} 1 =x 0 0 {READ} 0 0 *4", NOENT), (opens("x%00y"), INVAL),
        (opens("n" * 256), NAMETOOLONG), (f"path_open {RW} 1 0 5000 0 {READ} 0 0 *4", NAMETOOLONG),
        (f"{opens('dir', DIRECTORY, inheriting=READ)}; "
         f"path_open $0 1 #inner {CREAT} {WRITE} 0 0 *4", NOTCAPABLE)],
    "path_readlink": [
        (f"path_readlink {RW} #link *16 16 *4", OK, lambda out: u32(out) == 4),
        (f"buf *16; path_readlink {RW} #link @0 2 *4", OK, lambda out: u32(out) == 2),
        (f"path_readlink {RW} #file *16 16 *4", INVAL), (f"path_readlink {RW} #no *16 16 *4", NOENT),
        (f"path_readlink {RW} #../x *16 16 *4", NOTCAPABLE),
        (f"path_readlink {NONE} #link *16 16 *4", BADF),
        (f"path_readlink {RW} #link {BAD} 64 *4", FAULT),
        (f"path_readlink {RW} #link *16 16 {BAD}", FAULT),
        (f"path_readlink {RW} {BAD} 4 *16 16 *4", FAULT)],
    "path_remove_directory": [
        (f"path_remove_directory {RW} #empty; path_filestat_get {RW} 0 #empty *64", NOENT),
        (f"path_remove_directory {RW} #dir", NOTEMPTY), (f"path_remove_directory {RW} #file", NOTDIR),
        (f"path_remove_directory {RW} #no", NOENT), (f"path_remove_directory {RW} #.", INVAL),
        (f"path_remove_directory {RW} #..", INVAL), (f"path_remove_directory {RW} #../ro", NOTCAPABLE),
        (f"path_remove_directory {RO} #file", ROFS), (f"path_remove_directory {NONE} #x", BADF),
        (f"path_remove_directory {RW} {BAD} 1", FAULT)],
    "path_rename": [
        (f"path_rename {RW} #file {RW} #dir/moved; path_filestat_get {RW} 0 #dir/moved *64", OK),
        (f"path_rename {RW} #file {RW} #link; path_filestat_get {RW} 0 #link *64", OK,
         lambda out: out[16] == 4),
        (f"path_rename {RW} #no {RW} #x", NOENT), (f"path_rename {RW} #file {RW} #dir", ISDIR),
        (f"path_rename {RW} #dir {RW} #file", NOTDIR), (f"path_rename {RW} #empty {RW} #dir", NOTEMPTY),
        (f"path_rename {RW} #dir {RW} #dir/x", INVAL), (f"path_rename {RW} #file {RO} #x", ROFS),
        (f"path_rename {RO} #file {RW} #x", ROFS), (f"path_rename {RW} #../x {RW} #y", NOTCAPABLE),
        (f"path_rename {RW} #file {RW} #../x", NOTCAPABLE), (f"path_rename {NONE} #x {RW} #y", BADF),
        (f"path_rename {RW} #file {NONE} #y", BADF), (f"path_rename {RW} {BAD} 1 {RW} #y", FAULT),
        (f"path_rename {RW} #file {RW} {BAD} 1", FAULT), (f"path_rename {RW} #. {RW} #y", INVAL)],
    "path_symlink": [
        (f"path_symlink #file {RW} #new; path_filestat_get {RW} 1 #new *64", OK,
         lambda out: out[16] == 4),
        (f"path_symlink #nowhere {RW} #new", OK), (f"path_symlink #file {RW} #dir", EXIST),
        (f"path_symlink #/etc/passwd {RW} #new", NOTCAPABLE),
        (f"path_symlink #../../x {RW} #new; path_filestat_get {RW} 1 #new *64", NOTCAPABLE),
        (f"path_symlink #file {RW} #no/x", NOENT), (f"path_symlink #file {RO} #x", ROFS),
        (f"path_symlink =x 0 {RW} #new", NOENT), (f"path_symlink #file {NONE} #x", BADF),
        (f"path_symlink {BAD} 4 {RW} #x", FAULT), (f"path_symlink #file {RW} {BAD} 4", FAULT)],
    "path_unlink_file": [
        (f"path_unlink_file {RW} #file; path_filestat_get {RW} 0 #file *64", NOENT),
        (f"path_unlink_file {RW} #link", OK), (f"path_unlink_file {RW} #dir", ISDIR),
        (f"path_unlink_file {RW} #no", NOENT), (f"path_unlink_file {RW} #file/", NOTDIR),
        (f"path_unlink_file {RW} #../ro/file", NOTCAPABLE), (f"path_unlink_file {RO} #file", ROFS),
        (f"path_unlink_file {NONE} #x", BADF), (f"path_unlink_file {RW} {BAD} 4", FAULT)],
    "poll_oneoff": [
        (f"buf {subscription(0, 1, 1000000)}; buf *32; poll_oneoff @0 @1 1 *4", OK,
         lambda out: u32(out) == 1),
        (f"buf {subscription(0, 0, 1, 1)}; buf *32; poll_oneoff @0 @1 1 *4", OK,
         lambda out: u32(out) == 1),
        (f"buf {subscription(0, 1, 1)}; buf *4; poll_oneoff @0 *32 1 @1", OK,
         lambda out: u64(out) == 7 and out[8:11] == b"\0\0\0"),
        (f"buf {subscription(1, 0)}; buf *4; poll_oneoff @0 *32 1 @1", OK,
         lambda out: out[10] == 1 and u64(out, 16) > 0),
        (f"buf {subscription(2, 1)}; buf *4; poll_oneoff @0 *32 1 @1", OK, lambda out: out[10] == 2),
        (f"buf {subscription(1, NONE)}; buf *4; poll_oneoff @0 *32 1 @1", OK,
         lambda out: out[8] == BADF),
        (f"buf {subscription(0, 9, 1)}; buf *4; poll_oneoff @0 *32 1 @1", OK,
         lambda out: out[8] == INVAL),
        (f"buf {subscription(3, 0)}; buf *4; poll_oneoff @0 *32 1 @1", OK,
         lambda out: out[8] == INVAL),
        ("poll_oneoff 0 0 0 *4", INVAL), ("poll_oneoff 0 0 -1 *4", INVAL),
        (f"poll_oneoff {BAD} *32 1 *4", FAULT),
        (f"buf {subscription(0, 1, 1)}; poll_oneoff @0 {BAD} 1 *4", FAULT),
        (f"buf {subscription(0, 1, 1)}; buf *32; poll_oneoff @0 @1 1 {BAD}", FAULT)],
    "proc_raise": [("proc_raise 9", NOTSUP), ("proc_raise 0", NOTSUP)],
    "random_get": [
        ("random_get *64 64", OK, lambda out: len(set(out)) > 20), ("random_get 0 0", OK),
        (f"random_get {BAD} 64", FAULT), ("random_get 16 -1", FAULT)],
    "sched_yield": [("sched_yield", OK)],
    "sock_accept": [("sock_accept 1 0 *4", NOTSUP), (f"sock_accept {NONE} 0 *4", NOTSUP)],
    "sock_recv": [("sock_recv 1 [] 0 0 *4 *4", NOTSUP), (f"sock_recv 1 {BAD} 1 0 *4 *4", NOTSUP)],
    "sock_send": [("sock_send 1 [] 0 0 *4", NOTSUP), (f"sock_send 1 {BAD} 1 0 *4", NOTSUP)],
    "sock_shutdown": [("sock_shutdown 1 3", NOTSUP), (f"sock_shutdown {NONE} 1", NOTSUP)],
}


def test_all_functions_have_their_cases():
    table = (ROOT / "src" / "host" / "wasi_priv.h").read_text()
    names = set(re.findall(r"X\((\w+), \"", table)) | {"proc_exit"}
    assert len(names) == 46 and names == set(CASES) | {"proc_exit"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    base = tmp_path_factory.mktemp("wasi")
    for parent in base.parents:
        if parent.stat().st_uid == os.geteuid() and str(parent) != "/":
            os.chmod(parent, parent.stat().st_mode | 0o055)
    os.chmod(base, 0o755)
    return base


def furnish(place):
    """Both directories as they are at the beginning of a case."""
    for name in ("rw", "ro"):
        here = place / name
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir()
        (here / "file").write_text("text")
        (here / "dir").mkdir()
        (here / "dir" / "inner").write_text("")
        (here / "empty").mkdir()
        (here / "link").symlink_to("file")
        (here / "loop").symlink_to("loop")
        (here / "out").symlink_to("../ro")
        os.mkfifo(here / "fifo")
        if os.geteuid() == 0:
            for path in (".", "file", "dir", "dir/inner", "empty", "link", "loop", "out", "fifo"):
                os.chown(here / path, NOBODY, -1, follow_symlinks=False)


@pytest.fixture(scope="module")
def container(engine, place, tmp_path_factory):
    furnish(place)
    daemon = Wowd(tmp_path_factory.mktemp("wowd"), engine, "--grant-dirs", place)
    yield Caller(daemon, place)
    daemon.stop()


class Caller:
    def __init__(self, wowd, place):
        self.wowd, self.place = wowd, place

    def calls(self, script, **members):
        """The directories are other ones now: so is the container."""
        made = self.wowd.container(CALLER, env={"A": "1", "__OW_NAMESPACE": "w"}, annotations={
            "dir": [str(self.place / "rw"), f"{self.place / 'ro'}:ro"]})
        reply = made.run({"script": script}, **members)
        made.destroy()
        return reply

    def results(self, script):
        """(error, bytes) of each call."""
        rows = self.calls(script).result["results"]
        return [(error, bytes.fromhex(shown)) for error, shown in rows]


@pytest.mark.parametrize("function", CASES)
def test_function(container, place, function):
    for script, expected, *check in CASES[function]:
        furnish(place)
        results = container.results(script.rstrip("; "))
        errors = [error for error, _ in results]
        assert errors == [OK] * (len(errors) - 1) + [expected], script
        for holds in check:
            assert holds(results[-1][1]), (script, results[-1][1])


def test_proc_exit(container):
    assert container.calls("proc_exit 3; sched_yield").failure(2) == "The action exited with status 3."
    assert container.calls("proc_exit 0").failure(2) == "The action did not print a result."


def test_descriptors_have_an_end(container):
    """96 of them; and one that was closed can be had again."""
    results = container.results("; ".join([opens("file")] * 120))
    errors = [error for error, _ in results]
    assert errors == [OK] * 91 + [MFILE] * 29
    assert u32(results[0][1]) == RO + 1 and u32(results[90][1]) == 95


def test_a_listing_is_whole(container, place):
    """fd_readdir from cookie to cookie, with room for one entry and a bit."""
    furnish(place)
    for n in range(40):
        (place / "rw" / f"entry-{n:03}").write_text("")
    seen, cookie = [], 0
    while True:
        out = container.results(f"buf *4; fd_readdir {RW} *64 64 {cookie} @0")[1][1]
        if u64(out) == 0 and u32(out, 16) == 0:
            break
        size = u32(out, 16)
        seen.append(out[24:24 + size].decode())
        cookie = u64(out)
    assert sorted(seen) == sorted(os.listdir(place / "rw") + [".", ".."])


def test_what_is_written_is_there(container, place):
    furnish(place)
    container.results(f"{opens('new', CREAT)}; buf #hello%20world; fd_write $0 [@1,11] 1 *4; "
                      f"path_symlink #new {RW} #l; path_rename {RW} #new {RW} #dir/n")
    assert (place / "rw/dir/n").read_text() == "hello world"
    assert os.readlink(place / "rw/l") == "new"


@pytest.mark.parametrize("function", CASES)
def test_pointers_everywhere(container, place, function):
    """Each argument in turn is a number from the edges of memory: no trap, no crash, an error or
    not; and the worker lives."""
    furnish(place)
    table = dict(re.findall(r"X\((\w+), \"(\w*):i?\"\)", (
        ROOT / "src" / "host" / "wasi_priv.h").read_text()))
    count = len(table[function])
    edges = [0, -1, 0x7FFFFFFF, 0x80000000, 0xFFFF0000, 65535, 65536, (1 << 62)]
    script = "; ".join(" ".join([function, *["0"] * at, str(edge), *["16"] * (count - at - 1)])
                       for at in range(count) for edge in edges)
    if script:
        reply = container.calls(script, deadline=int(time.time() * 1000) + 3000)
        assert reply.status == 200
    assert container.results("sched_yield") == [(OK, b"")]
