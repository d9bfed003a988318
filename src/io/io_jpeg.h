/* Decodes JPEG images, by libjpeg-turbo. The functions are those of io_image.h for one format. */
#ifndef IO_JPEG_H
#define IO_JPEG_H

#include "io_image.h"

struct io_jpeg;

shs_status io_jpeg_open(const struct io_image_input *input, struct io_image_how how,
                        struct io_jpeg **jpeg, shs_tensor *shape);
shs_status io_jpeg_decode(struct io_jpeg *jpeg, const struct io_image_box *box, void *pixels);
void io_jpeg_close(struct io_jpeg **jpeg);

#endif
