/* Loops for reals. A file of kernels includes this text for f32 and for f64, with these names
 * defined, which it takes away again:
 *
 *     REAL            the type of a real
 *     TYPED(name)     a name for this type */

/* A pixel of up to four reals. */
typedef REAL TYPED(pixel) __attribute__((vector_size(4 * sizeof(REAL))));

/* Makes pixels of up to four reals. What is written behind a pixel is overwritten by the next
 * pixel, or lies in the spare reals. `same` is the count of all positions, or 0. Always inline, so
 * that usual counts are known. */
static inline __attribute__((always_inline)) void TYPED(across_pixels)(const REAL *row,
                                                                       const struct grid_taps *taps,
                                                                       size_t same, size_t inner,
                                                                       REAL *to)
{
    const REAL *weights = taps->weight;
    for (size_t i = 0; i < taps->size; i++, weights += taps->most, to += inner) {
        const REAL *at = row + (size_t)taps->first[i] * inner;
        size_t count = same ? same : taps->count[i];
        TYPED(pixel) sum, next;
        memcpy(&next, at, sizeof next);
        sum = weights[0] * next;
        for (size_t k = 1; k < count; k++) {
            memcpy(&next, at + k * inner, sizeof next);
            sum += weights[k] * next;
        }
        memcpy(to, &sum, sizeof sum);
    }
}

static inline __attribute__((always_inline)) void
TYPED(across_channels)(const REAL *row, const struct grid_taps *taps, size_t inner, REAL *to)
{
    if (taps->same == 2)
        TYPED(across_pixels)(row, taps, 2, inner, to);
    else if (taps->same == 3)
        TYPED(across_pixels)(row, taps, 3, inner, to);
    else
        TYPED(across_pixels)(row, taps, 0, inner, to);
}

static inline __attribute__((always_inline)) void
TYPED(across_single)(const REAL *row, const struct grid_taps *taps, REAL *to)
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

static void TYPED(across_many)(const REAL *row, const struct grid_taps *taps, size_t inner,
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

static void TYPED(across)(const void *row, const struct grid_taps *taps, size_t inner, void *to)
{
    if (inner == 1)
        TYPED(across_single)(row, taps, to);
    else if (inner == 3)
        TYPED(across_channels)(row, taps, 3, to);
    else if (inner <= 4)
        TYPED(across_pixels)(row, taps, 0, inner, to);
    else
        TYPED(across_many)(row, taps, inner, to);
}

/* Adds up to four pairs of lines, the first `from` places from the middle, to a sum, or begins it
 * with the line in the middle. Always inline, so that the number of pairs is known. */
static inline __attribute__((always_inline)) void
TYPED(add_pairs)(const void *const *middle, const REAL *weight, ptrdiff_t from, int pairs,
                 bool begins, size_t count, REAL *restrict sum)
{
    ptrdiff_t k[4];
    for (int i = 0; i < 4; i++)
        k[i] = from + (i < pairs ? i : 0);
    const REAL *center = middle[0], *a = middle[-k[0]], *b = middle[k[0]], *c = middle[-k[1]],
               *d = middle[k[1]], *f = middle[-k[2]], *g = middle[k[2]], *h = middle[-k[3]],
               *j = middle[k[3]];
    REAL first = weight[0], u = weight[k[0]], v = weight[k[1]], w = weight[k[2]], x = weight[k[3]];
    for (size_t e = 0; e < count; e++) {
        REAL now = begins ? first * center[e] : sum[e];
        if (pairs > 0) now = now + u * (a[e] + b[e]);
        if (pairs > 1) now = now + v * (c[e] + d[e]);
        if (pairs > 2) now = now + w * (f[e] + g[e]);
        if (pairs > 3) now = now + x * (h[e] + j[e]);
        sum[e] = now;
    }
}

static void TYPED(pairs)(const void *const *line, const void *weight, size_t radius, size_t count,
                         void *sum)
{
    const REAL *by = weight;
    const void *const *middle = line + radius;
    ptrdiff_t k = 1 + (ptrdiff_t)(radius % 4), last = (ptrdiff_t)radius;
    switch (radius % 4) {
    case 0:
        TYPED(add_pairs)(middle, by, 0, 0, true, count, sum);
        break;
    case 1:
        TYPED(add_pairs)(middle, by, 1, 1, true, count, sum);
        break;
    case 2:
        TYPED(add_pairs)(middle, by, 1, 2, true, count, sum);
        break;
    case 3:
        TYPED(add_pairs)(middle, by, 1, 3, true, count, sum);
        break;
    }
    for (; k <= last; k += 4)
        TYPED(add_pairs)(middle, by, k, 4, false, count, sum);
}

/* A comparison sees two reals. No branch, so that compilers vectorise the loop. */
static bool TYPED(any_nan)(const void *reals, size_t count)
{
    const REAL *real = reals;
    size_t half = count / 2;
    const REAL *other = real + half;
    int any = 0;
    for (size_t i = 0; i < half; i++)
        any |= __builtin_isunordered(real[i], other[i]);
    if (count % 2) any |= __builtin_isunordered(other[half], other[half]);
    return any != 0;
}

#undef REAL
#undef TYPED
