/* random_rotation, random_affine and elastic, alone and as one resampling, against slow functions
 * of coordinates that are written from their help alone. */
#include "augment_refused.h"
#include "augment_table.h"
#include "warp_scene.h"

/* ---- single operators */

static const char *const borders[] = {"zero", "edge", "reflect", "wrap"};

static const char rotation_text[] = "random_rotation(degrees=-50..70";
static const char affine_text[] = "random_affine(degrees=-360..360, translate=-0.2..0.3, "
                                  "scale=0.5..2, shear=-20..30";

/* Applies an operator (r, a, or e for elastic) to images at some slots. */
static void check_warp(const struct images *images, char which, const char *border, bool nearest,
                       bool own)
{
    static unsigned char came[8 * MOST_ELEMENTS];
    static struct map map;
    const char *how = nearest ? "nearest" : "bilinear";
    char text[240], operator[160];
    double sigma = images->width % 2 ? 1.5 : 7.5;
    snprintf(operator, sizeof operator, "%s", which == 'r' ? rotation_text : affine_text);
    if (which == 'e') snprintf(operator, sizeof operator, "elastic(alpha=5..30, sigma=%g", sigma);
    if (own)
        snprintf(text, sizeof text, "f[%s,%s]: %s", how, border, operator);
    else
        snprintf(text, sizeof text, "f: %s, how=%s, border=%s", operator, how, border);
    shs_augment *augment = open_images(text, images);
    for (uint64_t slot = 0; slot < 2 && augment; slot++) {
        shs_random stream = stream_at(9, slot), copy = stream;
        map = identity(border[0], nearest);
        if (which == 'r') slow_rotation(&map, &copy);
        if (which == 'a') slow_affine(&map, images, &copy);
        if (which == 'e') slow_elastic(&map, images, sigma, &copy);
        apply_images(augment, images, &stream, came);
        CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&copy));
        compare_images(text, images, &images->tensor, came, slow_warp, &map);
    }
    shs_augment_close(&augment);
}

static void warps_follow_their_words(void)
{
    static struct images images;
    for (size_t t = 0; t < COUNT(computed_types); t++)
        for (size_t scene = 0; scene < SCENES; scene++) {
            size_t which = t + scene;
            make_images(scene, computed_types[t], &images);
            grid_sample_kernels_choose(kernel_names[which % COUNT(kernel_names)]);
            bool long_whole = images.tensor.type == SHS_U64 || images.tensor.type == SHS_I64;
            for (size_t i = 0; i < 3; i++)
                check_warp(&images, "rae"[i], borders[(which + i) % COUNT(borders)],
                           !long_whole && which % 5 == i, which % 2);
        }
    grid_sample_kernels_choose("");
}

/* The images on which speed rests, under every set of kernels. */
static void bytes_of_three_channels_are_warped(void)
{
    static struct images images;
    make_images(4, SHS_U8, &images);
    for (size_t k = 0; k < COUNT(kernel_names); k++) {
        if (!grid_sample_kernels_choose(kernel_names[k])) continue;
        for (size_t b = 0; b < COUNT(borders); b++)
            for (size_t i = 0; i < 3; i++)
                check_warp(&images, "rae"[i], borders[b], false, false);
    }
    grid_sample_kernels_choose("");
}

/* ---- several operators */

static void neighbours_are_one_resampling(void)
{
    static unsigned char came[8 * MOST_ELEMENTS];
    static struct images images;
    static struct map map;
    char text[400];
    make_images(4, SHS_U8, &images);
    snprintf(text, sizeof text, "f: %s) %s, p=0.5) elastic(alpha=5..30, sigma=4, p=0.7",
             rotation_text, affine_text);
    shs_augment *augment = open_images(text, &images);
    for (uint64_t slot = 0; slot < 20 && augment; slot++) {
        shs_random stream = stream_at(9, slot), copy = stream;
        map = identity('z', false);
        slow_rotation(&map, &copy);
        if ((double)shs_random_float(&copy) < 0.5) slow_affine(&map, &images, &copy);
        if ((double)shs_random_float(&copy) < 0.7) slow_elastic(&map, &images, 4, &copy);
        apply_images(augment, &images, &stream, came);
        CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&copy));
        compare_images(text, &images, &images.tensor, came, slow_warp, &map);
    }
    shs_augment_close(&augment);
}

/* Returns whether two texts give the same for an image of u8 at 10 slots. */
static bool are_same(const char *first, const char *second)
{
    static unsigned char came[2][8 * MOST_ELEMENTS];
    static struct images images;
    const char *texts[] = {first, second};
    bool same = true;
    make_images(4, SHS_U8, &images);
    for (uint64_t slot = 0; slot < 10; slot++) {
        for (size_t i = 0; i < 2; i++) {
            shs_random stream = stream_at(4, slot);
            shs_augment *augment;
            if (shs_augment_open(texts[i], &images.tensor, 1, &augment)) {
                WRONG("%s: %s", texts[i], shs_message());
                return false;
            }
            apply_images(augment, &images, &stream, came[i]);
            shs_augment_close(&augment);
        }
        same = same && !memcmp(came[0], came[1], bytes_of(&images.tensor));
    }
    return same;
}

#define TURN "random_rotation(degrees=-30..30)"
#define EDGE "random_rotation(degrees=-30..30, border=edge)"
#define BEND "elastic(alpha=9..20, sigma=3)"

static void other_neighbours_stay_apart(void)
{
    CHECK(!are_same("f: " TURN " " TURN, "f: " TURN "; f: " TURN));
    CHECK(are_same("f: " TURN " " EDGE, "f: " TURN "; f: " EDGE));
    CHECK(
        are_same("f: random_rotation(degrees=-9..9, layout=yxc) random_rotation(degrees=5..6, "
                 "layout=cyx)",
                 "f: random_rotation(degrees=-9..9, layout=yxc); f: random_rotation(degrees=5..6, "
                 "layout=cyx)"));
    CHECK(are_same("f: " BEND " " TURN, "f: " BEND "; f: " TURN));
    CHECK(!are_same("f: " TURN " " BEND, "f: " TURN "; f: " BEND));
    CHECK(are_same("f: " TURN " random_flip(axis=w, p=1) " TURN,
                   "f: " TURN "; f: random_flip(axis=w, p=1); f: " TURN));
    CHECK(are_same("f: sometimes(" TURN " " TURN ")", "f: " TURN " " TURN));
    CHECK(are_same("f: " TURN " sometimes(" TURN ")", "f: " TURN "; f: " TURN));
    CHECK(are_same(
        "f: " TURN " " TURN " " TURN " " TURN " " TURN " " TURN " " TURN " " TURN " " TURN,
        "f: " TURN " " TURN " " TURN " " TURN " " TURN " " TURN " " TURN " " TURN "; f: " TURN));
}

/* ---- identities */

static void some_warps_change_nothing(void)
{
    static const char quarter[] = "f: random_rotation(degrees=90..90); ";
    static struct images images;
    static unsigned char came[8 * MOST_ELEMENTS];
    char four[240] = "";
    for (int i = 0; i < 4; i++)
        strcat(four, quarter);
    const char *texts[] = {four,
                           "f: random_rotation(degrees=0..0)",
                           "f: random_affine(degrees=360..360)",
                           "f: elastic(alpha=0..0, sigma=3)",
                           "f: random_affine(degrees=90..90) random_rotation(degrees=270..270)",
                           "f: random_affine(degrees=33..44, p=0)"};
    for (size_t t = 0; t < COUNT(computed_types); t++) {
        make_images(4, computed_types[t], &images);
        images.tensor.shape[0] = images.tensor.shape[1] = 24;
        for (size_t i = 0; i < COUNT(texts); i++) {
            shs_augment *augment;
            shs_random stream = stream_at(1, 1);
            if (computed_types[t] == SHS_U64 || computed_types[t] == SHS_I64) continue;
            if (!NEED(!shs_augment_open(texts[i], &images.tensor, 1, &augment))) return;
            apply_images(augment, &images, &stream, came);
            CHECK_BYTES(came, images.element, bytes_of(&images.tensor));
            shs_augment_close(&augment);
        }
    }
}

/* An image and its mask move together, each as it says. */
static void masks_move_along(void)
{
    static struct images images;
    static unsigned char came[2][MOST_ELEMENTS];
    static struct map map;
    make_images(0, SHS_U8, &images);
    shs_tensor tensors[] = {images.tensor, images.tensor};
    shs_augment *augment;
    tensors[1].name = "mask";
    if (!NEED(!shs_augment_open("f,mask[nearest,edge]: random_rotation(degrees=-50..70)", tensors,
                                2, &augment)))
        return;
    shs_random stream = stream_at(9, 5), copy = stream;
    const void *from[] = {images.element, images.element};
    void *to[] = {came[0], came[1]};
    char *scratch = aligned_alloc(64, (shs_augment_scratch(augment) + 63) / 64 * 64);
    CHECK_STATUS(shs_augment_apply(augment, &stream, from, to, scratch), SHS_OK);
    map = identity('z', false);
    slow_rotation(&map, &copy);
    compare_images("the image", &images, &images.tensor, came[0], slow_warp, &map);
    map.nearest = true;
    map.border = 'e';
    compare_images("the mask", &images, &images.tensor, came[1], slow_warp, &map);
    free(scratch);
    shs_augment_close(&augment);
}

/* Ragged samples keep their rows, where the rows are no axis of the image. */
static void ragged_samples_are_warped(void)
{
    static struct images images;
    static unsigned char came[MOST_ELEMENTS];
    static const bool ragged[] = {true};
    static struct map map;
    shs_augment *augment;
    make_images(6, SHS_U8, &images);
    const struct augment_how how = {.table = &augment_operators, .ragged = ragged};
    CHECK_STATUS(augment_open_how(&how, "f: random_rotation(degrees=1..2, layout=yxtc)",
                                  &images.tensor, 1, &augment),
                 SHS_ERROR_ARGUMENT);
    CHECK(message_has("fewer rows of their own (offsets) along the height"));
    if (!NEED(!augment_open_how(&how, "f: random_rotation(degrees=-50..70, layout=tyxc)",
                                &images.tensor, 1, &augment)))
        return;
    shs_random stream = stream_at(9, 5), copy = stream;
    const void *from = images.element;
    void *to = came;
    uint64_t rows = 1;
    char *scratch = aligned_alloc(64, (shs_augment_scratch(augment) + 63) / 64 * 64);
    CHECK_STATUS(augment_apply_rows(augment, &stream, &rows, &from, &to, scratch), SHS_OK);
    map = identity('z', false);
    slow_rotation(&map, &copy);
    images.outer = 1;
    compare_images("a ragged sample", &images, &images.tensor, came, slow_warp, &map);
    for (size_t i = bytes_of(&images.tensor) / 2; i < bytes_of(&images.tensor); i++)
        CHECK_EQ(came[i], 0);
    free(scratch);
    shs_augment_close(&augment);
}

/* ---- angles, golden results, and what is refused */

static void degrees_are_turns(void)
{
    for (double degrees = -360; degrees <= 360; degrees += 0.37) {
        double cosine, sine;
        random_turn_of_degrees(degrees, &cosine, &sine);
        CHECK(fabs(cosine - cos(degrees * acos(-1.0) / 180)) < 3e-15);
        CHECK(fabs(sine - sin(degrees * acos(-1.0) / 180)) < 3e-15);
    }
    for (int quarter = -4; quarter <= 4; quarter++) {
        static const double cosines[] = {1, 0, -1, 0};
        double cosine, sine;
        random_turn_of_degrees(90 * quarter, &cosine, &sine);
        CHECK(fabs(cosine - cosines[(quarter + 4) % 4]) == 0);
        CHECK(fabs(sine - cosines[(quarter + 7) % 4]) == 0);
    }
}

static void results_are_golden(void)
{
    check_golden("f: random_rotation(degrees=-50..70", 4, SHS_U8, UINT64_C(0x71bc4ff2c1e65c0c));
    check_golden("f: random_affine(degrees=-50..70, scale=0.5..2, border=reflect", 6, SHS_F32,
                 UINT64_C(0x85ec54d02d08c47b));
    check_golden("f: elastic(alpha=9..20, sigma=3", 4, SHS_U8, UINT64_C(0x060a52c72da0ca74));
    check_golden("f: elastic(alpha=9..20, sigma=10, border=wrap", 6, SHS_F64,
                 UINT64_C(0x8d3aa251a934f055));
}

static void wrong_uses_are_refused(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"f: random_rotation(degrees=30)", "with two dots between"},
        {"f: random_rotation(degrees=0..400)", "from -360 to 360"},
        {"f: random_affine(degrees=0..1, scale=0..1)", "scale"},
        {"f: random_rotation()", "needs"},
        {"h: random_rotation(degrees=0..1)", "cast first"},
        {"l: random_rotation(degrees=0..1)", "too long"},
        {"f,h[nearest]: elastic(alpha=1..2, sigma=3)", "height and width"},
    };
    const shs_tensor samples[] = {{.name = "f", .type = SHS_U8, .axes = 2, .shape = {5, 5}},
                                  {.name = "h", .type = SHS_F16, .axes = 2, .shape = {5, 6}},
                                  {.name = "l", .type = SHS_U8, .axes = 2, .shape = {5, 40000}}};
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(is_refused(&augment_operators, cases[i].text, samples, COUNT(samples),
                         SHS_ERROR_ARGUMENT, cases[i].words));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(warps_follow_their_words),
        TEST(bytes_of_three_channels_are_warped),
        TEST(neighbours_are_one_resampling),
        TEST(other_neighbours_stay_apart),
        TEST(some_warps_change_nothing),
        TEST(masks_move_along),
        TEST(ragged_samples_are_warped),
        TEST(degrees_are_turns),
        TEST(results_are_golden),
        TEST(wrong_uses_are_refused),
    };
    return harness_main("operators_warp", tests, COUNT(tests), argc, argv);
}
