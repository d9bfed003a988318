/* A crop that takes its box for the sample gives the bytes of whole samples, and looks at nothing
 * beside the box. What needs whole samples says why. */
#include "augment_reach.h"
#include "augment_scene.h"

/* A text, and the box that it needs: the most elements, and of which operator. */
static const struct {
    const char *text;
    shs_type type;
    uint32_t axes;
    uint64_t shape[4];
    uint64_t most; /* 0: whole samples */
    const char *says;
} cases[] = {
    {"f: random_crop(size=4)", SHS_U8, 2, {13, 11}, 16, "random_crop"},
    {"f: random_crop(size=[3,5], layout=hwc)", SHS_F32, 3, {9, 12, 3}, 45, "random_crop"},
    {"f: random_crop(size=4, padding=3)", SHS_I16, 2, {13, 11}, 16, "random_crop"},
    {"f: random_crop(size=4, padding=3, mode=edge)", SHS_F64, 2, {13, 11}, 16, "random_crop"},
    {"f: random_crop(size=2, padding=4, mode=reflect)", SHS_U8, 2, {13, 11}, 36, "random_crop"},
    {"f: random_crop(size=4, padding=2, mode=wrap)", SHS_U16, 2, {13, 11}, 143, "random_crop"},
    {"f: random_crop(size=4, mode=wrap)", SHS_U16, 2, {13, 11}, 16, "random_crop"},
    {"f: random_crop(size=[2,3,4], axes=zyx, layout=zyx)",
     SHS_F32,
     3,
     {7, 8, 9},
     24,
     "random_crop"},
    {"f: center_crop(size=[3,20])", SHS_F32, 2, {9, 9}, 27, "center_crop"},
    {"f: window_crop(size=5)", SHS_F32, 1, {40}, 5, "window_crop"},
    {"f: window_crop(size=2, layout=tyx)", SHS_F32, 3, {6, 5, 4}, 40, "window_crop"},
    {"f: random_resized_crop(size=4, scale=0.1..0.5)",
     SHS_F32,
     2,
     {20, 17},
     340,
     "random_resized_crop"},
    {"f: random_resized_crop(size=[3,6], how=nearest, layout=hwc)",
     SHS_U8,
     3,
     {9, 9, 3},
     243,
     "random_resized_crop"},
    {"f: random_resized_crop(size=4, how=area, layout=chw)",
     SHS_F64,
     3,
     {2, 9, 10},
     180,
     "random_resized_crop"},
    /* flips and turns before, anything behind */
    {"f: random_flip(axis=w) random_flip(axis=h) random_crop(size=[4,3])",
     SHS_U8,
     2,
     {13, 11},
     12,
     "random_crop"},
    {"f: d4() random_crop(size=[4,3])", SHS_U8, 2, {9, 9}, 12, "random_crop"},
    {"f: random_rot90() random_flip(axis=w) random_resized_crop(size=3)",
     SHS_F32,
     2,
     {9, 9},
     81,
     "random_resized_crop"},
    {"f: to_chw(layout=hwc) random_crop(size=[4,3])", SHS_U8, 3, {13, 11, 3}, 36, "random_crop"},
    {"f: random_crop(size=6) normalize(mean=1, std=3) random_flip(axis=w)",
     SHS_U8,
     2,
     {13, 11},
     36,
     "random_crop"},
    {"f: random_crop(size=6) random_roll(axes=w) random_crop(size=3)",
     SHS_F32,
     2,
     {13, 11},
     36,
     "random_crop"},
    {"f: random_crop(size=6) random_resized_crop(size=9) gaussian_noise(std=1)",
     SHS_F32,
     2,
     {13, 11},
     36,
     "random_crop"},
    {"f: random_crop(size=6) time_mask(size=0.2..0.4)", SHS_F32, 2, {13, 11}, 36, "random_crop"},
    {"f: random_crop(size=6) sometimes(p=0.5, random_crop(padding=2))",
     SHS_F32,
     2,
     {13, 11},
     36,
     "random_crop"},
    /* other fields draw before */
    {"g: gaussian_noise(std=1) one_of(random_crop(padding=1), random_flip(axis=w)); "
     "f: random_crop(size=5)",
     SHS_F32,
     2,
     {13, 11},
     25,
     "random_crop"},
    {"f,g: random_crop(size=5); f: random_flip(axis=w)", SHS_F32, 2, {12, 12}, 25, "random_crop"},
    {"f,g: random_resized_crop(size=5)", SHS_F32, 2, {12, 12}, 144, "random_resized_crop"},
    /* whole samples */
    {"f: random_flip(axis=w)", SHS_U8, 2, {9, 9}, 0, "no operator cuts its samples"},
    {"f: random_crop(size=4, p=0.5) random_crop(size=4)",
     SHS_U8,
     2,
     {4, 4},
     0,
     "random_crop is not applied to every sample"},
    {"f: normalize(mean=0, std=1) random_crop(size=4)",
     SHS_U8,
     2,
     {9, 9},
     0,
     "normalize comes before any crop"},
    {"f: sometimes(random_flip(axis=w)) random_crop(size=4)",
     SHS_U8,
     2,
     {9, 9},
     0,
     "sometimes comes before any crop"},
    {"f: random_crop(size=4) mixup(alpha=1)", SHS_F32, 2, {9, 9}, 0, "mixup mixes samples"},
};

enum {
    SAMPLES = 60
};

/* Copies a box out of a sample, element by element. */
static void copy_box(const shs_tensor *sample, const struct core_box *box, const void *from,
                     void *to)
{
    size_t size = shs_type_size(sample->type);
    uint64_t count = 1;
    for (uint32_t axis = 0; axis < sample->axes; axis++)
        count *= box->size[axis];
    for (uint64_t i = 0; i < count; i++) {
        uint64_t rest = i, at = 0, stride = 1;
        for (uint32_t axis = sample->axes; axis-- > 0; stride *= sample->shape[axis]) {
            at += (box->begin[axis] + rest % box->size[axis]) * stride;
            rest /= box->size[axis];
        }
        memcpy((char *)to + i * size, (const char *)from + at * size, size);
    }
}

static uint64_t elements_of(const shs_tensor *sample, const struct core_box *box)
{
    uint64_t count = 1;
    for (uint32_t axis = 0; axis < sample->axes; axis++) {
        CHECK_IS(box->begin[axis] + box->size[axis], <=, sample->shape[axis]);
        CHECK_IS(box->size[axis], >, 0);
        count *= box->size[axis];
    }
    return count;
}

/* Makes a sample of field f from its box, and compares it with what the whole sample gives. */
static void check_sample(const shs_augment *augment, const struct augment_needs_of *needs,
                         const shs_tensor *samples, uint64_t slot)
{
    static unsigned char inputs[2][MOST_BYTES], outputs[2][MOST_BYTES], expected[2][MOST_BYTES];
    const void *from[2] = {inputs[0], inputs[1]};
    void *to[2] = {outputs[0], outputs[1]}, *due[2] = {expected[0], expected[1]};
    struct core_box box, *found[2] = {&box, NULL};
    const struct core_box *held[2] = {&box, NULL};
    const uint64_t rows[2] = {UINT64_MAX, UINT64_MAX};
    struct guarded scratch = guarded_new(shs_augment_scratch(augment));
    shs_random first = stream_at(3, slot), second = stream_at(3, slot), third = stream_at(3, slot);
    uint64_t state = slot;
    size_t size = shs_type_size(samples[0].type);
    for (size_t i = 0; i < sizeof inputs; i++) /* no NaN */
        inputs[i / MOST_BYTES][i % MOST_BYTES] = (unsigned char)(judge_random(&state) % 60);
    memset(outputs, 0xA5, sizeof outputs);
    memset(expected, 0xA5, sizeof expected);
    CHECK_STATUS(augment_apply_rows(augment, &first, rows, from, due, guarded_data(&scratch)),
                 SHS_OK);
    augment_find_boxes(augment, needs, &second, found, guarded_data(&scratch));
    uint64_t count = elements_of(&samples[0], &box);
    CHECK_IS(count, <=, needs->elements);
    struct guarded part = guarded_new(count * size);
    copy_box(&samples[0], &box, inputs[0], guarded_data(&part));
    from[0] = guarded_data(&part);
    CHECK_STATUS(augment_apply_boxes(augment, &third, rows, held, from, to, guarded_data(&scratch)),
                 SHS_OK);
    CHECK_BYTES(outputs, expected, sizeof expected);
    CHECK(guarded_free(&part));
    CHECK(guarded_free(&scratch));
}

static void boxes_give_the_bytes_of_whole_samples(void)
{
    for (size_t c = 0; c < COUNT(cases); c++) {
        shs_augment *augment;
        struct augment_needs_of needs;
        shs_tensor samples[2] = {{"f", cases[c].type, cases[c].axes, {0}, NULL},
                                 {"g", cases[c].type, cases[c].axes, {0}, NULL}};
        for (size_t f = 0; f < 2; f++)
            memcpy(samples[f].shape, cases[c].shape, sizeof cases[c].shape);
        harness_where("%s", cases[c].text);
        if (!NEED_STATUS(shs_augment_open(cases[c].text, samples, 2, &augment), SHS_OK)) continue;
        augment_find_needs(augment, 0, &needs);
        CHECK_EQ(needs.cut, cases[c].most > 0);
        if (needs.cut) {
            CHECK_EQ(needs.elements, cases[c].most);
            CHECK_TEXT(needs.crop, cases[c].says);
        } else {
            CHECK_HAS(needs.why, cases[c].says);
        }
        for (uint64_t slot = 0; slot < SAMPLES && needs.cut; slot++)
            check_sample(augment, &needs, samples, slot);
        shs_augment_close(&augment);
        harness_where(NULL);
    }
}

/* An operator of the program's own that draws, nobody else knows how much. */
static shs_status draw_one(void *user, const shs_augment_call *call)
{
    (void)user;
    (void)shs_random_float(call->stream);
    return SHS_OK;
}

static void unknown_draws_need_whole_samples(void)
{
    const shs_tensor samples[2] = {{"f", SHS_F32, 2, {9, 9}, NULL}, {"g", SHS_F32, 0, {0}, NULL}};
    const shs_augment_callback own = {.apply = draw_one};
    static const struct {
        const char *text;
        bool cut;
    } texts[] = {{"g: mine(); f: random_crop(size=4)", false},
                 {"f: random_crop(size=4); g: mine()", true}};
    shs_augment_table *table;
    if (!NEED_STATUS(shs_augment_table_open(&table), SHS_OK)) return;
    CHECK_STATUS(shs_augment_register(table, "mine", 1, &own), SHS_OK);
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct augment_needs_of needs;
        shs_augment *augment;
        if (!NEED_STATUS(shs_augment_open_table(table, texts[i].text, samples, 2, &augment),
                         SHS_OK))
            continue;
        augment_find_needs(augment, 0, &needs);
        CHECK_EQ(needs.cut, texts[i].cut);
        if (!texts[i].cut)
            CHECK_HAS(needs.why, "nobody knows what the program's own operator mine draws");
        shs_augment_close(&augment);
    }
    shs_augment_table_close(&table);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(boxes_give_the_bytes_of_whole_samples),
        TEST(unknown_draws_need_whole_samples),
    };
    return harness_main("reach", tests, COUNT(tests), argc, argv);
}
