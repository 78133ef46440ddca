#include "cli/build.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/project.h"

struct settings {
    const char *where, *out;
    bool debug, native;
    struct verb_list flags;
};

static const struct verb_option options[] = {
    {VERB_OPTIONAL(where, "DIR|FILE"), "a folder with an action's sources, or one source; else ."},
    {VERB_REST(flags, "FLAG"), "given to the compiler as they stand; behind --"},
    {"output", 'o', VERB_TEXT(out, "FILE", NULL), "the module; else NAME.wasm beside the sources"},
    {"debug", 'g', VERB_SWITCH(debug), "keep the functions' names, so that traps tell them"},
    {"native", 0, VERB_SWITCH(native), "a program for this machine instead, for a debugger"},
    {VERB_END},
};

static int build(struct verb_call *call, const void *settings, struct err *err)
{
    const struct settings *s = settings;
    const struct project_build how = {
        .out = s->out, .debug = s->debug, .native = s->native, .flags = s->flags};
    struct project p;
    AUTO(mem) char *made = NULL;
    AUTO(buf) struct buf line;
    struct stat st = {0};

    buf_init(&line, 1u << 20);
    int r = project_open(s->where ? s->where : ".", &p, err);
    if (r < 0)
        return r;
    uint64_t from = clock_mono_us();
    r = project_make(&p, &how, &made, err);
    const char *lang = p.lang->name;
    project_done(&p);
    if (r < 0)
        return r;
    double ms = (double)(clock_mono_us() - from) / 1e3;
    stat(made, &st);
    if (!call->json) {
        printf("%s: %lld bytes, %.0f ms\n", made, (long long)st.st_size, ms);
        return 0;
    }
    buf_text(&line, "{\"file\":");
    buf_json_string(&line, made, strlen(made));
    buf_print(&line, ",\"bytes\":%lld,\"lang\":\"%s\",\"ms\":%.1f}", (long long)st.st_size, lang,
              ms);
    puts(line.data);
    return 0;
}

const struct verb verb_build = {
    .name = "build",
    .about = "make a module of an action's sources",
    .options = options,
    .size = sizeof(struct settings),
    .run = build,
};
