#include "io_png_write.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>

enum {
    BITS = 8,
    CHANNELS = 3,
    LEVEL = 9 /* the highest level of compression */
};

struct writer {
    io_png_sink *sink;
    void *user;
    shs_status status; /* the error of `sink` */
    char message[128]; /* libpng's message */
    jmp_buf jump;
    png_structp png;
    png_infop info;
};

/* ---- what libpng calls */

static void on_error(png_structp png, png_const_charp text)
{
    struct writer *writer = png_get_error_ptr(png);
    snprintf(writer->message, sizeof writer->message, "%s", text);
    longjmp(writer->jump, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static void write_bytes(png_structp png, png_bytep bytes, size_t count)
{
    struct writer *writer = png_get_io_ptr(png);
    writer->status = writer->sink(writer->user, bytes, count);
    if (writer->status) png_error(png, "");
}

static void flush_bytes(png_structp png)
{
    (void)png;
}

/* ---- the image */

static shs_status begin(struct writer *writer)
{
    writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, on_error, on_warning);
    if (writer->png) writer->info = png_create_info_struct(writer->png);
    if (!writer->info) return core_fail(SHS_ERROR_MEMORY, "no memory to encode an image");
    png_set_write_fn(writer->png, writer, write_bytes, flush_bytes);
    return SHS_OK;
}

static shs_status write_error(const struct writer *writer)
{
    if (writer->status) return writer->status;
    return core_fail(SHS_ERROR_MEMORY, "libpng cannot encode an image: %s", writer->message);
}

static void write_rows(struct writer *writer, const struct io_png_image *image)
{
    const size_t row_bytes = (size_t)CHANNELS * image->width;
    for (uint32_t y = 0; y < image->height; y++)
        png_write_row(writer->png, image->pixels + y * row_bytes);
}

/* libpng jumps back into this function on an error. It has no local variables. */
static shs_status encode(struct writer *writer, const struct io_png_image *image)
{
    if (setjmp(writer->jump)) return write_error(writer);
    png_set_compression_level(writer->png, LEVEL);
    png_set_IHDR(writer->png, writer->info, image->width, image->height, BITS, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(writer->png, writer->info);
    write_rows(writer, image);
    png_write_end(writer->png, NULL);
    return SHS_OK;
}

shs_status io_png_write(const struct io_png_image *image, io_png_sink *sink, void *user)
{
    struct writer writer = {.sink = sink, .user = user};
    shs_status status = begin(&writer);
    if (!status) status = encode(&writer, image);
    if (writer.png) png_destroy_write_struct(&writer.png, &writer.info);
    return status;
}
