#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALARM_S 60

static struct test *first, **last = &first;
static int failures;

void test_add(struct test *t)
{
    *last = t;
    last = &t->next;
}

static bool report(bool ok, const char *file, int line)
{
    if (!ok) {
        failures++;
        printf("%s:%d: ", file, line);
    }
    return ok;
}

bool test_true(bool ok, const char *file, int line, const char *text)
{
    if (!report(ok, file, line))
        printf("not true: %s\n", text);
    return ok;
}

bool test_int(long long got, long long want, const char *file, int line, const char *text)
{
    if (!report(got == want, file, line))
        printf("%s is %lld, not %lld\n", text, got, want);
    return got == want;
}

bool test_str(const char *got, const char *want, const char *file, int line, const char *text)
{
    bool same = got == want || (got && want && strcmp(got, want) == 0);

    if (!report(same, file, line))
        printf("%s is\n    \"%s\", not\n    \"%s\"\n", text, got ? got : "(null)",
               want ? want : "(null)");
    return same;
}

/* In a child, so that it can do no harm. */
static bool passes(const struct test *t)
{
    int status = 0;

    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(ALARM_S);
        t->run();
        exit(failures > 0);
    }
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status))
        printf("%s: ended by signal %d (%s)\n", t->name, WTERMSIG(status),
               strsignal(WTERMSIG(status)));
    return status == 0;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;

    for (const struct test *t = first; t; t = t->next) {
        if (argc > 1 && strcmp(argv[1], t->name) == 0) {
            t->run();
            return failures > 0;
        }
        if (argc > 1)
            continue;
        bool ok = passes(t);
        printf("%s %s\n", ok ? "ok  " : "FAIL", t->name);
        *(ok ? &passed : &failed) += 1;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
