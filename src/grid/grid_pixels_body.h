/* The kernels of pixels, which compilers vectorise. Each file of kernels includes this file, and is
 * compiled for its own instruction set. */
#include <string.h>

#include "grid_block.h"
#include "grid_pixels.h"

/* ---- Elements to planes and back. */

#if defined(__AVX2__)
#include "grid_pixels_x86.h"
#else
static size_t load_byte_pixels(const uint8_t *from, size_t count, struct grid_planes *planes)
{
    (void)from;
    (void)count;
    (void)planes;
    return 0;
}

static size_t store_byte_pixels(const struct grid_planes *planes, size_t count, uint8_t *to)
{
    (void)planes;
    (void)count;
    (void)to;
    return 0;
}
#endif

#define LOAD_PIXELS(C)                                                                             \
    {                                                                                              \
        const C *elements = from;                                                                  \
        for (size_t i = done; i < count; i++) {                                                    \
            r[i] = (float)elements[3 * i];                                                         \
            g[i] = (float)elements[3 * i + 1];                                                     \
            b[i] = (float)elements[3 * i + 2];                                                     \
        }                                                                                          \
    }

static void load(shs_type type, const void *from, size_t count, struct grid_planes *planes)
{
    float *restrict r = planes->channel[0], *restrict g = planes->channel[1],
                    *restrict b = planes->channel[2];
    size_t done = type == SHS_U8 ? load_byte_pixels(from, count, planes) : 0;
    if (type == SHS_U8)
        LOAD_PIXELS(uint8_t)
    else if (type == SHS_U16)
        LOAD_PIXELS(uint16_t)
    else
        LOAD_PIXELS(float)
}

/* The steps have clamped and rounded the numbers. */
#define STORE_PIXELS(C, CONVERT)                                                                   \
    {                                                                                              \
        typedef C element;                                                                         \
        element *elements = to;                                                                    \
        for (size_t i = done; i < count; i++) {                                                    \
            elements[3 * i] = (C)CONVERT(r[i]);                                                    \
            elements[3 * i + 1] = (C)CONVERT(g[i]);                                                \
            elements[3 * i + 2] = (C)CONVERT(b[i]);                                                \
        }                                                                                          \
    }

static void store(shs_type type, const struct grid_planes *planes, size_t count, void *to)
{
    const float *restrict r = planes->channel[0], *restrict g = planes->channel[1],
                          *restrict b = planes->channel[2];
    size_t done = type == SHS_U8 ? store_byte_pixels(planes, count, to) : 0;
    if (type == SHS_U8)
        STORE_PIXELS(uint8_t, (int32_t))
    else if (type == SHS_U16)
        STORE_PIXELS(uint16_t, (int32_t))
    else
        STORE_PIXELS(float, )
}

#define LOAD_ROW(C)                                                                                \
    {                                                                                              \
        const C *restrict elements = from;                                                         \
        for (size_t i = 0; i < count; i++)                                                         \
            row[i] = (float)elements[i];                                                           \
    }

static void load_row(shs_type type, const void *from, size_t count, float *restrict row)
{
    if (type == SHS_U8)
        LOAD_ROW(uint8_t)
    else if (type == SHS_U16)
        LOAD_ROW(uint16_t)
    else
        LOAD_ROW(float)
}

#define STORE_ROW(C, CONVERT)                                                                      \
    {                                                                                              \
        typedef C element;                                                                         \
        element *restrict elements = to;                                                           \
        for (size_t i = 0; i < count; i++)                                                         \
            elements[i] = (C)CONVERT(row[i]);                                                      \
    }

static void store_row(shs_type type, const float *restrict row, size_t count, void *to)
{
    if (type == SHS_U8)
        STORE_ROW(uint8_t, (int32_t))
    else if (type == SHS_U16)
        STORE_ROW(uint16_t, (int32_t))
    else
        STORE_ROW(float, )
}

static uint64_t sum(const float *channel, size_t count)
{
    int32_t total = 0; /* at most GRID_PIXELS * 65535 */
    for (size_t i = 0; i < count; i++)
        total += (int32_t)channel[i];
    return (uint64_t)total;
}

/* ---- Steps. They are always inline, so that loops for floats and for integers are compiled
 * apart. */

#define INLINE static inline __attribute__((always_inline))

INLINE float finish(float x, float most, bool whole)
{
    return whole ? grid_round(grid_smaller(grid_larger(x, 0), most)) : random_same_nan_float(x);
}

INLINE float gray_of(float r, float g, float b)
{
    return (0.2989f * r + 0.587f * g) + 0.114f * b;
}

INLINE void add_multiple(float *restrict x, float factor, float added, float most, bool whole)
{
    for (size_t i = 0; i < GRID_PIXELS; i++)
        x[i] = finish(x[i] * factor + added, most, whole);
}

INLINE void multiply(float *restrict x, float factor, float most, bool whole)
{
    for (size_t i = 0; i < GRID_PIXELS; i++)
        x[i] = finish(x[i] * factor, most, whole);
}

INLINE void saturate(struct grid_planes *planes, float factor, float most, bool whole)
{
    float *restrict r = planes->channel[0], *restrict g = planes->channel[1],
                    *restrict b = planes->channel[2];
    float rest = 1.0f - factor;
    for (size_t i = 0; i < GRID_PIXELS; i++) {
        float added = rest * gray_of(r[i], g[i], b[i]);
        r[i] = finish(r[i] * factor + added, most, whole);
        g[i] = finish(g[i] * factor + added, most, whole);
        b[i] = finish(b[i] * factor + added, most, whole);
    }
}

INLINE void make_gray(struct grid_planes *planes, float most, bool whole)
{
    float *restrict r = planes->channel[0], *restrict g = planes->channel[1],
                    *restrict b = planes->channel[2];
    for (size_t i = 0; i < GRID_PIXELS; i++)
        r[i] = g[i] = b[i] = finish(gray_of(r[i], g[i], b[i]), most, whole);
}

INLINE float size_of(float x)
{
    return random_float_from(random_float_bits(x) & UINT32_C(0x7fffffff));
}

/* What is added to the least channel: t, clamped to 0..1, of the chroma. */
INLINE float part_of(float chroma, float t)
{
    return chroma * grid_smaller(grid_larger(t, 0), 1);
}

/* Turns the hue, which is counted in sixths of a turn from red, without a branch. The results lie
 * between the least and the largest channel, so they need no clamping. What is not finite makes
 * `odd` NaN, and NaN of the same bits on every machine comes out. */
INLINE void turn_hue(struct grid_planes *planes, float turn, bool whole)
{
    float *restrict red = planes->channel[0], *restrict green = planes->channel[1],
                    *restrict blue = planes->channel[2];
    float from_red = turn, from_green = turn + 2.0f, from_blue = turn + 4.0f;
    float nan = random_float_from(UINT32_C(0x7fc00000));
    for (size_t i = 0; i < GRID_PIXELS; i++) {
        float r = red[i], g = green[i], b = blue[i];
        float high = r > g ? r : g, low = r < g ? r : g;
        high = high > b ? high : b;
        low = low < b ? low : b;
        if (whole) {
            high = grid_larger(grid_larger(r, g), b);
            low = grid_smaller(grid_smaller(r, g), b);
        }
        float chroma = high - low, divisor = chroma > 0.0f ? chroma : 1.0f;
        if (whole) divisor = grid_larger(chroma, 1);
        float above = g == high ? b - r : r - g, from = g == high ? from_green : from_blue;
        above = r == high ? g - b : above;
        from = r == high ? from_red : from;
        float hue = above / divisor + from;
        hue = hue >= 5.0f ? hue - 6.0f : hue;
        float odd = ((r - r) + (g - g)) + ((b - b) + (chroma - chroma));
        r = low + part_of(chroma, size_of(hue - 3.0f) - 1.0f);
        g = low + part_of(chroma, 2.0f - size_of(hue - 2.0f));
        b = low + part_of(chroma, size_of(hue - 1.0f) - 1.0f);
        red[i] = whole ? grid_round(r) : odd == 0.0f ? r : nan;
        green[i] = whole ? grid_round(g) : odd == 0.0f ? g : nan;
        blue[i] = whole ? grid_round(b) : odd == 0.0f ? b : nan;
    }
}

INLINE void take_step(const struct grid_step *step, float most, bool whole, size_t channels,
                      struct grid_planes *planes)
{
    switch (step->form) {
    case GRID_BRIGHTNESS:
        for (size_t c = 0; c < channels; c++)
            multiply(planes->channel[c], step->factor, most, whole);
        break;
    case GRID_CONTRAST:
        for (size_t c = 0; c < channels; c++)
            add_multiple(planes->channel[c], step->factor, step->added, most, whole);
        break;
    case GRID_SATURATION:
        saturate(planes, step->factor, most, whole);
        break;
    case GRID_HUE:
        turn_hue(planes, step->factor, whole);
        break;
    case GRID_GRAY:
        make_gray(planes, most, whole);
    }
}

static void step(const struct grid_step *step, float most, size_t channels,
                 struct grid_planes *planes)
{
    if (most > 0)
        take_step(step, most, true, channels, planes);
    else
        take_step(step, 0, false, channels, planes);
}

#define KERNELS(of)                                                                                \
    {                                                                                              \
        (of), load, store, load_row, store_row, step, sum                                          \
    }
