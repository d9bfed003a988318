/* Images are decoded as libjpeg and libpng decode them, as a whole or a box of them, and those that
 * are damaged or of another kind are refused. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#include "io_image.h"
#include "unit.h"

enum {
    HEIGHT = 67,
    WIDTH = 83
};

/* An image in a file's form, which the caller frees. */
struct encoded {
    unsigned char *bytes;
    unsigned long count;
};

struct form {
    const char *name;
    int channels, across, down; /* samples of the first channel for one of the others */
    bool progressive;
    unsigned restarts; /* lines of blocks between restart marks; 0: none */
};

static const struct form forms[] = {
    {"grey", 1, 1, 1, false, 0},    {"4:4:4", 3, 1, 1, false, 0}, {"4:2:0", 3, 2, 2, false, 0},
    {"4:2:2", 3, 2, 1, false, 0},   {"4:4:0", 3, 1, 2, false, 0}, {"progressive", 3, 2, 2, true, 0},
    {"restarts", 3, 2, 2, false, 1}};

/* Smooth colours with some noise. */
static void fill_line(unsigned char *line, int y, int width, int channels)
{
    for (int x = 0; x < width; x++)
        for (int c = 0; c < channels; c++)
            line[x * channels + c] =
                (unsigned char)(128 + (x * (3 + c) + y * (5 - c)) % 97 - (x * y * 7 + c) % 31);
}

static struct encoded encode(const struct form *form, int height, int width)
{
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    struct encoded encoded = {NULL, 0};
    unsigned char line[3 * WIDTH];
    JSAMPROW lines = line;
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, &encoded.bytes, &encoded.count);
    encoder.image_width = (JDIMENSION)width;
    encoder.image_height = (JDIMENSION)height;
    encoder.input_components = form->channels;
    encoder.in_color_space = form->channels == 1   ? JCS_GRAYSCALE
                             : form->channels == 3 ? JCS_RGB
                                                   : JCS_CMYK;
    jpeg_set_defaults(&encoder);
    encoder.comp_info[0].h_samp_factor = form->across;
    encoder.comp_info[0].v_samp_factor = form->down;
    encoder.restart_in_rows = (int)form->restarts;
    if (form->progressive) jpeg_simple_progression(&encoder);
    jpeg_start_compress(&encoder, TRUE);
    for (int y = 0; y < height; y++) {
        fill_line(line, y, width, form->channels > 3 ? 3 : form->channels);
        jpeg_write_scanlines(&encoder, &lines, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    return encoded;
}

/* Decodes as a program would that uses libjpeg with its defaults. */
static void decode_plainly(const struct encoded *encoded, J_COLOR_SPACE space,
                           unsigned char *pixels)
{
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    decoder.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&decoder);
    jpeg_mem_src(&decoder, encoded->bytes, encoded->count);
    jpeg_read_header(&decoder, TRUE);
    decoder.out_color_space = space;
    jpeg_start_decompress(&decoder);
    while (decoder.output_scanline < decoder.output_height) {
        jpeg_read_scanlines(&decoder, &pixels, 1);
        pixels += (size_t)decoder.output_width * (size_t)decoder.output_components;
    }
    jpeg_finish_decompress(&decoder);
    jpeg_destroy_decompress(&decoder);
}

static shs_status read_encoded(void *user, uint64_t at, void *to, size_t bytes)
{
    const struct encoded *encoded = user;
    if (at > encoded->count || bytes > encoded->count - at)
        return core_fail(SHS_ERROR_ARGUMENT, "a read outside the image");
    memcpy(to, encoded->bytes + at, bytes);
    return SHS_OK;
}

/* Decodes an image, or a box of it, into pixels of room for `room` bytes. */
static shs_status decode(struct encoded encoded, struct io_image_how how,
                         const struct io_image_box *box, shs_tensor *shape, unsigned char *pixels,
                         size_t room)
{
    struct io_image_input input = {"a.jpg", encoded.count, read_encoded, &encoded};
    struct io_image *image;
    size_t bytes = 0;
    shs_status status = io_image_open(&input, how, &image, shape);
    if (!status) status = shs_tensor_bytes(shape, &bytes);
    if (!status && !box && bytes > room)
        status = core_fail(SHS_ERROR_ARGUMENT, "the image has %zu bytes of pixels", bytes);
    if (!status) status = io_image_decode(image, box, pixels);
    io_image_close(&image);
    return status;
}

static unsigned char expected[3 * HEIGHT * WIDTH], pixels[3 * HEIGHT * WIDTH];

static void pixels_are_those_of_libjpeg(void)
{
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct encoded encoded = encode(&forms[i], HEIGHT, WIDTH);
        for (uint32_t channels = 0; channels <= 3; channels += channels ? 2 : 1) {
            bool grey = channels ? channels == 1 : forms[i].channels == 1;
            shs_tensor shape;
            decode_plainly(&encoded, grey ? JCS_GRAYSCALE : JCS_RGB, expected);
            memset(pixels, 0, sizeof pixels);
            if (!CHECK_STATUS(decode(encoded, (struct io_image_how){.channels = channels}, NULL,
                                     &shape, pixels, sizeof pixels),
                              SHS_OK))
                continue;
            CHECK_EQ(shape.axes, grey ? 2 : 3);
            CHECK_EQ(shape.shape[0], HEIGHT);
            CHECK_EQ(shape.shape[1], WIDTH);
            CHECK_BYTES(pixels, expected, (size_t)HEIGHT * WIDTH * (grey ? 1 : 3));
        }
        free(encoded.bytes);
    }
}

/* Compares a box with the same part of the whole image. Returns whether they are equal. */
static bool box_is_right(const struct encoded *encoded, const struct form *form,
                         const struct io_image_box *box)
{
    size_t pixel = form->channels == 1 ? 1 : 3, line = box->width * pixel;
    shs_tensor shape;
    if (!CHECK_STATUS(decode(*encoded, (struct io_image_how){0}, box, &shape, pixels, 0), SHS_OK))
        return false;
    for (uint64_t y = 0; y < box->height; y++) {
        const unsigned char *wanted = expected + ((box->top + y) * WIDTH + box->left) * pixel;
        if (!memcmp(pixels + y * line, wanted, line)) continue;
        printf("%s: box %llu+%llu, %llu+%llu differs in its line %llu\n", form->name, (ull)box->top,
               (ull)box->height, (ull)box->left, (ull)box->width, (ull)y);
        return CHECK(false);
    }
    return true;
}

static void boxes_are_parts_of_the_whole(void)
{
    int step = getenv("SHARDSTEP_LONG") ? 1 : 5;
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct encoded encoded = encode(&forms[i], HEIGHT, WIDTH);
        bool right = true;
        decode_plainly(&encoded, forms[i].channels == 1 ? JCS_GRAYSCALE : JCS_RGB, expected);
        for (int top = 0; top < HEIGHT && right; top += step)
            for (int left = 0; left < WIDTH && right; left += step) {
                const struct io_image_box boxes[] = {
                    {(uint64_t)top, (uint64_t)left, 1, 1},
                    {(uint64_t)top, (uint64_t)left, (uint64_t)(HEIGHT - top),
                     (uint64_t)(WIDTH - left)},
                    {(uint64_t)top, (uint64_t)left, (uint64_t)(HEIGHT - top + 1) / 2,
                     (uint64_t)(WIDTH - left + 2) / 3}};
                for (size_t k = 0; k < COUNT(boxes) && right; k++)
                    right = box_is_right(&encoded, &forms[i], &boxes[k]);
            }
        free(encoded.bytes);
    }
}

/* Each prefix of an image is refused, none with other words than those of damage. */
static void truncated_images_are_refused(void)
{
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct encoded encoded = encode(&forms[i], HEIGHT, WIDTH);
        shs_tensor shape;
        for (unsigned long cut = 0; cut + 1 < encoded.count; cut += cut < 200 ? 1 : 41) {
            struct encoded part = {encoded.bytes, cut};
            if (!CHECK_STATUS(
                    decode(part, (struct io_image_how){0}, NULL, &shape, pixels, sizeof pixels),
                    SHS_ERROR_FORMAT))
                break;
            CHECK_HAS(shs_message(), "a.jpg");
            if (cut > 3) CHECK_HAS(shs_message(), "damaged");
        }
        free(encoded.bytes);
    }
}

static struct encoded encode_png(void)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = WIDTH, .height = HEIGHT, .format = PNG_FORMAT_RGB};
    png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
    struct encoded encoded = {malloc(bytes), 0};
    for (int y = 0; y < HEIGHT; y++)
        fill_line(expected + (ptrdiff_t)3 * WIDTH * y, y, WIDTH, 3);
    CHECK(png_image_write_to_memory(&image, encoded.bytes, &bytes, 0, expected, 0, NULL));
    encoded.count = bytes;
    return encoded;
}

/* Flips bits. What comes is pixels or an error, and no memory or time without end. */
static void flipped_bits_do_no_harm(void)
{
    unsigned flips = getenv("SHARDSTEP_LONG") ? 20000 : 300, seed = 12345, refused = 0;
    for (size_t i = 0; i <= COUNT(forms); i++) {
        bool png = i == COUNT(forms);
        struct encoded encoded = png ? encode_png() : encode(&forms[i], HEIGHT, WIDTH);
        shs_tensor shape;
        for (unsigned flip = 0; flip < flips; flip++) {
            seed = seed * 1664525 + 1013904223;
            unsigned long at = (seed >> 8) % encoded.count;
            unsigned char before = encoded.bytes[at];
            encoded.bytes[at] ^= (unsigned char)(1 << (seed & 7));
            refused += decode(encoded, (struct io_image_how){.channels = 3}, NULL, &shape, pixels,
                              sizeof pixels) != SHS_OK;
            encoded.bytes[at] = before;
        }
        free(encoded.bytes);
    }
    CHECK_IS(refused, >, flips);
}

/* Returns the segment that says what a JPEG image is: its mark of two bytes, its length of two, the
 * bits of a channel, then height and width of two bytes each. */
static unsigned char *frame_of(const struct encoded *encoded)
{
    for (unsigned long at = 2; at + 9 < encoded->count;) {
        unsigned char *segment = encoded->bytes + at;
        if (segment[1] == 0xc0 || segment[1] == 0xc2) return segment;
        at += 2 + ((unsigned long)segment[2] << 8) + segment[3];
    }
    CHECK(false);
    return encoded->bytes;
}

/* Makes the head of a JPEG claim a size. */
static void claim(struct encoded *encoded, unsigned size)
{
    unsigned char *frame = frame_of(encoded);
    frame[5] = frame[7] = (unsigned char)(size >> 8);
    frame[6] = frame[8] = (unsigned char)size;
}

static void claims_without_bytes_are_refused(void)
{
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct encoded encoded = encode(&forms[i], 16, 16);
        shs_tensor shape;
        claim(&encoded, 65500);
        if (CHECK_STATUS(
                decode(encoded, (struct io_image_how){0}, NULL, &shape, pixels, sizeof pixels),
                SHS_ERROR_FORMAT))
            CHECK_HAS(shs_message(), "its head claims 65500 x 65500 pixels, more than its");
        free(encoded.bytes);
    }
}

static void png_images_are_what_was_written(void)
{
    struct encoded encoded = encode_png();
    struct io_image_box box = {9, 4, 50, 70};
    shs_tensor shape;
    if (CHECK_STATUS(decode(encoded, (struct io_image_how){0}, NULL, &shape, pixels, sizeof pixels),
                     SHS_OK))
        CHECK_BYTES(pixels, expected, sizeof expected);
    box_is_right(&encoded, &forms[1], &box);
    for (unsigned long cut = 1; cut < encoded.count; cut += 97) {
        struct encoded part = {encoded.bytes, cut};
        CHECK_STATUS(decode(part, (struct io_image_how){0}, NULL, &shape, pixels, sizeof pixels),
                     SHS_ERROR_FORMAT);
    }
    free(encoded.bytes);
}

static void small_images_are_decoded(void)
{
    for (size_t i = 0; i < COUNT(forms); i++)
        for (int size = 1; size <= 3; size++) {
            struct encoded encoded = encode(&forms[i], size, 4 - size);
            struct io_image_box box = {(uint64_t)size - 1, (uint64_t)(3 - size), 1, 1};
            size_t pixel = forms[i].channels == 1 ? 1 : 3;
            size_t bytes = (size_t)size * (size_t)(4 - size) * pixel;
            shs_tensor shape;
            decode_plainly(&encoded, pixel == 1 ? JCS_GRAYSCALE : JCS_RGB, expected);
            if (CHECK_STATUS(
                    decode(encoded, (struct io_image_how){0}, NULL, &shape, pixels, sizeof pixels),
                    SHS_OK))
                CHECK_BYTES(pixels, expected, bytes);
            if (CHECK_STATUS(decode(encoded, (struct io_image_how){0}, &box, &shape, pixels, 0),
                             SHS_OK))
                CHECK_BYTES(pixels, expected + bytes - pixel, pixel);
            free(encoded.bytes);
        }
}

static void other_kinds_are_refused_by_name(void)
{
    static const struct form cmyk = {"CMYK", 4, 1, 1, false, 0};
    struct encoded encoded = encode(&cmyk, 8, 8), none = {NULL, 0};
    unsigned char text[] = "no image at all";
    struct encoded other = {text, sizeof text};
    shs_tensor shape;
    if (CHECK_STATUS(decode(encoded, (struct io_image_how){0}, NULL, &shape, pixels, 0),
                     SHS_ERROR_UNSUPPORTED))
        CHECK_HAS(shs_message(), "a.jpg is a JPEG image in CMYK");
    free(encoded.bytes);
    static const struct {
        size_t at;
        unsigned char byte;
        const char *words;
    } changes[] = {
        {4, 12, "with more than 8 bits a channel"},
#if LIBJPEG_TURBO_VERSION_NUMBER < 3000000 /* later ones decode lossless images */
        {1, 0xc3, "of a kind that libjpeg does not decode"},
#endif
        {1, 0xc9, "with arithmetic coding"}
    };
    for (size_t i = 0; i < COUNT(changes); i++) {
        encoded = encode(&forms[1], 8, 8);
        frame_of(&encoded)[changes[i].at] = changes[i].byte;
        if (CHECK_STATUS(decode(encoded, (struct io_image_how){0}, NULL, &shape, pixels, 0),
                         SHS_ERROR_UNSUPPORTED))
            CHECK_HAS(shs_message(), changes[i].words);
        free(encoded.bytes);
    }
    encoded = encode(&forms[1], 8, 8);
    if (CHECK_STATUS(
            decode(encoded, (struct io_image_how){.classes = true}, NULL, &shape, pixels, 0),
            SHS_ERROR_UNSUPPORTED))
        CHECK_HAS(shs_message(), "holds no numbers of classes");
    free(encoded.bytes);
    if (CHECK_STATUS(decode(none, (struct io_image_how){0}, NULL, &shape, pixels, 0),
                     SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "a.jpg is empty");
    if (CHECK_STATUS(decode(other, (struct io_image_how){0}, NULL, &shape, pixels, 0),
                     SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "a.jpg is no PNG image and no JPEG image");
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(pixels_are_those_of_libjpeg),      TEST(boxes_are_parts_of_the_whole),
        TEST(truncated_images_are_refused),     TEST(flipped_bits_do_no_harm),
        TEST(claims_without_bytes_are_refused), TEST(small_images_are_decoded),
        TEST(png_images_are_what_was_written),  TEST(other_kinds_are_refused_by_name),
    };
    return harness_main("images", tests, COUNT(tests), argc, argv);
}
