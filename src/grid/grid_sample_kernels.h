/* The inner loops of resampling, one set for each instruction set. All sets give the same bits:
 * each operation is rounded, and sums are taken in the order that is stated here.
 *
 * Samples of u8, u16 and f32 are computed in f32, all others in f64. "Reals" are numbers of that
 * type. Pure. */
#ifndef GRID_SAMPLE_KERNELS_H
#define GRID_SAMPLE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shardstep/tensor.h"

enum {
    GRID_SPARE = 64,         /* reals behind a row of reals that the loops may read and overwrite */
    GRID_MOST_LANE_TAPS = 4, /* the most taps of struct grid_lanes */
    GRID_SAMPLE_LANES = 16
};

/* For each position of a result along an axis the elements of the input that it is a sum of, and
 * their weights. Position i is the sum of `count[i]` elements from element `first[i]` on, with the
 * weights from weight i * most on. */
struct grid_taps {
    size_t size; /* positions */
    size_t most; /* the weights of a position, some of which may not be used */
    size_t same; /* the count of all positions, or 0 if they differ */
    uint32_t *first, *count;
    void *weight;                   /* reals */
    const struct grid_lanes *lanes; /* the same for vectors; NULL: none */
};

/* The taps of GRID_SAMPLE_LANES neighbouring reals of a row, if they are floats that lie close
 * together: tap k of a lane is float from + index + k * inner of the row. */
struct grid_lanes {
    _Alignas(64) int32_t index[GRID_SAMPLE_LANES]; /* no vector lies in two cache lines */
    float weight[GRID_MOST_LANE_TAPS][GRID_SAMPLE_LANES];
    uint32_t from;
};

/* Where pixels of a row come from, in units of 2^-32 elements: pixel i from (x + i * step_x, y + i
 * * step_y), and from (x[i], y[i]) farther if there are displacements. */
struct grid_row {
    int64_t x, y, step_x, step_y;
    const int64_t *farther_x, *farther_y; /* NULL: none */
    uint32_t width, height, inner;        /* of the plane: at most 2^15, 2^15 and 2^31 elements */
    uint32_t end;                         /* pixels whose spot is from here on are not within */
};

/* The four elements around each pixel's place: `at` is that to the upper left, in elements of the
 * plane; `right` and `down` say where the pixel lies between them, in [0, 1). */
struct grid_spots {
    uint32_t *at;
    float *right, *down;
};

/* The loops for elements of a type. */
struct grid_sample_type {
    /* sum[e] = weight[0] * line[0][e] + weight[1] * line[1][e] + … from the left, for e < count. */
    void (*lines)(const void *const *line, const void *weight, size_t taps, size_t count,
                  void *sum);

    /* Converts elements to reals. */
    void (*widen)(const void *from, size_t count, void *real);

    /* Rounds reals half to even and clamps them, if the elements are integers. Of floats, NaN
     * becomes NaN of the same bits on every machine. */
    void (*round)(const void *real, size_t count, void *to);

    /* For each of `count` pixels and each element e < inner of it: a + right * (b - a) of the upper
     * two, the same of the lower two, and between these upper + down * (lower - upper), which is
     * rounded as by round(). */
    void (*between)(const struct grid_spots *spots, const void *plane, size_t width, size_t inner,
                    size_t count, void *to);
};

/* The loops for reals. */
struct grid_sample_real {
    /* Makes pixels of `inner` reals along a row, by taps. Sums begin with the first tap. */
    void (*across)(const void *row, const struct grid_taps *taps, size_t inner, void *to);

    /* sum[e] = weight[0] * line[r][e] + weight[1] * (line[r-1][e] + line[r+1][e]) + … from the
     * left, for 2 * r + 1 lines of reals. */
    void (*pairs)(const void *const *line, const void *weight, size_t radius, size_t count,
                  void *sum);

    /* Returns true if one of the reals is NaN. */
    bool (*any_nan)(const void *reals, size_t count);
};

struct grid_sample_kernels {
    const char *name;                          /* such as "plain", "avx2" or "avx512" */
    struct grid_sample_type type[SHS_F64 + 1]; /* empty for f16, which is not computed with */
    struct grid_sample_real real[2];           /* f32, f64 */

    /* Makes lanes, of which there is one for each GRID_SAMPLE_LANES floats of a row, of taps of
     * floats that have the same count. Returns false if the floats lie too far apart. NULL:
     * across() uses no lanes. */
    bool (*find_lanes)(const struct grid_taps *taps, size_t inner, struct grid_lanes *lanes);

    /* Finds the spots of `count` pixels, and which are within: those whose four elements all lie in
     * the plane. The spots of the others are 0. */
    void (*places)(const struct grid_row *row, size_t count, const struct grid_spots *spots,
                   uint8_t *within);

    /* to[i] = up[i] + down * (low[i] - up[i]). */
    void (*blend)(const float *up, const float *low, float down, size_t count, float *to);

    /* Turns displacements in elements into units of 2^-32 elements, rounded half to even: x becomes
     * xx * x + xy * y, and y becomes yx * x + yy * y, in f64, held within -2^18 to 2^18. */
    void (*displace)(const double turn[4], const float *x, const float *y, size_t count,
                     int64_t *to_x, int64_t *to_y);
};

extern const struct grid_sample_kernels grid_sample_kernels_plain;
#if defined(__x86_64__)
extern const struct grid_sample_kernels grid_sample_kernels_avx2, grid_sample_kernels_avx512;
#endif

/* Returns the fastest kernels that this CPU runs, or the kernels that were chosen. */
const struct grid_sample_kernels *grid_sample_kernels_now(void);

/* For tests and measurements. Uses the kernels of this name from now on, the fastest for "".
 * Returns false if there are none of this name or the CPU does not run them. */
bool grid_sample_kernels_choose(const char *name);

/* Returns true if elements of a type are computed in f64. */
static inline bool grid_is_wide(shs_type type)
{
    return type != SHS_U8 && type != SHS_U16 && type != SHS_F32;
}

#endif
