/* The operators: each reads its values, changes a sample's type, draws, and transforms. Pure. */
#ifndef AUGMENT_KIND_H
#define AUGMENT_KIND_H

#include "augment_text.h"
#include "core_text.h"
#include "shardstep/augment.h"

/* A sample of an image or signal, whatever its layout: outer x height x width x inner elements. */
struct augment_grid {
    size_t outer;
    size_t height;
    size_t width;
    size_t inner_bytes; /* bytes that move together: inner elements times their size */
    enum augment_axis { /* which of them is a sample's first axis */
        AUGMENT_OUTER,
        AUGMENT_HEIGHT,
        AUGMENT_WIDTH
    } first;
};

/* What an operator does to every field of its statement. */
struct augment_setting {
    uint32_t padding; /* random_crop */
    bool along_width; /* random_flip: along the width, or the height */
    bool has_height;  /* the layout has an axis h */
    double probability;
    float scale; /* normalize: y = (x*scale - mean) * inverse */
    float mean;
    float inverse;
};

/* An operator on one field: the sample as it comes in and goes out. */
struct augment_bound {
    struct augment_setting setting;
    struct augment_grid grid;
    shs_tensor before;
    shs_tensor after;
    size_t elements;
};

/* What was drawn for one sample, shared by the fields of a statement. */
struct augment_draw {
    uint32_t down;
    uint32_t right;
    bool mirror;
};

struct augment_kind {
    const char *name;
    const char *values[AUGMENT_MAX_VALUES]; /* the names that it knows, then NULL */
    const char *example;
    bool draws;
    /* Reads the call's values; sets all of `bound` but `before`, which is given. */
    shs_status (*bind)(const struct augment_call *call, struct augment_bound *bound);
    void (*draw)(const struct augment_setting *setting, shs_random *stream,
                 struct augment_draw *draw);
    void (*apply)(const struct augment_bound *bound, const struct augment_draw *draw,
                  const void *input, void *output);
    /* Appends what was drawn, "random_crop(down=1, right=-2)"; NULL if it draws nothing. */
    void (*tell)(const struct augment_setting *setting, const struct augment_draw *draw,
                 struct core_text *text);
};

/* The operator that a call names, its values' names checked; NULL and a message otherwise. */
const struct augment_kind *augment_kind_find(const struct augment_call *call);

/* SHS_ERROR_ARGUMENT for a word at that place: `what`, such as "there is no field", the word, and
 * behind `there_are`, such as "; there are", all words, of which the nearest may be meant. */
shs_status augment_unknown(size_t at, const char *what, const char *word, const char *there_are,
                           const char *const *words, size_t count);

/* The text of a value; NULL if it is not given. */
const char *augment_value(const struct augment_call *call, const char *name);

/* A value as a number within [least, most]; `otherwise` if it is not given. */
shs_status augment_number(const struct augment_call *call, const char *name, double least,
                          double most, double otherwise, double *number);

/* The same; a value that is not given is an error. */
shs_status augment_needed_number(const struct augment_call *call, const char *name, double least,
                                 double most, double *number);

/* Sets the grid from the field's shape and the call's layout, and setting.has_height. */
shs_status augment_bind_grid(const struct augment_call *call, struct augment_bound *bound);

/* What normalize() divides by unless its scale is none: an unsigned integer's largest value,
 * else 1.
 */
double augment_whole_scale(shs_type type);

extern const struct augment_kind augment_random_crop, augment_random_flip, augment_normalize,
    augment_cast;

#endif
