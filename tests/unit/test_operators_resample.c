/* resize, random_resized_crop and gaussian_blur, against slow functions of coordinates that are
 * written from their help alone. */
#include "augment_refused.h"
#include "resample_scene.h"

/* ---- resizing */

static const struct {
    const char *text; /* the value of size */
    size_t height, width;
} targets[] = {{"1", 1, 1}, {"[7,11]", 7, 11}, {"[13,4]", 13, 4}, {"[3,40]", 3, 40}};

static const char *const hows[] = {"nearest", "bilinear", "area"};

static void check_resize(const struct images *images, const char *how, size_t target)
{
    static unsigned char came[8 * MOST_ELEMENTS];
    char text[120];
    struct resized resized = {
        how[0], 0, 0, images->height, images->width, targets[target].height, targets[target].width};
    snprintf(text, sizeof text, "f: resize(size=%s, how=%s", targets[target].text, how);
    shs_augment *augment = open_images(text, images);
    if (!augment) return;
    shs_random stream = stream_at(1, 2);
    apply_images(augment, images, &stream, came);
    compare_images(text, images, shs_augment_output(augment, 0), came, slow_resize, &resized);
    shs_augment_close(&augment);
}

static void resize_follows_its_words(void)
{
    static struct images images;
    for (size_t t = 0; t < COUNT(computed_types); t++)
        for (size_t scene = 0; scene < SCENES; scene++) {
            make_images(scene, computed_types[t], &images);
            grid_sample_kernels_choose(kernel_names[(t + scene) % COUNT(kernel_names)]);
            /* the slow function gives numbers of f64, which have fewer digits than 64 bits */
            bool long_whole = images.tensor.type == SHS_U64 || images.tensor.type == SHS_I64;
            for (size_t h = long_whole ? 1 : 0; h < COUNT(hows); h++)
                for (size_t target = 0; target < COUNT(targets); target++)
                    check_resize(&images, hows[h], target);
        }
    grid_sample_kernels_choose("");
}

/* The draws of random_resized_crop, from their words. */
static struct resized slow_part(const struct images *images, double low, double high,
                                double ratio_low, double ratio_high, shs_random *stream)
{
    double height = (double)images->height, width = (double)images->width;
    struct resized part = {.height = images->height, .width = images->width};
    for (int attempt = 0; attempt < 10; attempt++) {
        double area = (height * width) * (low + shs_random_double(stream) * (high - low));
        double from = random_log(ratio_low), to = random_log(ratio_high);
        double ratio = random_exp(from + shs_random_double(stream) * (to - from));
        double w = nearbyint(sqrt(area * ratio)), h = nearbyint(sqrt(area / ratio));
        if (w < 1 || w > width || h < 1 || h > height) continue;
        part.height = (size_t)h;
        part.width = (size_t)w;
        part.top = shs_random_below(stream, (uint32_t)(images->height - part.height + 1));
        part.left = shs_random_below(stream, (uint32_t)(images->width - part.width + 1));
        return part;
    }
    if (width / height < ratio_low)
        part.height = (size_t)fmax(1, nearbyint(width / ratio_low));
    else if (width / height > ratio_high)
        part.width = (size_t)fmax(1, nearbyint(height * ratio_high));
    part.top = (images->height - part.height) / 2;
    part.left = (images->width - part.width) / 2;
    return part;
}

static void check_resized_crop(const char *values, const struct images *images, double low,
                               double high, double ratio_low, double ratio_high)
{
    static unsigned char came[8 * MOST_ELEMENTS];
    char text[120];
    snprintf(text, sizeof text, "f: random_resized_crop(size=[9,14], %s", values);
    shs_augment *augment = open_images(text, images);
    for (uint64_t slot = 0; slot < 6 && augment; slot++) {
        shs_random stream = stream_at(9, slot), own = stream;
        struct resized part = slow_part(images, low, high, ratio_low, ratio_high, &own);
        part.how = 'b';
        part.to_height = 9;
        part.to_width = 14;
        apply_images(augment, images, &stream, came);
        CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&own));
        compare_images(text, images, shs_augment_output(augment, 0), came, slow_resize, &part);
    }
    shs_augment_close(&augment);
}

static void parts_are_drawn_and_resized(void)
{
    static struct images images;
    for (size_t scene = 0; scene < SCENES; scene++) {
        make_images(scene, scene % 2 ? SHS_F64 : SHS_U8, &images);
        check_resized_crop("scale=0.08..1", &images, 0.08, 1, 0.75, 1.3333333333333333);
        check_resized_crop("scale=0.5..0.5, ratio=2..2", &images, 0.5, 0.5, 2, 2);
        check_resized_crop("scale=0..0", &images, 0, 0, 0.75, 1.3333333333333333);
        check_resized_crop("scale=1..1, ratio=0.001..0.002", &images, 1, 1, 0.001, 0.002);
        check_resized_crop("scale=1..1, ratio=500..1000", &images, 1, 1, 500, 1000);
    }
}

/* The same size, and constant images, stay what they are. */
static void resizing_has_identities(void)
{
    static struct images images;
    static unsigned char came[8 * MOST_ELEMENTS];
    for (size_t t = 0; t < COUNT(computed_types); t++) {
        char text[80];
        make_images(4, computed_types[t], &images);
        for (size_t h = 0; h < COUNT(hows); h++) {
            snprintf(text, sizeof text, "f: resize(size=[43,37], how=%s", hows[h]);
            shs_augment *augment = open_images(text, &images);
            shs_random stream = stream_at(1, 1);
            if (!augment) return;
            apply_images(augment, &images, &stream, came);
            if (computed_types[t] != SHS_U64 && computed_types[t] != SHS_I64)
                CHECK_BYTES(came, images.element, bytes_of(&images.tensor));
            shs_augment_close(&augment);
        }
    }
}

/* A mask keeps its own elements while the image beside it is computed. */
static void fields_say_how_they_are_resized(void)
{
    static unsigned char image[12 * 10], out_image[35];
    const shs_tensor tensors[] = {{.name = "image", .type = SHS_U8, .axes = 2, .shape = {12, 10}},
                                  {.name = "mask", .type = SHS_F16, .axes = 2, .shape = {12, 10}}};
    shs_augment *augment;
    static uint16_t halves[120], out_halves[35];
    for (size_t i = 0; i < 120; i++) {
        image[i] = (unsigned char)(2 * i);
        halves[i] = (uint16_t)(1 + i);
    }
    if (!NEED(!shs_augment_open("image,mask[nearest]: resize(size=[5,7])", tensors, 2, &augment)))
        return;
    char *memory = aligned_alloc(64, (shs_augment_scratch(augment) + 127) / 64 * 64);
    char *scratch = memory + 16; /* aligned for any type, and not to a cache line */
    const void *from[] = {image, halves};
    void *to[] = {out_image, out_halves};
    shs_random stream = stream_at(1, 1);
    CHECK_STATUS(shs_augment_apply(augment, &stream, from, to, scratch), SHS_OK);
    for (size_t y = 0; y < 5; y++)
        for (size_t x = 0; x < 7; x++)
            CHECK_EQ(out_halves[7 * y + x],
                     halves[(2 * y + 1) * 12 / 10 * 10 + (2 * x + 1) * 10 / 14]);
    free(memory);
    shs_augment_close(&augment);
}

/* ---- blur */

static void check_blur(const struct images *images, size_t size, const char *border, bool own)
{
    static unsigned char came[8 * MOST_ELEMENTS];
    char text[120];
    if (own)
        snprintf(text, sizeof text, "f[%s]: gaussian_blur(size=%zu, sigma=0.3..2", border, size);
    else
        snprintf(text, sizeof text, "f: gaussian_blur(size=%zu, sigma=0.3..2, border=%s", size,
                 border);
    shs_augment *augment = open_images(text, images);
    if (!augment) return;
    shs_random stream = stream_at(3, size), copy = stream;
    struct blurred blurred = {size, 0.3 + shs_random_double(&copy) * (2 - 0.3), border[0]};
    apply_images(augment, images, &stream, came);
    CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&copy));
    compare_images(text, images, &images->tensor, came, slow_blur, &blurred);
    shs_augment_close(&augment);
}

static void blur_follows_its_words(void)
{
    static const char *const borders[] = {"zero", "edge", "reflect", "wrap"};
    static struct images images;
    for (size_t t = 0; t < COUNT(computed_types); t++)
        for (size_t scene = 0; scene < SCENES; scene++) {
            make_images(scene, computed_types[t], &images);
            grid_sample_kernels_choose(kernel_names[(t + scene) % COUNT(kernel_names)]);
            for (size_t size = 1; size < 12; size += scene == 4 || scene >= 8 ? 8 : 2)
                check_blur(&images, size, borders[(size / 2 + scene + t) % 4], t % 2);
        }
    grid_sample_kernels_choose("");
}

/* ---- all of them */

static void results_are_golden(void)
{
    check_golden("f: resize(size=[50,31], how=bilinear", 4, SHS_U8, UINT64_C(0xb9d60801b32ab173));
    check_golden("f: resize(size=[20,31], how=area", 6, SHS_F32, UINT64_C(0x38aa4c215b4bb45f));
    check_golden("f: random_resized_crop(size=24", 4, SHS_U8, UINT64_C(0x3034b5e11239d137));
    check_golden("f: gaussian_blur(size=7", 4, SHS_U8, UINT64_C(0x642d9c378b89f5f6));
    check_golden("f: gaussian_blur(size=9", 6, SHS_F32, UINT64_C(0xe92490e0c5c4596b));
}

static void wrong_uses_are_refused(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"f: resize(size=0)", "takes"},
        {"f: resize(size=[3,4,5])", "for 2 axes"},
        {"f: resize(size=3, how=cubic)", "cubic"},
        {"f: random_resized_crop(size=3, scale=0.5..1.5)", "from 0 to 1"},
        {"f: random_resized_crop(size=3, p=0.5)", "changes the type, the shape"},
        {"f: gaussian_blur(size=4)", "size=4 is even"},
        {"h: gaussian_blur(size=3)", "cast first"},
        {"h: resize(size=3)", "cast first"},
        {"e: resize(size=3, layout=hw)", "without elements"},
        {"s: gaussian_blur(size=3)", "needs an axis y or h"},
    };
    const shs_tensor samples[] = {{.name = "f", .type = SHS_U8, .axes = 2, .shape = {5, 5}},
                                  {.name = "h", .type = SHS_F16, .axes = 2, .shape = {5, 5}},
                                  {.name = "e", .type = SHS_U8, .axes = 2, .shape = {0, 5}},
                                  {.name = "s", .type = SHS_U8, .axes = 1, .shape = {5}}};
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(is_refused(&augment_operators, cases[i].text, samples, COUNT(samples),
                         SHS_ERROR_ARGUMENT, cases[i].words));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(resize_follows_its_words), TEST(parts_are_drawn_and_resized),
        TEST(resizing_has_identities),  TEST(fields_say_how_they_are_resized),
        TEST(blur_follows_its_words),   TEST(results_are_golden),
        TEST(wrong_uses_are_refused),
    };
    return harness_main("operators_resample", tests, COUNT(tests), argc, argv);
}
