/* shs_augment_open() of any text over a few small fields. A text that opens is applied to a sample.
 * Its canonical form must open again, print as itself, draw the same and give the same bytes. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "augment_apply.h"
#include "augment_mix.h"
#include "augment_record.h"
#include "augment_table.h"
#include "core_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum {
    MOST_MEMORY = 1 << 22, /* in one block: more there is none */
    MOST_BYTES = 1 << 16,  /* of a result, and of scratch memory: larger ones are not computed */
    MOST_INPUT = 512,      /* of a field's sample */
    TIMES = 3              /* samples that each text is applied to */
};

/* The fields: a gray image, a coloured image of bytes, one of floats, a volume, a signal, maps
 * whose file names the axes, a ragged signal, ragged maps, halves, and large whole numbers. */
static const shs_tensor fields[] = {
    {"g", SHS_U8, 2, {5, 5}, NULL},     {"c", SHS_U8, 3, {4, 5, 3}, NULL},
    {"f", SHS_F32, 3, {4, 4, 3}, NULL}, {"v", SHS_F32, 3, {3, 3, 3}, NULL},
    {"s", SHS_F32, 1, {11}, NULL},      {"m", SHS_U16, 4, {2, 3, 4, 3}, NULL},
    {"r", SHS_I16, 1, {9}, NULL},       {"q", SHS_F64, 3, {4, 3, 3}, NULL},
    {"h", SHS_F16, 2, {3, 4}, NULL},    {"i", SHS_I64, 2, {2, 2}, NULL},
};

enum {
    FIELDS = sizeof fields / sizeof *fields
};

static const char *const layouts[FIELDS] = {[3] = "zyx", [5] = "tyxc", [7] = "tyx"};
static const bool ragged[FIELDS] = {[6] = true, [7] = true};
static const struct augment_how how = {
    .table = &augment_operators, .layouts = layouts, .ragged = ragged};

static void need(bool condition)
{
    if (!condition) abort();
}

/* ---- Memory that ends. */

static void *reallocate(void *memory, size_t bytes, void *user)
{
    (void)user;
    return bytes > MOST_MEMORY ? NULL : realloc(memory, bytes);
}

static void release(void *memory, void *user)
{
    (void)user;
    free(memory);
}

/* ---- Samples. */

/* Elements of every kind: small numbers, all bits set, and for floats NaN and infinities, too. */
static void fill(const shs_tensor *field, unsigned turn, unsigned char *sample)
{
    static const float singles[] = {0.25F, -1.5F, 3e38F, 0, (float)NAN, 1, -(float)INFINITY};
    size_t bytes = 0;
    need(!shs_tensor_bytes(field, &bytes) && bytes <= MOST_INPUT);
    for (size_t i = 0; i < bytes; i++)
        sample[i] = (unsigned char)(i * 37 + turn * 11);
    for (size_t i = 0; field->type == SHS_F32 && i < bytes / sizeof *singles; i++)
        memcpy(sample + i * sizeof *singles, &singles[(i * (turn + 1)) % 7], sizeof *singles);
}

/* The results of all fields for a sample. */
struct results {
    unsigned char *output[FIELDS];
    size_t bytes[FIELDS];
};

static void free_results(struct results *results)
{
    for (size_t f = 0; f < FIELDS; f++)
        free(results->output[f]);
}

/* Blocks of just the bytes that are needed, so that a sanitizer sees what lies beyond them. */
static struct results compute(const shs_augment *augment, unsigned turn)
{
    struct results results = {0};
    const void *inputs[FIELDS];
    void *outputs[FIELDS], *scratch = malloc(shs_augment_scratch(augment) + 1);
    uint64_t rows[FIELDS];
    shs_random stream;
    need(scratch != NULL);
    for (size_t f = 0; f < FIELDS; f++) {
        unsigned char sample[MOST_INPUT];
        size_t bytes = 0;
        fill(&fields[f], turn, sample);
        need(!shs_tensor_bytes(&fields[f], &bytes));
        unsigned char *input = malloc(bytes);
        need(input != NULL);
        memcpy(input, sample, bytes);
        inputs[f] = input;
        need(!shs_tensor_bytes(shs_augment_output(augment, f), &results.bytes[f]));
        outputs[f] = results.output[f] = calloc(1, results.bytes[f] + 1);
        need(outputs[f] != NULL);
        rows[f] = ragged[f] ? (turn * 5) % (fields[f].shape[0] + 1) : UINT64_MAX;
    }
    need(!shs_random_at(&(shs_place){.seed = 5, .purpose = 1, .slot = turn}, &stream));
    need(!augment_apply_rows(augment, &stream, rows, inputs, outputs, scratch));
    for (size_t f = 0; f < FIELDS; f++)
        free((void *)(uintptr_t)inputs[f]);
    free(scratch);
    return results;
}

/* Samples that a batch mixes are not computed by themselves. */
static bool is_computed(const shs_augment *augment)
{
    size_t bytes = 0;
    for (size_t f = 0; f < FIELDS; f++)
        if (shs_tensor_bytes(shs_augment_output(augment, f), &bytes) || bytes > MOST_BYTES)
            return false;
    return !augment_mixer(augment) && shs_augment_scratch(augment) <= MOST_BYTES;
}

static void compare(const shs_augment *augment, const shs_augment *again)
{
    for (unsigned turn = 0; turn < TIMES; turn++) {
        struct results first = compute(augment, turn), second = compute(again, turn);
        for (size_t f = 0; f < FIELDS; f++)
            need(first.bytes[f] == second.bytes[f] &&
                 !memcmp(first.output[f], second.output[f], first.bytes[f]));
        free_results(&first);
        free_results(&second);
    }
}

/* ---- Texts. */

/* Prints the canonical form, or the draws of a sample. */
static void print(const shs_augment *augment, bool draws, struct core_text *text)
{
    shs_random stream;
    need(!shs_random_at(&(shs_place){.seed = 5, .purpose = 1}, &stream));
    if (draws)
        augment_record(augment, &stream, text);
    else
        augment_print(augment, text);
}

static void compare_texts(const shs_augment *augment, const shs_augment *again, bool draws)
{
    struct core_text text = {0}, other = {0};
    print(augment, draws, &text);
    print(again, draws, &other);
    if (!text.status && !other.status)
        need(text.length == other.length &&
             (!text.length || !memcmp(text.bytes, other.bytes, text.length)));
    core_text_free(&text);
    core_text_free(&other);
}

static void check(const shs_augment *augment)
{
    struct core_text text = {0};
    shs_augment *again;
    print(augment, false, &text);
    if (text.status) return;
    shs_status status =
        augment_open_how(&how, text.length ? text.bytes : "", fields, FIELDS, &again);
    need(!status || status == SHS_ERROR_MEMORY);
    core_text_free(&text);
    if (status) return;
    compare_texts(augment, again, false);
    if (is_computed(augment)) {
        compare_texts(augment, again, true);
        compare(augment, again);
    }
    shs_augment_close(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const shs_memory memory = {reallocate, release, NULL};
    shs_augment *augment;
    char *text = malloc(bytes + 1);
    shs_memory_use(&memory);
    need(text != NULL);
    if (bytes) memcpy(text, data, bytes);
    text[bytes] = 0;
    shs_status status = augment_open_how(&how, text, fields, FIELDS, &augment);
    need(!augment == (status != SHS_OK));
    need(status == SHS_OK || status == SHS_ERROR_ARGUMENT || status == SHS_ERROR_UNSUPPORTED ||
         status == SHS_ERROR_MEMORY);
    need(!status || *shs_message());
    if (!status) check(augment);
    shs_augment_close(&augment);
    free(text);
    return 0;
}
