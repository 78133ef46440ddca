/*
 * Runs a fuzz target once on each file it is given, and on each file of a directory: so the
 * corpora are tests, with any compiler. libFuzzer brings its own main (`make fuzz`).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "fuzz.h"

static void run_file(const char *path)
{
    AUTO(buf) struct buf bytes;
    struct err err;

    buf_init(&bytes, 1u << 26);
    if (file_read(path, &bytes, &err) < 0) {
        fprintf(stderr, "%s\n", err.msg);
        exit(2);
    }
    /* In a block of its own size: a step too far is then one that a sanitizer sees. */
    uint8_t *exact = malloc(bytes.size + (bytes.size == 0));
    if (bytes.size)
        memcpy(exact, bytes.data, bytes.size);
    LLVMFuzzerTestOneInput(exact, bytes.size);
    free(exact);
}

int main(int argc, char **argv)
{
    int n = 0;

    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        struct dirent *entry;
        while (dir && (entry = readdir(dir)) != NULL)
            if (entry->d_name[0] != '.') {
                AUTO(mem) char *path = mem_print("%s/%s", argv[i], entry->d_name);
                run_file(path);
                n++;
            }
        if (dir)
            closedir(dir);
        else
            run_file(argv[i]);
        n += !dir;
    }
    printf("%d inputs\n", n);
    return n > 0 ? 0 : 2;
}
