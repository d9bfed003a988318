/* The kernels that compilers vectorise by themselves. Each file of kernels includes this file, and
 * is compiled for its own instruction set. */
#include <string.h>

#include "grid_field.h"
#include "grid_sample_kernels.h"
#include "random_math.h"

/* ---- Rounding half to even. A number added to a power of two with as many digits as the type has
 * leaves only whole numbers. */

static inline uint8_t rounded_u8(float x)
{
    x = x > 0 ? x : 0;
    x = x < 255 ? x : 255;
    return (uint8_t)random_float_bits(x + 0x1p23f);
}

static inline uint16_t rounded_u16(float x)
{
    x = x > 0 ? x : 0;
    x = x < 65535 ? x : 65535;
    return (uint16_t)random_float_bits(x + 0x1p23f);
}

/* For types of up to 32 bits. */
static inline int64_t rounded_within(double x, double least, double most)
{
    x = x > least ? x : least;
    x = x < most ? x : most;
    return (int64_t)random_double_bits(x + 0x1.8p52) - (int64_t)random_double_bits(0x1.8p52);
}

/* Rounds a number whose magnitude is below 2^64. From 2^52 on numbers are whole. */
static inline double rounded_whole(double x)
{
    if ((x < 0 ? -x : x) >= 0x1p52) return x;
    return x < 0 ? (x - 0x1p52) + 0x1p52 : (x + 0x1p52) - 0x1p52;
}

static inline uint64_t rounded_u64(double x)
{
    x = rounded_whole(x);
    return x >= 0x1p64 ? UINT64_MAX : x > 0 ? (uint64_t)x : 0;
}

static inline int64_t rounded_i64(double x)
{
    x = rounded_whole(x);
    return x >= 0x1p63 ? INT64_MAX : x > -0x1p63 ? (int64_t)x : INT64_MIN;
}

/* ---- Elements. */

#define ELEMENT     uint8_t
#define REAL        float
#define TYPED(name) name##_u8
#define ROUND(x)    rounded_u8(x)
#include "grid_sample_type.h"

#define ELEMENT     uint16_t
#define REAL        float
#define TYPED(name) name##_u16
#define ROUND(x)    rounded_u16(x)
#include "grid_sample_type.h"

#define ELEMENT     float
#define REAL        float
#define TYPED(name) name##_f32
#define ROUND(x)    random_same_nan_float(x)
#include "grid_sample_type.h"

#define ELEMENT     uint32_t
#define REAL        double
#define TYPED(name) name##_u32
#define ROUND(x)    (uint32_t) rounded_within(x, 0, UINT32_MAX)
#include "grid_sample_type.h"

#define ELEMENT     uint64_t
#define REAL        double
#define TYPED(name) name##_u64
#define ROUND(x)    rounded_u64(x)
#include "grid_sample_type.h"

#define ELEMENT     int8_t
#define REAL        double
#define TYPED(name) name##_i8
#define ROUND(x)    (int8_t) rounded_within(x, INT8_MIN, INT8_MAX)
#include "grid_sample_type.h"

#define ELEMENT     int16_t
#define REAL        double
#define TYPED(name) name##_i16
#define ROUND(x)    (int16_t) rounded_within(x, INT16_MIN, INT16_MAX)
#include "grid_sample_type.h"

#define ELEMENT     int32_t
#define REAL        double
#define TYPED(name) name##_i32
#define ROUND(x)    (int32_t) rounded_within(x, INT32_MIN, INT32_MAX)
#include "grid_sample_type.h"

#define ELEMENT     int64_t
#define REAL        double
#define TYPED(name) name##_i64
#define ROUND(x)    rounded_i64(x)
#include "grid_sample_type.h"

#define ELEMENT     double
#define REAL        double
#define TYPED(name) name##_f64
#define ROUND(x)    random_same_nan_double(x)
#include "grid_sample_type.h"

/* ---- Reals. */

#define REAL        float
#define TYPED(name) name##_floats
#include "grid_sample_real.h"

#define REAL        double
#define TYPED(name) name##_doubles
#include "grid_sample_real.h"

/* ---- Places. */

/* Always inline, so that one of its two uses loses the displacements. */
static inline __attribute__((always_inline)) void find_places(const struct grid_row *row,
                                                              bool displaced, size_t count,
                                                              const struct grid_spots *spots,
                                                              uint8_t *restrict within)
{
    uint32_t *restrict at = spots->at;
    float *restrict right = spots->right, *restrict down = spots->down;
    uint64_t x = (uint64_t)row->x, y = (uint64_t)row->y;
    uint32_t width = row->width, inner = row->inner, end = row->end;
    uint32_t last_x = width - 1, last_y = row->height - 1;
    for (size_t i = 0; i < count; i++) {
        uint64_t here_x = x + i * (uint64_t)row->step_x, here_y = y + i * (uint64_t)row->step_y;
        if (displaced) {
            here_x += (uint64_t)row->farther_x[i];
            here_y += (uint64_t)row->farther_y[i];
        }
        uint32_t whole_x = (uint32_t)(here_x >> 32), whole_y = (uint32_t)(here_y >> 32);
        uint32_t spot = (whole_y * width + whole_x) * inner;
        bool good = (whole_x < last_x) & (whole_y < last_y) & (spot < end);
        at[i] = good ? spot : 0;
        right[i] = (float)(int32_t)((uint32_t)here_x >> 8) * 0x1p-24f;
        down[i] = (float)(int32_t)((uint32_t)here_y >> 8) * 0x1p-24f;
        within[i] = good;
    }
}

static void places(const struct grid_row *row, size_t count, const struct grid_spots *spots,
                   uint8_t *within)
{
    if (row->farther_x)
        find_places(row, true, count, spots, within);
    else
        find_places(row, false, count, spots, within);
}

static void blend(const float *up, const float *low, float down, size_t count, float *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = up[i] + down * (low[i] - up[i]);
}

static void displace(const double turn[4], const float *x, const float *y, size_t count,
                     int64_t *restrict to_x, int64_t *restrict to_y)
{
    double xx = turn[0], xy = turn[1], yx = turn[2], yy = turn[3];
    for (size_t i = 0; i < count; i++) {
        double right = (double)x[i], down = (double)y[i];
        to_x[i] = grid_displaced_units(xx * right + xy * down);
        to_y[i] = grid_displaced_units(yx * right + yy * down);
    }
}

#define TYPE_KERNELS(name)                                                                         \
    {                                                                                              \
        lines_##name, widen_##name, round_##name, between_##name                                   \
    }

/* A file of kernels defines lines_bytes, round_bytes and between_bytes, which are those of u8; and
 * across_row for floats, with lanes_finder if it uses lanes. */
#define KERNELS(kernels_name)                                                                      \
    {                                                                                              \
        .name = (kernels_name),                                                                    \
        .type = {[SHS_U8] = {lines_bytes, widen_u8, round_bytes, between_bytes},                   \
                 [SHS_U16] = TYPE_KERNELS(u16),                                                    \
                 [SHS_U32] = TYPE_KERNELS(u32),                                                    \
                 [SHS_U64] = TYPE_KERNELS(u64),                                                    \
                 [SHS_I8] = TYPE_KERNELS(i8),                                                      \
                 [SHS_I16] = TYPE_KERNELS(i16),                                                    \
                 [SHS_I32] = TYPE_KERNELS(i32),                                                    \
                 [SHS_I64] = TYPE_KERNELS(i64),                                                    \
                 [SHS_F32] = TYPE_KERNELS(f32),                                                    \
                 [SHS_F64] = TYPE_KERNELS(f64)},                                                   \
        .real = {{across_row, pairs_floats, any_nan_floats},                                       \
                 {across_doubles, pairs_doubles, any_nan_doubles}},                                \
        .find_lanes = lanes_finder, .places = places, .blend = blend, .displace = displace,        \
    }
