/*
 * Plays the container of the recordings, as far as wasm can: "mode" says how it ends. A plain WASI
 * command, so that what it prints as its last line need not even be JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char args[4096];

/* What stands behind "key":, or the default; good enough for what the test sends. */
static const char *text(const char *key, const char *otherwise, char out[256])
{
    char quoted[64];

    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(args, quoted);
    if (!at)
        return otherwise;
    at += strlen(quoted);
    at += strspn(at, " \"");
    snprintf(out, 256, "%.*s", (int)strcspn(at, "\",}"), at);
    return out;
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void print_big(long n)
{
    char *x = malloc((size_t)n + 1);

    memset(x, 'x', (size_t)n);
    x[n] = '\0';
    printf("{\"big\": \"%s\"}\n", x);
}

/* The ends that are no answer. */
static void end(const char *mode)
{
    if (strcmp(mode, "hang") == 0)
        for (volatile int i = 0;; i++)
            ;
    if (strcmp(mode, "trap") == 0)
        __builtin_trap();
    if (strcmp(mode, "exit") == 0)
        exit(3);
}

static void answer(const char *mode)
{
    static const char *const answers[][2] = {
        {"apperr", "{\"error\": \"application says no\"}"},
        {"array", "[1, 2, {\"a\": 3}]"},
        {"string", "\"a string\""},
        {"badjson", "this is not json"},
    };
    char buffer[256];

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strcmp(mode, answers[i][0]) == 0) {
            puts(answers[i][1]);
            return;
        }
    if (strcmp(mode, "big") == 0)
        print_big(atol(text("n", "0", buffer)));
    else if (strcmp(mode, "empty") != 0)
        printf("{\"ok\": true, \"greeting\": \"hello %s\"}\n", text("name", "stranger", buffer));
}

int main(void)
{
    char buffer[256], other[256];

    args[fread(args, 1, sizeof args - 1, stdin)] = '\0';
    const char *mode = text("mode", "", buffer), *id = getenv("__OW_ACTIVATION_ID");
    if (strcmp(mode, "empty") != 0 && strcmp(mode, "quiet") != 0) {
        printf("out %s\n", id ? id : "-");
        fflush(stdout);
    }
    if (strcmp(mode, "quiet") != 0)
        fprintf(stderr, "err %s\n", id ? id : "-");
    if (strcmp(mode, "sleep") == 0)
        sleep_ms(atol(text("ms", "1000", other)));
    end(mode);
    answer(mode);
    return 0;
}
