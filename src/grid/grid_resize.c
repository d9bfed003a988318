#include "grid_resize.h"

#include <string.h>

#include "grid_missing.h"
#include "grid_sample_kernels.h"

/* ---- Sizes and memory. */

/* The images of a sample before and after, and the rows between. */
struct sizes {
    size_t outer, inner;
    size_t height, width;          /* of the sample before */
    size_t to_height, to_width;    /* of the result */
    size_t most_rows, most_across; /* the most taps along each axis */
};

/* The most elements of `before` that an element of `after` is made of. */
static size_t most_taps(size_t before, size_t after)
{
    size_t most = 2 * ((before + after - 1) / after) + 1;
    return most < before ? most : before;
}

static struct sizes sizes_of(const struct grid_resizing *resizing)
{
    const struct grid_images *before = &resizing->before;
    return (struct sizes){before->outer,
                          before->inner,
                          before->height,
                          before->width,
                          resizing->height,
                          resizing->width,
                          most_taps(before->height, resizing->height),
                          most_taps(before->width, resizing->width)};
}

static size_t lanes_bytes(const struct sizes *sizes)
{
    return (sizes->to_width * sizes->inner / GRID_SAMPLE_LANES + 1) * sizeof(struct grid_lanes);
}

static size_t taps_bytes(size_t size, size_t most, size_t real)
{
    return 2 * grid_taken(size * sizeof(uint32_t)) + grid_taken(size * most * real);
}

size_t grid_resizing_bytes(const struct grid_resizing *resizing)
{
    struct sizes sizes = sizes_of(resizing);
    size_t real = grid_real_bytes(resizing->before.type);
    size_t more = sizes.most_rows > sizes.most_across ? sizes.most_rows : sizes.most_across;
    return grid_taken(lanes_bytes(&sizes)) + taps_bytes(sizes.to_height, sizes.most_rows, real) +
           taps_bytes(sizes.to_width, sizes.most_across, real) + grid_taken(more * sizeof(double)) +
           grid_taken(more * sizeof(void *)) +
           grid_taken((sizes.width * sizes.inner + GRID_SPARE) * real) +
           grid_taken((sizes.to_width * sizes.inner + GRID_SPARE) * real);
}

/* ---- Weights. */

/* The weights of position i of `to` positions that are made of `from` elements. Returns their
 * number, and the first element in *first. */
static size_t triangle(size_t i, size_t from, size_t to, double *weight, uint32_t *first)
{
    double scale = (double)from / (double)to, wide = scale > 1 ? scale : 1;
    double inverse = 1 / wide, middle = ((double)i + 0.5) * scale;
    double low = middle - wide - 1;
    size_t count = 0, k = low > 0 ? (size_t)low : 0;
    for (; k < from; k++) {
        double away = ((double)k + 0.5) - middle;
        double far = (away < 0 ? -away : away) * inverse;
        if (far < 1) {
            if (!count) *first = (uint32_t)k;
            weight[count++] = 1 - far;
        } else if (away > 0) {
            break;
        }
    }
    return count;
}

static size_t overlap(size_t i, size_t from, size_t to, double *weight, uint32_t *first)
{
    uint64_t low = (uint64_t)i * from, high = low + from;
    size_t count = 0;
    *first = (uint32_t)(low / to);
    for (uint64_t k = *first; k * to < high; k++) {
        uint64_t begin = k * to > low ? k * to : low;
        uint64_t end = (k + 1) * to < high ? (k + 1) * to : high;
        weight[count++] = (double)(end - begin);
    }
    return count;
}

/* The memory of a resize. */
struct work {
    shs_type type;
    enum grid_how_resized how;
    double *weight;    /* of one position */
    const void **line; /* the lines that make one row */
    void *row;         /* reals: a row of the result's height, and the part's width */
    void *made;        /* reals: a row of the result */
    struct grid_taps rows, across;
};

/* Gives all positions as many elements as the position with the most, where this changes nothing: a
 * sum of finite numbers that are not negative is the same with products of 0 before or behind it.
 */
static void even_out(size_t from, struct grid_taps *taps)
{
    uint32_t most = 0;
    for (size_t i = 0; i < taps->size; i++)
        most = taps->count[i] > most ? taps->count[i] : most;
    for (size_t i = 0; i < taps->size; i++) {
        float *weight = (float *)taps->weight + i * taps->most;
        uint32_t count = taps->count[i], end = taps->first[i] + most;
        uint32_t before = end > from ? end - (uint32_t)from : 0;
        memmove(weight + before, weight, count * sizeof *weight);
        for (uint32_t k = 0; k < most; k++)
            if (k < before || k >= before + count) weight[k] = 0;
        taps->first[i] -= before;
        taps->count[i] = most;
    }
    taps->same = most;
}

static void make_taps(const struct work *work, size_t from, size_t to, size_t most, char **memory,
                      struct grid_taps *taps)
{
    size_t real = grid_real_bytes(work->type);
    taps->size = to;
    taps->most = most;
    taps->first = grid_take(memory, to * sizeof(uint32_t));
    taps->count = grid_take(memory, to * sizeof(uint32_t));
    taps->weight = grid_take(memory, to * most * real);
    for (size_t i = 0; i < to; i++) {
        size_t count = work->how == GRID_RESIZE_AREA
                           ? overlap(i, from, to, work->weight, &taps->first[i])
                           : triangle(i, from, to, work->weight, &taps->first[i]);
        taps->count[i] = (uint32_t)count;
        grid_weights_of(work->type, work->weight, count, (char *)taps->weight + i * most * real);
    }
    taps->same = 0;
    taps->lanes = NULL;
    if (work->type == SHS_U8 || work->type == SHS_U16) even_out(from, taps);
}

static void make_lanes(const struct sizes *sizes, char **memory, struct grid_taps *taps)
{
    const struct grid_sample_kernels *kernels = grid_sample_kernels_now();
    struct grid_lanes *lanes = grid_take(memory, lanes_bytes(sizes));
    if (kernels->find_lanes && taps->same && taps->same <= GRID_MOST_LANE_TAPS &&
        kernels->find_lanes(taps, sizes->inner, lanes))
        taps->lanes = lanes;
}

/* ---- Missing elements. */

/* A row of the result, and the part of the image that it is made of. */
struct resized_row {
    const struct grid_taps *rows, *across;
    size_t y;         /* of the result */
    const char *from; /* the part's first row */
    size_t step;      /* elements from a row to the next */
    size_t inner;
};

/* Sums elements and their presence for each NaN of a row, and replaces it by their ratio. */
#define MEND_ROW(C)                                                                                \
    for (size_t x = 0; x < across->size; x++)                                                      \
        for (size_t e = 0; e < row->inner; e++) {                                                  \
            typedef C real;                                                                        \
            real *result = (real *)to + x * row->inner + e, sum = 0, presence = 0;                 \
            const real *element = (const real *)(const void *)row->from + e;                       \
            const real *down = (const real *)rows->weight + row->y * rows->most;                   \
            const real *right = (const real *)across->weight + x * across->most;                   \
            if (*result == *result) continue;                                                      \
            element += rows->first[row->y] * row->step + across->first[x] * row->inner;            \
            for (size_t k = 0; k < across->count[x]; k++, element += row->inner) {                 \
                real column = 0, present = 0;                                                      \
                for (size_t j = 0; j < rows->count[row->y]; j++) {                                 \
                    real value = element[j * row->step];                                           \
                    bool is_number = value == value;                                               \
                    real product = down[j] * (is_number ? value : 0);                              \
                    column = j ? column + product : product;                                       \
                    present = present + (is_number ? down[j] : 0);                                 \
                }                                                                                  \
                sum = k ? sum + right[k] * column : right[k] * column;                             \
                presence = presence + right[k] * present;                                          \
            }                                                                                      \
            grid_missing_mend(type, &sum, &presence, 1, result);                                   \
        }

/* Leaves NaN out of a row of f32 or f64. */
static void mend_row(shs_type type, const struct resized_row *row, void *to)
{
    const struct grid_taps *rows = row->rows, *across = row->across;
    if (type == SHS_F32)
        MEND_ROW(float)
    else
        MEND_ROW(double)
}

/* ---- Images. */

static void resize_image(const struct work *work, const struct sizes *sizes,
                         const struct grid_box *box, const char *from, char *to)
{
    const struct grid_sample_kernels *kernels = grid_sample_kernels_now();
    const struct grid_sample_type *loops = &kernels->type[work->type];
    bool wide = grid_is_wide(work->type);
    size_t size = shs_type_size(work->type), real = grid_real_bytes(work->type);
    size_t row = sizes->width * sizes->inner * size, made = sizes->to_width * sizes->inner;
    const struct grid_taps *rows = &work->rows;
    from += box->top * row + box->left * sizes->inner * size;
    for (size_t y = 0; y < sizes->to_height; y++) {
        for (size_t k = 0; k < rows->count[y]; k++)
            work->line[k] = from + (rows->first[y] + k) * row;
        loops->lines(work->line, (const char *)rows->weight + y * rows->most * real, rows->count[y],
                     box->width * sizes->inner, work->row);
        kernels->real[wide].across(work->row, &work->across, sizes->inner, work->made);
        loops->round(work->made, made, to + y * made * size);
        const struct resized_row now = {
            rows, &work->across, y, from, sizes->width * sizes->inner, sizes->inner};
        if (grid_missing_any(work->type, to + y * made * size, made))
            mend_row(work->type, &now, to + y * made * size);
    }
}

static void resize_computed(const struct grid_resizing *resizing, enum grid_how_resized how,
                            const struct grid_box *box, const char *input, char *output,
                            char *memory)
{
    struct sizes sizes = sizes_of(resizing);
    struct work work = {.type = resizing->before.type, .how = how};
    size_t size = shs_type_size(work.type), real = grid_real_bytes(work.type);
    size_t more = sizes.most_rows > sizes.most_across ? sizes.most_rows : sizes.most_across;
    work.weight = grid_take(&memory, more * sizeof(double));
    work.line = grid_take(&memory, more * sizeof(void *));
    work.row = grid_take(&memory, (sizes.width * sizes.inner + GRID_SPARE) * real);
    work.made = grid_take(&memory, (sizes.to_width * sizes.inner + GRID_SPARE) * real);
    make_taps(&work, box->height, sizes.to_height, most_taps(box->height, sizes.to_height), &memory,
              &work.rows);
    make_taps(&work, box->width, sizes.to_width, most_taps(box->width, sizes.to_width), &memory,
              &work.across);
    make_lanes(&sizes, &memory, &work.across);
    for (size_t o = 0; o < sizes.outer; o++)
        resize_image(&work, &sizes, box,
                     input + o * sizes.height * sizes.width * sizes.inner * size,
                     output + o * sizes.to_height * sizes.to_width * sizes.inner * size);
}

/* ---- Nearest elements. */

static size_t nearest(size_t i, size_t from, size_t to)
{
    return (size_t)((2 * (uint64_t)i + 1) * from / (2 * (uint64_t)to));
}

/* Copies pixels of `bytes` bytes. Always inline, so that usual numbers of bytes are known. */
static inline __attribute__((always_inline)) void
copy_pixels(const char *from, const uint32_t *column, size_t count, size_t bytes, char *to)
{
    for (size_t x = 0; x < count; x++)
        memcpy(to + x * bytes, from + column[x] * bytes, bytes);
}

static void copy_row(const char *from, const uint32_t *column, size_t count, size_t bytes, char *to)
{
    if (bytes == 1)
        copy_pixels(from, column, count, 1, to);
    else if (bytes == 3)
        copy_pixels(from, column, count, 3, to);
    else if (bytes == 4)
        copy_pixels(from, column, count, 4, to);
    else
        copy_pixels(from, column, count, bytes, to);
}

static void resize_nearest(const struct grid_resizing *resizing, const struct grid_box *box,
                           const char *input, char *output, char *memory)
{
    struct sizes sizes = sizes_of(resizing);
    size_t bytes = sizes.inner * shs_type_size(resizing->before.type);
    uint32_t *column = grid_take(&memory, sizes.to_width * sizeof *column);
    for (size_t x = 0; x < sizes.to_width; x++)
        column[x] = box->left + (uint32_t)nearest(x, box->width, sizes.to_width);
    for (size_t o = 0; o < sizes.outer; o++)
        for (size_t y = 0; y < sizes.to_height; y++, output += sizes.to_width * bytes) {
            size_t row = o * sizes.height + box->top + nearest(y, box->height, sizes.to_height);
            copy_row(input + row * sizes.width * bytes, column, sizes.to_width, bytes, output);
        }
}

void grid_resize_box(const struct grid_resizing *resizing, enum grid_how_resized how,
                     const struct grid_box *box, const void *input, void *output, void *scratch)
{
    if (how == GRID_RESIZE_NEAREST)
        resize_nearest(resizing, box, input, output, scratch);
    else
        resize_computed(resizing, how, box, input, output, scratch);
}
