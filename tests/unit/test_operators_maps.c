/* Operators that map each value by itself, against the functions of libm in 80 bits. */
#include <float.h>
#include <stdio.h>

#include "augment_refused.h"
#include "operator_scene.h"

enum {
    N = 200
};

/* ---- log1p, asinh, unpack */

static long double slow_map(const char *name, long double x)
{
    return strcmp(name, "log1p") == 0 ? log1pl(x) : asinhl(x);
}

/* The error of a function in f64 is far below the rounding of f32, so the results in f32 are the
 * exact values rounded, and those in f64 are within two ulps. */
static void check_map(const char *name, shs_type type, double scale)
{
    unsigned char input[N * 8];
    char text[100];
    size_t wrong = 0;
    struct sample sample = {.tensor = {"f", type, 1, {N}, input}};
    fill_elements(&sample.tensor, (uint64_t)type, input);
    snprintf(text, sizeof text, "f: %s(scale=%g)", name, scale);
    shs_type after = type == SHS_F64 ? SHS_F64 : SHS_F32;
    CHECK_EQ(run(text, &sample, 1, NULL), after);
    for (size_t i = 0; i < N; i++) {
        volatile double x = number_at(type, input, i) * scale;
        long double expected = slow_map(name, x);
        double came = number_at(after, sample.output, i);
        if (isnan((double)expected))
            wrong += isnan(came) ? 0 : 1;
        else if (after == SHS_F32)
            wrong += !same_float((float)came, (float)expected);
        else
            wrong += !(fabsl(came - expected) <= 0x1.2p-51L * fabsl(expected));
    }
    CHECK_EQ(wrong, 0);
}

static void maps_are_those_of_libm(void)
{
    for (shs_type type = SHS_U8; type <= SHS_F64; type++) {
        check_map("log1p", type, 1);
        check_map("log1p", type, 0.001);
        check_map("log1p", type, -1);
        check_map("asinh", type, 1);
        check_map("asinh", type, -12.5);
    }
}

static void check_unpack(shs_type type, double fill)
{
    unsigned char input[N * 8];
    char text[100];
    size_t wrong = 0, missing = 0;
    struct sample sample = {.tensor = {"f", type, 1, {N}, input}};
    fill_elements(&sample.tensor, 40 + (uint64_t)type, input);
    write_element(type, 7, input, 3);
    fill = number_at(type, input, 3);
    snprintf(text, sizeof text, "f: unpack(scale=0.01, offset=273.15, fill=%.17g)", fill);
    shs_type after = type == SHS_F64 ? SHS_F64 : SHS_F32;
    CHECK_EQ(run(text, &sample, 1, NULL), after);
    for (size_t i = 0; i < N; i++) {
        double x = number_at(type, input, i), came = number_at(after, sample.output, i);
        volatile double product = x * 0.01, sum = product + 273.15;
        volatile float single = (float)sum;
        double expected = x == fill ? (double)NAN : type == SHS_F64 ? sum : (double)single;
        wrong += !same_double(came, expected);
        missing += isnan(came) ? 1 : 0;
    }
    CHECK_EQ(wrong, 0);
    CHECK_IS(missing, >=, 1);
}

static void unpacked_values_are_in_units_and_fill_is_nan(void)
{
    for (shs_type type = SHS_U8; type <= SHS_F64; type++)
        check_unpack(type, 0);
    int16_t packed[3] = {-32767, 1500, -250};
    float output[3];
    uint32_t bits;
    struct sample sample = {.tensor = {"f", SHS_I16, 1, {3}, packed}};
    CHECK_EQ(run("f: unpack(scale=0.01, fill=-32767)", &sample, 1, NULL), SHS_F32);
    memcpy(output, sample.output, sizeof output);
    memcpy(&bits, output, sizeof bits);
    CHECK_EQ(bits, 0x7fc00000);
    CHECK_EQ(output[1], 15);
    CHECK_EQ(output[2], -2.5f);
    CHECK_EQ(run("f: unpack()", &sample, 1, NULL), SHS_F32);
    memcpy(output, sample.output, sizeof output);
    CHECK_EQ(output[0], -32767);
}

/* ---- clip */

static void check_clip(shs_type type, double least, double most, double low, double high)
{
    unsigned char input[N * 8];
    char text[100];
    size_t wrong = 0;
    struct sample sample = {.tensor = {"f", type, 1, {N}, input}};
    fill_elements(&sample.tensor, 60 + (uint64_t)type, input);
    snprintf(text, sizeof text, "f: clip(min=%.17g, max=%.17g)", least, most);
    CHECK_EQ(run(text, &sample, 1, NULL), type);
    for (size_t i = 0; i < N; i++) {
        double x = number_at(type, input, i), came = number_at(type, sample.output, i);
        wrong += came != (x < low ? low : x > high ? high : x);
    }
    CHECK_EQ(wrong, 0);
}

static void clip_keeps_to_its_ends(void)
{
    check_clip(SHS_U8, 9.5, 200.5, 10, 200);
    check_clip(SHS_U8, -5, 1e300, 0, 255);
    check_clip(SHS_I8, -7.5, -0.5, -7, -1);
    check_clip(SHS_U16, 1000, 1e9, 1000, 65535);
    check_clip(SHS_I16, -1e9, 0.25, -32768, 0);
    check_clip(SHS_I32, -0.5, 0.5, 0, 0);
    check_clip(SHS_U32, 77, 77, 77, 77);
    check_clip(SHS_F32, 0.1, 0.7, (double)0.1f, (double)0.7f);
    check_clip(SHS_F64, 0.1, 0.7, 0.1, 0.7);
    float input[4] = {NAN, -INFINITY, INFINITY, -0.0f}, output[4];
    struct sample sample = {.tensor = {"f", SHS_F32, 1, {4}, input}};
    CHECK_EQ(run("f: clip(min=-1, max=0)", &sample, 1, NULL), SHS_F32);
    memcpy(output, sample.output, sizeof output);
    CHECK(isnan(output[0]) && output[1] == -1 && output[2] == 0 && signbit(output[3]));
}

/* ---- random_scale */

static double slow_range(shs_random *stream, double low, double high)
{
    volatile double u = shs_random_double(stream), width = high - low, product = u * width;
    return low + product;
}

static double slow_scale(shs_type type, double x, double factor)
{
    if (type == SHS_F64) return x * factor;
    volatile float f = (float)factor, product = (float)x * f;
    return type == SHS_F32 ? (double)product : slow_whole(type, (double)product);
}

/* Counts elements that are not multiplied by the factor of their channel: `inner` neighbours of
 * each of `channels`. */
static size_t count_wrong(const struct sample *sample, size_t channels, size_t inner,
                          const double *factor)
{
    size_t wrong = 0;
    shs_type type = sample->tensor.type;
    for (size_t i = 0; i < elements_of(&sample->tensor); i++) {
        double x = number_at(type, sample->tensor.data, i);
        wrong += !same_double(number_at(type, sample->output, i),
                              slow_scale(type, x, factor[i / inner % channels]));
    }
    return wrong;
}

static void factors_are_of_samples_or_channels(void)
{
    static const shs_type types[] = {SHS_U8, SHS_I8, SHS_U16, SHS_I16, SHS_F32, SHS_F64};
    for (size_t t = 0; t < COUNT(types); t++)
        for (uint64_t slot = 0; slot < 6; slot++) {
            unsigned char input[MOST_BYTES];
            struct sample sample = {.tensor = {"f", types[t], 3, {7, 5, 3}, input}};
            fill_elements(&sample.tensor, slot, input);
            shs_random stream = stream_at(5, slot), slow = stream, half = stream;
            double factor[7];
            for (size_t c = 0; c < 7; c++)
                factor[c] = slow_range(&slow, 0.4, 1.75);
            run("f: random_scale(factor=0.4..1.75)", &sample, 1, &stream);
            CHECK_EQ(count_wrong(&sample, 1, 1, factor), 0);
            stream = stream_at(5, slot);
            run("f: random_scale(factor=0.4..1.75, by=channel)", &sample, 1, &stream);
            CHECK_EQ(count_wrong(&sample, 3, 1, factor), 0);
            stream = stream_at(5, slot);
            run("f: random_scale(factor=0.4..1.75, by=channel, layout=chw)", &sample, 1, &stream);
            CHECK_EQ(count_wrong(&sample, 7, 15, factor), 0);
            CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&slow));
            stream = stream_at(5, slot);
            run("f: random_scale(factor=2..2, p=0.5)", &sample, 1, &stream);
            bool applied = shs_random_float(&half) < 0.5f;
            CHECK_EQ(count_wrong(&sample, 1, 1, (const double[]){applied ? 2 : 1}), 0);
        }
}

/* ---- texts */

static void bad_texts_are_refused(void)
{
    static const struct {
        const char *text, *words;
        shs_type type;
    } cases[] = {
        {"f: clip(min=2, max=1)", "clip of field f to 2..1: no f32 lies between min and max",
         SHS_F32},
        {"f: clip(min=0.2, max=0.8)", "no u8 lies between min and max", SHS_U8},
        {"f: clip(min=300, max=900)", "no u8 lies between min and max", SHS_U8},
        {"f: clip(min=0, max=1)", "clip of field f, whose elements are f16; it takes u8, u16",
         SHS_F16},
        {"f: clip(min=0)", "clip of field f needs a number max=...", SHS_F32},
        {"f: random_scale(factor=1..2)",
         "whose elements are u32; it takes u8, u16, i8, i16, f32, f64", SHS_U32},
        {"f: random_scale(factor=2)", "factor is '2'; it takes two numbers", SHS_F32},
        {"f: unpack(fill=[1,2,3])", "fill is a list; give one number", SHS_I16},
        {"f: log1p(scale=x)", "log1p's scale is 'x'", SHS_F32},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const shs_tensor sample = {"f", cases[i].type, 3, {4, 5, 3}, NULL};
        CHECK(is_refused(&augment_operators, cases[i].text, &sample, 1, SHS_ERROR_ARGUMENT,
                         cases[i].words));
    }
}

static void results_are_golden(void)
{
    static const struct golden goldens[] = {
        {"f: clip(min=0.25, max=0.5)", SHS_F32, 2, {9, 7}, 0x546301dde8df9205},
        {"f: clip(min=17, max=99)", SHS_U8, 2, {9, 7}, 0x84240166e91aeb69},
        {"f: log1p(scale=3)", SHS_F32, 2, {9, 7}, 0x3437038ab06e93b3},
        {"f: log1p()", SHS_U16, 2, {9, 7}, 0x34651a2c6dc1614e},
        {"f: asinh(scale=3)", SHS_F64, 2, {9, 7}, 0xbb9e1204802ef6d5},
        {"f: asinh(scale=0.01)", SHS_I16, 2, {9, 7}, 0x3e99fb96df2e0282},
        {"f: unpack(scale=0.01, offset=273.15, fill=3)", SHS_I16, 2, {9, 7}, 0xa006939adbbcc264},
        {"f: random_scale(factor=0.5..2)", SHS_U8, 3, {9, 7, 3}, 0x72a454e90b8d7d17},
        {"f: random_scale(factor=0.5..2, by=channel, p=0.5)",
         SHS_F32,
         3,
         {9, 7, 3},
         0x1749be4fed45a0eb},
    };
    check_golden(goldens, COUNT(goldens));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(maps_are_those_of_libm), TEST(unpacked_values_are_in_units_and_fill_is_nan),
        TEST(clip_keeps_to_its_ends), TEST(factors_are_of_samples_or_channels),
        TEST(bad_texts_are_refused),  TEST(results_are_golden),
    };
    return harness_main("operators_maps", tests, COUNT(tests), argc, argv);
}
