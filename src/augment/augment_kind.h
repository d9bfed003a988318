/* The table of operators. What an operator consists of, and what its file may use. Pure.
 *
 * A new operator needs its own file, a line in AUGMENT_OPERATORS, and its file's name in
 * CMakeLists.txt: three places in three files. Its settings and its draws are structs of its file;
 * the parser, the checks, the messages, the canonical text, `shardstep help augment` and the
 * record of draws read its augment_kind. (Without this table an operator took eight places in six
 * files: three in this header, the list of kinds, its file, the program's help, the public header
 * and CMakeLists.txt.) */
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

/* ---- What an operator gets. */

/* A sample of an image or signal, whatever its layout: outer x height x width x inner elements. */
struct augment_grid {
    const char *layout; /* "w", "hw", "hwc" or "chw"; NULL: no layout was needed, all else is 0 */
    size_t outer;
    size_t height; /* 1 without an axis h */
    size_t width;
    size_t inner_bytes;  /* bytes that move together: inner elements times their size */
    uint64_t channels;   /* 1 without an axis c */
    bool channels_first; /* the layout is chw */
    bool has_height;     /* the layout has an axis h */
    enum augment_axis {
        AUGMENT_OUTER,
        AUGMENT_HEIGHT,
        AUGMENT_WIDTH
    } first; /* the first axis of a sample */
};

/* An operator on one field: its settings, and the sample as it comes in and goes out. */
struct augment_bound {
    const void *setting; /* the struct of the operator's file */
    struct augment_grid grid;
    shs_tensor before;
    shs_tensor after;
    size_t elements;
};

/* ---- The parameters of an operator. */

/* The form of a parameter's value follows from the type of its member in the settings. */
enum augment_form {
    AUGMENT_NUMBER,  /* double */
    AUGMENT_WHOLE,   /* uint64_t */
    AUGMENT_WORD,    /* int: the word's place among the parameter's words */
    AUGMENT_NUMBERS, /* struct augment_numbers */
    AUGMENT_TYPE,    /* shs_type */
    AUGMENT_LAYOUT   /* no member: it says what the grid is */
};

enum {
    AUGMENT_MOST_NUMBERS = 256
};

/* One number for all channels, or a list with a number for each channel. */
struct augment_numbers {
    size_t count; /* 1, or the field's number of channels */
    double number[AUGMENT_MOST_NUMBERS];
};

/* An entry of a parameter table. The last entry of a table has no name. */
struct augment_parameter {
    const char *name;
    enum augment_form form;
    size_t place; /* of the member in the settings, in bytes */
    double least; /* of a number or a list's numbers; at most 2^53 in size if whole */
    double most;
    const char *words;     /* those that may be given, with a space between */
    const char *otherwise; /* the value if it is not given; NULL: it must be given */
    const char *example;   /* a value, for messages and help, if it must be given */
    const char *help;      /* one sentence */
};

/* The form and the place of a parameter whose value goes to a member of a struct. */
#define AUGMENT_MEMBER(type, member)                                                               \
    .form = _Generic(((type *)0)->member, double                                                   \
                     : AUGMENT_NUMBER, uint64_t                                                    \
                     : AUGMENT_WHOLE, int                                                          \
                     : AUGMENT_WORD, shs_type                                                      \
                     : AUGMENT_TYPE, struct augment_numbers                                        \
                     : AUGMENT_NUMBERS),                                                           \
    .place = offsetof(type, member)

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

/* What draws depend on beside the settings. Fields that share draws must agree in it. */
enum augment_aspect {
    AUGMENT_BY_HEIGHT = 1,  /* whether there is an axis h */
    AUGMENT_BY_EXTENT = 2,  /* the height and the width */
    AUGMENT_BY_CHANNELS = 4 /* the number of channels */
};

struct augment_kind {
    const char *name;
    const char *help;  /* one sentence */
    const char *draws; /* what is drawn, in order: a sentence; NULL if it draws nothing */
    enum augment_scope scope;
    bool needs_grid;      /* the layout must be known, whichever values are given */
    unsigned aspects;     /* of enum augment_aspect, added up */
    size_t setting_bytes; /* of the struct of its settings, which begins zeroed */
    size_t draw_bytes;    /* of the struct of its draws for a sample, which begins zeroed */
    const struct augment_parameter *parameters;
    /* The parameters are in `setting`, and `bound` is complete but for bound->after, which is as
     * bound->before. Works out the rest of `setting` and of bound->after, or returns
     * SHS_ERROR_ARGUMENT with a message. NULL if there is nothing to work out. */
    shs_status (*bind)(const struct augment_call *call, void *setting, struct augment_bound *bound);
    /* Draws for one sample. Gets the first field of a statement. NULL if it draws nothing. */
    void (*draw)(const struct augment_bound *bound, shs_random *stream, void *draw);
    void (*apply)(const struct augment_bound *bound, const void *draw, const void *input,
                  void *output);
    /* Appends what was drawn, such as "down=1, right=-2". NULL if it draws nothing. */
    void (*tell)(const struct augment_bound *bound, const void *draw, struct core_text *text);
};

#define AUGMENT_DECLARE(name) extern const struct augment_kind augment_##name;
AUGMENT_OPERATORS(AUGMENT_DECLARE)

/* What normalize divides by unless its scale is none: an unsigned integer's largest value,
 * else 1. */
double augment_whole_scale(shs_type type);

#endif
