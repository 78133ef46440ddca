#include "cli/doctor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/checkup.h"

#define CHECKS_MAX 64

static const struct verb_option options[] = {
    {VERB_END},
};

static void put_json_member(struct buf *out, const char *name, const char *value)
{
    buf_print(out, "%s\"%s\":", out->data[out->size - 1] == '{' ? "" : ",", name);
    buf_json_string(out, value, strlen(value));
}

static void print_json(const struct checkup *all, size_t n, bool good)
{
    static const char *const states[] = {
        [CHECKUP_GOOD] = "good", [CHECKUP_POOR] = "poor", [CHECKUP_BAD] = "bad"};
    AUTO(buf) struct buf out;

    buf_init(&out, 1u << 20);
    buf_print(&out, "{\"good\":%s,\"checks\":[", good ? "true" : "false");
    for (size_t i = 0; i < n; i++) {
        buf_text(&out, i == 0 ? "{" : ",{");
        put_json_member(&out, "topic", all[i].topic);
        put_json_member(&out, "name", all[i].name);
        put_json_member(&out, "state", states[all[i].state]);
        put_json_member(&out, "found", all[i].found);
        if (all[i].state != CHECKUP_GOOD)
            put_json_member(&out, "advice", all[i].advice);
        buf_text(&out, "}");
    }
    buf_text(&out, "]}");
    puts(out.data);
}

static void print(const struct checkup *all, size_t n)
{
    static const char *const marks[] = {
        [CHECKUP_GOOD] = "ok", [CHECKUP_POOR] = "--", [CHECKUP_BAD] = "!!"};
    static const char *const colours[] = {
        [CHECKUP_GOOD] = "\033[32m", [CHECKUP_POOR] = "\033[33m", [CHECKUP_BAD] = "\033[31m"};
    bool terminal = isatty(STDOUT_FILENO) == 1;

    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(all[i].topic, all[i - 1].topic) != 0)
            printf("%s%s\n", i == 0 ? "" : "\n", all[i].topic);
        printf("  %s%s%s %-18s %s\n", terminal ? colours[all[i].state] : "", marks[all[i].state],
               terminal ? "\033[0m" : "", all[i].name, all[i].found);
        if (all[i].state != CHECKUP_GOOD)
            printf("     %-18s %s\n", "", all[i].advice);
    }
}

static int doctor(struct verb_call *call, const void *settings, struct err *err)
{
    struct checkup all[CHECKS_MAX];
    bool good = true;

    (void)settings, (void)err;
    size_t n = checkup_programs(all, CHECKS_MAX);
    n += checkup_kernel(all + n, CHECKS_MAX - n);
    for (size_t i = 0; i < n; i++)
        good = good && all[i].state != CHECKUP_BAD;
    if (call->json)
        print_json(all, n, good);
    else
        print(all, n);
    call->status = good ? EXIT_DONE : EXIT_ACTION_FAILED;
    return 0;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .about = "what is installed here, what the kernel can do, and what to do about the rest",
    .more = "ok: as it should be; --: works, with less; !!: needed, and then the exit status is 1.",
    .options = options,
    .size = 1,
    .run = doctor,
};
