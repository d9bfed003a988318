/* Several operators, statements and fields: the order of draws, what is shared, samples of any
 * length. */
#include "augment_scene.h"

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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
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
        TEST(padding_is_not_seen),
    };
    return harness_main("augment", tests, COUNT(tests), argc, argv);
}
