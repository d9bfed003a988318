/* Operators that average, on images of which some elements are NaN, against slow functions that are
 * written from their help alone. */
#include "resample_scene.h"
#include "warp_scene.h"

/* ---- images with gaps */

static const shs_type types[] = {SHS_F32, SHS_F64};

/* Makes the sample of a scene. Of 64 elements `gaps` are NaN, and `infinite` are infinite. */
static void make_gaps(size_t scene, shs_type type, uint64_t gaps, uint64_t infinite,
                      struct images *images)
{
    uint64_t seed = 10 * scene + gaps;
    make_images(scene, type, images);
    for (size_t i = 0; i < bytes_of(&images->tensor) / shs_type_size(type); i++) {
        uint64_t draw = judge_random(&seed) % 64;
        if (draw < gaps)
            put_value(type, draw % 2 ? (double)NAN : -(double)NAN, images->element, i);
        else if (draw < gaps + infinite)
            put_value(type, draw % 2 ? INFINITY : -INFINITY, images->element, i);
    }
}

/* Images with 0 in place of NaN, and with 1 for numbers. */
struct parts {
    slow_element *slow;
    const void *about;
    struct images numbers, presence;
};

static void divide(const struct images *images, struct parts *parts)
{
    shs_type type = images->tensor.type;
    parts->numbers = parts->presence = *images;
    parts->presence.beyond = 1;
    for (size_t i = 0; i < bytes_of(&images->tensor) / shs_type_size(type); i++) {
        bool missing = isnan(value_at(type, images->element, i).real);
        if (missing) put_value(type, 0, parts->numbers.element, i);
        put_value(type, missing ? 0 : 1, parts->presence.element, i);
    }
}

/* What a slow function gives, with NaN left out. */
static double slow_present(const struct images *images, const void *about, size_t o, size_t y,
                           size_t x, size_t e)
{
    const struct parts *parts = about;
    double plain = parts->slow(images, parts->about, o, y, x, e);
    if (!isnan(plain)) return plain;
    double sum = parts->slow(&parts->numbers, parts->about, o, y, x, e);
    double presence = parts->slow(&parts->presence, parts->about, o, y, x, e);
    double mean = real_of(images->tensor.type, sum / presence);
    return presence > 0 && !isnan(mean) ? mean : (double)NAN;
}

static void check(const char *text, const struct images *images, slow_element *slow,
                  const void *about)
{
    static unsigned char came[8 * MOST_ELEMENTS];
    shs_augment *augment = open_images(text, images);
    if (!augment) return;
    shs_random stream = stream_at(9, 3);
    apply_images(augment, images, &stream, came);
    compare_images(text, images, shs_augment_output(augment, 0), came, slow, about);
    shs_augment_close(&augment);
}

/* ---- resizing and blurring */

static void check_resized(const struct images *images, struct parts *parts)
{
    static const size_t targets[][2] = {{1, 1}, {7, 11}, {13, 4}, {3, 40}};
    for (size_t t = 0; t < COUNT(targets); t++)
        for (size_t how = 0; how < 2; how++) {
            char text[120];
            const struct resized resized = {
                how ? 'a' : 'b', 0, 0, images->height, images->width, targets[t][0], targets[t][1]};
            parts->slow = slow_resize;
            parts->about = &resized;
            snprintf(text, sizeof text, "f: resize(size=[%zu,%zu], how=%s", targets[t][0],
                     targets[t][1], how ? "area" : "bilinear");
            check(text, images, slow_present, parts);
        }
}

static void check_blurred(const struct images *images, struct parts *parts)
{
    static const char *const borders[] = {"zero", "edge", "reflect", "wrap"};
    for (size_t b = 0; b < COUNT(borders); b++) {
        char text[120];
        const struct blurred blurred = {3 + 2 * b, 1.25, borders[b][0]};
        parts->slow = slow_blur;
        parts->about = &blurred;
        snprintf(text, sizeof text, "f: gaussian_blur(size=%zu, sigma=1.25..1.25, border=%s",
                 3 + 2 * b, borders[b]);
        check(text, images, slow_present, parts);
    }
}

static void sums_leave_nan_out(void)
{
    static const uint64_t gaps[][2] = {{3, 0}, {32, 3}, {64, 0}, {0, 9}};
    static struct images images;
    static struct parts parts;
    for (size_t scene = 0; scene + 1 < SCENES; scene++)
        for (size_t t = 0; t < COUNT(types); t++)
            for (size_t g = (scene + t) % 2; g < COUNT(gaps); g += 2) {
                make_gaps(scene, types[t], gaps[g][0], gaps[g][1], &images);
                divide(&images, &parts);
                grid_sample_kernels_choose(kernel_names[(t + scene) % COUNT(kernel_names)]);
                check_resized(&images, &parts);
                check_blurred(&images, &parts);
            }
    grid_sample_kernels_choose("");
}

/* ---- warps */

/* The NaN of results, also of those without a NaN among their elements, has no sign. */
static double slow_warp_unsigned(const struct images *images, const void *about, size_t o, size_t y,
                                 size_t x, size_t e)
{
    double made = slow_warp(images, about, o, y, x, e);
    return isnan(made) ? (double)NAN : made;
}

static void warps_leave_nan_out(void)
{
    static const uint64_t gaps[][2] = {{3, 0}, {32, 3}, {64, 0}, {20, 20}};
    static const char *const borders[] = {"zero", "edge", "reflect", "wrap"};
    static struct images images;
    static struct map map;
    for (size_t scene = 0; scene < SCENES; scene++)
        for (size_t t = 0; t < COUNT(types); t++)
            for (size_t g = 0; g < COUNT(gaps); g++) {
                char text[200];
                const char *border = borders[(g + scene) % COUNT(borders)];
                shs_random stream = stream_at(9, 3);
                make_gaps(scene, types[t], gaps[g][0], gaps[g][1], &images);
                grid_sample_kernels_choose(kernel_names[g % COUNT(kernel_names)]);
                map = identity(border[0], false);
                slow_rotation(&map, &stream);
                slow_elastic(&map, &images, 3, &stream);
                snprintf(text, sizeof text,
                         "f: random_rotation(degrees=-50..70, border=%s, layout=%s) "
                         "elastic(alpha=5..30, sigma=3, border=%s",
                         border, images.layout, border);
                check(text, &images, slow_warp_unsigned, &map);
            }
    grid_sample_kernels_choose("");
}

/* ---- by hand */

/* A map that changes nothing keeps numbers beside NaN, and NaN where it is. */
static void an_identity_keeps_gaps(void)
{
    static const char twice[] = "f: random_affine(degrees=90..90); f: "
                                "random_rotation(degrees=270..270)";
    static const char *const texts[] = {"f: random_rotation(degrees=0..0)", twice,
                                        "f: resize(size=3)", "f: resize(size=3, how=area)",
                                        "f: gaussian_blur(size=1)"};
    const float elements[] = {1, NAN, 2, NAN, NAN, NAN, 3, 7, 4};
    const shs_tensor field = {.name = "f", .type = SHS_F32, .axes = 2, .shape = {3, 3}};
    for (size_t t = 0; t < COUNT(texts); t++) {
        struct sample sample = {.tensor = field};
        shs_random stream = stream_at(1, 1);
        sample.tensor.data = (void *)(uintptr_t)elements;
        run(texts[t], &sample, 1, &stream);
        for (size_t i = 0; i < COUNT(elements); i++) {
            double came = value_at(SHS_F32, sample.output, i).real;
            if (came == (double)elements[i] || (isnan(came) && isnan(elements[i]))) continue;
            WRONG("%s, element %zu: %g, expected %g", texts[t], i, came, (double)elements[i]);
        }
    }
}

static void means_are_of_numbers(void)
{
    const float elements[] = {1, NAN, 3, 5}, expected = 3;
    const shs_tensor field = {.name = "f", .type = SHS_F32, .axes = 2, .shape = {2, 2}};
    static const char *const texts[] = {"f: resize(size=1)", "f: resize(size=1, how=area)"};
    for (size_t t = 0; t < COUNT(texts); t++) {
        struct sample sample = {.tensor = field};
        shs_random stream = stream_at(1, 1);
        sample.tensor.data = (void *)(uintptr_t)elements;
        run(texts[t], &sample, 1, &stream);
        CHECK_FLOATS((const float *)(const void *)sample.output, &expected, 1);
    }
}

/* The bits of results, with NaN among them, under all kernels. */
static void results_are_golden(void)
{
    static const struct {
        const char *text;
        uint64_t hash;
    } cases[] = {
        {"f: resize(size=[20,31]", UINT64_C(0x7ddcfe81e80d5356)},
        {"f: gaussian_blur(size=5", UINT64_C(0xfaabbd0d5c33f796)},
        {"f: random_affine(degrees=-50..70, scale=0.5..2", UINT64_C(0x66074379fa7dc9d7)},
    };
    static struct images images;
    static unsigned char came[8 * MOST_ELEMENTS];
    make_gaps(4, SHS_F32, 40, 4, &images);
    for (size_t i = 0; i < COUNT(cases); i++) {
        shs_augment *augment = open_images(cases[i].text, &images);
        for (size_t k = 0; k < COUNT(kernel_names) && augment; k++) {
            shs_random stream = stream_at(5, 7);
            if (!grid_sample_kernels_choose(kernel_names[k])) continue;
            apply_images(augment, &images, &stream, came);
            uint64_t hash = hash_of(shs_augment_output(augment, 0), came);
            if (hash != cases[i].hash)
                WRONG("%s with kernels %s: hash 0x%016llx, expected 0x%016llx", cases[i].text,
                      kernel_names[k], (unsigned long long)hash, (unsigned long long)cases[i].hash);
        }
        shs_augment_close(&augment);
    }
    grid_sample_kernels_choose("");
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(sums_leave_nan_out),   TEST(warps_leave_nan_out), TEST(an_identity_keeps_gaps),
        TEST(means_are_of_numbers), TEST(results_are_golden),
    };
    return harness_main("operators_missing", tests, COUNT(tests), argc, argv);
}
