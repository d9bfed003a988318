/* Operators of colour, each against a slow one that follows its definition pixel by pixel. */
#include <float.h>
#include <stdio.h>

#include "augment_refused.h"
#include "operator_scene.h"

enum {
    MOST_PIXELS = 1100
};

/* The samples: pixels by the steps from channel to channel and from pixel to pixel. */
static const struct shape {
    const char *layout;
    uint32_t axes;
    uint64_t shape[4];
    size_t channels;
    size_t inner; /* pixels that lie together, with their channels apart; 0: channels last */
} shapes[] = {
    {"hw", 2, {5, 7}, 1, 35},      {"hwc", 3, {13, 25, 3}, 3, 0},
    {"chw", 3, {3, 7, 11}, 3, 77}, {"tchw", 4, {2, 3, 3, 5}, 3, 15},
    {"hcw", 3, {4, 3, 1}, 3, 1},   {"thwc", 4, {2, 1, 9, 3}, 3, 0},
    {"hwc", 3, {1, 1, 3}, 3, 0},   {"hwc", 3, {4, 6, 1}, 1, 0},
    {"chw", 3, {1, 3, 3}, 1, 9},   {"hw", 2, {19, 57}, 1, 19 * 57},
    {"cw", 2, {3, 333}, 3, 333},
};

static const shs_type types[] = {SHS_U8, SHS_U16, SHS_F32};

/* A sample as pixels of floats. */
struct picture_of_floats {
    shs_type type;
    size_t pixels, channels;
    float x[MOST_PIXELS][3];
};

static size_t place(const struct shape *shape, size_t pixel, size_t channel)
{
    if (!shape->inner) return pixel * shape->channels + channel;
    return (pixel / shape->inner * shape->channels + channel) * shape->inner + pixel % shape->inner;
}

static void take_picture(const struct shape *shape, const shs_tensor *tensor, const void *elements,
                         struct picture_of_floats *picture)
{
    picture->type = tensor->type;
    picture->channels = shape->channels;
    picture->pixels = elements_of(tensor) / shape->channels;
    for (size_t p = 0; p < picture->pixels; p++)
        for (size_t c = 0; c < shape->channels; c++)
            picture->x[p][c] = (float)number_at(tensor->type, elements, place(shape, p, c));
}

/* ---- steps by their definitions */

static float done(const struct picture_of_floats *picture, float x)
{
    return picture->type == SHS_F32 ? x : (float)slow_whole(picture->type, (double)x);
}

static float slow_gray(const struct picture_of_floats *picture, size_t pixel)
{
    const float *x = picture->x[pixel];
    if (picture->channels == 1) return x[0];
    volatile float r = 0.2989f * x[0], g = 0.587f * x[1], b = 0.114f * x[2], both = r + g;
    return both + b;
}

static float slow_mean(const struct picture_of_floats *picture)
{
    volatile double sums[8] = {0}, total;
    size_t count = 0;
    for (size_t p = 0; p < picture->pixels; p++) {
        float gray = slow_gray(picture, p);
        if (!isfinite(gray)) continue;
        count++;
        sums[p % 8] += (double)gray;
    }
    total =
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    if (picture->type != SHS_F32) {
        uint64_t whole[3] = {0};
        for (size_t p = 0; p < picture->pixels; p++)
            for (size_t c = 0; c < picture->channels; c++)
                whole[c] += (uint64_t)picture->x[p][c];
        volatile double r = 0.2989 * (double)whole[0], g = 0.587 * (double)whole[1],
                        b = 0.114 * (double)whole[2], both = r + g;
        total = picture->channels == 1 ? (double)whole[0] : both + b;
    }
    return count ? (float)(total / (double)count) : 0;
}

static void slow_mix(struct picture_of_floats *picture, double number, bool with_mean)
{
    float mean = slow_mean(picture);
    volatile float f = (float)number, rest = 1 - f;
    for (size_t p = 0; p < picture->pixels; p++) {
        volatile float added = rest * (with_mean ? mean : slow_gray(picture, p));
        for (size_t c = 0; c < picture->channels; c++) {
            volatile float product = picture->x[p][c] * f, sum = product + added;
            picture->x[p][c] = done(picture, sum);
        }
    }
}

static float slow_between(float low, float chroma, float t)
{
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    volatile float product = chroma * t, sum = low + product;
    return sum;
}

static void slow_hue(struct picture_of_floats *picture, double turns)
{
    volatile double six = 6 * turns, positive = turns < 0 ? six + 6 : six;
    volatile float s = (float)positive;
    for (size_t p = 0; p < picture->pixels; p++) {
        float *x = picture->x[p], r = x[0], g = x[1], b = x[2];
        if (!isfinite(r) || !isfinite(g) || !isfinite(b)) {
            x[0] = x[1] = x[2] = NAN;
            continue;
        }
        float high = fmaxf(r, fmaxf(g, b)), low = fminf(r, fminf(g, b));
        volatile float chroma = high - low, top, ratio, base, h;
        top = r == high ? g - b : g == high ? b - r : r - g;
        base = r == high ? s : g == high ? s + 2 : s + 4;
        ratio = chroma == 0 ? top : top / chroma;
        h = ratio + base;
        if (h >= 5) h = h - 6;
        volatile float a = h - 3, d = h - 2, e = h - 1;
        volatile float t[3] = {fabsf(a) - 1, 2 - fabsf(d), fabsf(e) - 1};
        for (size_t c = 0; c < 3; c++)
            x[c] = done(picture, slow_between(low, chroma, t[c]));
    }
}

static void slow_step(struct picture_of_floats *picture, int step, double number)
{
    volatile float f = (float)number;
    if (step == 1 || step == 2) {
        slow_mix(picture, number, step == 1);
    } else if (step == 3) {
        slow_hue(picture, number);
    } else if (step == 0) {
        for (size_t p = 0; p < picture->pixels; p++)
            for (size_t c = 0; c < picture->channels; c++) {
                volatile float product = picture->x[p][c] * f;
                picture->x[p][c] = done(picture, product);
            }
    } else {
        for (size_t p = 0; p < picture->pixels; p++) {
            float gray = done(picture, slow_gray(picture, p));
            for (size_t c = 0; c < picture->channels; c++)
                picture->x[p][c] = gray;
        }
    }
}

/* ---- comparisons */

static struct sample sample_in(const struct shape *shape, shs_type type, uint64_t seed,
                               unsigned char *input)
{
    struct sample sample = {.tensor = {"f", type, shape->axes, {0}, input}};
    memcpy(sample.tensor.shape, shape->shape, sizeof shape->shape);
    fill_elements(&sample.tensor, seed, input);
    return sample;
}

static void check_same(const char *text, const struct shape *shape, const struct sample *sample,
                       const struct picture_of_floats *expected)
{
    struct picture_of_floats came;
    size_t wrong = 0;
    take_picture(shape, &sample->tensor, sample->output, &came);
    for (size_t p = 0; p < came.pixels; p++)
        for (size_t c = 0; c < came.channels; c++)
            if (!same_float(came.x[p][c], expected->x[p][c]) && wrong++ == 0)
                printf("  pixel %zu, channel %zu: expected %.9g, came %.9g\n", p, c,
                       (double)expected->x[p][c], (double)came.x[p][c]);
    if (wrong)
        WRONG("%s of %s in layout %s: %zu elements", text, shs_type_name(sample->tensor.type),
              shape->layout, wrong);
}

static double slow_range(shs_random *stream, double low, double high)
{
    volatile double u = shs_random_double(stream), width = high - low, product = u * width;
    return low + product;
}

static const struct {
    const char *call;
    double low, high;
} calls[] = {{"brightness(factor=0.3..1.9", 0.3, 1.9},
             {"contrast(factor=0.3..1.9", 0.3, 1.9},
             {"saturation(factor=0.0..3", 0, 3},
             {"hue(turns=-0.5..0.5", -0.5, 0.5},
             {"grayscale(channels=3", 0, 0}};

static void check_step(int step, const struct shape *shape, shs_type type, uint64_t slot,
                       bool with_nan)
{
    static struct picture_of_floats expected;
    unsigned char input[MOST_BYTES * 2];
    char text[200];
    struct sample sample = sample_in(shape, type, slot, input);
    if (bytes_of(&sample.tensor) > MOST_BYTES) return;
    float odd[2] = {NAN, INFINITY};
    if (with_nan) memcpy(input, &odd[slot % 2], sizeof odd[0]);
    shs_random stream = stream_at(3, slot), slow = stream;
    snprintf(text, sizeof text, "f: %s%s%s)", calls[step].call, step ? ", layout=" : "",
             step ? shape->layout : "");
    CHECK_EQ(run(text, &sample, 1, &stream), type);
    take_picture(shape, &sample.tensor, input, &expected);
    slow_step(&expected, step, step < 4 ? slow_range(&slow, calls[step].low, calls[step].high) : 0);
    check_same(text, shape, &sample, &expected);
    CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&slow));
}

static void steps_are_those_of_their_definitions(void)
{
    for (int step = 0; step < (int)COUNT(calls); step++)
        for (size_t s = 0; s < COUNT(shapes); s++)
            for (size_t t = 0; t < COUNT(types); t++)
                for (uint64_t slot = 0; slot < 4; slot++)
                    if (shapes[s].channels == 3 || step < 2)
                        check_step(step, &shapes[s], types[t], slot, false);
}

static void nan_is_left_out_of_the_mean_and_stays(void)
{
    for (int step = 0; step < (int)COUNT(calls); step++)
        for (uint64_t slot = 0; slot < 4; slot++)
            for (size_t s = 1; s < 4; s++)
                check_step(step, &shapes[s], SHS_F32, slot, true);
}

/* A pixel that hue cannot turn has the same bits on every machine. */
static void hue_of_no_number_is_one_nan(void)
{
    float input[6] = {INFINITY, 0, 1, 0.5f, -NAN, 0}, output[6];
    struct sample sample = {.tensor = {"f", SHS_F32, 3, {1, 2, 3}, input}};
    shs_random stream = stream_at(1, 1);
    run("f: hue(turns=-0.5..0.5)", &sample, 1, &stream);
    memcpy(output, sample.output, sizeof output);
    for (size_t i = 0; i < 6; i++) {
        uint32_t bits;
        memcpy(&bits, &output[i], sizeof bits);
        CHECK_EQ(bits, 0x7fc00000);
    }
}

/* ---- color_jitter */

static void check_jitter(const struct shape *shape, shs_type type, uint64_t slot, unsigned given)
{
    static const char *const values[] = {"brightness=0.3..1.9", "contrast=0.3..1.9",
                                         "saturation=0.0..3", "hue=-0.5..0.5"};
    static struct picture_of_floats expected;
    unsigned char input[MOST_BYTES * 2];
    char text[200] = "f: color_jitter(";
    int list[4] = {0, 1, 2, 3};
    double number[4];
    struct sample sample = sample_in(shape, type, slot, input);
    if (bytes_of(&sample.tensor) > MOST_BYTES) return;
    for (int i = 0; i < 4; i++)
        if (given >> i & 1) strcat(strcat(text, values[i]), ", ");
    strcat(strcat(strcat(text, "layout="), shape->layout), ")");
    shs_random stream = stream_at(4, slot), slow = stream;
    CHECK_EQ(run(text, &sample, 1, &stream), type);
    for (uint32_t i = 3; i > 0; i--) {
        uint32_t j = shs_random_below(&slow, i + 1);
        int swap = list[i];
        list[i] = list[j];
        list[j] = swap;
    }
    for (int i = 0; i < 4; i++)
        if (given >> i & 1) number[i] = slow_range(&slow, calls[i].low, calls[i].high);
    take_picture(shape, &sample.tensor, input, &expected);
    for (int i = 0; i < 4; i++)
        if (given >> list[i] & 1) slow_step(&expected, list[i], number[list[i]]);
    check_same(text, shape, &sample, &expected);
    CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&slow));
}

static void jitter_is_its_steps_in_the_order_drawn(void)
{
    for (size_t s = 0; s < COUNT(shapes); s++)
        for (size_t t = 0; t < COUNT(types); t++)
            for (uint64_t slot = 0; slot < 30; slot++) {
                if (shapes[s].channels == 3) check_jitter(&shapes[s], types[t], slot, 15);
                check_jitter(&shapes[s], types[t], slot, 3);
                check_jitter(&shapes[s], types[t], slot, 2);
                if (shapes[s].channels == 3) check_jitter(&shapes[s], types[t], slot, 9);
            }
}

/* Two steps come in either order in half of the samples. */
static void both_orders_are_as_likely(void)
{
    unsigned seen[4] = {0};
    uint8_t input[3] = {200, 100, 50};
    struct sample sample = {.tensor = {"f", SHS_U8, 3, {1, 1, 3}, input}};
    /* The mean gray depends on whether brightness has clamped 400 to 255 before. */
    shs_augment *augment = open_text("f: color_jitter(brightness=2..2, contrast=0..0)", &sample, 1);
    if (!augment) return;
    for (uint64_t slot = 0; slot < 2000; slot++) {
        shs_random stream = stream_at(9, slot);
        CHECK_STATUS(apply(augment, &sample, 1, &stream), SHS_OK);
        seen[sample.output[0] == 248]++; /* 2 * 124, else the gray of 255, 200, 100, which is 205 */
        seen[2] += sample.output[0] == 205;
    }
    shs_augment_close(&augment);
    CHECK_EQ(seen[1] + seen[2], 2000);
    CHECK_IS(seen[1], >, 888); /* 1000 with a deviation of 22.4: 5 of them */
    CHECK_IS(seen[1], <, 1112);
}

/* ---- what everybody expects */

static void some_values_change_nothing(void)
{
    static const char *const texts[] = {"f: brightness(factor=1..1)",
                                        "f: contrast(factor=1..1)",
                                        "f: saturation(factor=1..1)",
                                        "f: hue(turns=0..0)",
                                        "f: hue(turns=-0.5..-0.5) hue(turns=0.5..0.5)",
                                        "f: gamma(exponent=1..1)",
                                        "f: brightness(factor=5..6, p=0)",
                                        "f: grayscale(channels=3, p=0)"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        uint8_t input[9 * 9 * 3];
        struct sample sample = {.tensor = {"f", SHS_U8, 3, {9, 9, 3}, input}};
        shs_random stream = stream_at(1, i);
        fill_elements(&sample.tensor, i, input);
        for (size_t b = 0; b < 9; b++)
            input[b] = (uint8_t)(b < 3 ? 255 : b < 6 ? 0 : 77); /* white, black and gray */
        run(texts[i], &sample, 1, &stream);
        CHECK_BYTES(sample.output, input, sizeof input);
    }
}

static void a_third_of_a_turn_makes_red_green(void)
{
    uint8_t input[6] = {200, 30, 90, 255, 0, 0};
    struct sample sample = {.tensor = {"f", SHS_U8, 3, {1, 2, 3}, input}};
    shs_random stream = stream_at(1, 1);
    run("f: hue(turns=0.33333333333..0.33333333333)", &sample, 1, &stream);
    CHECK_BYTES(sample.output, ((const uint8_t[]){90, 200, 30, 0, 255, 0}), 6);
    run("f: hue(turns=0.5..0.5)", &sample, 1, &stream);
    CHECK_BYTES(sample.output, ((const uint8_t[]){30, 200, 140, 0, 255, 255}), 6);
    run("f: saturation(factor=0..0)", &sample, 1, &stream); /* 87.66 and 76.2 */
    CHECK_BYTES(sample.output, ((const uint8_t[]){88, 88, 88, 76, 76, 76}), 6);
    run("f: grayscale(channels=3)", &sample, 1, &stream);
    CHECK_BYTES(sample.output, ((const uint8_t[]){88, 88, 88, 76, 76, 76}), 6);
    run("f: contrast(factor=0..0)", &sample, 1, &stream); /* 81.94 */
    CHECK_BYTES(sample.output, ((const uint8_t[]){82, 82, 82, 82, 82, 82}), 6);
}

static void gray_may_have_one_channel(void)
{
    for (size_t s = 0; s < COUNT(shapes); s++)
        for (size_t t = 0; t < COUNT(types); t++) {
            static struct picture_of_floats expected;
            unsigned char input[MOST_BYTES * 2];
            char text[100];
            size_t wrong = 0;
            struct sample sample = sample_in(&shapes[s], types[t], s, input);
            if (shapes[s].channels == 1 || bytes_of(&sample.tensor) > MOST_BYTES) continue;
            snprintf(text, sizeof text, "f: grayscale(layout=%s)", shapes[s].layout);
            CHECK_EQ(run(text, &sample, 1, NULL), types[t]);
            take_picture(&shapes[s], &sample.tensor, input, &expected);
            slow_step(&expected, 4, 0);
            for (size_t p = 0; p < expected.pixels; p++)
                wrong += (double)expected.x[p][0] != number_at(types[t], sample.output, p);
            CHECK_EQ(wrong, 0);
        }
}

/* ---- gamma */

static void check_gamma(shs_type type, double exponent)
{
    unsigned char input[MOST_BYTES];
    char text[100];
    size_t wrong = 0;
    struct sample sample = {.tensor = {"f", type, 1, {300}, input}};
    long double white = type == SHS_U8 ? 255 : type == SHS_U16 ? 65535 : 1;
    shs_random stream = stream_at(1, 1);
    fill_elements(&sample.tensor, (uint64_t)type, input);
    snprintf(text, sizeof text, "f: gamma(exponent=%g..%g)", exponent, exponent);
    CHECK_EQ(run(text, &sample, 1, &stream), type);
    for (size_t i = 0; i < 300; i++) {
        long double x = number_at(type, input, i), y = white * powl(x / white, exponent);
        double expected = type == SHS_F32 ? (double)(float)y : slow_whole(type, (double)y);
        wrong += expected != number_at(type, sample.output, i);
    }
    CHECK_EQ(wrong, 0);
}

static void gamma_is_that_of_libm(void)
{
    for (size_t t = 0; t < COUNT(types); t++) {
        check_gamma(types[t], 0.45);
        check_gamma(types[t], 2.2);
        check_gamma(types[t], 1);
    }
    float input[4] = {-1, NAN, INFINITY, 0}, output[4];
    struct sample sample = {.tensor = {"f", SHS_F32, 1, {4}, input}};
    shs_random stream = stream_at(1, 1);
    run("f: gamma(exponent=0.5..2)", &sample, 1, &stream);
    memcpy(output, sample.output, sizeof output);
    CHECK(output[0] == 0 && isnan(output[1]) && isinf(output[2]) && output[3] == 0);
}

/* ---- texts */

static void bad_texts_are_refused(void)
{
    static const struct {
        const char *text, *words;
        shs_type type;
        uint64_t channels;
    } cases[] = {
        {"f: color_jitter()", "color_jitter of field f changes nothing; give it ranges", SHS_U8, 3},
        {"f: color_jitter(hue=0..0.6)", "hue is '0.6'; it takes two numbers from -0.5 to 0.5",
         SHS_U8, 3},
        {"f: color_jitter(brightness=0.4)", "brightness is '0.4'; it takes two numbers", SHS_U8, 3},
        {"f: color_jitter(saturation=0..1)",
         "4x5x1 in layout hwc, with 1 channel; it takes 3 (red, green, blue)", SHS_U8, 1},
        {"f: hue(turns=0..0.1)", "with 4 channels; it takes 3 (red, green, blue)", SHS_F32, 4},
        {"f: contrast(factor=0..1)", "with 4 channels; it takes 3 (red, green, blue) or 1", SHS_U8,
         4},
        {"f: brightness(factor=0..1)", "whose elements are i32; it takes u8, u16, f32", SHS_I32, 3},
        {"f: grayscale(channels=2)", "give channels=1 or channels=3", SHS_U8, 3},
        {"f: grayscale(p=0.1)", "grayscale changes the type, the shape or the layout of field f",
         SHS_U8, 3},
        {"f: gamma()", "gamma of field f needs a number exponent=...", SHS_U8, 3},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const shs_tensor sample = {"f", cases[i].type, 3, {4, 5, cases[i].channels}, NULL};
        CHECK(is_refused(&augment_operators, cases[i].text, &sample, 1, SHS_ERROR_ARGUMENT,
                         cases[i].words));
    }
}

#define JITTER                                                                                     \
    "f: color_jitter(brightness=0.6..1.4, contrast=0.6..1.4, saturation=0.6..1.4, hue=-0.1..0.1"

static void results_are_golden(void)
{
    static const struct golden goldens[] = {
        {"f: brightness(factor=0.5..2)", SHS_U8, 3, {9, 7, 3}, 0x72a454e90b8d7d17},
        {"f: contrast(factor=0.5..2)", SHS_U8, 3, {19, 37, 3}, 0xd9dc2aa37744e9e8},
        {"f: contrast(factor=0.5..2, p=0.9)", SHS_F32, 3, {9, 7, 3}, 0x01d0b8da55c63e2c},
        {"f: saturation(factor=0.5..2)", SHS_U16, 3, {9, 7, 3}, 0x6a4358dd9331254a},
        {"f: hue(turns=-0.5..0.5)", SHS_U8, 3, {19, 37, 3}, 0xb96a6bd70ec3c42e},
        {"f: hue(turns=-0.5..0.5, layout=chw)", SHS_F32, 3, {3, 9, 7}, 0xb915b19b06ae6cee},
        {JITTER ")", SHS_U8, 3, {23, 51, 3}, 0x1c6385122274be02},
        {JITTER ", layout=tchw)", SHS_F32, 4, {2, 3, 9, 7}, 0x60d4979439e0497a},
        {"f: grayscale()", SHS_U8, 3, {9, 7, 3}, 0xe48b8a6f3f47ccac},
        {"f: gamma(exponent=0.5..2)", SHS_U8, 3, {9, 17, 3}, 0x0a6a2c783daf0125},
        {"f: gamma(exponent=0.25..2)", SHS_F32, 3, {9, 7, 3}, 0xf11b40eb64f63816},
    };
    check_golden(goldens, COUNT(goldens));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(steps_are_those_of_their_definitions),
        TEST(nan_is_left_out_of_the_mean_and_stays),
        TEST(hue_of_no_number_is_one_nan),
        TEST(jitter_is_its_steps_in_the_order_drawn),
        TEST(both_orders_are_as_likely),
        TEST(some_values_change_nothing),
        TEST(a_third_of_a_turn_makes_red_green),
        TEST(gray_may_have_one_channel),
        TEST(gamma_is_that_of_libm),
        TEST(bad_texts_are_refused),
        TEST(results_are_golden),
    };
    return harness_main("operators_color", tests, COUNT(tests), argc, argv);
}
