/* random_erasing, time_mask and channel_drop, element by element. */
#include <float.h>
#include <stdio.h>

#include "augment_refused.h"
#include "operator_scene.h"
#include "random_math.h"

static const shs_type types[] = {SHS_U8,  SHS_U16, SHS_U32, SHS_U64, SHS_I8,
                                 SHS_I16, SHS_I32, SHS_I64, SHS_F32, SHS_F64};

static double slow_range(shs_random *stream, double low, double high)
{
    volatile double u = shs_random_double(stream), width = high - low, product = u * width;
    return low + product;
}

/* The coordinate of an element along the axis of a letter; 0 without it. */
static size_t coordinate(const shs_tensor *tensor, const char *layout, char letter, size_t element)
{
    size_t found = 0;
    for (uint32_t axis = tensor->axes; axis-- > 0;) {
        size_t extent = (size_t)tensor->shape[axis];
        if (layout[axis] == letter) found = element % extent;
        element /= extent;
    }
    return found;
}

static size_t extent_of(const shs_tensor *tensor, const char *layout, char letter)
{
    const char *at = strchr(layout, letter);
    return at ? (size_t)tensor->shape[at - layout] : 1;
}

static const struct shape {
    const char *layout;
    uint32_t axes;
    uint64_t shape[4];
} shapes[] = {
    {"hw", 2, {9, 13}},        {"hwc", 3, {8, 5, 3}},     {"chw", 3, {3, 5, 8}},
    {"tchw", 4, {2, 3, 4, 5}}, {"thwc", 4, {2, 4, 5, 3}}, {"hw", 2, {1, 1}},
    {"hwc", 3, {1, 7, 2}},
};

static struct sample sample_in(const struct shape *shape, shs_type type, unsigned char *input)
{
    struct sample sample = {.tensor = {"f", type, shape->axes, {0}, input}};
    memcpy(sample.tensor.shape, shape->shape, sizeof shape->shape);
    fill_elements(&sample.tensor, (uint64_t)type, input);
    return sample;
}

/* Whether element i of the output is a number, or is as it was. */
static bool is_right(const struct sample *sample, size_t i, bool erased, double value)
{
    shs_type type = sample->tensor.type;
    double expected = erased ? value : number_at(type, sample->tensor.data, i);
    return number_at(type, sample->output, i) == expected;
}

/* ---- random_erasing */

struct rectangle {
    size_t top, left, height, width;
};

static struct rectangle slow_rectangle(size_t height, size_t width, const double scale[2],
                                       const double ratio[2], shs_random *stream)
{
    struct rectangle none = {0, 0, 0, 0};
    for (int i = 0; i < 10; i++) {
        volatile double part = slow_range(stream, scale[0], scale[1]), rows = part * (double)height,
                        area = rows * (double)width;
        double aspect = random_exp(slow_range(stream, random_log(ratio[0]), random_log(ratio[1])));
        volatile double square = area * aspect, other = area / aspect;
        double h = nearbyint(sqrt(square)), w = nearbyint(sqrt(other));
        if (h >= (double)height || w >= (double)width) continue;
        struct rectangle made = {.height = (size_t)h, .width = (size_t)w};
        made.top = shs_random_below(stream, (uint32_t)(height - made.height + 1));
        made.left = shs_random_below(stream, (uint32_t)(width - made.width + 1));
        return made;
    }
    return none;
}

static bool is_inside(size_t y, size_t x, const struct rectangle *r)
{
    return y >= r->top && y < r->top + r->height && x >= r->left && x < r->left + r->width;
}

static void check_erasing(const struct shape *shape, shs_type type, uint64_t slot, bool list)
{
    static const double values[3] = {7, 1, 99};
    unsigned char input[MOST_BYTES];
    char text[200];
    size_t wrong = 0;
    struct sample sample = sample_in(shape, type, input);
    size_t channels = extent_of(&sample.tensor, shape->layout, 'c');
    shs_random stream = stream_at(21, slot), slow = stream;
    snprintf(text, sizeof text,
             "f: random_erasing(p=1, scale=0.1..0.9, ratio=0.5..4, value=%s, layout=%s)",
             !list           ? "7"
             : channels == 3 ? "[7,1,99]"
             : channels == 2 ? "[7,1]"
                             : "[7]",
             shape->layout);
    run(text, &sample, 1, &stream);
    struct rectangle r = slow_rectangle(extent_of(&sample.tensor, shape->layout, 'h'),
                                        extent_of(&sample.tensor, shape->layout, 'w'),
                                        (double[]){0.1, 0.9}, (double[]){0.5, 4}, &slow);
    for (size_t i = 0; i < elements_of(&sample.tensor); i++) {
        size_t y = coordinate(&sample.tensor, shape->layout, 'h', i),
               x = coordinate(&sample.tensor, shape->layout, 'w', i),
               c = coordinate(&sample.tensor, shape->layout, 'c', i);
        wrong += is_right(&sample, i, is_inside(y, x, &r), values[list ? c : 0]) ? 0 : 1;
    }
    if (wrong) WRONG("%s of %s: %zu elements", text, shs_type_name(type), wrong);
    CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&slow));
}

static void rectangles_are_erased(void)
{
    for (size_t s = 0; s < COUNT(shapes); s++)
        for (size_t t = 0; t < COUNT(types); t++)
            for (uint64_t slot = 0; slot < 12; slot++)
                check_erasing(&shapes[s], types[t], slot, slot % 2);
}

/* As in torchvision, p is 0.5 unless it is given; p=1 stays p=1 in the canonical text. */
static void half_of_the_samples_are_erased(void)
{
    uint8_t input[400];
    unsigned changed = 0;
    struct sample sample = {.tensor = {"f", SHS_U8, 2, {20, 20}, input}};
    memset(input, 9, sizeof input);
    shs_augment *augment = open_text("f: random_erasing()", &sample, 1);
    if (!augment) return;
    for (uint64_t slot = 0; slot < 1000; slot++) {
        shs_random stream = stream_at(22, slot);
        CHECK_STATUS(apply(augment, &sample, 1, &stream), SHS_OK);
        changed += memcmp(sample.output, input, sizeof input) != 0;
    }
    shs_augment_close(&augment);
    CHECK_IS(changed, >, 420); /* 500 with a deviation of 15.8 */
    CHECK_IS(changed, <, 580);
}

/* ---- time_mask */

static void check_mask(const struct shape *shape, shs_type type, char letter, bool said,
                       uint64_t slot)
{
    unsigned char input[MOST_BYTES];
    char text[200], axis[20] = "";
    size_t wrong = 0;
    struct sample sample = sample_in(shape, type, input);
    shs_random stream = stream_at(23, slot), slow = stream;
    if (said) snprintf(axis, sizeof axis, ", axis=%c", letter);
    snprintf(text, sizeof text, "f: time_mask(size=0.0..1, value=3%s, layout=%s)", axis,
             shape->layout);
    run(text, &sample, 1, &stream);
    size_t length = extent_of(&sample.tensor, shape->layout, letter);
    volatile double part = slow_range(&slow, 0, 1) * (double)length;
    size_t count = (size_t)nearbyint(part);
    volatile double place = shs_random_double(&slow) * (double)(length - count + 1);
    size_t first = (size_t)place;
    for (size_t i = 0; i < elements_of(&sample.tensor); i++) {
        size_t at = coordinate(&sample.tensor, shape->layout, letter, i);
        wrong += is_right(&sample, i, at >= first && at < first + count, 3) ? 0 : 1;
    }
    if (wrong) WRONG("%s of %s: %zu elements", text, shs_type_name(type), wrong);
    CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&slow));
}

static void spans_of_an_axis_are_masked(void)
{
    for (size_t s = 0; s < COUNT(shapes); s++)
        for (size_t t = 0; t < COUNT(types); t++)
            for (uint64_t slot = 0; slot < 12; slot++) {
                bool has_time = strchr(shapes[s].layout, 't');
                check_mask(&shapes[s], types[t], has_time ? 't' : 'w', false, slot);
                check_mask(&shapes[s], types[t], 'h', true, slot);
            }
}

/* ---- channel_drop */

static void check_drop(const struct shape *shape, shs_type type, uint64_t slot)
{
    unsigned char input[MOST_BYTES];
    char text[200];
    bool dropped[3] = {false};
    size_t wrong = 0;
    struct sample sample = sample_in(shape, type, input);
    shs_random stream = stream_at(24, slot), slow = stream;
    snprintf(text, sizeof text, "f: channel_drop(p=0.4, value=5, layout=%s)", shape->layout);
    run(text, &sample, 1, &stream);
    for (size_t c = 0; c < extent_of(&sample.tensor, shape->layout, 'c'); c++)
        dropped[c] = (double)shs_random_float(&slow) < 0.4;
    for (size_t i = 0; i < elements_of(&sample.tensor); i++) {
        size_t c = coordinate(&sample.tensor, shape->layout, 'c', i);
        wrong += is_right(&sample, i, dropped[c], 5) ? 0 : 1;
    }
    if (wrong) WRONG("%s of %s: %zu elements", text, shs_type_name(type), wrong);
    CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&slow));
}

static void channels_are_dropped(void)
{
    for (size_t s = 0; s < COUNT(shapes); s++)
        for (size_t t = 0; t < COUNT(types); t++)
            for (uint64_t slot = 0; slot < 12; slot++)
                check_drop(&shapes[s], types[t], slot);
}

/* ---- texts */

static void bad_texts_are_refused(void)
{
    static const struct {
        const char *text, *words;
        shs_type type;
    } cases[] = {
        {"f: random_erasing(value=256)", "random_erasing's value 256 is no u8", SHS_U8},
        {"f: random_erasing(value=0.5)", "value 0.5 is no i16, which the elements of field f are",
         SHS_I16},
        {"f: random_erasing(value=[1,2])", "value is a list of 2 numbers", SHS_F32},
        {"f: random_erasing(scale=0.5)", "scale is '0.5'; it takes two numbers", SHS_F32},
        {"f: random_erasing()", "whose elements are f16; it takes u8", SHS_F16},
        {"f: random_erasing(layout=cwt)", "the operator needs an axis y or h", SHS_F32},
        {"f: time_mask(size=0..1, axis=t)", "along axis 't' of layout hwc", SHS_F32},
        {"f: time_mask(size=0..1, axis=hw)", "give one letter of the layout", SHS_F32},
        {"f: time_mask(size=0..1, layout=_hc)", "along axis 't' of layout _hc", SHS_F32},
        {"f: channel_drop(p=0.1, value=-1)", "channel_drop's value -1 is no u16", SHS_U16},
        {"f: channel_drop()", "channel_drop of field f needs a number p=...", SHS_F32},
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
        {"f: random_erasing()", SHS_U8, 3, {19, 27, 3}, 0xe5fc2135d1991e50},
        {"f: random_erasing(p=1, value=[0.25,0.5,-1])",
         SHS_F32,
         3,
         {19, 17, 3},
         0x678afce816e24d63},
        {"f: time_mask(size=0.1..0.5)", SHS_F32, 2, {19, 27}, 0x98b84cd4ab13464d},
        {"f: channel_drop(p=0.5)", SHS_I16, 3, {19, 27, 3}, 0x6111420ab2ba434f},
    };
    check_golden(goldens, COUNT(goldens));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(rectangles_are_erased),       TEST(half_of_the_samples_are_erased),
        TEST(spans_of_an_axis_are_masked), TEST(channels_are_dropped),
        TEST(bad_texts_are_refused),       TEST(results_are_golden),
    };
    return harness_main("operators_erase", tests, COUNT(tests), argc, argv);
}
