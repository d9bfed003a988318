/* random_rotation, random_affine and elastic, alone and as one resampling, against slow functions
 * of coordinates that are written from their help alone. */
#include "augment_refused.h"
#include "augment_table.h"
#include "random_math.h"
#include "sampled_scene.h"

enum {
    MOST_NODES = 10000
};

/* ---- maps of places, by the words */

struct map {
    double m[4], o[2];
    bool displaced;
    size_t spacing, wide;
    float nodes[2][MOST_NODES];
    bool nearest;
    char border;
};

static struct map identity(char border, bool nearest)
{
    return (struct map){.m = {1, 0, 0, 1}, .border = border, .nearest = nearest};
}

static void put_behind(struct map *map, const double a[4], const double v[2])
{
    double m[4], *was = map->m;
    map->o[0] = (was[0] * v[0] + was[1] * v[1]) + map->o[0];
    map->o[1] = (was[2] * v[0] + was[3] * v[1]) + map->o[1];
    for (int i = 0; i < 4; i++)
        m[i] = was[i / 2 * 2] * a[i % 2] + was[i / 2 * 2 + 1] * a[2 + i % 2];
    memcpy(map->m, m, sizeof m);
}

static double draw_range(shs_random *stream, double low, double high)
{
    return low + shs_random_double(stream) * (high - low);
}

static void turn_of(double degrees, double *cosine, double *sine)
{
    int64_t turned = (int64_t)trunc(degrees / 360 * 9007199254740992.0);
    random_turn((uint64_t)(turned < 0 ? turned + (INT64_C(1) << 53) : turned), cosine, sine);
}

static void slow_rotation(struct map *map, shs_random *stream)
{
    double c, s;
    turn_of(draw_range(stream, -50, 70), &c, &s);
    put_behind(map, (const double[]){c, s, -s, c}, (const double[]){0, 0});
}

static void slow_affine(struct map *map, const struct images *images, shs_random *stream)
{
    double c, s, cs, ss;
    double degrees = draw_range(stream, -360, 360), x = draw_range(stream, -0.2, 0.3),
           y = draw_range(stream, -0.2, 0.3), scale = draw_range(stream, 0.5, 2),
           shear = draw_range(stream, -20, 30);
    turn_of(degrees, &c, &s);
    turn_of(shear, &cs, &ss);
    double t = ss / cs, tx = x * (double)images->width, ty = y * (double)images->height;
    double a[4] = {(c + t * s) / scale, (s - t * c) / scale, -s / scale, c / scale};
    put_behind(map, a, (const double[]){-(a[0] * tx + a[1] * ty), -(a[2] * tx + a[3] * ty)});
}

/* Computes the mean of each of `count` nodes, which lie `step` apart. */
static void slow_means(const float *weight, int64_t r, const float *from, size_t count, size_t step,
                       float *to)
{
    for (int64_t i = 0; i < (int64_t)count; i++) {
        float sum = weight[0] * from[(size_t)i * step];
        for (int64_t k = 1; k <= r; k++) {
            size_t before = (size_t)slow_beyond(i - k, (int64_t)count, 'r') * step;
            size_t behind = (size_t)slow_beyond(i + k, (int64_t)count, 'r') * step;
            float both = from[before] + from[behind], product = weight[k] * both;
            sum = sum + product;
        }
        to[(size_t)i * step] = sum;
    }
}

static void slow_elastic(struct map *map, const struct images *images, double sigma,
                         shs_random *stream)
{
    static float noise[MOST_NODES], down[MOST_NODES];
    float weight[64];
    double alpha = draw_range(stream, 5, 30), sum = 0;
    size_t g = sigma < 2 ? 1 : (size_t)(sigma / 2);
    size_t rows = (images->height - 1) / g + 2, columns = (images->width - 1) / g + 2;
    double t = sigma / (double)g;
    int64_t r = 3 * t < 1 ? 1 : (int64_t)(3 * t);
    for (int64_t k = -r; k <= r; k++)
        sum += random_exp(-0.5 * ((double)llabs(k) / t * ((double)llabs(k) / t)));
    for (int64_t k = 0; k <= r; k++)
        weight[k] = (float)(random_exp(-0.5 * ((double)k / t * ((double)k / t))) / sum);
    map->displaced = true;
    map->spacing = g;
    map->wide = columns;
    for (int axis = 0; axis < 2; axis++) {
        for (size_t i = 0; i < rows * columns; i++)
            noise[i] = 2 * shs_random_float(stream) - 1;
        for (size_t x = 0; x < columns; x++)
            slow_means(weight, r, noise + x, rows, columns, down + x);
        for (size_t y = 0; y < rows; y++)
            slow_means(weight, r, down + y * columns, columns, 1, map->nodes[axis] + y * columns);
        for (size_t i = 0; i < rows * columns; i++)
            map->nodes[axis][i] = (float)(alpha / (double)g) * map->nodes[axis][i];
    }
}

static double displacement(const struct map *map, int axis, size_t y, size_t x)
{
    size_t g = map->spacing;
    const float *node = map->nodes[axis] + y / g * map->wide + x / g;
    float fy = (float)(y % g) / (float)g, fx = (float)(x % g) / (float)g;
    float above = node[0] + fx * (node[1] - node[0]);
    const float *low = node + map->wide;
    float below = low[0] + fx * (low[1] - low[0]);
    return (double)(above + fy * (below - above));
}

static int64_t units(double x, double most)
{
    return (int64_t)nearbyint(fmax(-most, fmin(most, x)) * 4294967296.0);
}

/* Returns element (y, x), which may lie beyond the edges. */
static double slow_at(const struct images *images, char border, size_t o, int64_t y, int64_t x,
                      size_t e)
{
    int64_t row = slow_beyond(y, (int64_t)images->height, border);
    int64_t column = slow_beyond(x, (int64_t)images->width, border);
    return row < 0 || column < 0 ? 0 : element_of(images, o, (size_t)row, (size_t)column, e);
}

static double slow_warp(const struct images *images, const void *about, size_t o, size_t y,
                        size_t x, size_t e)
{
    const struct map *map = about;
    const double *m = map->m;
    shs_type type = images->tensor.type;
    double cx = ((double)images->width - 1) / 2, cy = ((double)images->height - 1) / 2;
    int64_t px = units(m[0], 16384) * (int64_t)x + units(m[1], 16384) * (int64_t)y +
                 units(((cx - m[0] * cx) - m[1] * cy) + map->o[0], 536870912);
    int64_t py = units(m[2], 16384) * (int64_t)x + units(m[3], 16384) * (int64_t)y +
                 units(((cy - m[2] * cx) - m[3] * cy) + map->o[1], 536870912);
    if (map->displaced) {
        double dx = displacement(map, 0, y, x), dy = displacement(map, 1, y, x);
        px += units(m[0] * dx + m[1] * dy, 262144);
        py += units(m[2] * dx + m[3] * dy, 262144);
    }
    const int64_t one = INT64_C(1) << 32, half = one / 2;
    if (map->nearest)
        return slow_at(images, map->border, o, (int64_t)floor((double)(py + half) / (double)one),
                       (int64_t)floor((double)(px + half) / (double)one), e);
    int64_t wx = px >= 0 ? px / one : -((one - 1 - px) / one);
    int64_t wy = py >= 0 ? py / one : -((one - 1 - py) / one);
    double right = (double)((px - wx * one) / 256) / 16777216;
    double down = (double)((py - wy * one) / 256) / 16777216, line[2];
    for (int64_t i = 0; i < 2; i++) {
        double a = slow_at(images, map->border, o, wy + i, wx, e);
        double b = slow_at(images, map->border, o, wy + i, wx + 1, e);
        line[i] = real_of(type, a + real_of(type, right * real_of(type, b - a)));
    }
    return real_of(type, line[0] + real_of(type, down * real_of(type, line[1] - line[0])));
}

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
            augment_sample_kernels_choose(kernel_names[which % COUNT(kernel_names)]);
            bool long_whole = images.tensor.type == SHS_U64 || images.tensor.type == SHS_I64;
            for (size_t i = 0; i < 3; i++)
                check_warp(&images, "rae"[i], borders[(which + i) % COUNT(borders)],
                           !long_whole && which % 5 == i, which % 2);
        }
    augment_sample_kernels_choose("");
}

/* The images on which speed rests, under every set of kernels. */
static void bytes_of_three_channels_are_warped(void)
{
    static struct images images;
    make_images(4, SHS_U8, &images);
    for (size_t k = 0; k < COUNT(kernel_names); k++) {
        if (!augment_sample_kernels_choose(kernel_names[k])) continue;
        for (size_t b = 0; b < COUNT(borders); b++)
            for (size_t i = 0; i < 3; i++)
                check_warp(&images, "rae"[i], borders[b], false, false);
    }
    augment_sample_kernels_choose("");
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
