/* Operators that change values, each against a slow one. */
#include <math.h>
#include <stdio.h>

#include "augment_scene.h"

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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(normalize_rounds_each_operation),
        TEST(normalize_is_what_one_expects),
        TEST(halves_are_converted_exactly),
        TEST(casts_lose_nothing),
    };
    return harness_main("augment_values", tests, COUNT(tests), argc, argv);
}
