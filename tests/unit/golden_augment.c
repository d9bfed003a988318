/* Prints `OPERATOR LAYOUT TYPE HASH` for every operator and every sample that it takes: FNV-1a, 64
 * bits, of the results of its example and of texts that begin with it, in a few slots of a batch.
 * The same lines are expected of every compiler, optimisation, instruction set and byte order:
 * golden_augment.txt has them.
 *
 *   golden_augment [KERNELS [OPERATOR]]      plain, avx2, avx512, or "" for the fastest
 *
 * With OPERATOR, only that operator's lines are printed, and a line for each text before them.
 * Needs src/random, src/grid, src/augment, of src/core only what golden_augment.sh names, and the
 * public headers. Exit code 77: this CPU does not run these kernels. Exit code 1: an operator has
 * no line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "augment_apply.h"
#include "augment_mix.h"
#include "augment_print.h"
#include "augment_table.h"
#include "grid_kernels.h"
#include "grid_sample_kernels.h"
#include "random_kernels.h"
#include "random_stream.h"

enum {
    SLOTS = 9,       /* more than one block of the first draws */
    MOST_FIELDS = 3, /* of a sample */
    STRANGE_SLOT = 5 /* whose floats are not all finite */
};

static const char *only; /* the operator whose lines are printed; NULL: all */

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "golden_augment: %s: %s\n", what, shs_message());
    exit(1);
}

static void *memory_of(size_t bytes)
{
    void *memory = calloc(bytes ? bytes : 1, 1);
    if (!memory) give_up("memory");
    return memory;
}

/* ---- Samples. */

/* A field of a sample; without a layout it ends the list. A ragged one has fewer rows in each slot.
 */
struct field {
    const char *name, *layout;
    shs_type type;
    uint64_t shape[SHS_MAX_AXES];
    bool ragged;
};

/* Every type, channels first and last, square and not, longer than vectors and with odd ends. */
static const struct field alone[] = {
    {"f", "hwc", SHS_U8, {33, 37, 3}, false},
    {"f", "hwc", SHS_U16, {21, 21, 3}, false},
    {"f", "hwc", SHS_F32, {34, 34, 3}, false},
    {"f", "chw", SHS_U8, {3, 35, 35}, false},
    {"f", "chw", SHS_F32, {3, 23, 37}, false},
    {"f", "hw", SHS_U8, {28, 28}, false},
    {"f", "hw", SHS_I16, {19, 21}, false},
    {"f", "hw", SHS_F16, {21, 21}, false},
    {"f", "hw", SHS_F64, {35, 35}, false},
    {"f", "hw", SHS_F32, {1, 1}, false},
    {"f", "tchw", SHS_U16, {2, 1, 17, 34}, false},
    {"f", "zyx", SHS_F32, {12, 12, 12}, false},
    {"f", "zyx", SHS_I8, {7, 11, 13}, false},
    {"f", "tyxc", SHS_F32, {4, 17, 31, 2}, false},
    {"f", "tyxi", SHS_F32, {3, 19, 19, 2}, false},
    {"f", "zyxi", SHS_F64, {7, 7, 7, 3}, false},
    {"f", "yxij", SHS_F64, {9, 9, 2, 2}, false},
    {"f", "w", SHS_F32, {301}, false},
    {"f", "w", SHS_I32, {301}, false},
    {"f", "w", SHS_U64, {77}, false},
    {"f", "tc", SHS_F64, {67, 3}, false},
    {"f", "ct", SHS_I64, {5, 40}, false},
    {"f", "tc", SHS_U32, {33, 2}, true},
    {"f", "hwc", SHS_U8, {24, 35, 3}, true},
};

/* What a sample of a field holds: whole numbers of all sizes; floats from 0 to 1, in odd slots from
 * -1 to 1, and in one slot with NaN, infinities and the least numbers among them. */
static void write_element(shs_type type, uint64_t bits, uint64_t slot, void *at)
{
    static const uint32_t odd_bits[] = {0x7fc00000, 0x7f800000, 0xff800000, 0x80000000, 1};
    uint8_t byte = (uint8_t)bits;
    uint16_t half = (uint16_t)bits;
    uint32_t word = (uint32_t)bits;
    uint32_t odd = odd_bits[bits % (sizeof odd_bits / sizeof *odd_bits)];
    float single = (float)(bits >> 40) * 0x1p-24f;
    if (slot % 2 && bits & 1) single = -single;
    if (slot == STRANGE_SLOT && (bits >> 8) % 16 == 0) memcpy(&single, &odd, sizeof single);
    double number = (double)single;
    if (type == SHS_F16) half = (uint16_t)((half & 0x83ff) | 0x3800); /* from 1/2 to 1 */
    if (type == SHS_F32)
        memcpy(at, &single, sizeof single);
    else if (type == SHS_F64)
        memcpy(at, &number, sizeof number);
    else if (shs_type_size(type) == sizeof byte)
        memcpy(at, &byte, sizeof byte);
    else if (shs_type_size(type) == sizeof half)
        memcpy(at, &half, sizeof half);
    else if (shs_type_size(type) == sizeof word)
        memcpy(at, &word, sizeof word);
    else
        memcpy(at, &bits, sizeof bits);
}

static size_t elements_of(const shs_tensor *tensor)
{
    size_t bytes;
    if (shs_tensor_bytes(tensor, &bytes)) give_up("a result's size");
    return bytes / shs_type_size(tensor->type);
}

static void open_stream(const void *unused, uint64_t slot, shs_random *stream)
{
    const shs_place place = {.seed = UINT64_C(0x0123456789abcdef),
                             .purpose = 17,
                             .rank = 7654321,
                             .step = 4000000000u,
                             .slot = slot};
    (void)unused;
    if (shs_random_at(&place, stream)) give_up("place");
}

static void fill(const shs_tensor *tensor, uint64_t slot, char *sample)
{
    shs_random stream;
    open_stream(NULL, 1000 + slot, &stream);
    for (size_t i = 0; i < elements_of(tensor); i++)
        write_element(tensor->type, shs_random_u64(&stream), slot,
                      sample + i * shs_type_size(tensor->type));
}

/* ---- A batch. */

struct batch {
    size_t fields;
    shs_tensor samples[MOST_FIELDS];
    const char *layouts[MOST_FIELDS];
    bool ragged[MOST_FIELDS];
    char *inputs[SLOTS][MOST_FIELDS], *outputs[SLOTS][MOST_FIELDS];
    uint64_t rows[SLOTS][MOST_FIELDS];
    shs_augment *augment;
};

static void open_batch(const struct field *fields, struct batch *batch)
{
    *batch = (struct batch){0};
    for (size_t f = 0; f < MOST_FIELDS && fields[f].layout; f++, batch->fields++) {
        shs_tensor *tensor = &batch->samples[f];
        *tensor = (shs_tensor){.name = fields[f].name,
                               .type = fields[f].type,
                               .axes = (uint32_t)strlen(fields[f].layout)};
        memcpy(tensor->shape, fields[f].shape, sizeof tensor->shape);
        batch->layouts[f] = fields[f].layout;
        batch->ragged[f] = fields[f].ragged;
        for (uint64_t slot = 0; slot < SLOTS; slot++) {
            size_t size = shs_type_size(tensor->type), bytes = elements_of(tensor) * size;
            char *input = batch->inputs[slot][f] = memory_of(bytes);
            uint64_t rows = slot * 5 % (tensor->shape[0] + 1);
            batch->rows[slot][f] = fields[f].ragged ? rows : UINT64_MAX;
            fill(tensor, slot + SLOTS * f, input);
            if (fields[f].ragged) /* the rows behind its own are zeros */
                memset(input + bytes / tensor->shape[0] * rows, 0,
                       bytes - bytes / tensor->shape[0] * rows);
        }
    }
}

static void close_batch(struct batch *batch)
{
    for (size_t slot = 0; slot < SLOTS; slot++)
        for (size_t f = 0; f < batch->fields; f++)
            free(batch->inputs[slot][f]);
}

static void find_sample(const void *user, uint64_t slot, const void **inputs, void **outputs,
                        uint64_t *rows)
{
    const struct batch *batch = user;
    for (size_t f = 0; f < batch->fields; f++) {
        inputs[f] = batch->inputs[slot][f];
        outputs[f] = batch->outputs[slot][f];
        rows[f] = batch->rows[slot][f];
    }
}

static void apply_one(const struct batch *batch, const shs_augment *augment, shs_random *stream,
                      uint64_t slot, char *const *from, char *const *to, void *scratch)
{
    const void *inputs[MOST_FIELDS];
    void *outputs[MOST_FIELDS];
    for (size_t f = 0; f < batch->fields; f++) {
        inputs[f] = from[f];
        outputs[f] = to[f];
    }
    if (augment_apply_rows(augment, stream, batch->rows[slot], inputs, outputs, scratch))
        give_up("apply");
}

static char *room_for(const shs_augment *augment, size_t f)
{
    const shs_tensor *output = shs_augment_output(augment, f);
    return memory_of(elements_of(output) * shs_type_size(output->type));
}

/* Mixes the samples of all slots but the last, whose weight is 0. */
static void mix(const struct batch *batch, void *scratch)
{
    const shs_augment *before = augment_before_mix(batch->augment);
    char *first[SLOTS][MOST_FIELDS], *mixed[MOST_FIELDS];
    shs_random streams[SLOTS];
    for (size_t f = 0; f < batch->fields; f++)
        mixed[f] = room_for(before, f);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        open_stream(NULL, slot, &streams[slot]);
        for (size_t f = 0; f < batch->fields; f++)
            first[slot][f] = room_for(before, f);
        apply_one(batch, before, &streams[slot], slot, batch->inputs[slot], first[slot], scratch);
    }
    for (size_t slot = 0; slot < SLOTS; slot++) {
        struct augment_mix_draw draw;
        augment_mix_draw(batch->augment, &streams[slot], slot, SLOTS - 1, &draw);
        for (size_t f = 0; f < batch->fields; f++) {
            const shs_tensor *tensor = shs_augment_output(before, f);
            if (augment_mixes_field(batch->augment, f))
                augment_mix_sample(batch->augment, f, &draw, first[slot][f], first[draw.partner][f],
                                   mixed[f]);
            else
                memcpy(mixed[f], first[slot][f], elements_of(tensor) * shs_type_size(tensor->type));
        }
        apply_one(batch, augment_behind_mix(batch->augment), &streams[slot], slot, mixed,
                  batch->outputs[slot], scratch);
    }
    for (size_t f = 0; f < batch->fields; f++) {
        free(mixed[f]);
        for (size_t slot = 0; slot < SLOTS; slot++)
            free(first[slot][f]);
    }
}

/* ---- Hashes. */

static const uint64_t no_hash = UINT64_C(0xcbf29ce484222325);

/* The bytes of a number, the lowest first. */
static uint64_t hash_number(uint64_t hash, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ (number >> 8 * i & 0xff)) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_elements(uint64_t hash, const shs_tensor *tensor, const char *elements)
{
    size_t size = shs_type_size(tensor->type);
    for (size_t i = 0; i < elements_of(tensor); i++, elements += size) {
        uint8_t byte;
        uint16_t half;
        uint32_t word;
        uint64_t number;
        memcpy(&byte, elements, sizeof byte);
        number = byte;
        if (size == sizeof half) memcpy(&half, elements, sizeof half), number = half;
        if (size == sizeof word) memcpy(&word, elements, sizeof word), number = word;
        if (size == sizeof number) memcpy(&number, elements, sizeof number);
        hash = hash_number(hash, number, size);
    }
    return hash;
}

/* Adds a batch under a text. Returns false, and adds the refusal, if the text does not fit the
 * fields. */
static bool add_text(const char *text, struct batch *batch, uint64_t *hash)
{
    const struct augment_how how = {
        .table = &augment_operators, .layouts = batch->layouts, .ragged = batch->ragged};
    const struct augment_slots slots = {batch, open_stream, find_sample, NULL, NULL};
    shs_status status =
        augment_open_how(&how, text, batch->samples, batch->fields, &batch->augment);
    *hash = hash_number(*hash, status == SHS_OK, 1);
    if (status) return false;
    void *scratch = memory_of(shs_augment_scratch(batch->augment));
    for (size_t slot = 0; slot < SLOTS; slot++)
        for (size_t f = 0; f < batch->fields; f++)
            batch->outputs[slot][f] = room_for(batch->augment, f);
    if (augment_mixer(batch->augment))
        mix(batch, scratch);
    else if (augment_apply_slots(batch->augment, &slots, 0, SLOTS, scratch))
        give_up(text);
    for (size_t slot = 0; slot < SLOTS; slot++)
        for (size_t f = 0; f < batch->fields; f++) {
            *hash = hash_elements(*hash, shs_augment_output(batch->augment, f),
                                  batch->outputs[slot][f]);
            free(batch->outputs[slot][f]);
        }
    free(scratch);
    shs_augment_close(&batch->augment);
    if (only) printf("%016" PRIx64 " %s\n", *hash, text);
    return true;
}

static void print_line(const char *name, const struct field *fields, size_t count, uint64_t hash)
{
    printf("%s ", name);
    for (size_t f = 0; f < count; f++)
        printf("%s%s%s", f ? "," : "", fields[f].layout, fields[f].ragged ? "(ragged)" : "");
    for (size_t f = 0; f < count; f++)
        printf("%c%s", f ? ',' : ' ', shs_type_name(fields[f].type));
    printf(" %016" PRIx64 "\n", hash);
}

/* ---- Operators by themselves. Each has its example, and the texts in which it comes first. */

static const char *const texts[] = {
    "random_crop(padding=3, mode=reflect)",
    "random_crop(padding=2, size=[9,10], mode=edge)",
    "random_flip(axis=h, p=1)",
    "random_flip(axis=z)",
    "random_flip(axis=t)",
    "normalize(mean=[0.49,0.48,0.45], std=[0.25,0.24,0.26])",
    "normalize(mean=100, std=3, scale=none)",
    "cast(type=f64)",
    "cast(type=f32)",
    "cast(type=i16)",
    "center_crop(size=[9,40])",
    "window_crop(size=5)",
    "window_crop(size=11, axes=w)",
    "pad(padding=2, mode=wrap)",
    "pad(padding=3, mode=reflect, axes=t)",
    "pad(padding=5, mode=edge, axes=w)",
    "random_rot90(axes=zy)",
    "d4(axes=yz, p=0.8)",
    "random_symmetry(axes=yx)",
    "random_symmetry(axes=zyx)",
    "random_roll(axes=hw)",
    "random_roll(axes=t, p=0.6)",
    "random_shift(most=7, mode=wrap, axes=w)",
    "random_shift(most=3)",
    "clip(min=-0.5, max=0.25)",
    "clip(min=3, max=100)",
    "log1p(scale=3.7)",
    "log1p(scale=0)",
    "asinh(scale=0.3)",
    "unpack(scale=0)",
    "unpack(scale=0.01, offset=273.15, fill=-1)",
    "random_scale(factor=0.25..3, by=channel)",
    "random_scale(factor=-1..1, p=0.7)",
    "random_scale(factor=0..0)",
    "brightness(factor=0..3, p=0.8)",
    "contrast(factor=0..2)",
    "contrast(factor=0..0)",
    "brightness(factor=0..0)",
    "saturation(factor=0..3)",
    "hue(turns=-0.5..0.5)",
    "color_jitter(brightness=0.6..1.4, contrast=0.6..1.4, saturation=0..2, hue=-0.5..0.5)",
    "color_jitter(hue=-0.1..0.1, contrast=0.2..4, p=0.7)",
    "grayscale(channels=3, p=0.5)",
    "gamma(exponent=0.3..3)",
    "gaussian_noise(std=0..2, mean=-0.5)",
    "gaussian_noise(std=30, p=0.6)",
    "noise(snr=-10..20, by=channel)",
    "random_erasing(p=1, scale=0.1..0.6, ratio=0.2..5, value=1)",
    "time_mask(size=0..0.7, value=2)",
    "time_mask(size=0.5..0.5, axis=w)",
    "channel_drop(p=0.4, value=1)",
    "resize(size=[50,31])",
    "resize(size=[9,8], how=area)",
    "resize(size=[40,13], how=nearest)",
    "random_resized_crop(size=[17,24], scale=0.1..1, how=bilinear)",
    "random_resized_crop(size=9, how=area)",
    "random_resized_crop(size=24, how=nearest)",
    "gaussian_blur(size=3, sigma=0.5..9, border=wrap)",
    "gaussian_blur(size=15, sigma=2..4, border=reflect)",
    "random_rotation(degrees=-180..180, how=nearest)",
    "random_rotation(degrees=20..50, border=edge)",
    "random_affine(degrees=-50..70, translate=-0.3..0.3, scale=0.5..2, shear=-20..20)",
    "random_affine(degrees=0..0, scale=0.2..3, border=reflect, how=nearest)",
    "random_affine(degrees=-9..9, shear=-60..60, border=wrap)",
    "elastic(alpha=9..20, sigma=3, border=reflect)",
    "elastic(alpha=2..30, sigma=10, how=nearest)",
    "mixup(alpha=1, p=0.7) random_flip(axis=w)",
    "mixup(alpha=8)",
    "cutmix(alpha=0.4, p=0.8)",
    "one_of(d4() random_roll(axes=w) random_crop(padding=2))",
    "sometimes(p=0.5, random_flip(axis=w) random_flip(axis=h))",

    /* Several in a pass, and several in a resampling. */
    "random_crop(padding=4) random_flip(axis=w) normalize(mean=0.286, std=0.353)",
    "random_crop(padding=2) random_flip(axis=w) normalize(mean=[1,2,3], std=4) to_chw()",
    "random_flip(axis=w) cast(type=f32) normalize(mean=0.5, std=0.25) gaussian_noise(std=0.1)",
    "random_resized_crop(size=14) random_flip(axis=w) normalize(mean=0.5, std=0.25)",
    ("random_rotation(degrees=-30..30) random_affine(degrees=0..9, scale=0.8..1.25) "
     "elastic(alpha=5..5, sigma=3)"),
    "random_rotation(degrees=-30..30) random_flip(axis=w) color_jitter(brightness=0.5..1.5)",
    "d4() random_crop(padding=1) gaussian_blur(size=5) cast(type=f32) normalize(mean=0, std=2)",
};

enum {
    N_TEXTS = sizeof texts / sizeof *texts
};

static bool begins_with(const char *text, const char *name)
{
    size_t length = strlen(name);
    return !strncmp(text, name, length) && text[length] == '(';
}

static bool is_wanted(const char *name)
{
    return !only || !strcmp(only, name);
}

/* Opens the example for a field f, and every text of the operator; counts the fields that each text
 * of texts[] fits. */
static bool print_field(const struct augment_kind *kind, const struct field *field, size_t *fits)
{
    const struct field fields[MOST_FIELDS] = {*field};
    struct core_text example = {0};
    struct batch batch;
    uint64_t hash = no_hash;
    char text[256];
    open_batch(fields, &batch);
    augment_print_example(kind, &example);
    if (example.status) give_up("an example");
    snprintf(text, sizeof text, "f: %s", example.bytes);
    core_text_free(&example);
    bool any = add_text(text, &batch, &hash);
    for (size_t t = 0; t < N_TEXTS; t++) {
        if (!begins_with(texts[t], kind->name)) continue;
        snprintf(text, sizeof text, "f: %s", texts[t]);
        bool opened = add_text(text, &batch, &hash);
        fits[t] += opened;
        any |= opened;
    }
    if (any) print_line(kind->name, fields, 1, hash);
    close_batch(&batch);
    return any;
}

static void print_operator(const struct augment_kind *kind, size_t *fits)
{
    bool any = false;
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        any |= print_field(kind, &alone[i], fits);
    if (any) return;
    fprintf(stderr, "golden_augment: %s takes none of the fields; add a text or a field\n",
            kind->name);
    exit(1);
}

static void print_operators(void)
{
    size_t fits[N_TEXTS] = {0};
    for (size_t k = 0; k < augment_operators.count; k++)
        if (is_wanted(augment_operators.kinds[k]->name))
            print_operator(augment_operators.kinds[k], fits);
    for (size_t t = 0; t < N_TEXTS; t++)
        if (!only && !fits[t]) {
            fprintf(stderr,
                    "golden_augment: no field fits the text %s; add a field or mend the text\n",
                    texts[t]);
            exit(1);
        }
}

/* ---- Several fields together: components of vectors, images with their masks, ragged signals. */

static const struct {
    const char *name, *text;
    struct field fields[MOST_FIELDS + 1];
} together[] = {
    {"random_flip",
     "u,v,f: random_flip(axis=x, vectors=(u,v))",
     {{"u", "yx", SHS_F32, {19, 19}, false},
      {"v", "yx", SHS_F32, {19, 19}, false},
      {"f", "yx", SHS_F64, {19, 19}, false}}},
    {"random_rot90",
     "u,v: random_rot90(vectors=(u,v), against=y)",
     {{"u", "tyx", SHS_F64, {2, 9, 9}, false}, {"v", "tyx", SHS_F64, {2, 9, 9}, false}}},
    {"random_symmetry",
     "u,v,w: random_symmetry(vectors=(u,v,w), components=zxy)",
     {{"u", "zyx", SHS_F32, {8, 8, 8}, false},
      {"v", "zyx", SHS_F32, {8, 8, 8}, false},
      {"w", "zyx", SHS_F32, {8, 8, 8}, false}}},
    {"random_rotation",
     "u,v: random_rotation(degrees=-180..180, vectors=(u,v), border=wrap)",
     {{"u", "yx", SHS_F32, {33, 33}, false}, {"v", "yx", SHS_F32, {33, 33}, false}}},
    {"random_rotation",
     "f,g[nearest,edge]: random_rotation(degrees=-15..15) random_affine(degrees=0..9, shear=-9..9)",
     {{"f", "hwc", SHS_U8, {31, 37, 3}, false}, {"g", "hw", SHS_U16, {31, 37}, false}}},
    {"elastic",
     "f,g[nearest]: random_flip(axis=w) elastic(alpha=5..20, sigma=4)",
     {{"f", "chw", SHS_F32, {2, 21, 24}, false}, {"g", "hw", SHS_I32, {21, 24}, false}}},
    {"random_resized_crop",
     "f,g[nearest]: random_resized_crop(size=20); f: normalize(mean=0.4, std=0.2)",
     {{"f", "hwc", SHS_U8, {40, 50, 3}, false}, {"g", "hw", SHS_U8, {40, 50}, false}}},
    {"time_flip",
     "f,g: time_flip() time_mask(size=0.1..0.5); f: noise(snr=3)",
     {{"f", "tc", SHS_F32, {19, 2}, true}, {"g", "t", SHS_I16, {19}, true}}},
    {"mixup",
     "f: random_flip(axis=w) cast(type=f32); f,g: mixup(alpha=0.3); g: clip(min=0, max=0.5)",
     {{"f", "hwc", SHS_U8, {9, 17, 3}, false}, {"g", "c", SHS_F64, {10}, false}}},
    {"cutmix",
     "f,g: random_crop(padding=2) cutmix(alpha=1); f: random_erasing()",
     {{"f", "hwc", SHS_U8, {18, 17, 3}, false}, {"g", "hw", SHS_U16, {18, 17}, false}}},
};

static void print_together(void)
{
    for (size_t i = 0; i < sizeof together / sizeof *together; i++) {
        struct batch batch;
        uint64_t hash = no_hash;
        if (!is_wanted(together[i].name)) continue;
        open_batch(together[i].fields, &batch);
        if (!add_text(together[i].text, &batch, &hash)) give_up(together[i].text);
        print_line(together[i].name, together[i].fields, batch.fields, hash);
        close_batch(&batch);
    }
}

int main(int argc, char **argv)
{
    const char *kernels = argc > 1 ? argv[1] : "";
    if (!random_kernels_choose(kernels) || !grid_kernels_choose(kernels) ||
        !grid_sample_kernels_choose(kernels))
        return 77;
    only = argc > 2 ? argv[2] : NULL;
    print_operators();
    print_together();
    return 0;
}
