#include "grid_volume.h"

#include <string.h>

#include "grid_missing.h"
#include "grid_sample_kernels.h"
#include "grid_types.h"

enum {
    CORNERS = 8,
    UNIT_BITS = 32
};

/* The most units that a step along an axis of the result adds to a place. */
#define MOST_STEP   0x1p13
#define MOST_OFFSET 0x1p29

void grid_volume_add(struct grid_warp *warp, const double turn[9], const double offset[3])
{
    double was[9];
    memcpy(was, warp->volume.turn, sizeof was);
    for (size_t i = 0; i < 3; i++) {
        const double *row = was + 3 * i;
        double *o = &warp->volume.offset[i];
        *o = ((row[0] * offset[0] + row[1] * offset[1]) + row[2] * offset[2]) + *o;
        for (size_t j = 0; j < 3; j++)
            warp->volume.turn[3 * i + j] =
                (row[0] * turn[j] + row[1] * turn[3 + j]) + row[2] * turn[6 + j];
    }
}

/* ---- Memory. */

/* Where a place lies along an axis: bytes before its two elements, or OUTSIDE, and how far it is
 * from the first to the second. */
enum {
    OUTSIDE = -1
};

struct spot {
    ptrdiff_t at[2];
    float part;
};

/* A warp of the volumes of a sample. Arrays of three are for x, y and z. */
struct volume {
    shs_type type;
    enum grid_beyond beyond;
    size_t size[3];   /* elements */
    size_t step[3];   /* bytes from an element to the next */
    size_t inner;     /* elements of a pixel */
    int64_t by[3][4]; /* what a column, a row, a plane and 1 add to the place, in units */
    double turn[9];   /* of displacements */
    bool displaced;
    struct grid_field field;
    int64_t *place[3]; /* of the pixels of a row, in units */
    char *zeros;       /* a pixel */
    char *corners;     /* pixels */
    void *reals;       /* a row */
};

static void take_memory(struct volume *volume, char **memory)
{
    size_t width = volume->size[0], pixel = volume->step[0];
    for (size_t a = 0; a < 3; a++)
        volume->place[a] = grid_take(memory, width * sizeof(int64_t));
    volume->zeros = grid_take(memory, pixel);
    volume->corners = grid_take(memory, CORNERS * pixel);
    volume->reals = grid_take(memory, width * volume->inner * grid_real_bytes(volume->type));
}

size_t grid_volume_bytes(const struct grid_images *images)
{
    size_t width = images->width, pixel = images->inner * shs_type_size(images->type);
    return 3 * grid_taken(width * sizeof(int64_t)) + grid_taken(pixel) +
           grid_taken(CORNERS * pixel) +
           grid_taken(width * images->inner * grid_real_bytes(images->type));
}

/* ---- Places. */

static void set_places(const struct grid_warp *warp, struct volume *volume)
{
    double middle[3];
    for (size_t a = 0; a < 3; a++)
        middle[a] = ((double)volume->size[a] - 1) / 2;
    for (size_t a = 0; a < 3; a++) {
        const double *turn = warp->volume.turn + 3 * a;
        double offset =
            ((middle[a] - turn[0] * middle[0]) - turn[1] * middle[1]) - turn[2] * middle[2];
        for (size_t b = 0; b < 3; b++)
            volume->by[a][b] = grid_warp_units(turn[b], MOST_STEP);
        volume->by[a][3] = grid_warp_units(offset + warp->volume.offset[a], MOST_OFFSET);
    }
    memcpy(volume->turn, warp->volume.turn, sizeof volume->turn);
}

/* Sets the places of a row of the result. */
static void begin_row(struct volume *volume, size_t z, size_t y)
{
    if (volume->displaced) grid_field_row(&volume->field, y);
    for (size_t a = 0; a < 3; a++) {
        const int64_t *by = volume->by[a];
        const double *turn = volume->turn + 3 * a;
        int64_t *place = volume->place[a];
        int64_t first = by[1] * (int64_t)y + by[2] * (int64_t)z + by[3];
        for (size_t i = 0; i < volume->size[0]; i++)
            place[i] = first + by[0] * (int64_t)i;
        if (!volume->displaced) continue;
        const float *dx = volume->field.row[0], *dy = volume->field.row[1],
                    *dz = volume->field.row[2];
        for (size_t i = 0; i < volume->size[0]; i++)
            place[i] += grid_displaced_units((turn[0] * (double)dx[i] + turn[1] * (double)dy[i]) +
                                             turn[2] * (double)dz[i]);
    }
}

/* Bytes before element k of an axis, or OUTSIDE. */
static inline ptrdiff_t bytes_before(const struct volume *volume, size_t axis, int64_t k)
{
    int64_t size = (int64_t)volume->size[axis];
    if (k < 0 || k >= size) k = grid_continued(k, size, volume->beyond);
    return k < 0 ? OUTSIDE : (ptrdiff_t)((size_t)k * volume->step[axis]);
}

static inline struct spot spot_of(const struct volume *volume, size_t axis, size_t i)
{
    int64_t place = volume->place[axis][i], k = place >> UNIT_BITS;
    return (struct spot){{bytes_before(volume, axis, k), bytes_before(volume, axis, k + 1)},
                         (float)(int32_t)((uint32_t)place >> 8) * 0x1p-24F};
}

/* Finds the eight pixels around pixel i of a row: bit a of a corner's number says whether it is the
 * second along axis a. */
static inline void find_corners(const struct volume *volume, const char *from, size_t i,
                                const char *corner[CORNERS], float part[3])
{
    struct spot spot[3];
    for (size_t a = 0; a < 3; a++) {
        spot[a] = spot_of(volume, a, i);
        part[a] = spot[a].part;
    }
    for (size_t k = 0; k < CORNERS; k++) {
        ptrdiff_t x = spot[0].at[k & 1], y = spot[1].at[k >> 1 & 1], z = spot[2].at[k >> 2];
        bool outside = x == OUTSIDE || y == OUTSIDE || z == OUTSIDE;
        corner[k] = outside ? volume->zeros : from + x + y + z;
    }
}

/* ---- Rows. */

static void nearest_row(const struct volume *volume, const char *from, char *to)
{
    const int64_t half = INT64_C(1) << (UNIT_BITS - 1);
    size_t pixel = volume->step[0];
    for (size_t i = 0; i < volume->size[0]; i++, to += pixel) {
        const char *element = from;
        bool outside = false;
        for (size_t a = 0; a < 3; a++) {
            ptrdiff_t at = bytes_before(volume, a, (volume->place[a][i] + half) >> UNIT_BITS);
            outside = outside || at == OUTSIDE;
            element += outside ? 0 : at;
        }
        memcpy(to, outside ? volume->zeros : element, pixel);
    }
}

/* Computes the reals of a row of elements of type C. */
#define LINEAR_ROW(C, REAL, CONVERT)                                                               \
    for (size_t i = 0; i < volume->size[0]; i++, real += volume->inner) {                          \
        const char *corner[CORNERS];                                                               \
        float part[3];                                                                             \
        find_corners(volume, from, i, corner, part);                                               \
        REAL right = (REAL)part[0], down = (REAL)part[1], deep = (REAL)part[2];                    \
        for (size_t e = 0; e < volume->inner; e++) {                                               \
            REAL x[CORNERS];                                                                       \
            for (size_t k = 0; k < CORNERS; k++)                                                   \
                x[k] = CONVERT(((const C *)(const void *)corner[k])[e]);                           \
            for (size_t k = 0; k < 4; k++)                                                         \
                x[k] = x[2 * k] + right * (x[2 * k + 1] - x[2 * k]);                               \
            for (size_t k = 0; k < 2; k++)                                                         \
                x[k] = x[2 * k] + down * (x[2 * k + 1] - x[2 * k]);                                \
            real[e] = x[0] + deep * (x[1] - x[0]);                                                 \
        }                                                                                          \
    }

#define FLOAT_ROW(C, TO_FLOAT, TO_DOUBLE)  LINEAR_ROW(C, float, TO_FLOAT)
#define DOUBLE_ROW(C, TO_FLOAT, TO_DOUBLE) LINEAR_ROW(C, double, TO_DOUBLE)

static void float_row(const struct volume *volume, const char *from)
{
    float *real = volume->reals;
    GRID_FOR_TYPE(volume->type, FLOAT_ROW)
}

static void double_row(const struct volume *volume, const char *from)
{
    double *real = volume->reals;
    GRID_FOR_TYPE(volume->type, DOUBLE_ROW)
}

/* Leaves NaN out of the pixels of a row. */
static void mend_row(const struct volume *volume, const char *from, char *to)
{
    size_t pixel = volume->step[0];
    for (size_t i = 0; i < volume->size[0]; i++, to += pixel) {
        const char *corner[CORNERS];
        struct grid_corners corners = {
            .axes = 3, .pixels = volume->corners, .inner = volume->inner};
        if (!grid_missing_any(volume->type, to, volume->inner)) continue;
        find_corners(volume, from, i, corner, corners.part);
        for (size_t k = 0; k < CORNERS; k++)
            memcpy(volume->corners + k * pixel, corner[k], pixel);
        grid_missing_between(volume->type, &corners, to);
    }
}

static void linear_row(const struct volume *volume, const char *from, char *to)
{
    size_t count = volume->size[0] * volume->inner;
    if (grid_is_wide(volume->type))
        double_row(volume, from);
    else
        float_row(volume, from);
    grid_sample_kernels_now()->type[volume->type].round(volume->reals, count, to);
    if (grid_missing_any(volume->type, to, count)) mend_row(volume, from, to);
}

/* ---- Samples. */

static struct volume begin(const struct grid_warping *how, size_t depth,
                           const struct grid_warp *warp, char **memory)
{
    const struct grid_images *images = &how->images;
    const struct grid_extent extent = {depth, images->height, images->width};
    struct volume volume = {.type = images->type,
                            .beyond = how->beyond,
                            .size = {extent.width, extent.height, extent.depth},
                            .inner = images->inner,
                            .displaced = warp->farther.is_drawn};
    volume.step[0] = images->inner * shs_type_size(volume.type);
    volume.step[1] = extent.width * volume.step[0];
    volume.step[2] = extent.height * volume.step[1];
    take_memory(&volume, memory);
    memset(volume.zeros, 0, volume.step[0]);
    set_places(warp, &volume);
    if (volume.displaced) grid_field_begin(&warp->farther, &extent, memory, &volume.field);
    return volume;
}

void grid_warp_volumes(const struct grid_warping *how, size_t depth, const struct grid_warp *warp,
                       const void *input, void *output, void *scratch)
{
    char *memory = scratch;
    struct volume volume = begin(how, depth, warp, &memory);
    size_t bytes = depth * volume.step[2], outer = how->images.outer / depth;
    for (size_t z = 0; z < depth; z++) {
        if (volume.displaced) grid_field_plane(&volume.field, z);
        for (size_t y = 0; y < volume.size[1]; y++) {
            begin_row(&volume, z, y);
            for (size_t o = 0; o < outer; o++) {
                const char *from = (const char *)input + o * bytes;
                char *to = (char *)output + o * bytes + z * volume.step[2] + y * volume.step[1];
                if (how->nearest)
                    nearest_row(&volume, from, to);
                else
                    linear_row(&volume, from, to);
            }
        }
    }
}
