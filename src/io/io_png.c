#include "io_png.h"

#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"

struct io_png {
    const struct io_image_input *input;
    struct io_image_how how;
    shs_tensor shape;
    uint64_t at;           /* bytes read so far */
    unsigned char **lines; /* start of each line of pixels */
    unsigned char *spare;  /* pixels of which only a part is wanted, or NULL */
    shs_status status;     /* status of the latest read */
    char message[128];     /* libpng's message */
    jmp_buf jump;
    png_structp png;
    png_infop info;
};

/* ---- what libpng calls */

static void on_error(png_structp png, png_const_charp text)
{
    struct io_png *image = png_get_error_ptr(png);
    snprintf(image->message, sizeof image->message, "%s", text);
    longjmp(image->jump, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static void read_bytes(png_structp png, png_bytep to, size_t bytes)
{
    struct io_png *image = png_get_io_ptr(png);
    uint64_t left = image->input->bytes - image->at;
    if (bytes > left)
        image->status = core_fail(SHS_ERROR_FORMAT,
                                  "%s ends %llu bytes too early, in its image; it is not complete",
                                  image->input->path, (ull)(bytes - left));
    else
        image->status = image->input->read(image->input->user, image->at, to, bytes);
    if (image->status) png_error(png, "");
    image->at += bytes;
}

/* Prepares libpng to read the pixels. Chunks other than the pixels' are passed over. Errors in the
 * pixels' chunks are never forgiven. */
static shs_status begin(struct io_png *image)
{
    image->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, image, on_error, on_warning);
    if (image->png) image->info = png_create_info_struct(image->png);
    if (!image->info)
        return core_fail(SHS_ERROR_MEMORY, "no memory to read %s", image->input->path);
    png_set_read_fn(image->png, image, read_bytes);
    png_set_benign_errors(image->png, 0);
    png_set_keep_unknown_chunks(image->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    return SHS_OK;
}

static shs_status read_error(const struct io_png *image)
{
    if (image->status) return image->status;
    if (strstr(image->message, "emory"))
        return core_fail(SHS_ERROR_MEMORY, "no memory to read %s", image->input->path);
    if (strstr(image->message, "Not a PNG"))
        return core_fail(SHS_ERROR_FORMAT, "%s is no PNG image; convert it, or leave it out",
                         image->input->path);
    return core_fail(SHS_ERROR_FORMAT, "%s: %s; the image is damaged, get it anew",
                     image->input->path, image->message);
}

/* ---- the head */

static shs_status refuse(const struct io_png *image, const char *what, const char *wanted)
{
    return core_fail(SHS_ERROR_UNSUPPORTED, "%s has %s; %s; convert it", image->input->path, what,
                     wanted);
}

/* Refuses an image of which the numbers of classes cannot be told. */
static shs_status check_classes(const struct io_png *image)
{
    int color = png_get_color_type(image->png, image->info);
    const char *wanted = "numbers of classes are those of a palette, or greys of up to 8 bits";
    if (color & PNG_COLOR_MASK_ALPHA) return refuse(image, "an alpha channel", wanted);
    if (color == PNG_COLOR_TYPE_RGB) return refuse(image, "colours without a palette", wanted);
    if (png_get_bit_depth(image->png, image->info) > 8) return refuse(image, "16 bits", wanted);
    return SHS_OK;
}

/* Refuses an image that cannot be made 8-bit grey or RGB without losing something. */
static shs_status check_colours(const struct io_png *image)
{
    png_structp png = image->png;
    int color = png_get_color_type(png, image->info);
    const char *wanted = "8-bit greys and colours without transparency are taken";
    if (color & PNG_COLOR_MASK_ALPHA || png_get_valid(png, image->info, PNG_INFO_tRNS))
        return refuse(image, "transparent pixels", wanted);
    if (png_get_bit_depth(png, image->info) > 8) return refuse(image, "16 bits", wanted);
    if (image->how.channels == 1 && color & PNG_COLOR_MASK_COLOR)
        return refuse(image, "colours", "only greys can be one channel");
    return SHS_OK;
}

static shs_status check_as_stored(const struct io_png *image)
{
    png_structp png = image->png;
    unsigned bits = png_get_bit_depth(png, image->info);
    bool palette = png_get_color_type(png, image->info) == PNG_COLOR_TYPE_PALETTE;
    if (!palette && bits >= 8) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s has %u-bit %s; images must be grey or RGB, with or without alpha, of "
                     "8 or 16 bits; convert it",
                     image->input->path, bits, palette ? "colours of a palette" : "greys");
}

static shs_status find_shape(struct io_png *image)
{
    png_structp png = image->png;
    png_infop info = image->info;
    unsigned channels = image->how.channels;
    shs_status status = image->how.look      ? SHS_OK
                        : image->how.classes ? check_classes(image)
                        : channels           ? check_colours(image)
                                             : check_as_stored(image);
    if (status) return status;
    if (image->how.classes) channels = 1;
    if (!channels) channels = png_get_channels(png, info);
    image->shape =
        (shs_tensor){.type = png_get_bit_depth(png, info) <= 8 ? SHS_U8 : SHS_U16,
                     .axes = channels > 1 ? 3 : 2,
                     .shape = {png_get_image_height(png, info), png_get_image_width(png, info),
                               channels > 1 ? channels : 0}};
    return SHS_OK;
}

/* Refuses a head that claims more pixels than the image's bytes can hold. Without this check memory
 * for all of them would be taken before the missing pixels are noticed. */
static shs_status check_claim(const struct io_png *image)
{
    enum {
        MOST_RATIO = 1032 /* most bytes that deflate packs into one byte */
    };
    size_t bytes = 0;
    shs_status status = shs_tensor_bytes(&image->shape, &bytes);
    if (status) return status;
    uint64_t stored =
        png_get_rowbytes(image->png, image->info) * image->shape.shape[0]; /* below 2^64 */
    if (stored / MOST_RATIO <= image->input->bytes) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: its head claims %zu bytes of pixels, more than its %llu bytes can hold; "
                     "it is not complete, get it anew",
                     image->input->path, bytes, (ull)image->input->bytes);
}

/* libpng jumps back into this function and into read_pixels() on an error. Neither function has
 * local variables that could change before the jump. */
static shs_status read_head(struct io_png *image)
{
    if (setjmp(image->jump)) return read_error(image);
    png_read_info(image->png, image->info);
    return find_shape(image);
}

shs_status io_png_open(const struct io_image_input *input, struct io_image_how how,
                       struct io_png **png, shs_tensor *shape)
{
    shs_status status = core_new(1, sizeof **png, "an image", png);
    if (status) return status;
    (*png)->input = input;
    (*png)->how = how;
    status = begin(*png);
    if (!status) status = read_head(*png);
    if (!status) status = check_claim(*png);
    if (status)
        io_png_close(png);
    else
        *shape = (*png)->shape;
    return status;
}

/* ---- the pixels */

/* Asks libpng for the pixels that `how` asks for. */
static void transform(struct io_png *image)
{
    png_structp png = image->png;
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && image->shape.type == SHS_U16)
        png_set_swap(png);
    if (image->how.classes) png_set_packing(png); /* a byte for each number, unscaled */
    if (image->how.channels) png_set_expand(png);
    if (image->how.channels == 3) png_set_gray_to_rgb(png);
}

static shs_status read_pixels(struct io_png *image)
{
    if (setjmp(image->jump)) return read_error(image);
    transform(image);
    png_set_interlace_handling(image->png);
    png_read_update_info(image->png, image->info);
    png_read_image(image->png, image->lines);
    png_read_end(image->png, NULL);
    return SHS_OK;
}

static shs_status read_image(struct io_png *png, unsigned char *pixels)
{
    uint64_t height = png->shape.shape[0];
    size_t bytes;
    shs_status status = shs_tensor_bytes(&png->shape, &bytes);
    if (!status) status = core_new(height, sizeof *png->lines, "lines of an image", &png->lines);
    for (uint64_t line = 0; line < height && !status; line++)
        png->lines[line] = pixels + line * (bytes / height);
    return status ? status : read_pixels(png);
}

/* Reads the whole image, and copies a box of it. */
static shs_status read_box(struct io_png *png, const struct io_image_box *box,
                           unsigned char *pixels)
{
    size_t bytes, height = (size_t)png->shape.shape[0];
    shs_status status = shs_tensor_bytes(&png->shape, &bytes);
    if (!status) status = core_new(bytes, 1, "an image", &png->spare);
    if (!status) status = read_image(png, png->spare);
    size_t line = bytes / height, pixel = line / (size_t)png->shape.shape[1];
    for (uint64_t i = 0; i < box->height && !status; i++)
        memcpy(pixels + i * box->width * pixel,
               png->spare + (box->top + i) * line + box->left * pixel, box->width * pixel);
    return status;
}

shs_status io_png_decode(struct io_png *png, const struct io_image_box *box, void *pixels)
{
    return box ? read_box(png, box, pixels) : read_image(png, pixels);
}

void io_png_close(struct io_png **png)
{
    if (!*png) return;
    png_destroy_read_struct(&(*png)->png, &(*png)->info, NULL);
    core_free(&(*png)->lines);
    core_free(&(*png)->spare);
    core_free(png);
}
