/* PNG images as pixels, by libpng. Safe in any thread. */
#ifndef IO_PNG_H
#define IO_PNG_H

#include "core_status.h"
#include "shardstep/tensor.h"

/* Where the bytes of an image come from. */
struct io_png_input {
    const char *path; /* for messages */
    uint64_t bytes;   /* of the whole image */
    shs_status (*read)(void *user, uint64_t at, void *to, size_t bytes);
    void *user;
};

struct io_png;

/* Local. Reads the head of an image: *shape gets u8 or u16, and the axes height, width and, if
 * there is more than one channel, channels. SHS_ERROR_FORMAT for a palette, fewer than 8 bits, or a
 * size that the image's bytes cannot hold. `input` is borrowed until io_png_close(). On error *png
 * is NULL. */
shs_status io_png_open(const struct io_png_input *input, struct io_png **png, shs_tensor *shape);

/* Local. Decodes the pixels, once, in the machine's byte order. */
shs_status io_png_decode(struct io_png *png, void *pixels);

/* Local. Accepts a pointer to NULL; leaves NULL. */
void io_png_close(struct io_png **png);

#endif
