/* The table of operators, and the parts of an operator. Pure.
 *
 * A new operator needs a struct augment_kind in a file of its family, a line in AUGMENT_OPERATORS,
 * and a new file's name in CMakeLists.txt.
 * The operator's settings and its draws are structs of its file. The parser, the checks, the
 * messages, the canonical text, `shardstep help augment` and the record of draws read its
 * augment_kind. */
#ifndef AUGMENT_KIND_H
#define AUGMENT_KIND_H

#include <stddef.h>

#include "augment_tell.h"
#include "augment_text.h"
#include "core_text.h"
#include "grid_linear.h"
#include "grid_view.h"
#include "shardstep/augment.h"

/* All operators, in the order of help and messages. */
#define AUGMENT_OPERATORS(OPERATOR)                                                                \
    OPERATOR(random_crop)                                                                          \
    OPERATOR(random_flip)                                                                          \
    OPERATOR(normalize)                                                                            \
    OPERATOR(cast)                                                                                 \
    OPERATOR(sometimes)                                                                            \
    OPERATOR(one_of)                                                                               \
    OPERATOR(center_crop)                                                                          \
    OPERATOR(window_crop)                                                                          \
    OPERATOR(pad)                                                                                  \
    OPERATOR(time_flip)                                                                            \
    OPERATOR(random_rot90)                                                                         \
    OPERATOR(d4)                                                                                   \
    OPERATOR(random_symmetry)                                                                      \
    OPERATOR(random_roll)                                                                          \
    OPERATOR(random_shift)                                                                         \
    OPERATOR(to_chw)                                                                               \
    OPERATOR(to_hwc)                                                                               \
    OPERATOR(clip)                                                                                 \
    OPERATOR(log1p)                                                                                \
    OPERATOR(asinh)                                                                                \
    OPERATOR(unpack)                                                                               \
    OPERATOR(random_scale)                                                                         \
    OPERATOR(brightness)                                                                           \
    OPERATOR(contrast)                                                                             \
    OPERATOR(saturation)                                                                           \
    OPERATOR(hue)                                                                                  \
    OPERATOR(color_jitter)                                                                         \
    OPERATOR(grayscale)                                                                            \
    OPERATOR(gamma)                                                                                \
    OPERATOR(gaussian_noise)                                                                       \
    OPERATOR(noise)                                                                                \
    OPERATOR(random_erasing)                                                                       \
    OPERATOR(time_mask)                                                                            \
    OPERATOR(channel_drop)                                                                         \
    OPERATOR(resize)                                                                               \
    OPERATOR(random_resized_crop)                                                                  \
    OPERATOR(gaussian_blur)                                                                        \
    OPERATOR(random_rotation)                                                                      \
    OPERATOR(random_affine)                                                                        \
    OPERATOR(elastic)                                                                              \
    OPERATOR(mixup)                                                                                \
    OPERATOR(cutmix)

/* A sentence of the help of operators whose NaN has the same bits on every machine. */
#define AUGMENT_SAME_NAN                                                                           \
    "A result that is NaN has the bits 0x7fc00000 (f32) or 0x7ff8000000000000 (f64)."

/* ---- The input of an operator. */

/* Where a sample's layout comes from. */
enum augment_origin {
    AUGMENT_NO_LAYOUT,
    AUGMENT_GIVEN,   /* the text gives it, in this call or in an earlier one for the field */
    AUGMENT_OF_FILE, /* the file names the axes */
    AUGMENT_ASSUMED  /* nobody gave it; it is the usual one of the shape */
};

/* The axes of a sample by their names. A layout has a letter for each axis: c channels, t time, z
 * or d depth, y or h height, x or w width, i and j the components of vectors and tensors, _ an axis
 * of any other kind.
 *
 * An image is seen as outer x height x width x inner elements, and channels as channel_outer x
 * channels x channel_inner elements. */
struct augment_grid {
    char layout[SHS_MAX_AXES + 1];
    enum augment_origin origin;
    const char *file;           /* that names the axes, for messages; NULL if it is not known */
    bool is_usual;              /* the file names the axes as they would be taken without names */
    bool is_bound;              /* the operator needs the layout; else the sizes below are 0 */
    bool has_width, has_height; /* the layout has x or w, and y or h */
    bool is_image;              /* the width is the axis behind the height */
    size_t outer, height, width, inner;            /* height 1 without one; all 0 without a width */
    size_t channel_outer, channels, channel_inner; /* channels 1 without an axis c */
};

/* Returns the axis of a letter, or -1. The letters x and w, y and h, z and d are the same. */
int augment_axis_of(const char *layout, char letter);

/* How a field wants to be sampled between its elements and beyond its edges: images,mask[nearest]
 * or images[bilinear,edge]. An operator's own values hold where a field says nothing. */
enum augment_interpolation {
    AUGMENT_INTERPOLATION_UNSAID,
    AUGMENT_NEAREST,
    AUGMENT_BILINEAR
};
enum augment_border {
    AUGMENT_BORDER_UNSAID,
    AUGMENT_BORDER_ZERO,    /* zeros */
    AUGMENT_BORDER_EDGE,    /* the element at the edge:       a a | a b c | c c */
    AUGMENT_BORDER_REFLECT, /* a mirror in the edge element:  c b | a b c | b a */
    AUGMENT_BORDER_WRAP     /* the axis is periodic:          b c | a b c | a b */
};

/* The components of a field of vectors or tensors. Components are counted from 0, and axes are
 * those of the sample. See augment_vectors.h. */
enum {
    AUGMENT_MOST_COMPONENTS = 3
};
struct augment_vectors {
    uint32_t count; /* components of a vector; 0: elements have no direction */
    bool is_turned; /* the operator may turn them */
    uint32_t axis[AUGMENT_MOST_COMPONENTS]; /* along which each component lies */
    bool against[AUGMENT_MOST_COMPONENTS];  /* a positive component points to lower positions */
    int place[2];                           /* the axes i and j; -1: none */
    bool is_field;                          /* the whole field is component `own` of a vector */
    uint32_t own;
    size_t target[AUGMENT_MOST_COMPONENTS]; /* the statement's fields that are its components */
};

/* Axes of a sample, in the order in which an operator deals with them. */
struct augment_found {
    uint32_t count;
    uint32_t axis[SHS_MAX_AXES];
};

/* Which elements along an axis a rank has of a sample. A zeroed struct: all. */
struct augment_slab {
    uint32_t axis; /* of the sample */
    uint64_t first, count;
    uint64_t length; /* of the whole axis */
};

/* An operator bound to a field. While a ragged sample is computed, the first axis has only the rows
 * of that sample: apply(), run() and move() must read sizes here, not in the settings. */
struct augment_bound {
    const void *setting;                      /* the operator's struct of settings */
    struct augment_grid grid;                 /* the grid of a sample before the operator */
    shs_tensor before;                        /* type and shape of a sample before the operator */
    shs_tensor after;                         /* type and shape of a sample after the operator */
    char after_layout[SHS_MAX_AXES + 1];      /* the layout after the operator; "" if not known */
    size_t elements;                          /* elements of a sample before the operator */
    enum augment_interpolation interpolation; /* as the field says */
    enum augment_border border;
    struct augment_vectors vectors;
    unsigned aspects;                 /* the operator's, to which bind() may add */
    struct augment_found drawn_along; /* the axes of AUGMENT_BY_LENGTHS */
    bool ragged;              /* samples have fewer rows of their own along the first axis */
    struct augment_slab slab; /* what the rank has of a sample: see augment_slab.h */
    uint32_t slab_behind;     /* the slab's axis behind the operator */
};

/* ---- The parameters of an operator. */

/* The form of a parameter's value follows from the type of its member in the settings. */
enum augment_form {
    AUGMENT_NUMBER,  /* double */
    AUGMENT_WHOLE,   /* uint64_t */
    AUGMENT_WORD,    /* int: the word's number among the parameter's words, from 0 */
    AUGMENT_NUMBERS, /* struct augment_numbers */
    AUGMENT_TYPE,    /* shs_type */
    AUGMENT_RANGE,   /* struct augment_range: low..high */
    AUGMENT_WHOLES,  /* struct augment_wholes: a whole number, or [N,N,...] for several axes */
    AUGMENT_AXES,    /* struct augment_axes: letters of axes, such as x or yx */
    AUGMENT_NAMES,   /* struct augment_names: (u,v,w) */
    AUGMENT_CHANCE,  /* no member: the operation's `chance` */
    AUGMENT_LAYOUT   /* no member: the value becomes the grid */
};

enum {
    AUGMENT_MOST_NUMBERS = 256,
    AUGMENT_MOST_NAMES = 9
};

/* A number for all channels, or a list with a number for each channel. */
struct augment_numbers {
    size_t count; /* 1 for all channels, else the field's number of channels; 0 if the parameter has
                     no value: its `otherwise` is "" then */
    double number[AUGMENT_MOST_NUMBERS];
};

/* A number between two, both included: a draw x in [0, 1) gives low + x * (high - low). If the
 * parameter has no value, low is 1 and high is 0; its `otherwise` is "" then. */
struct augment_range {
    double low, high; /* low <= high */
};

/* Whole numbers of axes. */
struct augment_wholes {
    size_t count; /* 0 if the parameter has no value; its `otherwise` is "" then */
    uint64_t number[SHS_MAX_AXES];
};

/* Letters of axes, in the order of the text; each at most once. */
struct augment_axes {
    char
        letter[SHS_MAX_AXES + 1]; /* "" if the parameter has no value; its `otherwise` is "" then */
};

/* Names of fields. */
struct augment_names {
    size_t count; /* 0 if the parameter has no value; its `otherwise` is "" then */
    char name[AUGMENT_MOST_NAMES][AUGMENT_NAME_BYTES];
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
    bool is_later; /* younger than its operator: not printed where it has its default, so that older
                      texts keep their canonical form */
    const char *example; /* a value for messages and help; needed if the value must be given */
    bool single;         /* a range may be a single number, which is both of its ends */
    const char *help;    /* a sentence */
};

/* The form and the offset of a parameter whose value goes to a member of a struct. */
#define AUGMENT_MEMBER(type, member)                                                               \
    .form = _Generic(((type *)0)->member, double                                                   \
                     : AUGMENT_NUMBER, uint64_t                                                    \
                     : AUGMENT_WHOLE, int                                                          \
                     : AUGMENT_WORD, shs_type                                                      \
                     : AUGMENT_TYPE, struct augment_numbers                                        \
                     : AUGMENT_NUMBERS, struct augment_range                                       \
                     : AUGMENT_RANGE, struct augment_wholes                                        \
                     : AUGMENT_WHOLES, struct augment_axes                                         \
                     : AUGMENT_AXES, struct augment_names                                          \
                     : AUGMENT_NAMES),                                                             \
    .offset = offsetof(type, member)

/* The parameter `layout`, which every operator that needs a grid has. */
#define AUGMENT_LAYOUT_PARAMETER                                                                   \
    {                                                                                              \
        .name = "layout", .form = AUGMENT_LAYOUT, .otherwise = "",                                 \
        .help = "The axes of a sample, a letter each: c channels, t time, z or d depth, y or h "   \
                "height, x or w width, i and j components, _ any other, as in hwc, chw, tchw or "  \
                "tzyxc. Without it, the names in the file hold; without names, w for one axis, "   \
                "hw for two, and hwc for three if the last one has 1 to 4 elements. A layout, "    \
                "given or found, holds for the field's later operators, too."                      \
    }

/* The parameter `p`, which random operators have that are applied to some of the samples only. */
#define AUGMENT_CHANCE_PARAMETER                                                                   \
    {                                                                                              \
        .name = "p", .form = AUGMENT_CHANCE, .least = 0, .most = 1, .otherwise = "1",              \
        .help = "The probability that a sample is changed. Below 1 a float is drawn first, and "   \
                "the operator draws and changes the sample where it is below p."                   \
    }

/* ---- An operator. */

enum augment_scope {
    AUGMENT_OF_SAMPLE, /* each sample is changed by itself */
    AUGMENT_OF_BATCH /* each sample is mixed with another sample of its batch: see augment_mix.h */
};

/* The aspects of a field on which draws may depend, beside the settings. Fields that share draws
 * must agree in these aspects. */
enum augment_aspect {
    AUGMENT_BY_HEIGHT = 1,   /* the presence of an axis h */
    AUGMENT_BY_EXTENT = 2,   /* the height and the width */
    AUGMENT_BY_CHANNELS = 4, /* the number of channels */
    AUGMENT_BY_SHAPE = 8,    /* the whole shape */
    AUGMENT_BY_DEPTH = 16,   /* the presence of an axis z or d */
    AUGMENT_BY_VOLUME = 32,  /* the depth */
    AUGMENT_BY_LENGTHS = 64  /* the lengths along the axes `drawn_along`, which bind() sets */
};

/* What the layout of a field must have. */
enum augment_needs {
    AUGMENT_NEEDS_NOTHING, /* only a list needs a layout */
    AUGMENT_NEEDS_LAYOUT,  /* any layout */
    AUGMENT_NEEDS_WIDTH,   /* x or w */
    AUGMENT_NEEDS_IMAGE    /* y or h, and behind it x or w */
};

/* Operators that have operators inside. */
enum augment_holds {
    AUGMENT_HOLDS_NOTHING,
    AUGMENT_HOLDS_ALL, /* all of them are applied, in their order */
    AUGMENT_HOLDS_ONE  /* one of them is applied, which below(their number) draws */
};

enum {
    AUGMENT_MOST_DRAW = 64 /* bytes of a draw with reach() */
};

/* How much of a sample the results of an operator depend on, before anything is drawn. It begins as
 * the whole sample. */
struct augment_extent {
    uint64_t size[SHS_MAX_AXES]; /* elements along each axis, on the average */
    uint64_t most[SHS_MAX_AXES]; /* the most elements along each axis */
    bool cut[SHS_MAX_AXES];      /* true if some draw leaves out elements along the axis */
};

struct grid_warp;
struct augment_warped;
struct augment_mix_draw;

/* What the program registered for an operator of its own. */
struct augment_own {
    uint32_t version;
    shs_augment_callback callback;
};

/* An operator has exactly one of apply(), run() and move(), or operators inside, or it is the
 * program's own. */
struct augment_kind {
    const char *name;
    const char *help;  /* a sentence */
    const char *draws; /* a sentence that lists the draws in order; NULL without draws */
    /* Sentences: the formula, its roundings, the border. NULL if `help` says all. */
    const char *computes;
    const char *volumes; /* the same of volumes, where they are an option; NULL: they are none */
    enum augment_scope scope;
    enum augment_needs needs;
    enum augment_holds holds;
    bool fixed_rows;      /* cannot be applied to ragged fields */
    bool turns;           /* it turns or mirrors samples: see augment_vectors.h */
    bool keeps_boxes;     /* any box of a result shows a box of the sample with as many elements */
    size_t vectors_at;    /* with `turns`: offset of struct augment_vectors_setting in settings */
    bool remaps;          /* its results are numbers on another scale: a mean of what is stored says
                             nothing of them */
    unsigned aspects;     /* the sum of values of enum augment_aspect */
    size_t setting_bytes; /* size of the operator's struct of settings, which begins zeroed */
    size_t draw_bytes;    /* size of the struct of draws for a sample, which begins zeroed */
    const struct augment_parameter *parameters;
    const struct augment_own *own; /* what the program registered; NULL: the library's operator */

    /* Completes the settings and bound->after, or returns SHS_ERROR_ARGUMENT with a message. The
     * parameters are in `setting` already. bound->after begins equal to bound->before; the rest of
     * `bound` is complete. NULL if nothing has to be completed. */
    shs_status (*bind)(const struct augment_call *call, void *setting, struct augment_bound *bound);

    /* Returns the axis of the result along which a slab of the sample, cut along `axis`, becomes
     * the same slab of the result, or -1 if other elements are needed for it. NULL: an operator by
     * run() takes slabs along any axis but that of the channels, another operator takes none. */
    int (*slab_axis)(const struct augment_bound *bound, uint32_t axis);

    /* Makes the draws for a sample. `bound` is that of the statement's first field. NULL without
     * draws. */
    void (*draw)(const struct augment_bound *bound, shs_random *stream, void *draw);

    /* Computes a sample of bound->after from a sample of bound->before. `scratch` has the bytes of
     * scratch_bytes(), aligned to 64 bytes. */
    void (*apply)(const struct augment_bound *bound, const void *draw, const void *input,
                  void *output, void *scratch);

    /* Returns the bytes of memory that apply() needs beside its input and its output. NULL: none.
     */
    size_t (*scratch_bytes)(const struct augment_bound *bound);

    /* For operators that change each element by itself, by its value and its channel. Computes
     * `count` elements, the first of which is element `at` of the sample. */
    void (*run)(const struct augment_bound *bound, const void *draw, size_t at, size_t count,
                const void *input, void *output);

    /* Returns true and the map if what run() computes is a linear map of these types, which vector
     * code then does where it can. run() and the map then depend only on the types, the settings
     * and grid.channel_inner, so that moves behind it may be done before it. NULL: it never is. */
    bool (*linear)(const struct augment_bound *bound, struct grid_linear *linear);

    /* For operators that move elements and never change them. Tells the moves to the view, which
     * shows the sample as it was before: see grid_view.h. */
    void (*move)(const struct augment_bound *bound, const void *draw, struct grid_view *view);

    /* For operators whose apply() is augment_warp_apply(): see augment_warp.h. Puts the operator
     * behind those that `warp` has already. */
    void (*warp)(const struct augment_warped *warped, const void *draw, struct grid_warp *warp);

    /* For operators whose results depend on a box of the sample only, which the draws tell: see
     * augment_reach.h. Tells the box's size. NULL: results may depend on the whole sample. */
    void (*extent)(const struct augment_bound *bound, struct augment_extent *extent);

    /* For operators with extent() and apply(). Tells the box of the sample that a result depends
     * on; the box begins as the whole sample. `own` gets the draw with which apply() computes the
     * same result from the box alone, which then is the sample. A draw has at most
     * AUGMENT_MOST_DRAW bytes. */
    void (*reach)(const struct augment_bound *bound, const void *draw, struct core_box *reach,
                  void *own);

    /* For operators with apply() that turn components of vectors. Turns those of samples that
     * apply() has computed: the sample of each component if fields are the components, else the
     * sample. */
    void (*turn_components)(const struct augment_bound *bound, const void *draw,
                            void *const *samples);

    /* For operators of the batch, which have apply() and draw() as well: these mix a sample with
     * itself, as the only sample of a batch. Makes the draws for a sample of a batch that has
     * `count` samples of weight 1, at least one. */
    void (*draw_mix)(const struct augment_bound *bound, shs_random *stream, uint32_t count,
                     struct augment_mix_draw *draw);

    /* Computes a mixed sample. The inputs may be the same; the output does not overlap them. */
    void (*mix)(const struct augment_bound *bound, const struct augment_mix_draw *draw,
                const void *input, const void *partner, void *output);

    /* Tells the draws: their values have the same names, units and widths for every sample. NULL
     * without draws. */
    void (*tell)(const struct augment_bound *bound, const void *draw, struct augment_told *told);
};

#define AUGMENT_DECLARE(name) extern const struct augment_kind augment_##name;
AUGMENT_OPERATORS(AUGMENT_DECLARE)

/* Returns true if the parameter of a range has a value. */
static inline bool augment_range_given(const struct augment_range *range)
{
    return range->low <= range->high;
}

/* Draws a number of a range: low + u * (high - low) in f64, each operation rounded, where u is a
 * double in [0, 1). The double is drawn also if low and high are equal. */
static inline double augment_draw_range(shs_random *stream, const struct augment_range *range)
{
    return range->low + shs_random_double(stream) * (range->high - range->low);
}

/* The number by which normalize divides with scale=auto: the largest value of an unsigned integer
 * type, and 1 for other types. */
double augment_whole_scale(shs_type type);

#endif
