#include "grid_bell.h"

#include <string.h>

#include "grid_missing.h"
#include "grid_sample_kernels.h"
#include "random_math.h"

static bool is_real(shs_type type)
{
    return type == SHS_F32 || type == SHS_F64;
}

static size_t row_elements(const struct grid_bell *bell)
{
    return bell->width * bell->inner;
}

/* Elements of a side by which a row is continued, rounded up to whole cache lines, so that the row
 * itself begins with one. */
static size_t side_elements(const struct grid_bell *bell)
{
    return (bell->radius * bell->inner + 15) / 16 * 16;
}

/* Elements of a row with its sides. */
static size_t continued_elements(const struct grid_bell *bell)
{
    return (row_elements(bell) + 15) / 16 * 16 + 2 * side_elements(bell);
}

/* Sums along the height are made in tiles of BAND rows, which are so narrow that what they are made
 * of stays in the nearest cache. */
enum {
    BAND = 16,
    CACHED = 10000, /* reals */
    LEAST_TILE = 128
};

/* The rows that a band is made of. */
static size_t band_rows(const struct grid_bell *bell)
{
    return BAND + 2 * bell->radius;
}

/* The most elements of a row of a tile, a multiple of a cache line. */
static size_t tile_elements(const struct grid_bell *bell)
{
    size_t elements = CACHED / band_rows(bell) / 16 * 16;
    return elements < LEAST_TILE ? LEAST_TILE : elements;
}

/* Reals of a tile for this radius or a lower one. */
static size_t tile_reals(const struct grid_bell *bell)
{
    size_t least = band_rows(bell) * LEAST_TILE;
    return least > CACHED ? least : CACHED;
}

/* Reals of a band's sums of numbers, which only types with NaN have. */
static size_t numbers_reals(const struct grid_bell *bell)
{
    return is_real(bell->type) ? BAND * row_elements(bell) : 0;
}

size_t grid_bell_bytes(const struct grid_bell *bell)
{
    size_t real = grid_real_bytes(bell->type), row = row_elements(bell);
    return grid_taken(band_rows(bell) * sizeof(void *)) + grid_taken(tile_reals(bell) * real) +
           grid_taken(BAND * continued_elements(bell) * real) + grid_taken(row * real) +
           grid_taken(numbers_reals(bell) * real) + grid_taken((2 * bell->radius + 1) * real);
}

/* Writes the weights of the distances 0 to the radius, which ends before the first weight that is
 * too small to count. */
static void make_weights(struct grid_bell *bell, double sigma)
{
    size_t most = bell->radius, radius = 0, real = grid_real_bytes(bell->type);
    double half[GRID_MOST_RADIUS + 1], weight[2 * GRID_MOST_RADIUS + 1];
    for (size_t k = 0; k <= most; k++) {
        double far = (double)k / sigma;
        half[k] = random_exp(-0.5 * (far * far));
        if (half[k] < 0x1p-24) break;
        radius = k;
    }
    for (size_t k = 0; k <= radius; k++)
        weight[radius + k] = weight[radius - k] = half[k];
    grid_weights_of(bell->type, weight, 2 * radius + 1, bell->weight);
    memmove(bell->weight, (char *)bell->weight + radius * real, (radius + 1) * real);
    bell->radius = radius;
}

void grid_bell_begin(struct grid_bell *bell, double sigma, char **memory)
{
    size_t real = grid_real_bytes(bell->type), row = row_elements(bell);
    bell->line = grid_take(memory, band_rows(bell) * sizeof(void *));
    bell->tile = grid_take(memory, tile_reals(bell) * real);
    bell->rows = grid_take(memory, BAND * continued_elements(bell) * real);
    bell->made = grid_take(memory, row * real);
    bell->numbers = grid_take(memory, numbers_reals(bell) * real);
    bell->of = GRID_BELL_OF_ELEMENTS;
    bell->weight = grid_take(memory, (2 * bell->radius + 1) * real);
    make_weights(bell, sigma);
}

/* Writes what stands for elements beyond the edges: zeros, which are numbers. */
static void fill_beyond(const struct grid_bell *bell, size_t count, void *reals)
{
    float *floats = reals;
    double *doubles = reals;
    memset(reals, 0, count * grid_real_bytes(bell->type));
    for (size_t i = 0; bell->of == GRID_BELL_OF_PRESENCE && i < count; i++)
        if (bell->type == SHS_F32)
            floats[i] = 1;
        else
            doubles[i] = 1;
}

/* Continues a row on both sides. `pixel` is the bytes of a pixel of reals. */
static void continue_row(const struct grid_bell *bell, size_t pixel, char *row)
{
    int64_t width = (int64_t)bell->width, radius = (int64_t)bell->radius;
    for (int64_t side = 0; side < 2 * radius; side++) {
        int64_t place = side < radius ? side : width + side;
        int64_t from = grid_continued(place - radius, width, bell->beyond);
        if (from < 0)
            fill_beyond(bell, bell->inner, row + (size_t)place * pixel);
        else
            memcpy(row + (size_t)place * pixel, row + (size_t)(from + radius) * pixel, pixel);
    }
}

/* Row `row` of a band, from `radius` pixels before its first. */
static char *row_of(const struct grid_bell *bell, size_t row)
{
    size_t begin = row * continued_elements(bell) + side_elements(bell);
    return (char *)bell->rows + (begin - bell->radius * bell->inner) * grid_real_bytes(bell->type);
}

/* Finds `count` elements from element `first` of a row, as reals: where they lie, or in `tile`. */
static const void *find_reals(const struct grid_bell *bell, const char *from, int64_t row,
                              size_t first, size_t count, void *tile)
{
    size_t at = (size_t)row * row_elements(bell) + first;
    const char *elements = row < 0 ? NULL : from + at * shs_type_size(bell->type);
    if (!elements)
        fill_beyond(bell, count, tile);
    else if (bell->of == GRID_BELL_OF_NUMBERS)
        grid_missing_as_zero(bell->type, elements, count, tile);
    else if (bell->of == GRID_BELL_OF_PRESENCE)
        grid_missing_presence(bell->type, elements, count, tile);
    else if (is_real(bell->type))
        return elements;
    else
        grid_sample_kernels_now()->type[bell->type].widen(elements, count, tile);
    return tile;
}

/* Sums a tile of `count` elements from element `first` of the rows of a band that begins at row
 * `top` and has `high` rows. */
static void sum_tile(const struct grid_bell *bell, const char *from, size_t top, size_t high,
                     size_t first, size_t count)
{
    const struct grid_sample_real *loops =
        &grid_sample_kernels_now()->real[grid_is_wide(bell->type)];
    size_t real = grid_real_bytes(bell->type), tile = tile_elements(bell) * real;
    for (size_t k = 0; k < high + 2 * bell->radius; k++) {
        int64_t row = grid_continued((int64_t)(top + k) - (int64_t)bell->radius,
                                     (int64_t)bell->height, bell->beyond);
        bell->line[k] = find_reals(bell, from, row, first, count, (char *)bell->tile + k * tile);
    }
    for (size_t y = 0; y < high; y++)
        loops->pairs(bell->line + y, bell->weight, bell->radius, count,
                     row_of(bell, y) + (bell->radius * bell->inner + first) * real);
}

/* Sums the rows of a band along the height. */
static void sum_band(const struct grid_bell *bell, const char *from, size_t top, size_t high)
{
    size_t row = row_elements(bell), tile = tile_elements(bell);
    for (size_t first = 0; first < row; first += tile)
        sum_tile(bell, from, top, high, first, row - first < tile ? row - first : tile);
}

/* Sums a row of a band along the width, to bell->made. */
static void sum_row(const struct grid_bell *bell, char *row)
{
    size_t pixel = bell->inner * grid_real_bytes(bell->type);
    continue_row(bell, pixel, row);
    for (size_t k = 0; k <= 2 * bell->radius; k++)
        bell->line[k] = row + k * pixel;
    grid_sample_kernels_now()->real[grid_is_wide(bell->type)].pairs(
        bell->line, bell->weight, bell->radius, row_elements(bell), bell->made);
}

/* Leaves NaN out of a band of f32 or f64. */
static void mend_band(const struct grid_bell *bell, const char *from, size_t top, size_t high,
                      char *to)
{
    size_t row = row_elements(bell), bytes = row * shs_type_size(bell->type);
    struct grid_bell part = *bell;
    part.of = GRID_BELL_OF_NUMBERS;
    sum_band(&part, from, top, high);
    for (size_t y = 0; y < high; y++) {
        sum_row(&part, row_of(bell, y));
        memcpy((char *)bell->numbers + y * bytes, bell->made, bytes);
    }
    part.of = GRID_BELL_OF_PRESENCE;
    sum_band(&part, from, top, high);
    for (size_t y = 0; y < high; y++) {
        sum_row(&part, row_of(bell, y));
        grid_missing_mend(bell->type, (char *)bell->numbers + y * bytes, bell->made, row,
                          to + y * bytes);
    }
}

/* Returns true if the rows that a row is made of are not reals yet, and fit the nearest cache
 * beside the row that is made of them: then each row becomes reals once. */
static bool has_ring(const struct grid_bell *bell)
{
    enum {
        MOST = 32000 /* bytes, less than a tile has */
    };
    size_t row = row_elements(bell) * grid_real_bytes(bell->type);
    return !is_real(bell->type) && row <= MOST / (2 * bell->radius + 1);
}

/* Row `position` of a plane, from `radius` rows above its first, stands in place position % (2 *
 * radius + 1) of a ring. Each row of the result is made when the last of its rows is there. */
static void blur_by_ring(const struct grid_bell *bell, const char *from, char *to)
{
    const struct grid_sample_kernels *kernels = grid_sample_kernels_now();
    const struct grid_sample_real *loops = &kernels->real[grid_is_wide(bell->type)];
    size_t real = grid_real_bytes(bell->type), count = row_elements(bell);
    size_t radius = bell->radius, size = 2 * radius + 1;
    char *sum = row_of(bell, 0);
    for (size_t position = 0; position < bell->height + 2 * radius; position++) {
        int64_t row = grid_continued((int64_t)position - (int64_t)radius, (int64_t)bell->height,
                                     bell->beyond);
        find_reals(bell, from, row, 0, count, (char *)bell->tile + position % size * count * real);
        if (position < 2 * radius) continue;
        for (size_t k = 0; k < size; k++)
            bell->line[k] = (char *)bell->tile + (position + 1 + k) % size * count * real;
        loops->pairs(bell->line, bell->weight, radius, count, sum + radius * bell->inner * real);
        sum_row(bell, sum);
        kernels->type[bell->type].round(bell->made, count, to);
        to += count * shs_type_size(bell->type);
    }
}

void grid_bell_plane(const struct grid_bell *bell, const void *from, void *to)
{
    size_t row = row_elements(bell), bytes = row * shs_type_size(bell->type);
    const struct grid_sample_type *loops = &grid_sample_kernels_now()->type[bell->type];
    if (has_ring(bell)) {
        blur_by_ring(bell, from, to);
        return;
    }
    for (size_t top = 0; top < bell->height; top += BAND) {
        size_t high = bell->height - top < BAND ? bell->height - top : BAND;
        char *band = (char *)to + top * bytes;
        bool missing = false;
        sum_band(bell, from, top, high);
        for (size_t y = 0; y < high; y++) {
            sum_row(bell, row_of(bell, y));
            loops->round(bell->made, row, band + y * bytes);
            missing = missing || grid_missing_any(bell->type, bell->made, row);
        }
        if (missing) mend_band(bell, from, top, high, band);
    }
}
