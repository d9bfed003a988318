/* Decodes one image to the size that a field asks for. Safe in any thread. */
#ifndef FETCH_DECODE_H
#define FETCH_DECODE_H

#include "data_sample.h"
#include "io_image.h"

/* Decodes an image from its bytes, and fits it as fields.h says. `to` has room for a sample of the
 * field. If `part` is not NULL, only this part of the sample is made; the field must not resize
 * images. An image that cannot be decoded, or that does not fit, is an error whose message begins
 * with input->path. */
shs_status fetch_decode(const struct data_image *want, const struct io_image_input *input,
                        const struct io_image_box *part, void *to);

#endif
