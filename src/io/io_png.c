#include "io_png.h"

#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"

struct io_png {
    const struct io_png_input *input;
    shs_tensor shape;
    uint64_t at;           /* bytes read so far */
    unsigned char **lines; /* start of each line of pixels */
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
    image->status = image->input->read(image->input->user, image->at, to, bytes);
    image->at += bytes;
    if (image->status) png_error(png, "");
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
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is no PNG image, though its name ends in .png; convert it, or move it "
                         "out of the folder",
                         image->input->path);
    return core_fail(SHS_ERROR_FORMAT, "%s: %s; the image is damaged, get it anew",
                     image->input->path, image->message);
}

/* ---- the head */

static shs_status find_shape(struct io_png *image)
{
    png_structp png = image->png;
    png_infop info = image->info;
    unsigned bits = png_get_bit_depth(png, info), channels = png_get_channels(png, info);
    bool palette = png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE;
    if (palette || bits < 8)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s has %u-bit %s; images must be grey or RGB, with or without alpha, of "
                         "8 or 16 bits; convert it",
                         image->input->path, bits, palette ? "colours of a palette" : "greys");
    image->shape =
        (shs_tensor){.type = bits == 8 ? SHS_U8 : SHS_U16,
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
    if (status || bytes / MOST_RATIO <= image->input->bytes) return status;
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

shs_status io_png_open(const struct io_png_input *input, struct io_png **png, shs_tensor *shape)
{
    shs_status status = core_new(1, sizeof **png, "an image", png);
    if (status) return status;
    (*png)->input = input;
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

static shs_status read_pixels(struct io_png *image)
{
    if (setjmp(image->jump)) return read_error(image);
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && image->shape.type == SHS_U16)
        png_set_swap(image->png);
    png_set_interlace_handling(image->png);
    png_read_update_info(image->png, image->info);
    png_read_image(image->png, image->lines);
    png_read_end(image->png, NULL);
    return SHS_OK;
}

shs_status io_png_decode(struct io_png *png, void *pixels)
{
    uint64_t height = png->shape.shape[0];
    size_t bytes;
    shs_status status = shs_tensor_bytes(&png->shape, &bytes);
    if (!status) status = core_new(height, sizeof *png->lines, "lines of an image", &png->lines);
    for (uint64_t line = 0; line < height && !status; line++)
        png->lines[line] = (unsigned char *)pixels + line * (bytes / height);
    return status ? status : read_pixels(png);
}

void io_png_close(struct io_png **png)
{
    if (!*png) return;
    png_destroy_read_struct(&(*png)->png, &(*png)->info, NULL);
    core_free(&(*png)->lines);
    core_free(png);
}
