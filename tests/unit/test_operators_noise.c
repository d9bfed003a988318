/* gaussian_noise and noise, against normals that are drawn one by one. */
#include <float.h>
#include <stdio.h>

#include "augment_refused.h"
#include "operator_scene.h"
#include "random_stream.h"

static const shs_type types[] = {SHS_U8, SHS_I8, SHS_U16, SHS_I16, SHS_F32, SHS_F64};

static double slow_range(shs_random *stream, double low, double high)
{
    volatile double u = shs_random_double(stream), width = high - low, product = u * width;
    return low + product;
}

/* x + (mean + deviation * z), in the arithmetic of the type. */
static double slow_sum(shs_type type, double x, double mean, double deviation, float z)
{
    if (type == SHS_F64) {
        volatile double product = deviation * (double)z, noise = mean + product;
        return x + noise;
    }
    volatile float product = (float)deviation * z, noise = (float)mean + product,
                   sum = (float)x + noise;
    return type == SHS_F32 ? (double)sum : slow_whole(type, (double)sum);
}

/* Checks a sample against the normals of a stream, and the stream against its copy. `deviation`
 * has a number for each channel. */
static void check_noise(const char *text, const struct sample *sample, double mean,
                        const double *deviation, size_t channels, size_t inner, shs_random *slow,
                        shs_random *stream)
{
    size_t wrong = 0;
    shs_type type = sample->tensor.type;
    for (size_t i = 0; i < elements_of(&sample->tensor); i++) {
        double x = number_at(type, sample->tensor.data, i);
        float z = shs_random_normal_float(slow, 0, 1);
        wrong += !same_double(number_at(type, sample->output, i),
                              slow_sum(type, x, mean, deviation[i / inner % channels], z));
    }
    if (wrong) WRONG("%s of %s: %zu elements", text, shs_type_name(type), wrong);
    for (int i = 0; i < 3; i++) { /* the normal that is kept, too */
        CHECK_EQ(shs_random_normal_float(stream, 0, 1), shs_random_normal_float(slow, 0, 1));
        CHECK_EQ(shs_random_u32(stream), shs_random_u32(slow));
    }
}

/* Samples with even and odd numbers of elements, less and more than are drawn at a time. */
static const uint64_t shapes[][3] = {{1, 1, 1}, {2, 3, 1}, {7, 5, 3}, {9, 57, 1}, {16, 16, 2}};

/* A stream that begins anywhere in a block, with or without a normal that was kept. */
static shs_random stream_after(uint64_t slot)
{
    shs_random stream = stream_at(11, slot);
    for (uint64_t i = 0; i < slot % 5; i++)
        shs_random_u32(&stream);
    if (slot % 2) shs_random_normal_float(&stream, 0, 1);
    return stream;
}

static void noise_is_a_normal_for_each_element(void)
{
    for (size_t t = 0; t < COUNT(types); t++)
        for (size_t s = 0; s < COUNT(shapes); s++)
            for (uint64_t slot = 0; slot < 6; slot++) {
                unsigned char input[MOST_BYTES];
                struct sample sample = {.tensor = {"f", types[t], 3, {0}, input}};
                memcpy(sample.tensor.shape, shapes[s], sizeof shapes[s]);
                if (bytes_of(&sample.tensor) > MOST_BYTES) continue;
                fill_elements(&sample.tensor, slot, input);
                shs_random stream = stream_after(slot), slow = stream;
                double deviation = slow_range(&slow, 0.5, 20);
                static const char text[] = "f: gaussian_noise(std=0.5..20, mean=-0.25)";
                CHECK_EQ(run(text, &sample, 1, &stream), types[t]);
                check_noise(text, &sample, -0.25, &deviation, 1, 1, &slow, &stream);
            }
}

/* ---- noise by the signal's power */

static double slow_deviation(const struct sample *sample, size_t channels, size_t inner,
                             size_t channel, double decibels)
{
    volatile double sums[8] = {0}, square;
    size_t at = 0, count = 0;
    for (size_t i = 0; i < elements_of(&sample->tensor); i++) {
        double x = number_at(sample->tensor.type, sample->tensor.data, i);
        if (i / inner % channels != channel) continue;
        if (isfinite(x)) {
            square = x * x;
            sums[at % 8] += square;
            count++;
        }
        at++;
    }
    volatile double total =
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    volatile double power = count ? total / (double)count : 0;
    double ratio = (double)powl(10, -(long double)decibels / 10);
    /* Our own exponential function is within two ulps of this ratio, which rounding to f32 hides
     * but in f64 shows: callers use ratios that both compute exactly. */
    volatile double product = power * ratio;
    return sqrt(product);
}

static void check_signal(const char *text, shs_type type, const uint64_t *shape, size_t channels,
                         size_t inner, uint64_t slot)
{
    unsigned char input[MOST_BYTES];
    double deviation[16];
    struct sample sample = {.tensor = {"f", type, 2, {shape[0], shape[1]}, input}};
    fill_elements(&sample.tensor, slot, input);
    float odd[2] = {NAN, INFINITY};
    if (type == SHS_F32) memcpy(input, &odd[slot % 2], sizeof odd[0]);
    shs_random stream = stream_after(slot), slow = stream;
    shs_random_double(&slow);
    CHECK_EQ(run(text, &sample, 1, &stream), type);
    for (size_t c = 0; c < channels; c++)
        deviation[c] = slow_deviation(&sample, channels, inner, c, 0);
    check_noise(text, &sample, 0, deviation, channels, inner, &slow, &stream);
}

/* At 0 decibels the ratio is 1 exactly. */
static void power_is_of_the_sample_or_of_channels(void)
{
    for (size_t t = 0; t < COUNT(types); t++)
        for (uint64_t slot = 0; slot < 4; slot++) {
            check_signal("f: noise(snr=0)", types[t], (uint64_t[]){17, 23}, 1, 1, slot);
            check_signal("f: noise(snr=0..0, by=channel, layout=tc)", types[t], (uint64_t[]){61, 7},
                         7, 1, slot);
            check_signal("f: noise(snr=0, by=channel, layout=ct)", types[t], (uint64_t[]){5, 97}, 5,
                         97, slot);
            check_signal("f: noise(snr=0, by=channel, layout=ct)", types[t], (uint64_t[]){1, 97}, 1,
                         97, slot);
        }
}

static void the_ratio_is_in_decibels(void)
{
    static float input[900], output[900];
    struct sample sample = {.tensor = {"f", SHS_F32, 1, {900}, input}};
    for (size_t i = 0; i < 900; i++)
        input[i] = i % 2 ? 3 : -3;
    for (int decibels = -20; decibels <= 40; decibels += 20) {
        double power = 0;
        char text[60];
        shs_random stream = stream_at(2, 2);
        snprintf(text, sizeof text, "f: noise(snr=%d)", decibels);
        run(text, &sample, 1, &stream);
        memcpy(output, sample.output, sizeof output);
        for (size_t i = 0; i < 900; i++)
            power += pow((double)output[i] - (double)input[i], 2) / 900;
        double came = 10 * log10(9 / power);
        CHECK_IS(fabs(came - decibels), <, 1); /* 5 deviations, each 10 log10(1 + sqrt(2 / 900)) */
    }
}

static void nothing_has_no_noise(void)
{
    float input[5] = {NAN, NAN, NAN, NAN, NAN}, zero[5] = {0}, output[5];
    struct sample sample = {.tensor = {"f", SHS_F32, 1, {5}, input}};
    shs_random stream = stream_at(2, 2);
    run("f: noise(snr=10)", &sample, 1, &stream);
    memcpy(output, sample.output, sizeof output);
    for (size_t i = 0; i < 5; i++)
        CHECK(isnan(output[i]));
    sample.tensor.data = zero;
    run("f: noise(snr=10)", &sample, 1, &stream);
    CHECK_BYTES(sample.output, zero, sizeof zero);
    run("f: gaussian_noise(std=0)", &sample, 1, &stream);
    CHECK_BYTES(sample.output, zero, sizeof zero);
}

/* Fields of one statement get the same normals, whatever their types. */
static void fields_share_the_noise(void)
{
    float a[7] = {0}, first[7];
    double b[7] = {0}, doubles[7];
    struct sample samples[2] = {{.tensor = {"a", SHS_F32, 1, {7}, a}},
                                {.tensor = {"b", SHS_F64, 1, {7}, b}}};
    shs_random stream = stream_at(6, 6);
    run("a,b: gaussian_noise(std=1)", samples, 2, &stream);
    memcpy(first, samples[0].output, sizeof first);
    memcpy(doubles, samples[1].output, sizeof doubles);
    for (size_t i = 0; i < 7; i++)
        CHECK_EQ((double)first[i], doubles[i]);
}

/* ---- streams */

static void skipping_is_drawing(void)
{
    for (uint64_t slot = 0; slot < 10; slot++)
        for (uint64_t count = 0; count < 40; count++) {
            shs_random skipped = stream_after(slot), drawn = skipped, words = skipped;
            random_skip_normal_floats(&skipped, count);
            for (uint64_t i = 0; i < count; i++)
                shs_random_normal_float(&drawn, 0, 1);
            CHECK_EQ(shs_random_normal_float(&skipped, 0, 1),
                     shs_random_normal_float(&drawn, 0, 1));
            CHECK_EQ(shs_random_u32(&skipped), shs_random_u32(&drawn));
            skipped = drawn = words;
            random_skip_words(&skipped, count);
            for (uint64_t i = 0; i < count; i++)
                shs_random_u32(&drawn);
            CHECK_EQ(shs_random_u64(&skipped), shs_random_u64(&drawn));
        }
}

static void streams_end(void)
{
    shs_random stream = stream_at(1, 1);
    CHECK_STATUS(shs_random_seek(&stream, (UINT64_C(1) << 34) - 7), SHS_OK);
    shs_random other = stream;
    random_skip_words(&stream, 7);
    CHECK_STATUS(shs_random_status(&stream), SHS_OK);
    shs_random_u32(&stream);
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_EXHAUSTED);
    random_skip_words(&other, 8);
    CHECK_STATUS(shs_random_status(&other), SHS_ERROR_EXHAUSTED);
    float input[9] = {0};
    struct sample sample = {.tensor = {"f", SHS_F32, 1, {9}, input}};
    shs_augment *augment = open_text("f: gaussian_noise(std=1)", &sample, 1);
    if (!augment) return;
    CHECK_STATUS(shs_random_seek(&stream, (UINT64_C(1) << 34) - 7), SHS_OK);
    CHECK_STATUS(apply(augment, &sample, 1, &stream), SHS_ERROR_EXHAUSTED);
    shs_augment_close(&augment);
}

/* ---- texts */

static void bad_texts_are_refused(void)
{
    static const struct {
        const char *text, *words;
        shs_type type;
    } cases[] = {
        {"f: gaussian_noise()", "gaussian_noise of field f needs a number std=...", SHS_F32},
        {"f: gaussian_noise(std=-1)",
         "std is '-1'; it takes two numbers from 0 to 1e+30 with two "
         "dots between, the lower one first, or one number",
         SHS_F32},
        {"f: gaussian_noise(std=1)", "whose elements are i64; it takes u8, u16, i8, i16, f32, f64",
         SHS_I64},
        {"f: noise(snr=1, by=row)", "by is 'row'; it takes sample or channel", SHS_F32},
        {"f: noise(snr=1, by=channel)", "which axes are height and width cannot be told", SHS_F32},
        {"f,g: noise(snr=1)", "f and g cannot share draws: noise draws by their shapes", SHS_F32},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const shs_tensor samples[2] = {{"f", cases[i].type, 3, {4, 5, 7}, NULL},
                                       {"g", cases[i].type, 3, {4, 5, 6}, NULL}};
        CHECK(is_refused(&augment_operators, cases[i].text, samples, 2, SHS_ERROR_ARGUMENT,
                         cases[i].words));
    }
}

static void results_are_golden(void)
{
    static const struct golden goldens[] = {
        {"f: gaussian_noise(std=0.1)", SHS_F32, 3, {9, 7, 3}, 0x102934b1be7fef1d},
        {"f: gaussian_noise(std=1..50, p=0.5)", SHS_U8, 3, {29, 37, 3}, 0x8d4a11a82ca98aa2},
        {"f: gaussian_noise(std=0.1..0.2)", SHS_F64, 2, {9, 7}, 0x0f55f691af602355},
        {"f: noise(snr=0..30)", SHS_F32, 2, {500, 2}, 0x125c2533933c2c2a},
        {"f: noise(snr=0..30, by=channel, layout=tc)", SHS_I16, 2, {150, 2}, 0xf3adf270cc2cc79a},
        {"f: noise(snr=0..30, by=channel, layout=ct)", SHS_F64, 2, {3, 150}, 0x32cbd0321f6be427},
    };
    check_golden(goldens, COUNT(goldens));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(noise_is_a_normal_for_each_element),
        TEST(power_is_of_the_sample_or_of_channels),
        TEST(the_ratio_is_in_decibels),
        TEST(nothing_has_no_noise),
        TEST(fields_share_the_noise),
        TEST(skipping_is_drawing),
        TEST(streams_end),
        TEST(bad_texts_are_refused),
        TEST(results_are_golden),
    };
    return harness_main("operators_noise", tests, COUNT(tests), argc, argv);
}
