/* Loops for elements of one type. A file of kernels includes this text for each type, with these
 * names defined, which it takes away again:
 *
 *     ELEMENT      the type of an element
 *     REAL         the type that it is computed in
 *     TYPED(name)  a name for this type
 *     ROUND(real)  the element for a real */

/* Adds `taps` lines to a sum, or begins it. Always inline, so that the number of lines is known. */
static inline __attribute__((always_inline)) void TYPED(add_lines)(const void *const *line,
                                                                   const REAL *weight, int taps,
                                                                   bool begins, size_t count,
                                                                   REAL *restrict sum)
{
    const ELEMENT *a = line[0], *b = line[taps > 1 ? 1 : 0], *c = line[taps > 2 ? 2 : 0];
    REAL u = weight[0], v = weight[taps > 1 ? 1 : 0], w = weight[taps > 2 ? 2 : 0];
    for (size_t e = 0; e < count; e++) {
        REAL now = u * (REAL)a[e];
        if (!begins) now = sum[e] + now;
        if (taps > 1) now = now + v * (REAL)b[e];
        if (taps > 2) now = now + w * (REAL)c[e];
        sum[e] = now;
    }
}

static void TYPED(lines)(const void *const *line, const void *weight, size_t taps, size_t count,
                         void *sum)
{
    const REAL *by = weight;
    size_t done = taps % 3 ? taps % 3 : 3;
    if (done == 1)
        TYPED(add_lines)(line, by, 1, true, count, sum);
    else if (done == 2)
        TYPED(add_lines)(line, by, 2, true, count, sum);
    else
        TYPED(add_lines)(line, by, 3, true, count, sum);
    for (; done < taps; done += 3)
        TYPED(add_lines)(line + done, by + done, 3, false, count, sum);
}

static void TYPED(widen)(const void *from, size_t count, void *real)
{
    const ELEMENT *restrict element = from;
    REAL *restrict to = real;
    for (size_t e = 0; e < count; e++)
        to[e] = (REAL)element[e];
}

static void TYPED(round)(const void *real, size_t count, void *to)
{
    const REAL *restrict from = real;
    ELEMENT *restrict element = to;
    for (size_t e = 0; e < count; e++)
        element[e] = ROUND(from[e]);
}

static void TYPED(between)(const struct grid_spots *spots, const void *plane, size_t width,
                           size_t inner, size_t count, void *to)
{
    const ELEMENT *elements = plane;
    ELEMENT *element = to;
    for (size_t i = 0; i < count; i++) {
        const ELEMENT *a = elements + spots->at[i], *c = a + width * inner;
        REAL right = (REAL)spots->right[i], down = (REAL)spots->down[i];
        for (size_t e = 0; e < inner; e++, element++) {
            REAL upper = (REAL)a[e] + right * ((REAL)a[e + inner] - (REAL)a[e]);
            REAL lower = (REAL)c[e] + right * ((REAL)c[e + inner] - (REAL)c[e]);
            *element = ROUND(upper + down * (lower - upper));
        }
    }
}

#undef ELEMENT
#undef REAL
#undef TYPED
#undef ROUND
