/* shardstep bench --augment: the speed of an augmentation, from rows in memory to batches. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "augment_apply.h"
#include "augment_mix.h"
#include "augment_print.h"
#include "augment_table.h"
#include "cli_bench.h"
#include "cli_json.h"
#include "core_memory.h"
#include "core_text.h"
#include "grid_kernels.h"
#include "shardstep/random.h"

enum {
    BATCH = 128,            /* rows of a batch, unless they are large */
    BATCH_BYTES = 1 << 23,  /* of a batch as it comes out, at most, if it has several rows */
    MEMORY_BYTES = 1 << 26, /* of the rows in memory, at most, if there are several */
    MOST_ROWS = 1 << 16,    /* rows in memory */
    ALIGNMENT = 64,         /* of a batch: a cache line */
    STEP = 40503,           /* from a row to the next of a batch: odd, so all rows are met */
    NAME_BYTES = 256,       /* of a field's name */
    ROUND_ROWS = 128,       /* of a round, at least */
    ROUNDS = 60             /* of which the fastest counts */
};

/* What is measured. */
struct subject {
    const char *needs; /* the operator that must be there; NULL: the text is the user's */
    const char *text;  /* without a field's name; NULL: the operator's example */
    shs_type type;
    const char *layout;
    uint32_t axes;
    uint64_t shape[SHS_MAX_AXES];
};

#define MEANS "normalize(mean=[0.49,0.48,0.45], std=[0.25,0.24,0.26])"

static const struct subject typical[] = {
    {"random_crop",
     "random_crop(padding=2) random_flip(axis=w) normalize(mean=0.286, std=0.353)",
     SHS_U8,
     "hw",
     2,
     {28, 28}},
    {"random_crop",
     "random_crop(padding=4) random_flip(axis=w) " MEANS,
     SHS_U8,
     "hwc",
     3,
     {32, 32, 3}},
    {"to_chw",
     "random_crop(padding=4) random_flip(axis=w) to_chw() " MEANS,
     SHS_U8,
     "hwc",
     3,
     {32, 32, 3}},
    {"random_flip", "random_flip(axis=w, p=1)", SHS_U8, "hwc", 3, {256, 256, 3}},
    {"normalize", MEANS, SHS_U8, "hwc", 3, {256, 256, 3}},
    {"random_resized_crop",
     "random_resized_crop(size=224) random_flip(axis=w) " MEANS,
     SHS_U8,
     "hwc",
     3,
     {256, 256, 3}},
    {"color_jitter",
     "color_jitter(brightness=0.6..1.4, contrast=0.6..1.4, saturation=0.6..1.4, hue=-0.1..0.1)",
     SHS_U8,
     "hwc",
     3,
     {256, 256, 3}},
    {"gaussian_blur", "gaussian_blur(size=7)", SHS_U8, "hwc", 3, {256, 256, 3}},
    {"gaussian_blur", "gaussian_blur(size=23)", SHS_U8, "hwc", 3, {256, 256, 3}},
    {"random_affine", NULL, SHS_U8, "hwc", 3, {256, 256, 3}},
    {"random_rotation", NULL, SHS_U8, "hwc", 3, {256, 256, 3}},
    {"elastic", NULL, SHS_U8, "hwc", 3, {256, 256, 3}},
    {"gaussian_noise", "gaussian_noise(std=0.1)", SHS_F32, "chw", 3, {3, 64, 64}},
    {"mixup", "mixup(alpha=1)", SHS_F32, "chw", 3, {3, 32, 32}},
    {"random_roll", NULL, SHS_F32, "chw", 3, {3, 64, 64}},
    {"random_symmetry", NULL, SHS_F32, "zyxc", 4, {64, 64, 64, 3}},
};

/* Rows, batches, and what makes one of the other. */
struct bench {
    shs_augment *augment;
    size_t input_bytes, output_bytes; /* of a row */
    size_t rows, batch;               /* in memory, and of a batch */
    char *input, *block, *scratch;
    char *output;  /* the batch: in the block, from a cache line on, as the loader's batches */
    uint64_t step; /* the batch's number */
};

/* ---- A subject's memory. */

/* Fills rows with numbers of which none is a NaN. */
static void fill_rows(const struct subject *subject, char *input, size_t bytes)
{
    uint32_t state = 1;
    for (size_t i = 0; i < bytes; i++) {
        state = state * 1664525 + 1013904223;
        input[i] = (char)(state >> 24);
    }
    for (size_t i = 0; subject->type == SHS_F32 && i < bytes / sizeof(float); i++) {
        float number = (float)(i * 7919 % 65536) * 0x1p-16f;
        memcpy(input + i * sizeof number, &number, sizeof number);
    }
    for (size_t i = 0; subject->type == SHS_F64 && i < bytes / sizeof(double); i++) {
        double number = (double)(i * 7919 % 65536) * 0x1p-16;
        memcpy(input + i * sizeof number, &number, sizeof number);
    }
}

static shs_status make_memory(const struct subject *subject, const shs_tensor *row,
                              struct bench *bench)
{
    shs_status status = shs_tensor_bytes(row, &bench->input_bytes);
    if (!status)
        status = shs_tensor_bytes(shs_augment_output(bench->augment, 0), &bench->output_bytes);
    if (status) return status;
    size_t input = bench->input_bytes ? bench->input_bytes : 1,
           output = bench->output_bytes ? bench->output_bytes : 1;
    bench->rows = MEMORY_BYTES / input < MOST_ROWS ? MEMORY_BYTES / input : MOST_ROWS;
    bench->batch = BATCH_BYTES / output < BATCH ? BATCH_BYTES / output : BATCH;
    if (!bench->rows) bench->rows = 1;
    while (bench->rows & (bench->rows - 1)) /* a power of two, so that rows are found fast */
        bench->rows &= bench->rows - 1;
    if (!bench->batch) bench->batch = 1;
    while (augment_mixer(bench->augment) && bench->rows / 2 >= bench->batch)
        bench->rows /= 2; /* the rows of a batch, which are mixed with one another */
    status = core_new(bench->rows, input, "rows", &bench->input);
    if (!status) status = core_new(bench->batch * output + ALIGNMENT, 1, "a batch", &bench->block);
    if (!status)
        status =
            core_new(shs_augment_scratch(bench->augment) + 1, 1, "augmentation", &bench->scratch);
    if (status) return status;
    bench->output = bench->block + (ALIGNMENT - (uintptr_t)bench->block % ALIGNMENT);
    fill_rows(subject, bench->input, bench->rows * bench->input_bytes);
    return SHS_OK;
}

static void free_bench(struct bench *bench)
{
    core_free(&bench->input);
    core_free(&bench->block);
    core_free(&bench->scratch);
    shs_augment_close(&bench->augment);
}

/* ---- Batches. */

static void stream_of(const void *user, uint64_t slot, shs_random *stream)
{
    const struct bench *bench = user;
    const shs_place place = {
        .seed = 1, .purpose = SHS_ROLE_AUGMENT, .step = bench->step & UINT32_MAX, .slot = slot};
    /* This cannot fail: each part is within its bits */
    shs_status status = shs_random_at(&place, stream);
    (void)status;
}

static void sample_of(const void *user, uint64_t slot, const void **inputs, void **outputs,
                      uint64_t *rows)
{
    const struct bench *bench = user;
    uint64_t row = (bench->step * bench->batch + slot) * STEP & (bench->rows - 1);
    inputs[0] = bench->input + row * bench->input_bytes;
    outputs[0] = bench->output + slot * bench->output_bytes;
    rows[0] = UINT64_MAX;
}

/* Mixes each row of a batch with its partner. No other operator is applied. */
static shs_status mix_batch(const struct bench *bench)
{
    for (uint64_t slot = 0; slot < bench->batch; slot++) {
        const void *input, *partner;
        void *output, *ignored;
        uint64_t rows;
        shs_random stream;
        struct augment_mix_draw draw;
        stream_of(bench, slot, &stream);
        augment_mix_draw(bench->augment, &stream, slot, bench->batch, &draw);
        sample_of(bench, slot, &input, &output, &rows);
        sample_of(bench, draw.partner, &partner, &ignored, &rows);
        augment_mix_sample(bench->augment, 0, &draw, input, partner, output);
    }
    return SHS_OK;
}

static shs_status augment_batch(struct bench *bench)
{
    if (augment_mixer(bench->augment)) return mix_batch(bench);
    const struct augment_slots slots = {bench, stream_of, sample_of, NULL, NULL};
    return augment_apply_slots(bench->augment, &slots, 0, bench->batch, bench->scratch);
}

static shs_status set_batch(struct bench *bench)
{
    memset(bench->output, (int)(bench->step & 1), bench->batch * bench->output_bytes);
    return SHS_OK;
}

/* Seconds that this thread computed. Other programs that run at the same time do not count. */
static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Does batches for about `seconds`, and at least ROUND_ROWS rows unless the seconds are 0. Keeps in
 * *best the fewest seconds a row of such rounds. A round has so many rows because operators take
 * longer for some draws than for others. */
static shs_status measure(shs_status (*work)(struct bench *), double seconds, struct bench *bench,
                          double *best)
{
    shs_status status = SHS_OK;
    double begin = cpu_seconds(), took;
    size_t rows = 0;
    do {
        bench->step++;
        status = work(bench);
        __asm__ volatile("" : : "r"(bench->output) : "memory");
        took = cpu_seconds() - begin;
        rows += bench->batch;
    } while (!status && (took < seconds || (seconds > 0 && rows < ROUND_ROWS)));
    took /= (double)rows;
    if (*best == 0 || took < *best) *best = took;
    return status;
}

/* ---- A line of the table. */

struct result {
    double seconds, setting, one_by_one; /* the fewest of a row */
};

/* Measures the augmentation, memset() of what comes out, and one operator after the other in plain
 * C, in turns. */
static shs_status measure_turns(bool quick, struct bench *bench, struct result *result)
{
    double seconds = quick ? 0 : 0.005;
    shs_status status = SHS_OK;
    *result = (struct result){0};
    for (int round = 0; round < (quick ? 1 : ROUNDS) && !status; round++) {
        status = measure(augment_batch, seconds, bench, &result->seconds);
        if (!status) status = measure(set_batch, seconds / 4, bench, &result->setting);
        if (round % 4) continue;
        augment_apply_apart(bench->augment, true);
        grid_kernels_choose("plain");
        if (!status) status = measure(augment_batch, seconds, bench, &result->one_by_one);
        grid_kernels_choose("");
        augment_apply_apart(bench->augment, false);
    }
    return status;
}

/* The table, whose head is printed with its first line. */
struct output {
    bool json, quick, begun;
};

static void begin_output(struct output *output)
{
    if (output->begun) return;
    output->begun = true;
    if (output->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("augment", '[');
        return;
    }
    printf("one core, batches of %d rows or %d MiB, the fastest round; beside it memset() of "
           "what comes out, and one operator after the other in plain C\n",
           BATCH, BATCH_BYTES >> 20);
    printf("%12s %9s %10s %10s\n", "samples/s", "GB/s", "x memset", "x plain");
}

static void end_output(const struct output *output)
{
    if (!output->begun || !output->json) return;
    cli_json_end(']');
    cli_json_finish();
}

static void print_result(const struct bench *bench, const struct subject *subject, const char *text,
                         const struct result *result, struct output *to)
{
    struct core_text shape = {0};
    const shs_tensor *output = shs_augment_output(bench->augment, 0);
    shs_tensor row = {.type = subject->type, .axes = subject->axes};
    memcpy(row.shape, subject->shape, sizeof row.shape);
    core_text_add_shape(&shape, &row);
    const char *said = shape.bytes ? shape.bytes : "";
    double rate = 1 / result->seconds, bytes = (double)bench->output_bytes * rate;
    begin_output(to);
    if (to->json) {
        cli_json_begin(NULL, '{');
        cli_json_text("text", text);
        cli_json_text("sample", said);
        cli_json_text("layout", subject->layout ? subject->layout : "");
        cli_json_text("output_type", shs_type_name(output->type));
        cli_json_double("samples_per_s", rate);
        cli_json_double("bytes_per_s", bytes);
        cli_json_double("of_memset", result->seconds / result->setting);
        cli_json_double("of_one_by_one", result->one_by_one / result->seconds);
        cli_json_end('}');
    } else {
        printf("%12.0f %9.2f %10.2f %10.2f  %s %s: %s\n", rate, bytes * 1e-9,
               result->seconds / result->setting, result->one_by_one / result->seconds, said,
               subject->layout ? subject->layout : "", text);
    }
    core_text_free(&shape);
}

/* Finds the name of the text's first field. A text without fields gets one in front. */
static shs_status name_field(const char *text, char name[NAME_BYTES], struct core_text *whole)
{
    size_t length = strcspn(text, ":(");
    if (text[length] != ':') {
        snprintf(name, NAME_BYTES, "sample");
        core_text_add(whole, "%s: %s", name, text);
        return whole->status;
    }
    text += strspn(text, " ");
    snprintf(name, NAME_BYTES, "%.*s", (int)strcspn(text, " ,[:"), text);
    core_text_add(whole, "%s", text);
    return whole->status;
}

/* Refuses a text that does more than mix. */
static shs_status check_mixing(const shs_augment *augment)
{
    if (!augment_mixer(augment) || (!shs_augment_changes(augment_before_mix(augment), 0) &&
                                    !shs_augment_changes(augment_behind_mix(augment), 0)))
        return SHS_OK;
    return core_fail(
        SHS_ERROR_UNSUPPORTED,
        "bench --augment measures %s by itself; leave the other operators out, or give "
        "bench a PATH",
        augment_mixer(augment));
}

static shs_status bench_subject(const struct subject *subject, const char *text,
                                struct output *output)
{
    char name[NAME_BYTES];
    struct core_text whole = {0};
    struct bench bench = {0};
    struct result result;
    const struct augment_how how = {.table = &augment_operators,
                                    .layouts = subject->layout ? &subject->layout : NULL};
    shs_tensor row = {.name = name, .type = subject->type, .axes = subject->axes};
    memcpy(row.shape, subject->shape, sizeof row.shape);
    shs_status status = name_field(text, name, &whole);
    if (!status) status = augment_open_how(&how, whole.bytes, &row, 1, &bench.augment);
    if (status && whole.length > strlen(text)) /* characters are counted in the text with a field */
        core_wrap(status, "of '%.200s'", whole.bytes);
    if (!status) status = check_mixing(bench.augment);
    if (!status) status = make_memory(subject, &row, &bench);
    if (!status) status = measure_turns(output->quick, &bench, &result);
    if (!status) print_result(&bench, subject, text, &result, output);
    free_bench(&bench);
    core_text_free(&whole);
    return status;
}

/* Measures a typical text, if this version has its operator. */
static shs_status bench_typical(const struct subject *subject, struct output *output)
{
    const struct augment_kind *kind = NULL;
    struct core_text example = {0};
    for (size_t k = 0; k < augment_operators.count; k++)
        if (!strcmp(augment_operators.kinds[k]->name, subject->needs))
            kind = augment_operators.kinds[k];
    if (!kind) return SHS_OK;
    augment_print_example(kind, &example);
    shs_status status = example.status;
    if (!status)
        status = bench_subject(subject, subject->text ? subject->text : example.bytes, output);
    core_text_free(&example);
    return status;
}

/* ---- The user's text. */

static shs_status read_shape(const char *text, struct subject *subject)
{
    const char *at = text;
    for (subject->axes = 0; subject->axes < SHS_MAX_AXES;) {
        char number[24];
        size_t length = strcspn(at, "x");
        snprintf(number, sizeof number, "%.*s", (int)length, at);
        if (length >= sizeof number || !core_parse_u64(number, &subject->shape[subject->axes++]))
            break;
        if (!at[length]) return SHS_OK;
        at += length + 1;
    }
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--shape takes the sizes of a sample's axes, such as 28x28 or 32x32x3, at "
                     "most %d, not '%.80s'",
                     SHS_MAX_AXES, text);
}

static shs_status read_type(const char *text, struct subject *subject)
{
    for (shs_type type = SHS_U8; type <= SHS_F64; type++)
        if (!strcmp(shs_type_name(type), text)) {
            subject->type = type;
            return SHS_OK;
        }
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--type takes u8, u16, u32, u64, i8, i16, i32, i64, f16, f32 or f64, not "
                     "'%.80s'",
                     text);
}

static shs_status bench_own(const struct cli_arguments *arguments, struct output *output)
{
    struct subject subject = {.type = SHS_U8, .axes = 2, .shape = {28, 28}};
    shs_status status = SHS_OK;
    subject.layout = arguments->layout;
    if (arguments->shape) status = read_shape(arguments->shape, &subject);
    if (!status && arguments->type) status = read_type(arguments->type, &subject);
    if (!status && subject.layout && strlen(subject.layout) != subject.axes)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "--layout %.80s has %zu letters, but the sample has %u axes (--shape)",
                           subject.layout, strlen(subject.layout), subject.axes);
    if (status) return status;
    return bench_subject(&subject, arguments->loader.augment, output);
}

shs_status cli_bench_augment(const struct cli_arguments *arguments)
{
    shs_status status = SHS_OK;
    struct output output = {.json = arguments->json, .quick = arguments->quick};
    bool own = arguments->loader.augment != NULL;
    if (!own && (arguments->shape || arguments->type || arguments->layout))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "--shape, --type and --layout tell the samples of a TEXT; write "
                         "--augment TEXT");
    if (own) status = bench_own(arguments, &output);
    for (size_t i = 0; !own && i < sizeof typical / sizeof *typical && !status; i++)
        status = bench_typical(&typical[i], &output);
    end_output(&output);
    return status;
}
