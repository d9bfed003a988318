/* The form of a field's text that decodes images: decode(NAME, size=HxW, ...). */
#ifndef DATA_DECODE_H
#define DATA_DECODE_H

#include "data_sample.h"

/* The name of the offsets beside images, unless the text gives another. */
#define DATA_OFFSETS_SUFFIX ".offsets"

/* What the text says. The names lie in the text. */
struct data_decode {
    const char *name;
    const char *offsets; /* NULL: NAME.offsets */
    struct data_image image;
    bool sized, fitted; /* true if size and fit were given */
};

/* Returns true if the text in the parentheses behind a name is that of this form: the name is
 * "decode" and the parentheses do not begin with KEY=. */
bool data_decode_is(const char *name, const char *values);

/* Takes apart what stands in the parentheses. `whole` is the field's text, for messages. */
shs_status data_decode_parse(const char *whole, char *values, struct data_decode *decode);

/* Describes how images are decoded, in one form: "size=256x256, channels=3, fit=exact". */
void data_decode_describe(const struct data_image *image, struct core_text *text);

/* Refuses an array that cannot be the bytes of images. `row` is the shape of its rows. */
shs_status data_decode_check(const struct data_part *part, const shs_tensor *row);

/* Sets the type and the shape of a sample, but not its name. */
void data_decode_shape(const struct data_image *image, shs_tensor *sample);

#endif
