/* Decodes PNG images, by libpng. The functions are those of io_image.h for one format. */
#ifndef IO_PNG_H
#define IO_PNG_H

#include "io_image.h"

struct io_png;

shs_status io_png_open(const struct io_image_input *input, struct io_image_how how,
                       struct io_png **png, shs_tensor *shape);
shs_status io_png_decode(struct io_png *png, const struct io_image_box *box, void *pixels);
void io_png_close(struct io_png **png);

#endif
