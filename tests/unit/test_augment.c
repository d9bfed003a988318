/* Augmentation: the text and its errors, each operator against a slow one, the order of draws. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "augment_apply.h"
#include "core_status.h"
#include "counted_memory.h"
#include "judge.h"
#include "message.h"
#include "shardstep/augment.h"
#include "unit.h"

__extension__ typedef __int128 wide;

enum {
    MOST_BYTES = 4096, /* of a field's sample in these tests */
    MOST_FIELDS = 4,
    GUARD = 64
};

/* ---- applying an augmentation, with watch kept over what it may touch */

/* Memory with guards around it. */
struct guarded {
    unsigned char *whole;
    size_t bytes;
};

static struct guarded guarded_new(size_t bytes)
{
    struct guarded guarded = {malloc(bytes + 2 * GUARD), bytes};
    if (!guarded.whole) abort();
    memset(guarded.whole, 0x5C, bytes + 2 * GUARD);
    return guarded;
}

static void *guarded_data(const struct guarded *guarded)
{
    return guarded->whole + GUARD;
}

/* True if the guards are as they were; releases the memory. */
static bool guarded_free(struct guarded *guarded)
{
    bool good = true;
    for (size_t i = 0; i < GUARD; i++)
        good =
            good && guarded->whole[i] == 0x5C && guarded->whole[GUARD + guarded->bytes + i] == 0x5C;
    free(guarded->whole);
    return good;
}

struct sample {
    shs_tensor tensor; /* data is the input */
    unsigned char output[MOST_BYTES];
};

static size_t bytes_of(const shs_tensor *tensor)
{
    size_t bytes = 0;
    if (shs_tensor_bytes(tensor, &bytes)) abort();
    return bytes;
}

/* Applies to all fields. Inputs must stay, outputs and scratch must not be left. */
static shs_status apply(const shs_augment *augment, struct sample *samples, size_t fields,
                        shs_random *stream)
{
    struct guarded outputs[MOST_FIELDS], scratch = guarded_new(shs_augment_scratch(augment));
    unsigned char inputs[MOST_FIELDS][MOST_BYTES];
    const void *from[MOST_FIELDS];
    void *to[MOST_FIELDS];
    for (size_t f = 0; f < fields; f++) {
        memcpy(inputs[f], samples[f].tensor.data, bytes_of(&samples[f].tensor));
        outputs[f] = guarded_new(bytes_of(shs_augment_output(augment, f)));
        from[f] = samples[f].tensor.data;
        to[f] = guarded_data(&outputs[f]);
    }
    shs_status status = shs_augment_apply(augment, stream, from, to, guarded_data(&scratch));
    for (size_t f = 0; f < fields; f++) {
        CHECK_BYTES(inputs[f], samples[f].tensor.data, bytes_of(&samples[f].tensor));
        memcpy(samples[f].output, to[f], outputs[f].bytes);
        CHECK(guarded_free(&outputs[f]));
    }
    CHECK(guarded_free(&scratch));
    return status;
}

static shs_augment *open_text(const char *text, const struct sample *samples, size_t fields)
{
    shs_tensor tensors[MOST_FIELDS];
    shs_augment *augment;
    for (size_t f = 0; f < fields; f++)
        tensors[f] = samples[f].tensor;
    if (shs_augment_open(text, tensors, fields, &augment)) {
        printf("  %s: %s\n", text, shs_message());
        WRONG("the text is taken");
        return NULL;
    }
    return augment;
}

/* Opens, applies and closes; the type that the first field got, 0 if that failed. */
static shs_type run(const char *text, struct sample *samples, size_t fields, shs_random *stream)
{
    shs_augment *augment = open_text(text, samples, fields);
    if (!augment) return 0;
    CHECK_STATUS(apply(augment, samples, fields, stream), SHS_OK);
    shs_type type = shs_augment_output(augment, 0)->type;
    shs_augment_close(&augment);
    return type;
}

static void fill(void *bytes, size_t count, uint64_t seed)
{
    unsigned char *to = bytes;
    for (size_t i = 0; i < count; i++)
        to[i] = (unsigned char)judge_random(&seed);
}

static shs_random stream_at(uint64_t seed, uint64_t slot)
{
    shs_random stream;
    if (shs_random_at(&(shs_place){.seed = seed, .purpose = 1, .slot = slot}, &stream)) abort();
    return stream;
}

/* ---- geometry, by coordinates */

/* Where element (channel, y, x) of a sample lies, in elements. */
struct picture {
    size_t channels, height, width;
    size_t channel_step, y_step, x_step;
    size_t size; /* of an element */
};

static struct picture picture_of(const shs_tensor *tensor, const char *layout)
{
    struct picture picture = {1, 1, 1, 0, 0, 0, shs_type_size(tensor->type)};
    size_t step = 1;
    for (size_t axis = tensor->axes; axis-- > 0; step *= (size_t)tensor->shape[axis]) {
        size_t extent = (size_t)tensor->shape[axis];
        if (layout[axis] == 'c') picture.channels = extent, picture.channel_step = step;
        if (layout[axis] == 'h') picture.height = extent, picture.y_step = step;
        if (layout[axis] == 'w') picture.width = extent, picture.x_step = step;
    }
    return picture;
}

/* Copies element (c, fy, fx) to (c, y, x); zero if there is no such element. */
static void move_element(const struct picture *picture, const unsigned char *from, size_t c,
                         long fy, long fx, unsigned char *to, size_t y, size_t x)
{
    size_t at = c * picture->channel_step + y * picture->y_step + x * picture->x_step;
    if (fy < 0 || fx < 0 || fy >= (long)picture->height || fx >= (long)picture->width) {
        memset(to + at * picture->size, 0, picture->size);
        return;
    }
    size_t source =
        c * picture->channel_step + (size_t)fy * picture->y_step + (size_t)fx * picture->x_step;
    memcpy(to + at * picture->size, from + source * picture->size, picture->size);
}

/* Element (y, x) comes from (a*y + b, c*x + d). */
struct motion {
    long a, b, c, d;
};

static void slow_move(const struct picture *picture, struct motion motion, const void *from,
                      void *to)
{
    for (size_t c = 0; c < picture->channels; c++)
        for (size_t y = 0; y < picture->height; y++)
            for (size_t x = 0; x < picture->width; x++)
                move_element(picture, from, c, motion.a * (long)y + motion.b,
                             motion.c * (long)x + motion.d, to, y, x);
}

/* Padding by P and cutting at (down, right): position y is row y + down of the padded picture,
 * which is row y + down - P of the picture itself. */
static struct motion slow_crop(bool high, uint32_t padding, shs_random *stream)
{
    long down = padding, right;
    if (high) down = (long)shs_random_below(stream, 2 * padding + 1);
    right = (long)shs_random_below(stream, 2 * padding + 1);
    return (struct motion){1, down - (long)padding, 1, right - (long)padding};
}

static struct motion slow_flip(const struct picture *picture, char axis, double p,
                               shs_random *stream)
{
    struct motion motion = {1, 0, 1, 0};
    if ((double)shs_random_float(stream) >= p) return motion;
    if (axis == 'w')
        motion.c = -1, motion.d = (long)picture->width - 1;
    else
        motion.a = -1, motion.b = (long)picture->height - 1;
    return motion;
}

static const struct {
    const char *layout, *value; /* the value to write, "" where it is understood */
    uint32_t axes;
    uint64_t shape[3];
} layouts[] = {{"w", "", 1, {11}},
               {"w", ", layout=w", 1, {1}},
               {"hw", "", 2, {5, 7}},
               {"hw", ", layout=hw", 2, {1, 4}},
               {"hw", "", 2, {6, 1}},
               {"hwc", "", 3, {4, 5, 3}},
               {"hwc", ",layout=hwc", 3, {5, 2, 1}},
               {"chw", ", layout=chw", 3, {3, 4, 5}},
               {"chw", ", layout=chw", 3, {2, 7, 2}}};

static bool has_height(size_t layout)
{
    return layouts[layout].axes > 1;
}

static struct sample sample_of(size_t layout, shs_type type, unsigned char *input)
{
    struct sample sample = {
        .tensor = {.name = "f", .type = type, .axes = layouts[layout].axes, .data = input}};
    memcpy(sample.tensor.shape, layouts[layout].shape, sizeof layouts[layout].shape);
    fill(input, bytes_of(&sample.tensor), 100 * layout + (size_t)type);
    return sample;
}

static void check_crop(size_t layout, shs_type type, uint32_t padding)
{
    unsigned char input[MOST_BYTES], expected[MOST_BYTES];
    char text[100];
    struct sample sample = sample_of(layout, type, input);
    struct picture picture = picture_of(&sample.tensor, layouts[layout].layout);
    snprintf(text, sizeof text, "f: random_crop(padding=%u%s)", padding, layouts[layout].value);
    for (uint64_t slot = 0; slot < 20; slot++) {
        shs_random stream = stream_at(1, slot), again = stream;
        harness_where("%s, type %s, slot %llu", text, shs_type_name(type), (ull)slot);
        if (run(text, &sample, 1, &stream) != type) WRONG("a crop keeps the type");
        struct motion motion = slow_crop(has_height(layout), padding, &again);
        slow_move(&picture, motion, input, expected);
        CHECK_BYTES(sample.output, expected, bytes_of(&sample.tensor));
        CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&again));
    }
}

static void crops_are_cut_from_padded_pictures(void)
{
    static const uint32_t paddings[] = {1, 2, 3, 12, 1000, 1 << 20};
    for (size_t layout = 0; layout < COUNT(layouts); layout++)
        for (shs_type type = SHS_U8; type <= SHS_F64; type++)
            for (size_t p = 0; p < (type == SHS_U8 ? COUNT(paddings) : 2); p++)
                check_crop(layout, type, paddings[p]);
}

static void check_flip(size_t layout, shs_type type, char axis, double p)
{
    unsigned char input[MOST_BYTES], expected[MOST_BYTES];
    char text[100];
    struct sample sample = sample_of(layout, type, input);
    struct picture picture = picture_of(&sample.tensor, layouts[layout].layout);
    snprintf(text, sizeof text, "f: random_flip(p=%g, axis=%c%s)", p, axis, layouts[layout].value);
    for (uint64_t slot = 0; slot < 20; slot++) {
        shs_random stream = stream_at(2, slot), again = stream;
        harness_where("%s, type %s, slot %llu", text, shs_type_name(type), (ull)slot);
        if (run(text, &sample, 1, &stream) != type) WRONG("a flip keeps the type");
        slow_move(&picture, slow_flip(&picture, axis, p, &again), input, expected);
        CHECK_BYTES(sample.output, expected, bytes_of(&sample.tensor));
        CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&again));
    }
}

static void flips_mirror_along_their_axis(void)
{
    static const double chances[] = {0.5, 0, 1, 0.25};
    for (size_t layout = 0; layout < COUNT(layouts); layout++)
        for (shs_type type = SHS_U8; type <= SHS_F64; type++)
            for (size_t p = 0; p < COUNT(chances); p++) {
                check_flip(layout, type, 'w', chances[p]);
                if (has_height(layout)) check_flip(layout, type, 'h', chances[p]);
            }
}

static size_t count_mirrored(const char *text)
{
    unsigned char input[2] = {1, 2};
    struct sample sample = {.tensor = {"f", SHS_U8, 1, {2}, input}};
    size_t mirrored = 0;
    shs_augment *augment = open_text(text, &sample, 1);
    for (uint64_t slot = 0; augment && slot < 2000; slot++) {
        shs_random stream = stream_at(3, slot);
        CHECK_STATUS(apply(augment, &sample, 1, &stream), SHS_OK);
        mirrored += sample.output[0] == 2;
    }
    shs_augment_close(&augment);
    return mirrored;
}

/* Of 2000 with p = 1/2, 1000 +- 4.5 * 22.4; with p = 1/10, 200 +- 4.5 * 13.4. */
static void flips_have_their_probability(void)
{
    CHECK_EQ(count_mirrored("f: random_flip(axis=w, p=0)"), 0);
    CHECK_EQ(count_mirrored("f: random_flip(axis=w, p=1)"), 2000);
    size_t half = count_mirrored("f: random_flip(axis=w)");
    CHECK(half > 899 && half < 1101);
    CHECK_EQ(half, count_mirrored("f: random_flip(axis=w, p=0.5)"));
    size_t tenth = count_mirrored("f: random_flip(axis=w, p=.1)");
    CHECK(tenth > 139 && tenth < 261);
}

/* A stream whose next word is given. */
static shs_random stream_of(uint32_t word)
{
    return (shs_random){.words = {0, 0, 0, word}, .used = 3, .counter = {1}};
}

/* A float of exactly p is not below p. */
static void a_flip_draws_below_p(void)
{
    static const struct {
        const char *text;
        uint32_t word;
        bool mirrored;
    } cases[] = {{"f: random_flip(axis=w, p=0)", 0, false},
                 {"f: random_flip(axis=w, p=1)", UINT32_MAX, true},
                 {"f: random_flip(axis=w, p=0.5)", UINT32_C(0x80000000), false},
                 {"f: random_flip(axis=w, p=0.5)", UINT32_C(0x7fffffff), true}};
    unsigned char input[2] = {1, 2};
    struct sample sample = {.tensor = {"f", SHS_U8, 1, {2}, input}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        shs_random stream = stream_of(cases[i].word);
        run(cases[i].text, &sample, 1, &stream);
        CHECK_EQ(sample.output[0] == 2, cases[i].mirrored);
    }
}

/* ---- values */

/* IEEE 754 binary16 by its definition; infinities and what is no number left to the caller. */
static double slow_half(uint16_t half)
{
    int exponent = half / 1024 % 32;
    double value = half % 1024;
    if (exponent > 0) value += 1024;
    for (int i = exponent > 0 ? exponent : 1; i < 25; i++)
        value /= 2;
    for (int i = 25; i < exponent; i++)
        value *= 2;
    return half >= 32768 ? -value : value;
}

static bool half_is_finite(uint16_t half)
{
    return half / 1024 % 32 != 31;
}

/* The value of an element: exactly in `whole` for integers, else in `real`. */
struct value {
    bool is_whole;
    wide whole;
    double real;
};

static struct value value_at(shs_type type, const void *elements, size_t i)
{
    struct value value = {.is_whole = type <= SHS_I64};
    const char *at = (const char *)elements + i * shs_type_size(type);
    uint64_t bits = 0;
    memcpy(&bits, at, shs_type_size(type));
    size_t width = 8 * shs_type_size(type);
    value.whole = bits;
    if (type >= SHS_I8 && bits >> (width - 1)) value.whole -= (wide)1 << width;
    if (type == SHS_F16)
        value.real = half_is_finite((uint16_t)bits) ? slow_half((uint16_t)bits)
                     : bits & 1023                  ? (double)NAN
                     : bits >> 15                   ? -(double)INFINITY
                                                    : (double)INFINITY;
    float single;
    memcpy(&single, at, 4 < shs_type_size(type) ? 4 : shs_type_size(type));
    if (type == SHS_F32) value.real = (double)single;
    if (type == SHS_F64) memcpy(&value.real, at, 8);
    return value;
}

/* Rounded once to a float. 64 bits of an integer may not pass through a double. */
static float to_single(struct value value)
{
    volatile float rounded = value.is_whole ? value.whole < 0 ? (float)(int64_t)value.whole
                                                              : (float)(uint64_t)value.whole
                                            : (float)value.real;
    return rounded;
}

static double to_double(struct value value)
{
    volatile double rounded = value.is_whole ? value.whole < 0 ? (double)(int64_t)value.whole
                                                               : (double)(uint64_t)value.whole
                                             : value.real;
    return rounded;
}

static bool same_float(float a, float b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static bool same_double(double a, double b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

/* 1 / the largest value of an unsigned type, worked out in double and rounded to float. */
static float slow_scale(shs_type type)
{
    volatile double largest = 1;
    if (type == SHS_U8) largest = 255;
    if (type == SHS_U16) largest = 65535;
    if (type == SHS_U32) largest = 4294967295.0;
    if (type == SHS_U64) largest = 18446744073709551615.0;
    volatile double scale = 1 / largest;
    return (float)scale;
}

static float slow_normalize(struct value value, float scale, double mean, double std)
{
    volatile float x = to_single(value), m = (float)mean;
    volatile double inverse = 1 / std;
    volatile float r = (float)inverse;
    volatile float product = x * scale;
    volatile float difference = product - m;
    volatile float result = difference * r;
    return result;
}

enum {
    N_VALUES = 256
};

/* Random bits, and the extremes. Integers are also small ones. */
static void fill_values(shs_type type, unsigned char *bytes)
{
    size_t size = shs_type_size(type);
    fill(bytes, N_VALUES * size, 50 + (uint64_t)type);
    memset(bytes, 0, size);
    memset(bytes + size, 0xff, size);
    memset(bytes + 2 * size, 0xff, size);
    bytes[3 * size - 1] = 0x7f;
    memset(bytes + 3 * size, 0, size);
    bytes[4 * size - 1] = 0x80;
    for (size_t i = 0; i < 40; i++) {
        uint64_t small = i;
        memcpy(bytes + (10 + i) * size, &small, size);
    }
    /* Just above half way between two floats; as a double it is half way. */
    const uint64_t twice_rounded = (UINT64_C(1) << 60) + (UINT64_C(1) << 36) + 1;
    const uint64_t negative = -twice_rounded;
    if (size == 8) memcpy(bytes + 4 * size, &twice_rounded, size);
    if (size == 8) memcpy(bytes + 5 * size, &negative, size);
}

static void check_normalize(shs_type type, const char *values, float scale, double mean, double std)
{
    unsigned char input[N_VALUES * 8];
    char text[100];
    float output[N_VALUES];
    struct sample sample = {.tensor = {"f", type, 1, {N_VALUES}, input}};
    fill_values(type, input);
    snprintf(text, sizeof text, "f: normalize(%s)", values);
    CHECK_EQ(run(text, &sample, 1, NULL), SHS_F32);
    memcpy(output, sample.output, sizeof output);
    size_t wrong = 0;
    for (size_t i = 0; i < N_VALUES; i++) {
        float expected = slow_normalize(value_at(type, input, i), scale, mean, std);
        wrong += !same_float(output[i], expected);
    }
    CHECK_EQ(wrong, 0);
}

static void normalize_rounds_each_operation(void)
{
    for (shs_type type = SHS_U8; type <= SHS_F64; type++) {
        float scale = slow_scale(type);
        check_normalize(type, "mean=0.286, std=0.353", scale, 0.286, 0.353);
        check_normalize(type, "std=3,mean=-1e-3,scale=auto", scale, -1e-3, 3);
        check_normalize(type, "mean=33.3, std=78.6, scale=none", 1, 33.3, 78.6);
    }
}

/* A pixel of Fashion-MNIST: 255 becomes (1 - 0.286) / 0.353, which is 2.0227 to five digits. */
static void normalize_is_what_one_expects(void)
{
    unsigned char input[3] = {0, 255, 51};
    float output[3];
    struct sample sample = {.tensor = {"f", SHS_U8, 1, {3}, input}};
    CHECK_EQ(run("f: normalize(mean=0.286, std=0.353)", &sample, 1, NULL), SHS_F32);
    memcpy(output, sample.output, sizeof output);
    CHECK_IS(fabsf(output[0] + 0.81020f), <, 1e-5f);
    CHECK_IS(fabsf(output[1] - 2.02266f), <, 1e-5f);
    CHECK_IS(fabsf(output[2] + 0.24363f), <, 1e-5f);
}

static void halves_are_converted_exactly(void)
{
    enum {
        PIECE = 512
    };
    uint16_t input[PIECE];
    float singles[PIECE];
    double doubles[PIECE];
    size_t wrong = 0;
    struct sample sample = {.tensor = {"f", SHS_F16, 1, {PIECE}, input}};
    for (unsigned first = 0; first < 65536; first += PIECE) {
        for (unsigned i = 0; i < PIECE; i++)
            input[i] = (uint16_t)(first + i);
        CHECK_EQ(run("f: cast(type=f32)", &sample, 1, NULL), SHS_F32);
        memcpy(singles, sample.output, sizeof singles);
        CHECK_EQ(run("f: cast(type=f64)", &sample, 1, NULL), SHS_F64);
        memcpy(doubles, sample.output, sizeof doubles);
        for (size_t i = 0; i < PIECE; i++) {
            struct value value = value_at(SHS_F16, input, i);
            wrong += !same_float(singles[i], to_single(value));
            wrong += !same_double(doubles[i], value.real);
        }
    }
    CHECK_EQ(wrong, 0);
    CHECK(slow_half(0x3c00) == 1 && slow_half(0x7bff) == 65504 && slow_half(1) == 0x1p-24);
}

static wide least_of(shs_type type)
{
    return type >= SHS_I8 ? -((wide)1 << (8 * shs_type_size(type) - 1)) : 0;
}

static wide most_of(shs_type type)
{
    size_t bits = 8 * shs_type_size(type) - (type >= SHS_I8);
    return ((wide)1 << bits) - 1;
}

static void check_cast(shs_type from, shs_type to)
{
    unsigned char input[N_VALUES * 8];
    char text[100];
    size_t wrong = 0;
    struct sample sample = {.tensor = {"f", from, 1, {N_VALUES}, input}};
    fill_values(from, input);
    snprintf(text, sizeof text, "f: cast(type=%s)", shs_type_name(to));
    CHECK_EQ(run(text, &sample, 1, NULL), to);
    for (size_t i = 0; i < N_VALUES; i++) {
        struct value before = value_at(from, input, i), after = value_at(to, sample.output, i);
        wrong += to <= SHS_I64   ? before.whole != after.whole
                 : to == SHS_F32 ? !same_float(to_single(before), (float)after.real)
                                 : !same_double(to_double(before), after.real);
    }
    CHECK_EQ(wrong, 0);
}

static void check_cast_refused(shs_type from, shs_type to)
{
    char text[100], words[100];
    shs_augment *augment;
    const shs_tensor sample = {"f", from, 1, {3}, NULL};
    snprintf(text, sizeof text, "f: cast(type=%s)", shs_type_name(to));
    CHECK_STATUS(shs_augment_open(text, &sample, 1, &augment), SHS_ERROR_ARGUMENT);
    CHECK(augment == NULL);
    snprintf(words, sizeof words, "from %s to '%s'", shs_type_name(from), shs_type_name(to));
    CHECK_HAS(shs_message(), words);
}

/* An integer type may become one whose range holds its own. */
static void casts_lose_nothing(void)
{
    for (shs_type from = SHS_U8; from <= SHS_F64; from++) {
        check_cast(from, SHS_F32);
        check_cast(from, SHS_F64);
        check_cast_refused(from, SHS_F16);
        for (shs_type to = SHS_U8; to <= SHS_I64; to++)
            if (from <= SHS_I64 && least_of(to) <= least_of(from) && most_of(to) >= most_of(from))
                check_cast(from, to);
            else
                check_cast_refused(from, to);
    }
}

/* ---- several operators, statements and fields */

static void crop_draws_before_flip(void)
{
    unsigned char input[42], middle[42], expected[42];
    struct sample sample = {.tensor = {"f", SHS_U8, 2, {6, 7}, input}};
    struct picture picture = picture_of(&sample.tensor, "hw");
    fill(input, sizeof input, 9);
    for (uint64_t slot = 0; slot < 100; slot++) {
        shs_random stream = stream_at(4, slot), again = stream;
        run("f: random_crop(padding=3) random_flip(axis=w, p=0.5)", &sample, 1, &stream);
        long down = (long)shs_random_below(&again, 7) - 3;
        long right = (long)shs_random_below(&again, 7) - 3;
        slow_move(&picture, (struct motion){1, down, 1, right}, input, middle);
        bool mirror = shs_random_float(&again) < 0.5f;
        struct motion flip = {1, 0, mirror ? -1 : 1, mirror ? 6 : 0};
        slow_move(&picture, flip, middle, expected);
        CHECK_BYTES(sample.output, expected, sizeof expected);
        CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&again));
    }
}

/* Two statements for one field are applied one after the other, and end like one. */
static void statements_go_from_left_to_right(void)
{
    unsigned char input[30];
    struct sample one = {.tensor = {"f", SHS_U8, 2, {5, 6}, input}}, two = one;
    fill(input, sizeof input, 10);
    for (uint64_t slot = 0; slot < 50; slot++) {
        shs_random a = stream_at(5, slot), b = a;
        shs_type first =
            run("f: random_flip(axis=h) random_crop(padding=2) cast(type=i32)", &one, 1, &a);
        shs_type second =
            run("f:random_flip(axis=h);f:random_crop(padding=2);f:cast(type=i32);", &two, 1, &b);
        CHECK(first == SHS_I32 && second == SHS_I32);
        CHECK_BYTES(one.output, two.output, 120);
        CHECK_EQ(shs_random_u32(&a), shs_random_u32(&b));
    }
}

/* Many operators on one field, whose sizes differ on the way. */
static void long_chains_are_applied_in_order(void)
{
    unsigned char input[12];
    float output[12];
    shs_random stream = stream_at(6, 0);
    struct sample sample = {.tensor = {"f", SHS_U8, 2, {3, 4}, input}};
    for (unsigned char i = 0; i < 12; i++)
        input[i] = i;
    CHECK_EQ(
        run("f: cast(type=u64) random_flip(axis=w, p=1) cast(type=f64) random_flip(axis=h, p=1) "
            "normalize(mean=1, std=0.5) normalize(mean=0, std=2)",
            &sample, 1, &stream),
        SHS_F32);
    memcpy(output, sample.output, sizeof output);
    for (int i = 0; i < 12; i++)
        CHECK_EQ(output[i], (float)(11 - i) - 1);
}

/* Two fields that change size on the way keep out of each other's scratch memory. */
static void long_chains_of_fields_do_not_meet(void)
{
    unsigned char first[12], second[20];
    struct sample samples[2] = {{.tensor = {"a", SHS_U8, 2, {3, 4}, first}},
                                {.tensor = {"b", SHS_U8, 2, {4, 5}, second}}};
    shs_random stream = stream_at(11, 0);
    fill(first, 12, 16);
    fill(second, 20, 17);
    run("b, a: random_flip(axis=w, p=1) cast(type=u16) random_flip(axis=h, p=1) cast(type=u32)"
        "random_flip(axis=w, p=1) cast(type=u64)",
        samples, 2, &stream);
    for (size_t i = 0; i < 12; i++)
        CHECK_EQ((uint64_t)value_at(SHS_U64, samples[0].output, i).whole,
                 first[(2 - i / 4) * 4 + i % 4]);
    for (size_t i = 0; i < 20; i++)
        CHECK_EQ((uint64_t)value_at(SHS_U64, samples[1].output, i).whole,
                 second[(3 - i / 5) * 5 + i % 5]);
}

/* A picture, its mask of another type and size, and a label that has no operator. */
static void fields_of_a_statement_share_draws(void)
{
    unsigned char image[30], label[3] = {1, 2, 3};
    float mask[8 * 6];
    unsigned char expected[30];
    float expected_mask[8 * 6];
    struct sample samples[3] = {{.tensor = {"image", SHS_U8, 2, {5, 6}, image}},
                                {.tensor = {"label", SHS_U8, 1, {3}, label}},
                                {.tensor = {"mask", SHS_F32, 2, {8, 6}, mask}}};
    fill(image, sizeof image, 11);
    for (int i = 0; i < 48; i++)
        mask[i] = (float)i;
    struct picture small = picture_of(&samples[0].tensor, "hw");
    struct picture large = picture_of(&samples[2].tensor, "hw");
    for (uint64_t slot = 0; slot < 50; slot++) {
        shs_random stream = stream_at(7, slot), again = stream;
        run("mask , image: random_crop(padding=4)", samples, 3, &stream);
        struct motion motion = slow_crop(true, 4, &again);
        slow_move(&small, motion, image, expected);
        slow_move(&large, motion, mask, expected_mask);
        CHECK_BYTES(samples[0].output, expected, sizeof expected);
        CHECK_BYTES(samples[2].output, expected_mask, sizeof expected_mask);
        CHECK_BYTES(samples[1].output, label, sizeof label);
        CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&again));
    }
}

/* Fields of two statements have draws of their own, in the statements' order. */
static void statements_do_not_share_draws(void)
{
    unsigned char first[16], second[16], expected[16];
    struct sample samples[2] = {{.tensor = {"a", SHS_U8, 1, {16}, first}},
                                {.tensor = {"b", SHS_U8, 1, {16}, second}}};
    struct picture picture = picture_of(&samples[0].tensor, "w");
    fill(first, 16, 12);
    fill(second, 16, 13);
    for (uint64_t slot = 0; slot < 50; slot++) {
        shs_random stream = stream_at(8, slot), again = stream;
        run("b: random_crop(padding=5); a: random_flip(axis=w)", samples, 2, &stream);
        slow_move(&picture, slow_crop(false, 5, &again), second, expected);
        CHECK_BYTES(samples[1].output, expected, 16);
        slow_move(&picture, slow_flip(&picture, 'w', 0.5, &again), first, expected);
        CHECK_BYTES(samples[0].output, expected, 16);
    }
}

static void without_a_text_samples_are_copied(void)
{
    static const char *const texts[] = {NULL, "", "  \n "};
    unsigned char bytes[24];
    double number = 3.5;
    struct sample samples[2] = {{.tensor = {"a", SHS_I32, 2, {2, 3}, bytes}},
                                {.tensor = {"b", SHS_F64, 0, {0}, &number}}};
    fill(bytes, sizeof bytes, 14);
    for (size_t i = 0; i < COUNT(texts); i++) {
        shs_augment *augment = open_text(texts[i], samples, 2);
        if (!NEED(augment)) return;
        CHECK(!shs_augment_draws(augment));
        CHECK_STATUS(apply(augment, samples, 2, NULL), SHS_OK);
        CHECK_BYTES(samples[0].output, bytes, sizeof bytes);
        CHECK_BYTES(samples[1].output, &number, sizeof number);
        shs_augment_close(&augment);
        CHECK(augment == NULL);
    }
}

static void outputs_are_described(void)
{
    char name[] = "colour";
    shs_tensor samples[2] = {{name, SHS_U8, 3, {4, 5, 3}, name}, {"label", SHS_I64, 0, {0}, NULL}};
    shs_augment *augment;
    CHECK_STATUS(shs_augment_open("colour: random_flip(axis=h) normalize(mean=0,std=1)", samples, 2,
                                  &augment),
                 SHS_OK);
    name[0] = 'X';
    const shs_tensor *colour = shs_augment_output(augment, 0);
    CHECK(strcmp(colour->name, "colour") == 0 && colour->type == SHS_F32 && colour->axes == 3);
    CHECK(colour->shape[0] == 4 && colour->shape[1] == 5 && colour->shape[2] == 3);
    CHECK(colour->data == NULL);
    const shs_tensor *label = shs_augment_output(augment, 1);
    CHECK(strcmp(label->name, "label") == 0 && label->type == SHS_I64 && label->axes == 0);
    CHECK(shs_augment_output(augment, 2) == NULL);
    CHECK(shs_augment_draws(augment));
    shs_augment_close(&augment);
    shs_augment_close(&augment);
    shs_augment_close(NULL);
}

static void only_crops_and_flips_draw(void)
{
    static const struct {
        const char *text;
        bool draws;
    } cases[] = {{"f: random_crop(padding=1)", true},
                 {"f: random_flip(axis=w)", true},
                 {"f: normalize(mean=0, std=1)", false},
                 {"f: cast(type=f32)", false},
                 {"f: cast(type=f32) random_flip(axis=w, p=0)", true}};
    struct sample sample = {.tensor = {"f", SHS_U8, 1, {3}, NULL}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        shs_augment *augment = open_text(cases[i].text, &sample, 1);
        if (augment) CHECK_EQ(shs_augment_draws(augment), cases[i].draws);
        shs_augment_close(&augment);
    }
}

static void a_stream_that_ends_is_an_error(void)
{
    unsigned char input[3] = {1, 2, 3};
    struct sample sample = {.tensor = {"f", SHS_U8, 1, {3}, input}};
    shs_augment *augment = open_text("f: random_flip(axis=w)", &sample, 1);
    shs_random stream = {.used = 4, .status = SHS_ERROR_EXHAUSTED};
    if (!augment) return;
    CHECK_STATUS(apply(augment, &sample, 1, &stream), SHS_ERROR_EXHAUSTED);
    shs_augment_close(&augment);
}

static void empty_samples_are_no_trouble(void)
{
    unsigned char nothing = 0;
    struct sample samples[2] = {{.tensor = {"f", SHS_U8, 2, {0, 4}, &nothing}},
                                {.tensor = {"g", SHS_U8, 3, {3, 0, 2}, &nothing}}};
    shs_random stream = stream_at(9, 0);
    run("f: random_crop(padding=2) random_flip(axis=h, p=1) normalize(mean=0, std=1);"
        "g: random_flip(axis=w, p=1) random_crop(padding=1) cast(type=u16)",
        samples, 2, &stream);
}

/* ---- errors in the text */

static const shs_tensor typical[] = {
    {"image", SHS_U8, 2, {4, 5}, NULL},         {"colour", SHS_U8, 3, {4, 5, 3}, NULL},
    {"signal", SHS_F32, 1, {9}, NULL},          {"number", SHS_I32, 0, {0}, NULL},
    {"volume", SHS_F64, 4, {2, 2, 2, 2}, NULL}, {"maps", SHS_F32, 3, {24, 18, 36}, NULL}};

#define LONG_WORD "abcdefghijabcdefghijabcdefghijabcdefghij"

/* `at` is the character, counted from 1, that the message must name; 0 where the text ends. */
static const struct {
    const char *text;
    unsigned at;
    const char *words[2];
} mistakes[] = {
    {"image", 0, {"ends", "':'"}},
    {"image:", 0, {"ends", "operator"}},
    {"image: ", 0, {"ends", "operator"}},
    {"image: cast", 0, {"ends", "'('"}},
    {"image: cast(", 0, {"ends", "name=value"}},
    {"image: cast(type", 0, {"ends", "'='"}},
    {"image: cast(type=", 0, {"ends", "a value"}},
    {"image: cast(type=f32", 0, {"ends", "')'"}},
    {"image: cast(type=f32,", 0, {"ends", "name=value"}},
    {"image,", 0, {"ends", "field"}},
    {": cast(type=f32)", 1, {"': cast", "field"}},
    {";", 1, {"';'", "field"}},
    {"image: cast(type=f32);;", 23, {"';'", "field"}},
    {"image cast(type=f32)", 7, {"'cast(", "':'"}},
    {"image; cast(type=f32)", 6, {"';", "':'"}},
    {"image:: cast(type=f32)", 7, {"':", "operator"}},
    {"image: (type=f32)", 8, {"'(", "operator"}},
    {"image: cast type=f32)", 13, {"'type", "'('"}},
    {"image: cast((type=f32)", 13, {"'(", "name=value"}},
    {"image: cast(type f32)", 18, {"'f32", "'='"}},
    {"image: cast(type=f32 f64)", 22, {"'f64", "')'"}},
    {"image: cast(type==f32)", 18, {"'=", "a value"}},
    {"image: cast(type=f32,)", 22, {"')", "name=value"}},
    {"image: cast(,type=f32)", 13, {"',", "name=value"}},
    {"image: cast(type=f32) cast(type=f64)) ", 37, {"')", "operator"}},
    {"image: cast(type=f32), cast(type=f64)", 22, {"',", "operator"}},
    {"random_flip(axis=w)", 12, {"':' after a field's name", "as in images: random_flip(axis=w)"}},
    {"image: normalize(mean=0.3,0.4)", 30, {"'=' after a value's name", "as in mean=0.5"}},
    {"image: normalize(mean=0.5 0.4)", 27, {"')' after a value", "one number or word"}},
    {"image: normalize(mean=[0.3, std=1)", 8, {"mean is '[0.3'", "as in normalize(mean=0.5, std="}},
    {"image: normalize(mean=(0.3), std=1)", 23, {"a value, one number", "as in mean=0.5"}},
    {"image: flip(axis=w)", 8, {"'flip'", "; did you mean random_flip?"}},
    {"image: normalise(mean=0, std=1)", 8, {"'normalise'", "; did you mean normalize?"}},
    {"image: random_crop(pading=2)", 20, {"'pading'", "; did you mean padding?"}},
    {"imege: random_crop(padding=2)", 1, {"'imege'", "; did you mean image?"}},
    {"maps: random_flip(axis=w)", 7, {"maps", "samples are f32 24x18x36: which axes are"}},
    {"maps: random_flip(axis=w)", 7, {"add layout=hwc (height, width, channels) or", "layout=chw"}},
    {"maps: random_crop(padding=1)", 7, {"maps", "to random_crop(...)"}},
    {"image,,colour: cast(type=f32)", 7, {"',", "field"}},
    {"nothing: cast(type=f32)", 1, {"'nothing'", "image, colour, signal, number, volume, maps"}},
    {"image: cast(type=f32); imag: cast(type=f64)", 24, {"'imag'", "image, colour"}},
    {"image: blur(size=3)", 8, {"'blur'", "random_crop, random_flip, normalize, cast"}},
    {"image: Cast(type=f32)", 8, {"'Cast'", "cast"}},
    {"image: cast(kind=f32)", 13, {"'kind'", "it takes type"}},
    {"image: random_flip(axis=w, q=1)", 28, {"'q'", "axis, p, layout"}},
    {"image: random_flip(axis=w, axis=h)", 28, {"'axis'", "twice"}},
    {"image: random_flip(p=0.5)", 8, {"random_flip", "axis=w or axis=h"}},
    {"image: random_flip(axis=x)", 8, {"random_flip", "axis=w or axis=h"}},
    {"image: random_flip(axis=wh)", 8, {"random_flip", "axis=w or axis=h"}},
    {"image: random_flip(axis=w, p=1.5)", 8, {"p is '1.5'", "0 to 1"}},
    {"image: random_flip(axis=w, p=-0.1)", 8, {"p is '-0.1'", "0 to 1"}},
    {"image: random_flip(axis=w, p=half)", 8, {"p is 'half'", "number"}},
    {"image: random_flip(axis=w, p=nan)", 8, {"p is 'nan'", "number"}},
    {"signal: random_flip(axis=h)", 9, {"signal", "no h"}},
    {"image: random_crop()", 8, {"random_crop", "padding"}},
    {"image: random_crop(padding=0)", 8, {"padding is '0'", "from 1"}},
    {"image: random_crop(padding=-1)", 8, {"padding is '-1'", "from 1"}},
    {"image: random_crop(padding=1048577)", 8, {"padding is '1048577'", "number"}},
    {"image: random_crop(padding=1.5)", 8, {"padding is 1.5", "whole"}},
    {"image: random_crop(padding=two)", 8, {"padding is 'two'", "number"}},
    {"image: random_crop(padding=1, layout=hwc)", 8, {"image", "2 axes"}},
    {"image: random_crop(padding=1, layout=wh)", 8, {"image", "w, hw, hwc or chw"}},
    {"colour: random_crop(padding=1, layout=cwh)", 9, {"colour", "w, hw, hwc or chw"}},
    {"colour: random_crop(padding=1, layout=hw)", 9, {"colour", "3 axes"}},
    {"signal: random_crop(padding=1, layout=hw)", 9, {"signal", "1 axes"}},
    {"number: random_crop(padding=1)", 9, {"number", "0 axes"}},
    {"volume: random_flip(axis=w)", 9, {"volume", "4 axes"}},
    {"image: normalize()", 8, {"normalize", "mean"}},
    {"image: normalize(mean=0)", 8, {"normalize", "std"}},
    {"image: normalize(std=1)", 8, {"normalize", "mean"}},
    {"image: normalize(mean=0, std=0)", 8, {"std is '0'", "number"}},
    {"image: normalize(mean=0, std=-1)", 8, {"std is '-1'", "number"}},
    {"image: normalize(mean=1e39, std=1)", 8, {"mean is '1e39'", "number"}},
    {"image: normalize(mean=inf, std=1)", 8, {"mean is 'inf'", "number"}},
    {"image: normalize(mean=0, std=1, scale=2)", 8, {"scale is '2'", "auto or none"}},
    {"image: cast()", 8, {"image", "type=f32"}},
    {"image: cast(type=i8)", 8, {"from u8 to 'i8'", "type=f32"}},
    {"image: cast(type=int)", 8, {"'int'", "type=f32"}},
    {"image: cast(type=?)", 8, {"'?'", "type=f32"}},
    {"image, colour, image: cast(type=f32)", 1, {"image", "twice"}},
    {"number: cast(type=f32); image, signal: random_flip(axis=w)",
     25,
     {"image and signal", "height"}},
    {"image: " LONG_WORD "(a=1)", 8, {"40 characters", "31"}},
    {"image: cast(" LONG_WORD "=1)", 13, {"40 characters", "31"}},
    {"image: cast(type=" LONG_WORD ")", 18, {"40 characters", "31"}},
    {"image: cast(a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1)", 8, {"cast", "8 values"}},
};

static void mistakes_are_named_with_their_place(void)
{
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        char place[40];
        shs_augment *augment = (shs_augment *)place;
        shs_status status = shs_augment_open(mistakes[i].text, typical, COUNT(typical), &augment);
        snprintf(place, sizeof place, "character %u:", mistakes[i].at);
        bool good = status == SHS_ERROR_ARGUMENT && augment == NULL &&
                    message_has(mistakes[i].words[0]) && message_has(mistakes[i].words[1]) &&
                    (mistakes[i].at ? message_has(place) : !strstr(shs_message(), "character"));
        if (!good) printf("  %s\n    gives: %s\n", mistakes[i].text, shs_message());
        CHECK(good);
    }
}

/* Channels last are taken for granted where they are few, and only there. */
static void layouts_that_can_be_told(void)
{
    for (uint64_t channels = 0; channels < 7; channels++) {
        const shs_tensor sample = {"f", SHS_U8, 3, {6, 5, channels}, NULL};
        shs_augment *augment;
        bool told = channels >= 1 && channels <= 4;
        CHECK_EQ((shs_augment_open("f: random_flip(axis=w)", &sample, 1, &augment) == SHS_OK),
                 told);
        shs_augment_close(&augment);
        CHECK(!shs_augment_open("f: random_flip(axis=w, layout=hwc)", &sample, 1, &augment));
        shs_augment_close(&augment);
        CHECK(!shs_augment_open("f: random_flip(axis=w, layout=chw)", &sample, 1, &augment));
        shs_augment_close(&augment);
    }
}

/* ---- samples that are filled up with zeros */

/* The first `rows` of a sample come out as if there were no others, and zeros behind them. */
static void check_rows(const char *text, size_t layout, shs_type type, uint64_t rows)
{
    unsigned char input[MOST_BYTES], whole[MOST_BYTES];
    _Alignas(16) unsigned char scratch[4 * MOST_BYTES];
    struct sample some = sample_of(layout, type, input);
    uint64_t all = some.tensor.shape[0];
    shs_augment *augment = open_text(text, &some, 1);
    shs_random stream = stream_at(5, rows), again = stream;
    if (!augment) return;
    size_t bytes = bytes_of(shs_augment_output(augment, 0)), row = bytes / (size_t)all;
    const void *from = input;
    void *to = whole;
    memset(whole, 0xff, sizeof whole);
    CHECK_STATUS(augment_apply_rows(augment, &stream, &rows, &from, &to, scratch), SHS_OK);
    shs_augment_close(&augment);
    some.tensor.shape[0] = rows;
    if (rows) CHECK_EQ(run(text, &some, 1, &again), SHS_F64);
    memset(some.output + rows * row, 0, bytes - rows * row);
    if (memcmp(whole, some.output, bytes) == 0 && whole[bytes] == 0xff) return;
    printf("  %s, layout %s, %s, %llu rows of %llu\n", text, layouts[layout].layout,
           shs_type_name(type), (unsigned long long)rows, (unsigned long long)all);
    WRONG("the same as without padding");
}

static void padding_is_not_seen(void)
{
    static const char *const operators[] = {
        "random_crop(padding=2%s)", "random_flip(axis=w, p=1%s)", "random_flip(axis=h, p=1%s)"};
    static const char values[] = "normalize(mean=0.25, std=0.5)";
    static const shs_type types[] = {SHS_U8, SHS_I16, SHS_F32};
    for (size_t layout = 0; layout < COUNT(layouts); layout++)
        for (size_t o = 0; o < COUNT(operators); o++)
            for (size_t t = 0; t < COUNT(types); t++) {
                char geometry[64], text[160];
                if (o == 2 && !has_height(layout)) continue;
                snprintf(geometry, sizeof geometry, operators[o], layouts[layout].value);
                snprintf(text, sizeof text, "f: %s %s cast(type=f64)", geometry, values);
                for (uint64_t rows = 0; rows <= layouts[layout].shape[0]; rows++)
                    check_rows(text, layout, types[t], rows);
            }
}

static void a_fields_name_may_be_long(void)
{
    char name[300], text[400];
    shs_augment *augment;
    memset(name, 'n', sizeof name);
    for (size_t length = 254; length < 258; length++) {
        name[length] = '\0';
        const shs_tensor sample = {name, SHS_U8, 1, {4}, NULL};
        snprintf(text, sizeof text, "%s: cast(type=f32)", name);
        CHECK_EQ((shs_augment_open(text, &sample, 1, &augment) == SHS_OK), (length < 256));
        CHECK_EQ(augment != NULL, (length < 256));
        shs_augment_close(&augment);
        name[length] = 'n';
    }
}

static void spaces_are_free(void)
{
    static const char *const texts[] = {
        "image:random_crop(padding=2)random_flip(axis=w,p=0.5)normalize(mean=0.1,std=0.2)",
        " image :\n random_crop ( padding = 2 )\n random_flip\t(axis = w , p = 0.5)\n"
        " normalize(mean=0.1, std=0.2) ; "};
    unsigned char input[20];
    struct sample samples[2];
    fill(input, sizeof input, 15);
    for (size_t i = 0; i < 2; i++) {
        shs_random stream = stream_at(10, 3);
        samples[i] = (struct sample){.tensor = {"image", SHS_U8, 2, {4, 5}, input}};
        CHECK_EQ(run(texts[i], &samples[i], 1, &stream), SHS_F32);
    }
    CHECK_BYTES(samples[0].output, samples[1].output, 80);
}

static void too_many_fields_are_refused(void)
{
    shs_tensor samples[SHS_MAX_FIELDS + 1];
    char names[SHS_MAX_FIELDS + 1][8];
    shs_augment *augment;
    for (int f = 0; f <= SHS_MAX_FIELDS; f++) {
        snprintf(names[f], sizeof names[f], "f%d", f);
        samples[f] = (shs_tensor){names[f], SHS_U8, 1, {2}, NULL};
    }
    CHECK_STATUS(shs_augment_open("f63: cast(type=f32)", samples, SHS_MAX_FIELDS, &augment),
                 SHS_OK);
    CHECK_EQ(shs_augment_output(augment, 63)->type, SHS_F32);
    shs_augment_close(&augment);
    CHECK_STATUS(shs_augment_open("", samples, SHS_MAX_FIELDS + 1, &augment), SHS_ERROR_ARGUMENT);
    CHECK(augment == NULL);
    CHECK_HAS(shs_message(), "65");
}

static void impossible_samples_are_refused(void)
{
    const shs_tensor whale = {"whale", SHS_F64, 2, {UINT64_C(1) << 40, UINT64_C(1) << 40}, NULL};
    const shs_tensor large = {"large", SHS_U8, 1, {UINT64_C(1) << 61}, NULL};
    const shs_tensor pair[2] = {large, large};
    shs_augment *augment;
    CHECK_STATUS(shs_augment_open("", &whale, 1, &augment), SHS_ERROR_ARGUMENT);
    CHECK(augment == NULL && message_has("whale"));
    CHECK_STATUS(shs_augment_open("large: cast(type=f64)", &large, 1, &augment),
                 SHS_ERROR_ARGUMENT);
    CHECK(augment == NULL && message_has("large"));
    CHECK_STATUS(shs_augment_open("", &large, 1, &augment), SHS_OK);
    CHECK_EQ(shs_augment_scratch(augment), UINT64_C(1) << 62);
    shs_augment_close(&augment);
    CHECK_STATUS(shs_augment_open("", pair, 2, &augment), SHS_ERROR_MEMORY);
    CHECK(augment == NULL);
}

/* ---- memory */

/* Lets every allocation fail in turn. Returns how often shs_augment_open() ran. */
static long sweep(const char *text, shs_status without_failure)
{
    long runs = 1;
    for (;; runs++) {
        struct counted_memory counted;
        shs_augment *augment = NULL;
        counted_begin(&counted, runs);
        shs_status status = shs_augment_open(text, typical, COUNT(typical), &augment);
        bool failed = counted.failed != 0;
        CHECK_EQ(augment == NULL, (status != SHS_OK));
        if (!failed) CHECK_EQ(status, without_failure);
        if (failed) CHECK(status == SHS_ERROR_MEMORY || status == without_failure);
        if (failed && without_failure == SHS_OK) CHECK_STATUS(status, SHS_ERROR_MEMORY);
        shs_augment_close(&augment);
        CHECK_EQ(counted_end(&counted), 0);
        if (!failed || runs > 200) return runs;
    }
}

static void every_allocation_may_fail(void)
{
    long runs = sweep("image, colour: random_crop(padding=2) random_flip(axis=w);"
                      "number: cast(type=f64); image: normalize(mean=0, std=1)",
                      SHS_OK);
    CHECK(runs > 15 && runs < 200);
    CHECK_IS(sweep("colour: normalize(mean=[1,2,3], std=1)", SHS_OK), >, 5);
    CHECK_IS(sweep("", SHS_OK), >, 5);
    CHECK_IS(sweep("nothing: cast(type=f32)", SHS_ERROR_ARGUMENT), >, 5);
    CHECK_IS(sweep("image: blur(size=2)", SHS_ERROR_ARGUMENT), >, 5);
    CHECK_IS(sweep("image: cast(kind=f32)", SHS_ERROR_ARGUMENT), >, 5);
    CHECK_IS(sweep("image: cast()", SHS_ERROR_ARGUMENT), >, 5);
    CHECK_IS(sweep("colour: normalize(mean=[1,2], std=1)", SHS_ERROR_ARGUMENT), >, 5);
    CHECK(sweep("number: cast(type=f32); image, signal: random_flip(axis=w)", SHS_ERROR_ARGUMENT) >
          5);
    CHECK_IS(sweep("image: cast(type=f32); colour", SHS_ERROR_ARGUMENT), >, 5);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(crops_are_cut_from_padded_pictures),
        TEST(flips_mirror_along_their_axis),
        TEST(flips_have_their_probability),
        TEST(a_flip_draws_below_p),
        TEST(normalize_rounds_each_operation),
        TEST(normalize_is_what_one_expects),
        TEST(halves_are_converted_exactly),
        TEST(casts_lose_nothing),
        TEST(crop_draws_before_flip),
        TEST(statements_go_from_left_to_right),
        TEST(long_chains_are_applied_in_order),
        TEST(long_chains_of_fields_do_not_meet),
        TEST(fields_of_a_statement_share_draws),
        TEST(statements_do_not_share_draws),
        TEST(without_a_text_samples_are_copied),
        TEST(outputs_are_described),
        TEST(only_crops_and_flips_draw),
        TEST(a_stream_that_ends_is_an_error),
        TEST(empty_samples_are_no_trouble),
        TEST(mistakes_are_named_with_their_place),
        TEST(layouts_that_can_be_told),
        TEST(padding_is_not_seen),
        TEST(a_fields_name_may_be_long),
        TEST(spaces_are_free),
        TEST(too_many_fields_are_refused),
        TEST(impossible_samples_are_refused),
        TEST(every_allocation_may_fail),
    };
    return harness_main("augment", tests, COUNT(tests), argc, argv);
}
