/*
 * A guest's answer: its memory is the input, its functions return what the first bytes say; the
 * result that is taken from it must be JSON.
 */
#include "host/guest.h"

#include "base/scan.h"
#include "fuzz.h"

static struct guest_input in;
static struct wire_slot slot;
static uint8_t *memory, *output, *log_region;
static uint32_t memory_size;
static int32_t values[8];
static unsigned calls, shape;

static struct wow_instance *const the_instance = (struct wow_instance *)"i";

static bool exports(const struct wow_module *m, const char *func)
{
    bool buffer = strstr(func, "buffer") != NULL, start = strcmp(func, "_start") == 0;

    (void)m;
    return shape == 0 ? buffer || start : shape == 1 ? start : buffer || strcmp(func, "main") == 0;
}

static int spawn(struct wow_module *m, const struct wow_limits *lim, void *guest,
                 struct wow_instance **out, struct wow_end *end, struct err *err)
{
    (void)m, (void)lim, (void)guest, (void)end, (void)err;
    *out = the_instance;
    return 0;
}

static void drop(struct wow_instance *i) { (void)i; }

/* A plain program prints its memory; what is asked for a number gives the next. */
static int call(struct wow_instance *i, const char *func, const int32_t *arg, struct wow_end *end,
                struct err *err)
{
    (void)i, (void)arg, (void)err;
    end->kind = (enum wow_end_kind)(calls == 6 ? WOW_END_TRAP : WOW_END_RETURN);
    end->value = values[calls++ % 8];
    if (shape == 1 && strcmp(func, "_start") == 0)
        wire_log_add(&in.log, 1, memory, memory_size);
    return 0;
}

static uint8_t *span(struct wow_instance *i, uint32_t at, uint32_t n)
{
    (void)i;
    return n <= memory_size && at <= memory_size - n ? memory + at : NULL;
}

const struct wow_engine wow_engine = {
    .name = "fuzz", .exports = exports, .spawn = spawn, .drop = drop, .call = call, .span = span};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wasi *w;
    struct guest_answer answer;
    struct scan_text all;
    struct err err;

    if (size < 34)
        return 0;
    if (!w) {
        w = wasi_new();
        output = malloc(WIRE_OUTPUT_MAX);
        log_region = malloc(WIRE_LOG_MAX);
    }
    shape = data[0] % 3;
    memcpy(values, data + 1, sizeof values);
    memory_size = (uint32_t)(size - 33);
    memory = malloc(memory_size + (memory_size == 0));
    memcpy(memory, data + 33, memory_size);
    calls = 0;
    slot = (struct wire_slot){.log_limit = 4096};
    in = (struct guest_input){.name = "n",
                              .entry = "main",
                              .args = {(const uint8_t *)"{}", 2},
                              .wasi = w,
                              .memory = 1u << 20,
                              .output = output};
    wire_log_begin(&in.log, &slot, log_region);
    guest_run(&in, &answer);
    if (answer.outcome == WIRE_SUCCESS || answer.outcome == WIRE_APP_ERROR) {
        int r = scan_whole((const char *)output, answer.output_size, &all, &err);
        assert(r == 0 && (all.type == SCAN_OBJECT || all.type == SCAN_ARRAY));
    }
    assert(memchr(answer.text, '\0', sizeof answer.text));
    free(memory);
    return 0;
}
