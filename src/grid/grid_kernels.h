/* The inner loops of passes over elements, one set for each instruction set. All sets give the same
 * bytes. Pure. */
#ifndef GRID_KERNELS_H
#define GRID_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shardstep/tensor.h"

enum {
    GRID_LANES = 16 /* the most floats of a vector */
};

/* The map (x * factor - mean) * inverse in f32, each operation rounded. Element e of a sample has
 * the numbers of channel e / inner % channels. The arrays repeat the numbers of all channels as
 * often as they fit in channels + GRID_LANES elements, if there are several channels. */
struct grid_linear {
    float factor;
    size_t channels;
    size_t inner;
    const float *mean, *inverse;
};

/* Positions of lines: those from `first` on show `count` elements or lines, the others show zeros.
 */
struct grid_part {
    size_t size, first, count;
};

/* Lines of elements that are mapped into lines of floats. The elements of a line are shown in their
 * order or reversed. What shows zeros is mapped, too. */
struct grid_sheet {
    const struct grid_linear *linear;
    struct grid_part lines, line;
    const char *from;    /* the first element of the first line that is shown, as they lie */
    ptrdiff_t from_step; /* bytes from a line to the next */
    float *to;
    size_t to_step; /* floats from a line to the next */
    bool reversed;
    bool by_element; /* position k has channel (channel + k) % channels; else all have `channel` */
    size_t channel;
};

struct grid_kernels {
    const char *name; /* such as "plain", "avx2" or "avx512" */

    /* Map a sheet of elements of a type. */
    void (*map_u8)(const struct grid_sheet *sheet);
    void (*map_u16)(const struct grid_sheet *sheet);
    void (*map_f32)(const struct grid_sheet *sheet);

    /* Copies `count` elements of `size` bytes in reversed order. */
    void (*reverse)(size_t size, size_t count, const char *from, char *to);

    /* Takes three bytes in turn apart: byte 3 * i + c goes to to[c * step + i]. */
    void (*split)(size_t count, const uint8_t *from, uint8_t *to, size_t step);
};

extern const struct grid_kernels grid_kernels_plain;
#if defined(__x86_64__)
extern const struct grid_kernels grid_kernels_avx2, grid_kernels_avx512;
#endif

/* Returns the fastest kernels that this CPU runs, or the kernels that were chosen. */
const struct grid_kernels *grid_kernels_now(void);

/* For tests and measurements. Uses the kernels of this name from now on, the fastest for "".
 * Returns false if there are none of this name or the CPU does not run them. */
bool grid_kernels_choose(const char *name);

/* Returns true if sheets of this type can be mapped. */
static inline bool grid_has_map(shs_type type)
{
    return type == SHS_U8 || type == SHS_U16 || type == SHS_F32;
}

/* Maps a sheet of elements of a type that has a map. */
static inline void grid_map(shs_type type, const struct grid_sheet *sheet)
{
    const struct grid_kernels *kernels = grid_kernels_now();
    if (type == SHS_U8)
        kernels->map_u8(sheet);
    else if (type == SHS_U16)
        kernels->map_u16(sheet);
    else
        kernels->map_f32(sheet);
}

#endif
