/* random_affine and elastic of volumes, against slow functions of coordinates that are written from
 * their help alone. */
#include "augment_refused.h"
#include "volume_scene.h"

static const char *const borders[] = {"zero", "edge", "reflect", "wrap"};

/* Applies random_affine (a), elastic (e) or both (b) at some slots. */
static void check(const struct volumes *volumes, char which, const char *border, bool nearest)
{
    static unsigned char came[8 * MOST_ELEMENTS];
    static struct map map;
    const struct images *images = &volumes->images;
    const struct asked asked = {volumes, &map};
    double sigma = volumes->depth % 2 ? 1.5 : 4.5;
    char text[500], how[60], elastic[120];
    snprintf(how, sizeof how, ", how=%s, border=%s", nearest ? "nearest" : "bilinear", border);
    snprintf(elastic, sizeof elastic, "elastic(alpha=5..30, sigma=%g, axes=zyx%s", sigma, how);
    snprintf(text, sizeof text, "f[layout=%s]: %s%s%s%s", images->layout,
             which == 'e' ? "" : affine_text, which == 'e' ? "" : how, which == 'b' ? ") " : "",
             which == 'a' ? "" : elastic);
    shs_augment *augment = open_images(text, images);
    for (uint64_t slot = 0; slot < 2 && augment; slot++) {
        shs_random stream = stream_at(9, slot), copy = stream;
        identity(border[0], nearest, &map);
        if (which != 'e') slow_affine(&map, volumes, &copy);
        if (which != 'a') slow_elastic(&map, volumes, sigma, &copy);
        apply_images(augment, images, &stream, came);
        CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&copy));
        compare_images(text, images, &images->tensor, came, slow_volume, &asked);
    }
    shs_augment_close(&augment);
}

static void volumes_follow_their_words(void)
{
    static struct volumes volumes;
    for (size_t t = 0; t < COUNT(computed_types); t++)
        for (size_t scene = 0; scene < VOLUMES; scene++) {
            size_t which = t + scene;
            make_volumes(scene, computed_types[t], &volumes);
            grid_sample_kernels_choose(kernel_names[which % COUNT(kernel_names)]);
            bool long_whole = computed_types[t] == SHS_U64 || computed_types[t] == SHS_I64;
            for (size_t i = 0; i < 3; i++)
                check(&volumes, "aeb"[i], borders[(which + i) % COUNT(borders)],
                      !long_whole && which % 4 == i);
        }
    grid_sample_kernels_choose("");
}

static void volumes_leave_nan_out(void)
{
    static struct volumes volumes;
    for (size_t scene = 0; scene < VOLUMES; scene++) {
        shs_type type = scene % 2 ? SHS_F64 : SHS_F32;
        uint64_t seed = scene;
        make_volumes(scene, type, &volumes);
        struct images *images = &volumes.images;
        for (size_t i = 0; i < bytes_of(&images->tensor) / shs_type_size(type); i++)
            if (judge_random(&seed) % 3 == 0) put_value(type, (double)NAN, images->element, i);
        for (size_t b = 0; b < COUNT(borders); b++)
            check(&volumes, "aeb"[b % 3], borders[b], false);
    }
}

/* What a text gives for volumes of a scene. */
static void apply_text(const char *text, const struct volumes *volumes, unsigned char *came)
{
    shs_augment *augment = open_images(text, &volumes->images);
    shs_random stream = stream_at(3, 3);
    if (!augment) return;
    apply_images(augment, &volumes->images, &stream, came);
    shs_augment_close(&augment);
}

static void some_maps_change_nothing(void)
{
    static const char *const texts[] = {"f: random_affine(degrees=0..0, axes=zyx",
                                        "f: random_affine(degrees=360..360, axes=zyx",
                                        "f: elastic(alpha=0..0, sigma=3, axes=zyx"};
    static struct volumes volumes;
    static unsigned char came[8 * MOST_ELEMENTS];
    for (size_t t = 0; t < COUNT(computed_types); t++)
        for (size_t i = 0; i < COUNT(texts); i++) {
            if (computed_types[t] == SHS_U64 || computed_types[t] == SHS_I64) continue;
            make_volumes(2, computed_types[t], &volumes);
            apply_text(texts[i], &volumes, came);
            CHECK_BYTES(came, volumes.images.element, bytes_of(&volumes.images.tensor));
        }
}

/* A volume that is turned about z only is turned as images are. */
static void a_turn_about_z_is_one_of_images(void)
{
    static struct volumes volumes;
    static unsigned char came[2][8 * MOST_ELEMENTS];
    for (size_t scene = 0; scene < VOLUMES; scene++) {
        make_volumes(scene, SHS_F32, &volumes);
        apply_text("f: random_affine(degrees=33..33, shear=9..9", &volumes, came[0]);
        apply_text("f: random_affine(degrees=33..33, shear=9..9, degrees_x=0..0, degrees_y=0..0, "
                   "axes=zyx",
                   &volumes, came[1]);
        CHECK_BYTES(came[1], came[0], bytes_of(&volumes.images.tensor));
    }
}

/* Displacements deviate by 0.16 * alpha / sigma, as those of images do. */
static void volumes_are_displaced_as_images_are(void)
{
    enum {
        SIDE = 28,
        PLANE = SIDE * SIDE,
        ALL = SIDE * PLANE
    };
    static double field[ALL], came[ALL];
    const shs_tensor tensor = {
        .name = "f", .type = SHS_F64, .axes = 3, .shape = {SIDE, SIDE, SIDE}};
    static const char *const texts[] = {
        "f: elastic(alpha=12..12, sigma=2, border=edge, axes=zyx, layout=zyx)",
        "f: elastic(alpha=24..24, sigma=4, border=edge, axes=zyx, layout=zyx)"};
    for (size_t t = 0; t < COUNT(texts); t++) {
        double squares = 0, count = 0;
        for (size_t i = 0; i < ALL; i++)
            field[i] = (double)(i / PLANE); /* z */
        for (uint64_t slot = 0; slot < 20; slot++) {
            struct sample sample = {.tensor = tensor};
            shs_augment *augment;
            shs_random stream = stream_at(6, slot);
            if (!NEED(!shs_augment_open(texts[t], &sample.tensor, 1, &augment))) return;
            void *scratch = malloc(shs_augment_scratch(augment));
            CHECK_STATUS(shs_augment_apply(augment, &stream, (const void *[]){field},
                                           (void *[]){came}, scratch),
                         SHS_OK);
            free(scratch);
            shs_augment_close(&augment);
            for (size_t i = 8 * PLANE; i < ALL - 8 * PLANE; i++, count++) {
                double away = came[i] - field[i];
                squares += away * away;
            }
        }
        CHECK_IS(sqrt(squares / count), >, 0.85 * 0.163 * 6);
        CHECK_IS(sqrt(squares / count), <, 1.15 * 0.163 * 6);
    }
}

/* Components of vectors and of tensors, along i and along j, beside the same without a direction.
 */
static void components_are_mapped_in_space(void)
{
    static struct volumes volumes;
    static unsigned char came[2][8 * MOST_ELEMENTS];
    static const char *const turned[] = {"zyxi", "zyxij"}, *const plain[] = {"zyx_", "zyx__"};
    for (size_t rank = 0; rank < 2; rank++)
        for (int by_rotation = 0; by_rotation < 2; by_rotation++) {
            char text[500];
            size_t parts = rank ? 9 : 3;
            make_volumes(0, SHS_F64, &volumes);
            struct images *images = &volumes.images;
            images->tensor.axes = (uint32_t)(4 + rank);
            images->tensor.shape[3] = images->tensor.shape[4] = 3;
            fill(images->element, bytes_of(&images->tensor), 3);
            for (size_t i = 0; i < 210 * parts; i++)
                put_value(SHS_F64, (double)(i * 37 % 1001) - 500, images->element, i);
            images->layout = plain[rank];
            snprintf(text, sizeof text, "f: %s", affine_text);
            apply_text(text, &volumes, came[0]);
            images->layout = turned[rank];
            snprintf(text, sizeof text, "f: %s, components=zxy, against=y%s", affine_text,
                     by_rotation ? ", components_by=rotation" : "");
            apply_text(text, &volumes, came[1]);
            shs_random stream = stream_at(3, 3);
            struct affine drawn = slow_draw(&volumes, &stream);
            static const int of[3] = {2, 0, 1}; /* the axes x, y, z of components z, x, y */
            for (size_t pass = 0; pass <= rank; pass++)
                for (size_t at = 0; at < 210 * parts; at++) {
                    size_t step = rank && pass == 0 ? 3 : 1;
                    double *u = (double *)(void *)came[0] + at, made[3];
                    if (at / step % 3) continue;
                    for (int a = 0; a < 3; a++) {
                        const double *r = drawn.r[of[a]];
                        double by[3] = {drawn.s * r[0], drawn.s * (r[0] * drawn.t + r[1]),
                                        drawn.s * r[2]};
                        if (by_rotation) memcpy(by, r, sizeof by);
                        for (int b = 0; b < 3; b++) /* y is against its axis */
                            if ((of[a] == 1) != (b == 1)) by[b] = -by[b];
                        made[a] = (by[0] * u[step] + by[1] * u[2 * step]) + by[2] * u[0];
                    }
                    for (size_t a = 0; a < 3; a++)
                        u[a * step] = made[a];
                }
            CHECK_DOUBLES((double *)(void *)came[1], (double *)(void *)came[0], 210 * parts);
        }
}

static void results_are_golden(void)
{
    static const struct {
        const char *text;
        shs_type type;
        uint64_t hash;
    } cases[] = {
        {"f: random_affine(degrees=-50..70, scale=0.5..2, axes=zyx", SHS_U8,
         UINT64_C(0x44102f8967bd8fcf)},
        {"f: elastic(alpha=9..20, sigma=3, axes=zyx, border=reflect", SHS_F32,
         UINT64_C(0xd9cdeea55190608a)},
    };
    static struct volumes volumes;
    static unsigned char came[8 * MOST_ELEMENTS];
    for (size_t i = 0; i < COUNT(cases); i++) {
        make_volumes(5, cases[i].type, &volumes);
        for (size_t k = 0; k < COUNT(kernel_names); k++) {
            if (!grid_sample_kernels_choose(kernel_names[k])) continue;
            apply_text(cases[i].text, &volumes, came);
            uint64_t hash = hash_of(&volumes.images.tensor, came);
            if (hash != cases[i].hash)
                WRONG("%s with kernels %s: hash 0x%016llx, expected 0x%016llx", cases[i].text,
                      kernel_names[k], (unsigned long long)hash, (unsigned long long)cases[i].hash);
        }
    }
    grid_sample_kernels_choose("");
}

static void wrong_uses_are_refused(void)
{
    static const char *const cases[][2] = {
        {"f: random_affine(degrees=0..1, axes=xz, layout=zyx)", "it takes yx, for images, or zyx"},
        {"f: random_affine(degrees=0..1, axes=zyx, layout=yxz)", "right behind it y and x"},
        {"f: elastic(alpha=1..2, sigma=3, axes=zyx, layout=tyx)", "right behind it y and x"},
        {"f: random_affine(degrees=0..1, degrees_x=0..1, layout=zyx)", "add axes=zyx"},
        {"l: random_affine(degrees=0..1, axes=zyx, layout=zyx)", "its depth is empty or too long"},
        {"f,g: elastic(alpha=1..2, sigma=3, axes=zyx, layout=zyx)",
         "draws by the depth, which is 5 of the first and 6 of the second"},
        {"h: elastic(alpha=1..2, sigma=3, axes=zyx, layout=zyx)", "cast first"},
        {"v: random_affine(degrees=0..1, axes=zyx, layout=zyxi)", "along which no component lies"},
    };
    const shs_tensor fields[] = {{.name = "f", .type = SHS_U8, .axes = 3, .shape = {5, 5, 5}},
                                 {.name = "g", .type = SHS_U8, .axes = 3, .shape = {6, 5, 5}},
                                 {.name = "h", .type = SHS_F16, .axes = 3, .shape = {5, 5, 5}},
                                 {.name = "l", .type = SHS_U8, .axes = 3, .shape = {40000, 1, 1}},
                                 {.name = "v", .type = SHS_F32, .axes = 4, .shape = {5, 5, 5, 2}}};
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(is_refused(&augment_operators, cases[i][0], fields, COUNT(fields), SHS_ERROR_ARGUMENT,
                         cases[i][1]));
    const struct augment_how how = {.table = &augment_operators, .ragged = (bool[]){true}};
    shs_augment *augment;
    CHECK_STATUS(augment_open_how(&how, "f: random_affine(degrees=0..1, axes=zyx, layout=zyx)",
                                  fields, 1, &augment),
                 SHS_ERROR_ARGUMENT);
    CHECK(message_has("fewer rows of their own (offsets) along the depth"));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(volumes_follow_their_words),
        TEST(volumes_leave_nan_out),
        TEST(some_maps_change_nothing),
        TEST(a_turn_about_z_is_one_of_images),
        TEST(volumes_are_displaced_as_images_are),
        TEST(components_are_mapped_in_space),
        TEST(results_are_golden),
        TEST(wrong_uses_are_refused),
    };
    return harness_main("operators_volume", tests, COUNT(tests), argc, argv);
}
