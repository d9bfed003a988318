/* Lists of numbers, one for each channel: normalize against a slow one, and lists that do not fit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "augment_apply.h"
#include "augment_refused.h"
#include "judge.h"
#include "unit.h"

enum {
    MOST = 4096 /* bytes of a sample, and of scratch memory, in these tests */
};

/* The channel of element i, by coordinates. */
static size_t channel_of(const shs_tensor *sample, const char *layout, size_t i)
{
    size_t channel = 0;
    for (uint32_t axis = sample->axes; axis-- > 0; i /= (size_t)sample->shape[axis])
        if (layout[axis] == 'c') channel = i % (size_t)sample->shape[axis];
    return channel;
}

static double element_at(shs_type type, const unsigned char *bytes, size_t i)
{
    uint16_t half;
    int16_t small;
    float single;
    switch (type) {
    case SHS_U8:
        return bytes[i];
    case SHS_U16:
        memcpy(&half, bytes + 2 * i, 2);
        return half;
    case SHS_I16:
        memcpy(&small, bytes + 2 * i, 2);
        return small;
    default:
        memcpy(&single, bytes + 4 * i, 4);
        return (double)single;
    }
}

static float slow_normalize(double x, double largest, double mean, double std)
{
    volatile double scale = 1 / largest, inverse = 1 / std;
    volatile float s = (float)scale, m = (float)mean, r = (float)inverse, product = (float)x * s;
    volatile float difference = product - m;
    volatile float result = difference * r;
    return result;
}

/* A normalize of three channels at most; a list of one number stands for all. */
struct lists {
    const char *mean, *std;
    double means[3], deviations[3];
};

static void fill_elements(shs_type type, size_t count, unsigned char *bytes)
{
    uint64_t seed = 5 + (uint64_t)type;
    for (size_t i = 0; i < count; i++) {
        uint64_t random = judge_random(&seed);
        float single = (float)(int32_t)random / 65536.0f;
        if (type == SHS_F32)
            memcpy(bytes + 4 * i, &single, 4);
        else
            memcpy(bytes + i * shs_type_size(type), &random, shs_type_size(type));
    }
}

static void check_lists(const shs_tensor *sample, const char *layout, const char *given,
                        const struct lists *lists)
{
    unsigned char input[MOST];
    _Alignas(16) char scratch[MOST];
    float output[MOST / 4];
    char text[200];
    const void *from = input;
    void *to = output;
    shs_augment *augment;
    size_t bytes = 0;
    if (shs_tensor_bytes(sample, &bytes) || bytes > MOST) abort();
    size_t count = bytes / shs_type_size(sample->type);
    double largest = sample->type == SHS_U8 ? 255 : sample->type == SHS_U16 ? 65535 : 1;
    fill_elements(sample->type, count, input);
    snprintf(text, sizeof text, "f: normalize(mean=%s, std=%s%s)", lists->mean, lists->std, given);
    if (!NEED(!shs_augment_open(text, sample, 1, &augment))) {
        printf("  %s: %s\n", text, shs_message());
        return;
    }
    CHECK(shs_augment_scratch(augment) <= sizeof scratch);
    CHECK(shs_augment_output(augment, 0)->type == SHS_F32);
    CHECK(!shs_augment_apply(augment, NULL, &from, &to, scratch));
    for (size_t i = 0; i < count; i++) {
        size_t channel = channel_of(sample, layout, i);
        float expected = slow_normalize(element_at(sample->type, input, i), largest,
                                        lists->means[channel], lists->deviations[channel]);
        if (memcmp(&output[i], &expected, sizeof expected) == 0) continue;
        printf("  %s, %s %s, element %zu of channel %zu: expected %a, came %a\n", text, layout,
               shs_type_name(sample->type), i, channel, (double)expected, (double)output[i]);
        WRONG("each channel has its mean and deviation");
        break;
    }
    shs_augment_close(&augment);
}

static void channels_are_normalized_by_lists(void)
{
    static const struct {
        const char *layout, *given;
        uint32_t axes;
        uint64_t shape[3];
    } layouts[] = {{"hwc", "", 3, {4, 5, 3}},
                   {"hwc", ", layout=hwc", 3, {1, 7, 3}},
                   {"hwc", "", 3, {10, 13, 3}},
                   {"chw", ", layout=chw", 3, {3, 4, 5}},
                   {"chw", ", layout=chw", 3, {3, 2, 3}},
                   {"chw", ", layout=chw", 3, {3, 0, 3}}};
    static const struct lists lists[] = {
        {"[0.485,0.456,0.406]",
         "[0.229,0.224,0.225]",
         {0.485, 0.456, 0.406},
         {0.229, 0.224, 0.225}},
        {"[ -1.5 , 2e-3 ,.25 ]", "3", {-1.5, 2e-3, 0.25}, {3, 3, 3}},
        {"0.1", "[1,2,3]", {0.1, 0.1, 0.1}, {1, 2, 3}}};
    static const shs_type types[] = {SHS_U8, SHS_U16, SHS_I16, SHS_F32};
    for (size_t t = 0; t < COUNT(types); t++)
        for (size_t l = 0; l < COUNT(layouts); l++)
            for (size_t n = 0; n < COUNT(lists); n++) {
                shs_tensor sample = {"f", types[t], layouts[l].axes, {0}, NULL};
                memcpy(sample.shape, layouts[l].shape, sizeof layouts[l].shape);
                check_lists(&sample, layouts[l].layout, layouts[l].given, &lists[n]);
            }
}

/* Without an axis c there is one channel, and a list of one number. */
static void one_channel_may_have_a_list(void)
{
    static const struct lists lists = {"[0.5]", "[0.25]", {0.5}, {0.25}};
    const shs_tensor image = {"f", SHS_U8, 2, {4, 5}, NULL}, signal = {"f", SHS_F32, 1, {9}, NULL};
    const shs_tensor gray = {"f", SHS_U8, 3, {4, 5, 1}, NULL};
    check_lists(&image, "hw", "", &lists);
    check_lists(&signal, "w", ", scale=none", &lists);
    check_lists(&gray, "hwc", "", &lists);
}

/* Rows that fill a sample up stay zero in each channel. */
static void padding_has_no_channels(void)
{
    unsigned char input[4 * 5 * 3];
    float output[4 * 5 * 3];
    _Alignas(16) char scratch[MOST];
    const void *from = input;
    void *to = output;
    const char *layouts[] = {"hwc", "chw"};
    for (size_t l = 0; l < 2; l++) {
        const shs_tensor sample = {"f", SHS_U8, 3, {l ? 3 : 4, l ? 4 : 5, l ? 5 : 3}, NULL};
        const uint64_t rows = 2;
        char text[100];
        shs_augment *augment;
        memset(input, 51, sizeof input);
        snprintf(text, sizeof text, "f: normalize(mean=[1,2,3], std=1, layout=%s)", layouts[l]);
        if (!NEED(!shs_augment_open(text, &sample, 1, &augment))) return;
        CHECK(!augment_apply_rows(augment, NULL, &rows, &from, &to, scratch));
        for (size_t i = 0; i < 60; i++) {
            float expected =
                slow_normalize(51, 255, 1.0 + (double)channel_of(&sample, layouts[l], i), 1);
            if (i >= (l ? 40 : 30)) expected = 0;
            if (output[i] != expected)
                printf("  %s, element %zu: expected %g, came %g\n", text, i, (double)expected,
                       (double)output[i]);
            CHECK(output[i] == expected);
        }
        shs_augment_close(&augment);
    }
}

static void lists_that_do_not_fit_are_refused(void)
{
    static const shs_tensor samples[] = {{"image", SHS_U8, 2, {4, 5}, NULL},
                                         {"colour", SHS_U8, 3, {4, 5, 3}, NULL},
                                         {"maps", SHS_F32, 3, {24, 18, 36}, NULL},
                                         {"wide", SHS_F32, 3, {300, 2, 2}, NULL},
                                         {"volume", SHS_F32, 4, {2, 2, 2, 3}, NULL}};
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"colour: normalize(mean=[1,2], std=1)",
         "character 19: normalize's mean is a list of 2 numbers, but field colour, whose samples "
         "are u8 4x5x3 in layout hwc, has 3 channels; give one number for all channels, a list of "
         "3, or another layout="},
        {"colour: normalize(mean=1, std=[1])",
         "character 27: normalize's std is a list of 1 number, but field colour"},
        {"colour: normalize(mean=1, std=[1,2,3], layout=chw)",
         "std is a list of 3 numbers, but field colour, whose samples are u8 4x5x3 in layout chw, "
         "has 4 channels"},
        {"image: normalize(mean=[1,2], std=1)",
         "field image, whose samples are u8 4x5 in layout hw, has 1 channel; give"},
        {"colour,image: normalize(mean=[1,2,3], std=1)", "but field image"},
        {"maps: normalize(mean=[1,2,3], std=1)", "normalize of field maps, whose samples are f32 "
                                                 "24x18x36 and have 3 axes: which axes are height"},
        {"volume: normalize(mean=[1,2,3], std=1)", "field volume, whose samples are f32 2x2x2x3"},
        {"colour: normalize(mean=[1,x,3], std=1)",
         "character 9: number 2 of normalize's mean is 'x'"},
        {"colour: normalize(mean=1, std=[1,2,0])",
         "number 3 of normalize's std is '0'; it takes one"},
        {"colour: normalize(mean=1,std=1,scale=[auto])",
         "normalize's scale is a list; it takes auto"},
        {"colour: normalize(mean=[], std=1)",
         "character 25: '], std=1)' stands where a number or word of a list, as in mean=[0.4,0.5]"},
        {"colour: normalize(mean=[1,,2], std=1)",
         "character 27: ',2], std=1)' stands where a number"},
        {"colour: normalize(mean=[1 2], std=1)",
         "character 27: '2], std=1)' stands where ',' or ']' after a number or word of a list"},
        {"colour: normalize(mean=[1,2,3), std=1)",
         "character 9: normalize's mean is '[1,2,3', a list without ']'; a list has brackets"},
        {"colour: normalize(mean=[1,2,3, std=1)", "normalize's mean is '[1,2,3', a list without"},
        {"colour: normalize(mean=[1,2,3", "normalize's mean is '[1,2,3', a list without ']'"},
        {"colour: normalize(mean=[1,[2]], std=1)",
         "character 27: '[2]], std=1)' stands where a number"},
        {"colour: normalize(mean=1], std=1)", "normalize's mean is '1]'; it takes one number from"},
        {"colour: normalize(mean=[abcdefghijabcdefghijabcdefghijabcdefghij], std=1)",
         "character 25: a word of 40 characters"},
    };
    struct core_text many = {0};
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(is_refused(&augment_operators, cases[i].text, samples, COUNT(samples),
                         SHS_ERROR_ARGUMENT, cases[i].words));
    core_text_add(&many, "wide: normalize(layout=chw, std=1, mean=[0");
    for (int i = 1; i < 300; i++)
        core_text_add(&many, ",%d", i);
    core_text_add(&many, "])");
    if (NEED(many.bytes))
        CHECK(is_refused(&augment_operators, many.bytes, samples, COUNT(samples),
                         SHS_ERROR_ARGUMENT,
                         "normalize's mean is a list of 300 numbers; the most is 256"));
    core_text_free(&many);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(channels_are_normalized_by_lists),
        TEST(one_channel_may_have_a_list),
        TEST(padding_has_no_channels),
        TEST(lists_that_do_not_fit_are_refused),
    };
    return harness_main("lists", tests, COUNT(tests), argc, argv);
}
