/* Loops for reals. A file of kernels includes this text for f32 and for f64, with these names
 * defined, which it takes away again:
 *
 *     REAL            the type of a real
 *     TYPED(name)     a name for this type */

/* A pixel of up to four reals. */
typedef REAL TYPED(pixel) __attribute__((vector_size(4 * sizeof(REAL))));

/* Makes pixels of up to four reals. What is written behind a pixel is overwritten by the next
 * pixel, or lies in the spare reals. */
static inline __attribute__((always_inline)) void
TYPED(across_pixels)(const REAL *row, const struct augment_taps *taps, size_t inner, REAL *to)
{
    const REAL *weights = taps->weight;
    for (size_t i = 0; i < taps->size; i++, weights += taps->most, to += inner) {
        const REAL *at = row + (size_t)taps->first[i] * inner;
        TYPED(pixel) sum, next;
        memcpy(&next, at, sizeof next);
        sum = weights[0] * next;
        for (size_t k = 1; k < taps->count[i]; k++) {
            memcpy(&next, at + k * inner, sizeof next);
            sum += weights[k] * next;
        }
        memcpy(to, &sum, sizeof sum);
    }
}

static inline __attribute__((always_inline)) void
TYPED(across_single)(const REAL *row, const struct augment_taps *taps, REAL *to)
{
    const REAL *weights = taps->weight;
    for (size_t i = 0; i < taps->size; i++, weights += taps->most) {
        const REAL *at = row + taps->first[i];
        REAL sum = weights[0] * at[0];
        for (size_t k = 1; k < taps->count[i]; k++)
            sum += weights[k] * at[k];
        to[i] = sum;
    }
}

static void TYPED(across_many)(const REAL *row, const struct augment_taps *taps, size_t inner,
                               REAL *restrict to)
{
    const REAL *weights = taps->weight;
    for (size_t i = 0; i < taps->size; i++, weights += taps->most, to += inner) {
        const REAL *restrict at = row + (size_t)taps->first[i] * inner;
        for (size_t e = 0; e < inner; e++)
            to[e] = weights[0] * at[e];
        for (size_t k = 1; k < taps->count[i]; k++)
            for (size_t e = 0; e < inner; e++)
                to[e] += weights[k] * at[k * inner + e];
    }
}

static void TYPED(across)(const void *row, const struct augment_taps *taps, size_t inner, void *to)
{
    if (inner == 1)
        TYPED(across_single)(row, taps, to);
    else if (inner == 3)
        TYPED(across_pixels)(row, taps, 3, to);
    else if (inner <= 4)
        TYPED(across_pixels)(row, taps, inner, to);
    else
        TYPED(across_many)(row, taps, inner, to);
}

/* Adds four, two or one pairs to a sum. */
static inline __attribute__((always_inline)) void TYPED(add_along)(const REAL *middle,
                                                                   const REAL *weight, size_t from,
                                                                   int pairs, size_t step,
                                                                   size_t count, REAL *restrict sum)
{
    size_t s1 = from * step, s2 = s1 + (pairs > 1 ? step : 0), s3 = s2 + (pairs > 2 ? step : 0),
           s4 = s3 + (pairs > 2 ? step : 0);
    const REAL *a = middle - s1, *b = middle + s1, *c = middle - s2, *d = middle + s2,
               *f = middle - s3, *g = middle + s3, *h = middle - s4, *j = middle + s4;
    REAL u = weight[from], v = weight[from + (pairs > 1)], w = weight[from + (pairs > 2 ? 2 : 0)],
         x = weight[from + (pairs > 2 ? 3 : 0)];
    for (size_t e = 0; e < count; e++) {
        REAL now = sum[e] + u * (a[e] + b[e]);
        if (pairs > 1) now = now + v * (c[e] + d[e]);
        if (pairs > 2) now = now + w * (f[e] + g[e]);
        if (pairs > 2) now = now + x * (h[e] + j[e]);
        sum[e] = now;
    }
}

static void TYPED(along)(const void *row, const void *weight, size_t radius, size_t step,
                         size_t count, void *to)
{
    const REAL *middle = (const REAL *)row + radius * step, *by = weight;
    REAL *restrict sum = to;
    size_t k = 1;
    for (size_t e = 0; e < count; e++)
        sum[e] = by[0] * middle[e];
    for (; k + 3 <= radius; k += 4)
        TYPED(add_along)(middle, by, k, 4, step, count, sum);
    if (k + 1 <= radius) {
        TYPED(add_along)(middle, by, k, 2, step, count, sum);
        k += 2;
    }
    if (k == radius) TYPED(add_along)(middle, by, k, 1, step, count, sum);
}

#undef REAL
#undef TYPED
