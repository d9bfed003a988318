/* Decodes PNG and JPEG images, by libpng and libjpeg-turbo. Safe in any thread.
 *
 * JPEG is decoded with the exact integer transform (JDCT_ISLOW) and the library's smooth
 * upsampling of colours. libjpeg-turbo gives the same bytes with and without its vector code.
 * Another decoder may give others. An orientation in EXIF data is not applied. */
#ifndef IO_IMAGE_H
#define IO_IMAGE_H

#include "core_status.h"
#include "shardstep/tensor.h"

/* An image that is read by its bytes. */
struct io_image_input {
    const char *path; /* path or name of the image, for messages */
    uint64_t bytes;   /* size of the whole image */
    /* Reads bytes that lie within the image. */
    shs_status (*read)(void *user, uint64_t at, void *to, size_t bytes);
    void *user;
};

/* What the pixels shall be. A zeroed struct: as they are stored. */
struct io_image_how {
    /* 0: as many as the image has. 1: a grey image, or the luma (Y) of a JPEG image. 3: greys and
     * the colours of a palette become RGB. With 1 and 3 the pixels are u8. */
    uint32_t channels;
    /* True for the numbers of a palette's colours, or greys as they are stored, a u8 each: a 1-bit
     * image has 0 and 1. */
    bool classes;
    /* True if only the shape is wanted, of an image of any kind. The third axis then has as many
     * channels as are stored: 1 for a palette. The pixels cannot be decoded. */
    bool look;
};

/* A part of an image, within it and not empty. */
struct io_image_box {
    uint64_t top, left, height, width;
};

struct io_image;

/* Returns true if a name ends in .png, .jpg or .jpeg, in upper or lower case, and sets *stem to the
 * bytes before the ending. */
bool io_image_is_name(const char *name, size_t *stem);

/* Local. Reads the head of an image, whose first bytes say which format it has. *shape gets the
 * type u8 or u16 and the axes height and width, and a third axis if there is more than one channel.
 *
 * SHS_ERROR_FORMAT: damage; a size that the image's bytes cannot hold; an image that is neither PNG
 * nor JPEG; PNG with a palette or fewer than 8 bits, if `how` is zeroed. SHS_ERROR_UNSUPPORTED: an
 * image that cannot be what `how` asks for; JPEG in CMYK, of 12 bits, lossless or with arithmetic
 * coding; a build without libjpeg. `input` is borrowed until
 * io_image_close(). On error *image is NULL. */
shs_status io_image_open(const struct io_image_input *input, struct io_image_how how,
                         struct io_image **image, shs_tensor *shape);

/* Local. Decodes the pixels into memory of the shape's size, in the machine's byte order. With a
 * box only its pixels are written, equal to those of the whole image. What lies behind the box is
 * then not looked at. May be called once for each image. */
shs_status io_image_decode(struct io_image *image, const struct io_image_box *box, void *pixels);

/* Local. Releases an image and sets *image to NULL, which it may be already. */
void io_image_close(struct io_image **image);

#endif
