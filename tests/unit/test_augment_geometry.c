/* Operators that move elements, each against a slow one by coordinates. */
#include "augment_scene.h"

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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(crops_are_cut_from_padded_pictures),
        TEST(flips_mirror_along_their_axis),
        TEST(flips_have_their_probability),
        TEST(a_flip_draws_below_p),
    };
    return harness_main("augment_geometry", tests, COUNT(tests), argc, argv);
}
