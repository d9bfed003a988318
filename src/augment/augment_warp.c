#include "augment_warp.h"

#include <string.h>

#include "augment_elastic.h"
#include "augment_vectors.h"
#include "grid_sample_kernels.h"

/* ---- Operators that become one map. */

/* Returns true if the next operation becomes one map with an operation: if both warp the same axes
 * of each field in the same way. */
static bool goes_on(const struct augment_operation *before, const struct augment_operation *next)
{
    const struct augment_warp_setting *a = before->targets[0].setting,
                                      *b = next->targets[0].setting;
    if (!next->kind->warp || next->begins_statement || before->turns || next->turns ||
        a->how != b->how || a->border != b->border)
        return false;
    for (size_t t = 0; t < next->n_targets; t++)
        if (augment_axis_of(before->targets[t].bound.grid.layout, 'h') !=
            augment_axis_of(next->targets[t].bound.grid.layout, 'h'))
            return false;
    return true;
}

const struct augment_operation *augment_warp_draw(const struct augment_operation *operation,
                                                  const struct augment_operation *end,
                                                  shs_random *stream, struct augment_warps *warps)
{
    warps->count = 0;
    for (size_t met = 1;; met++, operation++) {
        if (augment_chosen(operation, stream)) {
            augment_draw(operation, stream, warps->one[warps->count].draw);
            warps->one[warps->count++].operation = operation;
        }
        if (operation->kind == &augment_elastic || met == AUGMENT_MOST_WARPS ||
            operation + 1 == end || !goes_on(operation, operation + 1))
            return operation;
    }
}

void augment_warp_add(struct augment_warp *warp, const double turn[4], const double offset[2])
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
    UNIT_BITS = 32,
    MOST_INNER = 1 << 20 /* elements of a pixel */
};

/* A warp of the planes of a sample. */
struct warping {
    const struct augment_bound *bound;
    enum augment_border border;
    bool nearest;
    struct grid_row row; /* its step is that of all rows */
    double from_x[3], from_y[3];
    int64_t x[3], y[3]; /* what a column, a row and 1 add to the place, in units */
    size_t pixel;       /* bytes */
    size_t row_bytes, plane_bytes;
    bool displaced;
    struct augment_field field;
    double turn[4];
    struct grid_spots spots;
    uint8_t *within;
    int64_t *farther[2];
    char *patch; /* the four elements around each pixel of a batch, two above and two below */
};

static size_t warp_bytes(const struct augment_bound *bound)
{
    size_t width = bound->grid.width;
    size_t pixel = bound->grid.inner * shs_type_size(bound->before.type);
    return 3 * augment_taken(width * sizeof(float)) + augment_taken(width) +
           2 * augment_taken(width * sizeof(int64_t)) +
           augment_taken(pixel * 2 * PATCH_ROW + SPARE_BYTES);
}

size_t augment_warp_bytes(const struct augment_bound *bound)
{
    return warp_bytes(bound);
}

static void take_memory(struct warping *warping, char **memory)
{
    size_t width = warping->bound->grid.width;
    warping->spots.at = augment_take(memory, width * sizeof(uint32_t));
    warping->spots.right = augment_take(memory, width * sizeof(float));
    warping->spots.down = augment_take(memory, width * sizeof(float));
    warping->within = augment_take(memory, width);
    for (int axis = 0; axis < 2; axis++)
        warping->farther[axis] = augment_take(memory, width * sizeof(int64_t));
    warping->patch = augment_take(memory, warping->pixel * 2 * PATCH_ROW + SPARE_BYTES);
}

/* ---- Places. */

/* Returns x in units of 2^-32, held within -most to most elements, and rounded half to even. */
static int64_t in_units(double x, double most)
{
    double units = x < -most ? -most : x > most ? most : x;
    units *= 0x1p32;
    if ((units < 0 ? -units : units) < 0x1p51) units = (units + 0x1.8p52) - 0x1.8p52;
    return (int64_t)units;
}

static void set_places(const struct augment_warp *warp, struct warping *warping)
{
    const struct augment_grid *grid = &warping->bound->grid;
    const double *turn = warp->turn;
    double x = ((double)grid->width - 1) / 2, y = ((double)grid->height - 1) / 2;
    warping->x[0] = in_units(turn[0], 0x1p14);
    warping->x[1] = in_units(turn[1], 0x1p14);
    warping->x[2] = in_units(((x - turn[0] * x) - turn[1] * y) + warp->offset[0], 0x1p29);
    warping->y[0] = in_units(turn[2], 0x1p14);
    warping->y[1] = in_units(turn[3], 0x1p14);
    warping->y[2] = in_units(((y - turn[2] * x) - turn[3] * y) + warp->offset[1], 0x1p29);
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
        const struct augment_field *field = &warping->field;
        augment_field_row(field, y);
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
    int64_t column = augment_continued(x, row->width, warping->border);
    int64_t line = augment_continued(y, row->height, warping->border);
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
    return warping->border == AUGMENT_BORDER_ZERO &&
           (x < -1 || y < -1 || x >= row->width || y >= row->height);
}

/* Computes up to BATCH pixels some of whose four elements lie beyond the edges, by a plane of
 * patches. */
static void edge_batch(const struct warping *warping, const char *plane, size_t first, size_t count,
                       char *to)
{
    const struct grid_row *row = &warping->row;
    shs_type type = warping->bound->before.type;
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

static void bilinear_row(const struct warping *warping, const char *plane, char *to)
{
    const struct grid_sample_type *loops =
        &grid_sample_kernels_now()->type[warping->bound->before.type];
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

static void make_warp(const struct augment_bound *bound, const struct augment_warps *warps,
                      struct augment_warp *warp)
{
    *warp = (struct augment_warp){.turn = {1, 0, 0, 1}};
    for (size_t i = 0; i < warps->count; i++) {
        const struct augment_operation *operation = warps->one[i].operation;
        const struct augment_warped warped = {operation->targets[0].setting, bound->grid.height,
                                              bound->grid.width};
        operation->kind->warp(&warped, warps->one[i].draw, warp);
    }
}

static bool is_nearest(const struct augment_bound *bound,
                       const struct augment_warp_setting *setting)
{
    return bound->interpolation ? bound->interpolation == AUGMENT_NEAREST : setting->how == 0;
}

void augment_warp_apply(const struct augment_bound *bound, const void *draw, const void *input,
                        void *output, void *scratch)
{
    const struct augment_warp_setting *setting = bound->setting;
    const struct augment_grid *grid = &bound->grid;
    struct augment_warp warp;
    char *memory = scratch;
    make_warp(bound, draw, &warp);
    struct warping warping = {.bound = bound,
                              .border = augment_border_of(bound, setting->border),
                              .nearest = is_nearest(bound, setting),
                              .pixel = grid->inner * shs_type_size(bound->before.type),
                              .displaced = warp.farther.is_drawn};
    warping.row_bytes = grid->width * warping.pixel;
    warping.plane_bytes = grid->height * warping.row_bytes;
    take_memory(&warping, &memory);
    set_places(&warp, &warping);
    warping.row = (struct grid_row){.step_x = warping.x[0],
                                    .step_y = warping.y[0],
                                    .width = (uint32_t)grid->width,
                                    .height = (uint32_t)grid->height,
                                    .inner = (uint32_t)grid->inner};
    warping.row.end = end_of(&warping.row);
    if (warping.displaced)
        augment_field_begin(&warp.farther, grid->height, grid->width, &memory, &warping.field);
    for (size_t y = 0; y < grid->height; y++) {
        begin_row(&warping, y);
        for (size_t o = 0; o < grid->outer; o++) {
            const char *plane = (const char *)input + o * warping.plane_bytes;
            char *to = (char *)output + o * warping.plane_bytes + y * warping.row_bytes;
            if (warping.nearest)
                nearest_row(&warping, plane, to);
            else
                bilinear_row(&warping, plane, to);
        }
    }
}

shs_status augment_warp_bind(const struct augment_call *call, void *setting,
                             struct augment_bound *bound)
{
    const struct augment_grid *grid = &bound->grid;
    bool nearest = is_nearest(bound, setting);
    shs_status status = augment_check_sampled(call, bound, AUGMENT_WARP_MOST_EXTENT, !nearest);
    if (status || (grid->inner <= MOST_INNER &&
                   grid->inner <= (UINT64_C(1) << 31) / grid->height / grid->width))
        return status;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s of field %s: an image has %zu x %zu pixels "
                     "of %zu elements; the most is 2^31 elements, and 2^20 of a pixel",
                     call->at, call->name, bound->before.name, grid->height, grid->width,
                     grid->inner);
}

shs_status augment_warp_bind_scalars(const struct augment_call *call, void *setting,
                                     struct augment_bound *bound)
{
    shs_status status = augment_vectors_refuse(call, bound);
    return status ? status : augment_warp_bind(call, setting, bound);
}
