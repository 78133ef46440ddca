#pragma once

/*
 * A test program is one file of TEST(name) { … } blocks linked with test.c. Each test runs in a
 * child process with an alarm, so that a crash or a hang costs one test; `t_x NAME` runs one
 * without a fork, for a debugger. A failed CHECK prints both values and the test goes on. The last
 * line is "N passed, N failed".
 */

#include <stdbool.h>

struct test {
    const char *name;
    void (*run)(void);
    struct test *next;
};

void test_add(struct test *t);
bool test_true(bool ok, const char *file, int line, const char *text);
bool test_int(long long got, long long want, const char *file, int line, const char *text);
bool test_str(const char *got, const char *want, const char *file, int line, const char *text);

#define TEST(name)                                                          \
    static void test_##name(void);                                          \
    __attribute__((constructor)) static void test_register_##name(void)     \
    {                                                                       \
        static struct test t = {#name, test_##name, 0};                     \
        test_add(&t);                                                       \
    }                                                                       \
    static void test_##name(void)

/* Each is true when the check held, so that a test can stop where it makes no sense to go on. */
#define CHECK(ok) test_true(ok, __FILE__, __LINE__, #ok)
#define CHECK_INT(got, want) test_int((long long)(got), (long long)(want), __FILE__, __LINE__, #got)
#define CHECK_STR(got, want) test_str(got, want, __FILE__, __LINE__, #got)
