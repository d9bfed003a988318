#include "grid_warp.h"

#include <string.h>

#include "grid_missing.h"
#include "grid_sample_kernels.h"

void grid_warp_add(struct grid_warp *warp, const double turn[4], const double offset[2])
{
    double a = warp->turn[0], b = warp->turn[1], c = warp->turn[2], d = warp->turn[3];
    warp->offset[0] = (a * offset[0] + b * offset[1]) + warp->offset[0];
    warp->offset[1] = (c * offset[0] + d * offset[1]) + warp->offset[1];
    warp->turn[0] = a * turn[0] + b * turn[2];
    warp->turn[1] = a * turn[1] + b * turn[3];
    warp->turn[2] = c * turn[0] + d * turn[2];
    warp->turn[3] = c * turn[1] + d * turn[3];
}

/* ---- Memory. */

enum {
    BATCH = 32,       /* pixels at an edge that are computed together */
    PATCH_ROW = 64,   /* the elements of a row of their patches, two for each */
    SPARE_BYTES = 64, /* behind elements that loops may read beyond */
    UNIT_BITS = 32
};

/* A warp of the planes of a sample. */
struct warping {
    const struct grid_images *images;
    enum grid_beyond beyond;
    bool nearest;
    struct grid_row row; /* its step is that of all rows */
    int64_t x[3], y[3];  /* what a column, a row and 1 add to the place, in units */
    size_t pixel;        /* bytes */
    size_t row_bytes, plane_bytes;
    bool displaced;
    struct grid_field field;
    double turn[4];
    struct grid_spots spots;
    uint8_t *within;
    int64_t *farther[2];
    char *patch;    /* the four elements around each pixel of a batch, two above and two below */
    size_t fetched; /* rows of all planes that the processor has been told to fetch */
};

size_t grid_warp_bytes(const struct grid_images *images)
{
    size_t width = images->width, pixel = images->inner * shs_type_size(images->type);
    return 3 * grid_taken(width * sizeof(float)) + grid_taken(width) +
           2 * grid_taken(width * sizeof(int64_t)) +
           grid_taken(pixel * 2 * PATCH_ROW + SPARE_BYTES);
}

static void take_memory(struct warping *warping, char **memory)
{
    size_t width = warping->images->width;
    warping->spots.at = grid_take(memory, width * sizeof(uint32_t));
    warping->spots.right = grid_take(memory, width * sizeof(float));
    warping->spots.down = grid_take(memory, width * sizeof(float));
    warping->within = grid_take(memory, width);
    for (int axis = 0; axis < 2; axis++)
        warping->farther[axis] = grid_take(memory, width * sizeof(int64_t));
    warping->patch = grid_take(memory, warping->pixel * 2 * PATCH_ROW + SPARE_BYTES);
}

/* ---- Places. */

int64_t grid_warp_units(double x, double most)
{
    double units = x < -most ? -most : x > most ? most : x;
    units *= 0x1p32;
    if ((units < 0 ? -units : units) < 0x1p51) units = (units + 0x1.8p52) - 0x1.8p52;
    return (int64_t)units;
}

static void set_places(const struct grid_warp *warp, struct warping *warping)
{
    const struct grid_images *images = warping->images;
    const double *turn = warp->turn;
    double x = ((double)images->width - 1) / 2, y = ((double)images->height - 1) / 2;
    warping->x[0] = grid_warp_units(turn[0], 0x1p14);
    warping->x[1] = grid_warp_units(turn[1], 0x1p14);
    warping->x[2] = grid_warp_units(((x - turn[0] * x) - turn[1] * y) + warp->offset[0], 0x1p29);
    warping->y[0] = grid_warp_units(turn[2], 0x1p14);
    warping->y[1] = grid_warp_units(turn[3], 0x1p14);
    warping->y[2] = grid_warp_units(((y - turn[2] * x) - turn[3] * y) + warp->offset[1], 0x1p29);
    memcpy(warping->turn, turn, sizeof warping->turn);
}

/* Sets the places of a row of the result. */
static void begin_row(struct warping *warping, size_t y)
{
    const struct grid_sample_kernels *kernels = grid_sample_kernels_now();
    struct grid_row *row = &warping->row;
    row->x = warping->x[1] * (int64_t)y + warping->x[2];
    row->y = warping->y[1] * (int64_t)y + warping->y[2];
    if (warping->displaced) {
        const struct grid_field *field = &warping->field;
        grid_field_row(field, y);
        kernels->displace(warping->turn, field->row[0], field->row[1], row->width,
                          warping->farther[0], warping->farther[1]);
        row->farther_x = warping->farther[0];
        row->farther_y = warping->farther[1];
    }
    if (!warping->nearest) kernels->places(row, row->width, &warping->spots, warping->within);
}

/* The place of a pixel of the row. */
static int64_t place_x(const struct grid_row *row, size_t i)
{
    int64_t place = row->x + (int64_t)i * row->step_x;
    return row->farther_x ? place + row->farther_x[i] : place;
}

static int64_t place_y(const struct grid_row *row, size_t i)
{
    int64_t place = row->y + (int64_t)i * row->step_y;
    return row->farther_y ? place + row->farther_y[i] : place;
}

/* Copies the element that stands for a place with whole coordinates. */
static void copy_element(const struct warping *warping, const char *plane, int64_t x, int64_t y,
                         char *to)
{
    const struct grid_row *row = &warping->row;
    int64_t column = grid_continued(x, row->width, warping->beyond);
    int64_t line = grid_continued(y, row->height, warping->beyond);
    if (column < 0 || line < 0)
        memset(to, 0, warping->pixel);
    else
        memcpy(to, plane + (size_t)line * warping->row_bytes + (size_t)column * warping->pixel,
               warping->pixel);
}

/* ---- Rows. */

static void nearest_row(const struct warping *warping, const char *plane, char *to)
{
    const struct grid_row *row = &warping->row;
    const int64_t half = INT64_C(1) << (UNIT_BITS - 1);
    for (size_t i = 0; i < row->width; i++, to += warping->pixel)
        copy_element(warping, plane, (place_x(row, i) + half) >> UNIT_BITS,
                     (place_y(row, i) + half) >> UNIT_BITS, to);
}

/* Returns true if all four elements around a pixel's place are zeros beyond the edges. */
static bool is_outside(const struct warping *warping, size_t i)
{
    const struct grid_row *row = &warping->row;
    int64_t x = place_x(row, i) >> UNIT_BITS, y = place_y(row, i) >> UNIT_BITS;
    return warping->beyond == GRID_BEYOND_ZERO &&
           (x < -1 || y < -1 || x >= row->width || y >= row->height);
}

/* Computes up to BATCH pixels some of whose four elements lie beyond the edges, by a plane of
 * patches. */
static void edge_batch(const struct warping *warping, const char *plane, size_t first, size_t count,
                       char *to)
{
    const struct grid_row *row = &warping->row;
    shs_type type = warping->images->type;
    size_t pixel = warping->pixel, low = pixel * PATCH_ROW;
    uint32_t at[BATCH];
    for (size_t i = 0; i < count; i++) {
        int64_t x = place_x(row, first + i) >> UNIT_BITS, y = place_y(row, first + i) >> UNIT_BITS;
        char *patch = warping->patch + 2 * i * pixel;
        at[i] = (uint32_t)(2 * i) * row->inner;
        copy_element(warping, plane, x, y, patch);
        copy_element(warping, plane, x + 1, y, patch + pixel);
        copy_element(warping, plane, x, y + 1, patch + low);
        copy_element(warping, plane, x + 1, y + 1, patch + low + pixel);
    }
    const struct grid_spots spots = {at, warping->spots.right + first, warping->spots.down + first};
    grid_sample_kernels_now()->type[type].between(&spots, warping->patch, PATCH_ROW, row->inner,
                                                  count, to);
}

/* Computes `count` pixels from pixel `first` on that are not within. */
static void edge_run(const struct warping *warping, const char *plane, size_t first, size_t count,
                     char *to)
{
    for (size_t i = 0, some; i < count; i += some) {
        bool outside = is_outside(warping, first + i);
        for (some = 1; i + some < count && (outside || some < BATCH); some++)
            if (is_outside(warping, first + i + some) != outside) break;
        if (outside)
            memset(to + i * warping->pixel, 0, some * warping->pixel);
        else
            edge_batch(warping, plane, first + i, some, to + i * warping->pixel);
    }
}

/* Leaves NaN out of the pixels of a row. */
static void mend_row(const struct warping *warping, const char *plane, char *to)
{
    const struct grid_row *row = &warping->row;
    shs_type type = warping->images->type;
    for (size_t i = 0; i < row->width; i++, to += warping->pixel) {
        int64_t x = place_x(row, i) >> UNIT_BITS, y = place_y(row, i) >> UNIT_BITS;
        const struct grid_corners corners = {
            2, {warping->spots.right[i], warping->spots.down[i]}, warping->patch, row->inner};
        if (!grid_missing_any(type, to, row->inner)) continue;
        for (int k = 0; k < 4; k++)
            copy_element(warping, plane, x + k % 2, y + k / 2,
                         warping->patch + (size_t)k * warping->pixel);
        grid_missing_between(type, &corners, to);
    }
}

static void bilinear_row(const struct warping *warping, const char *plane, char *to)
{
    const struct grid_sample_type *loops = &grid_sample_kernels_now()->type[warping->images->type];
    const struct grid_row *row = &warping->row;
    const struct grid_spots *spots = &warping->spots;
    size_t width = row->width;
    for (size_t i = 0, count; i < width; i += count) {
        const uint8_t *here = warping->within + i;
        const uint8_t *next = memchr(here, *here ? 0 : 1, width - i);
        count = next ? (size_t)(next - here) : width - i;
        const struct grid_spots some = {spots->at + i, spots->right + i, spots->down + i};
        if (*here)
            loops->between(&some, plane, width, row->inner, count, to + i * warping->pixel);
        else
            edge_run(warping, plane, i, count, to + i * warping->pixel);
    }
    if (grid_missing_any(warping->images->type, to, width * row->inner))
        mend_row(warping, plane, to);
}

/* ---- Fetching. A turned row of the result reads short pieces of many rows, and the processor does
 * not foresee them. So it is told of each row before the first row of the result that needs it. */

/* Returns the end of the rows that this row of the result and some rows after it need. */
static size_t needed_rows(const struct grid_row *row)
{
    enum {
        AHEAD = 8
    };
    int64_t begin = place_y(row, 0), end = place_y(row, row->width - 1);
    int64_t needed = ((begin > end ? begin : end) >> UNIT_BITS) + AHEAD;
    return needed < 0 ? 0 : needed < row->height ? (size_t)needed : row->height;
}

static void fetch_rows(struct warping *warping, const char *input)
{
    enum {
        LINE = 64,     /* bytes that a processor fetches at once */
        MOST = 1 << 17 /* bytes of a plane, so that they stay in a cache until they are read */
    };
    size_t bytes = warping->row_bytes, end = needed_rows(&warping->row) * bytes;
    size_t begin = warping->fetched * bytes;
    if (end <= begin) return;
    warping->fetched = end / bytes;
    if (end - begin > MOST) begin = end - MOST;
    for (size_t o = 0; o < warping->images->outer; o++)
        for (size_t at = begin; at < end; at += LINE)
            __builtin_prefetch(input + o * warping->plane_bytes + at, 0, 2);
}

/* ---- Samples. */

/* The loops may read some bytes behind a pixel's four elements, so the last pixels of a plane
 * count as edges. */
static uint32_t end_of(const struct grid_row *row)
{
    uint64_t all = (uint64_t)row->height * row->width * row->inner;
    uint64_t below = (uint64_t)row->width * row->inner + 8;
    return all > below ? (uint32_t)(all - below) : 0;
}

void grid_warp_images(const struct grid_warping *how, const struct grid_warp *warp,
                      const void *input, void *output, void *scratch)
{
    const struct grid_images *images = &how->images;
    char *memory = scratch;
    struct warping warping = {.images = images,
                              .beyond = how->beyond,
                              .nearest = how->nearest,
                              .pixel = images->inner * shs_type_size(images->type),
                              .displaced = warp->farther.is_drawn};
    warping.row_bytes = images->width * warping.pixel;
    warping.plane_bytes = images->height * warping.row_bytes;
    take_memory(&warping, &memory);
    set_places(warp, &warping);
    warping.row = (struct grid_row){.step_x = warping.x[0],
                                    .step_y = warping.y[0],
                                    .width = (uint32_t)images->width,
                                    .height = (uint32_t)images->height,
                                    .inner = (uint32_t)images->inner};
    warping.row.end = end_of(&warping.row);
    const struct grid_extent extent = {0, images->height, images->width};
    if (warping.displaced) grid_field_begin(&warp->farther, &extent, &memory, &warping.field);
    for (size_t y = 0; y < images->height; y++) {
        begin_row(&warping, y);
        fetch_rows(&warping, input);
        for (size_t o = 0; o < images->outer; o++) {
            const char *plane = (const char *)input + o * warping.plane_bytes;
            char *to = (char *)output + o * warping.plane_bytes + y * warping.row_bytes;
            if (warping.nearest)
                nearest_row(&warping, plane, to);
            else
                bilinear_row(&warping, plane, to);
        }
    }
}
