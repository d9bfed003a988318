/* The table of operators, and the parts of an operator. Pure.
 *
 * A new operator needs a file, a line in AUGMENT_OPERATORS, and the file's name in CMakeLists.txt.
 * The operator's settings and its draws are structs of its file. The parser, the checks, the
 * messages, the canonical text, `shardstep help augment` and the record of draws read its
 * augment_kind. */
#ifndef AUGMENT_KIND_H
#define AUGMENT_KIND_H

#include <stddef.h>

#include "augment_text.h"
#include "core_text.h"
#include "shardstep/augment.h"

/* All operators, in the order of help and messages. */
#define AUGMENT_OPERATORS(OPERATOR)                                                                \
    OPERATOR(random_crop)                                                                          \
    OPERATOR(random_flip)                                                                          \
    OPERATOR(normalize)                                                                            \
    OPERATOR(cast)

/* ---- The input of an operator. */

/* The shape of an image or a signal. Every layout is seen as outer x height x width x inner
 * elements. If no layout was needed, `layout` is NULL, and all other members are 0. */
struct augment_grid {
    const char *layout; /* "w", "hw", "hwc" or "chw" */
    size_t outer;
    size_t height; /* 1 without an axis h */
    size_t width;
    size_t inner_bytes;  /* bytes of the inner elements, which always move together */
    uint64_t channels;   /* 1 without an axis c */
    bool channels_first; /* the layout is chw */
    bool has_height;     /* the layout has an axis h */
    enum augment_axis {
        AUGMENT_OUTER,
        AUGMENT_HEIGHT,
        AUGMENT_WIDTH
    } first; /* the first axis of a sample */
};

/* An operator bound to a field. */
struct augment_bound {
    const void *setting;      /* the operator's struct of settings */
    struct augment_grid grid; /* the grid of a sample before the operator */
    shs_tensor before;        /* type and shape of a sample before the operator */
    shs_tensor after;         /* type and shape of a sample after the operator */
    size_t elements;          /* elements of a sample before the operator */
};

/* ---- The parameters of an operator. */

/* The form of a parameter's value follows from the type of its member in the settings. */
enum augment_form {
    AUGMENT_NUMBER,  /* double */
    AUGMENT_WHOLE,   /* uint64_t */
    AUGMENT_WORD,    /* int: the word's number among the parameter's words, from 0 */
    AUGMENT_NUMBERS, /* struct augment_numbers */
    AUGMENT_TYPE,    /* shs_type */
    AUGMENT_LAYOUT   /* no member: the value becomes the grid */
};

enum {
    AUGMENT_MOST_NUMBERS = 256
};

/* A number for all channels, or a list with a number for each channel. */
struct augment_numbers {
    size_t count; /* 1 for all channels, else the field's number of channels */
    double number[AUGMENT_MOST_NUMBERS];
};

/* An entry of a parameter table. The last entry of a table has no name. */
struct augment_parameter {
    const char *name;
    enum augment_form form;
    size_t offset;         /* bytes before the member in the settings */
    double least;          /* the least number, or the least number of a list */
    double most;           /* the greatest number; whole numbers lie within -2^53 and 2^53 */
    const char *words;     /* the possible words, with a space between */
    const char *otherwise; /* the default, as text; NULL if the value must be given */
    const char *example;   /* a value for messages and help, if the value must be given */
    const char *help;      /* a sentence */
};

/* The form and the offset of a parameter whose value goes to a member of a struct. */
#define AUGMENT_MEMBER(type, member)                                                               \
    .form = _Generic(((type *)0)->member, double                                                   \
                     : AUGMENT_NUMBER, uint64_t                                                    \
                     : AUGMENT_WHOLE, int                                                          \
                     : AUGMENT_WORD, shs_type                                                      \
                     : AUGMENT_TYPE, struct augment_numbers                                        \
                     : AUGMENT_NUMBERS),                                                           \
    .offset = offsetof(type, member)

/* The parameter `layout`, which every operator that needs a grid has. */
#define AUGMENT_LAYOUT_PARAMETER                                                                   \
    {                                                                                              \
        .name = "layout", .form = AUGMENT_LAYOUT, .otherwise = "",                                 \
        .help = "The axes of a sample: w, hw, hwc (channels last) or chw (channels first). "       \
                "Without it, w for one axis, hw for two, and hwc for three if the last one has 1 " \
                "to 4 elements."                                                                   \
    }

/* ---- An operator. */

enum augment_scope {
    AUGMENT_OF_SAMPLE, /* each sample is changed by itself */
    AUGMENT_OF_BATCH   /* the samples of a batch are changed together; not applied yet */
};

/* The aspects of a field on which draws may depend, beside the settings. Fields that share draws
 * must agree in these aspects. */
enum augment_aspect {
    AUGMENT_BY_HEIGHT = 1,  /* the presence of an axis h */
    AUGMENT_BY_EXTENT = 2,  /* the height and the width */
    AUGMENT_BY_CHANNELS = 4 /* the number of channels */
};

struct augment_kind {
    const char *name;
    const char *help;  /* a sentence */
    const char *draws; /* a sentence that lists the draws in order; NULL without draws */
    enum augment_scope scope;
    bool needs_grid;      /* every call needs a layout; else only lists need a layout */
    unsigned aspects;     /* the sum of values of enum augment_aspect */
    size_t setting_bytes; /* size of the operator's struct of settings, which begins zeroed */
    size_t draw_bytes;    /* size of the struct of draws for a sample, which begins zeroed */
    const struct augment_parameter *parameters;

    /* Completes the settings and bound->after, or returns SHS_ERROR_ARGUMENT with a message. The
     * parameters are in `setting` already. bound->after begins equal to bound->before; the rest of
     * `bound` is complete. NULL if nothing has to be completed. */
    shs_status (*bind)(const struct augment_call *call, void *setting, struct augment_bound *bound);

    /* Makes the draws for a sample. `bound` is that of the statement's first field. NULL without
     * draws. */
    void (*draw)(const struct augment_bound *bound, shs_random *stream, void *draw);

    /* Computes a sample of bound->after from a sample of bound->before. */
    void (*apply)(const struct augment_bound *bound, const void *draw, const void *input,
                  void *output);

    /* Appends the draws in words, such as "down=1, right=-2". NULL without draws. */
    void (*tell)(const struct augment_bound *bound, const void *draw, struct core_text *text);
};

#define AUGMENT_DECLARE(name) extern const struct augment_kind augment_##name;
AUGMENT_OPERATORS(AUGMENT_DECLARE)

/* The number by which normalize divides with scale=auto: the largest value of an unsigned integer
 * type, and 1 for other types. */
double augment_whole_scale(shs_type type);

#endif
