/* Encodes PNG images, by libpng. The same pixels give the same bytes: no time or other text is
 * stored with them. Safe in any thread. */
#ifndef IO_PNG_WRITE_H
#define IO_PNG_WRITE_H

#include <stdint.h>

#include "core_status.h"

/* An image of 8 bits a channel: red, green and blue of each pixel, row by row, without gaps. */
struct io_png_image {
    uint32_t width, height; /* in pixels, 1 to 1,000,000 */
    const unsigned char *pixels;
};

/* Takes the next bytes of the encoded image. */
typedef shs_status io_png_sink(void *user, const void *bytes, size_t count);

/* Local. Encodes an image and hands its bytes to `sink`, piece by piece. Returns the first error of
 * `sink`. SHS_ERROR_MEMORY if libpng gets no memory. */
shs_status io_png_write(const struct io_png_image *image, io_png_sink *sink, void *user);

#endif
