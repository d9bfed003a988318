/* Steps of colour on the pixels of a sample: brightness, contrast, saturation, hue and gray. Pure.
 */
#ifndef GRID_PIXELS_H
#define GRID_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shardstep/tensor.h"

/* What a step computes from a pixel (r, g, b), or from the only channel x of a sample without
 * colours. Each operation is rounded to f32. */
enum grid_step_form {
    GRID_BRIGHTNESS, /* x * factor */
    GRID_CONTRAST,   /* x * factor + (1 - factor) * the mean gray of the sample */
    GRID_SATURATION, /* x * factor + (1 - factor) * the pixel's gray */
    GRID_HUE,        /* the hue turned by factor / 6 of a turn, factor in 0..6 */
    GRID_GRAY        /* the gray (0.2989 r + 0.587 g) + 0.114 b in each channel */
};

struct grid_step {
    enum grid_step_form form;
    float factor;
    float added; /* for contrast, once the mean is known: what is added */
};

enum {
    GRID_MOST_STEPS = 4
};

/* The pixels of a sample of u8, u16 or f32, with 3 channels or 1: its elements are outer x channels
 * x inner. */
struct grid_pixels {
    shs_type type;
    size_t outer, channels, inner;
};

/* Takes up to GRID_MOST_STEPS steps. The results of each step are rounded to the elements' type:
 * for integers they are clamped and rounded half to even. With `single` the output has only the
 * first channel. */
void grid_change_pixels(const struct grid_pixels *pixels, const struct grid_step *steps,
                        size_t count, bool single, const void *input, void *output);

/* Takes a step of brightness on `count` elements of u8, u16 or f32. */
void grid_brighten(shs_type type, const struct grid_step *step, size_t count, const void *input,
                   void *output);

/* ---- The inner loops, one set for each instruction set. All sets give the same bits. */

enum {
    GRID_PIXELS = 512, /* pixels that are computed at a time */
    GRID_COLOURS = 3
};

/* The channels of some pixels, each in a row of its own. Loops always compute whole rows. */
struct grid_planes {
    _Alignas(64) float channel[GRID_COLOURS][GRID_PIXELS];
};

struct grid_pixel_kernels {
    const char *name;
    /* Converts `count` pixels of three elements each to planes, and back. */
    void (*load)(shs_type type, const void *from, size_t count, struct grid_planes *planes);
    void (*store)(shs_type type, const struct grid_planes *planes, size_t count, void *to);
    /* Converts `count` elements of a channel to a row, and back. */
    void (*load_row)(shs_type type, const void *from, size_t count, float *row);
    void (*store_row)(shs_type type, const float *row, size_t count, void *to);
    /* Takes a step. `most` is the largest integer of the type, 0 for floats. */
    void (*step)(const struct grid_step *step, float most, size_t channels,
                 struct grid_planes *planes);
    /* Returns the sum of `count` whole numbers. */
    uint64_t (*sum)(const float *channel, size_t count);
};

extern const struct grid_pixel_kernels grid_pixel_kernels_plain;
#if defined(__x86_64__)
extern const struct grid_pixel_kernels grid_pixel_kernels_avx2, grid_pixel_kernels_avx512;
#endif

#endif
