/* Decodes PNG images in memory, by libpng. Safe in any thread. */
#ifndef IO_PNG_H
#define IO_PNG_H

#include "core_status.h"
#include "shardstep/tensor.h"

/* An image that is read by its bytes. */
struct io_png_input {
    const char *path; /* path of the image, for messages */
    uint64_t bytes;   /* size of the whole image */
    shs_status (*read)(void *user, uint64_t at, void *to, size_t bytes);
    void *user;
};

struct io_png;

/* Local. Reads the head of an image. *shape gets the type u8 or u16 and the axes height and width,
 * and a third axis if there is more than one channel. An image with a palette, with fewer than 8
 * bits, or of a size that its bytes cannot hold is SHS_ERROR_FORMAT. `input` is borrowed until
 * io_png_close(). On error *png is NULL. */
shs_status io_png_open(const struct io_png_input *input, struct io_png **png, shs_tensor *shape);

/* Local. Decodes the pixels into memory of the shape's size, in the machine's byte order. May be
 * called once for each image. */
shs_status io_png_decode(struct io_png *png, void *pixels);

/* Local. Releases an image and sets *png to NULL, which it may be already. */
void io_png_close(struct io_png **png);

#endif
