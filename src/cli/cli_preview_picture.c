/* Samples at the size of a tile: averaged over boxes, then drawn in colours or as curves. */
#include "cli_preview.h"
#include "core_elements.h"
#include "core_memory.h"

/* ---- numbers */

/* Memory for a row of a sample, as numbers and as keys. */
struct row {
    double *number;
    uint64_t *key;
};

/* Loads `count` elements, `stride` elements apart, into the row's numbers. Whole numbers of more
 * than 53 bits are rounded. */
static void load_row(shs_type type, const void *from, uint64_t stride, uint64_t count,
                     struct row *row)
{
    if (core_is_float(type)) {
        core_load_doubles(type, from, (size_t)stride, (size_t)count, row->number);
        return;
    }
    uint64_t bias = core_key_bias(type);
    core_load_keys(type, from, (size_t)stride, (size_t)count, row->key);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t bits = row->key[i] - bias; /* of a negative number modulo 2^64 */
        row->number[i] = bias ? (double)(int64_t)bits : (double)bits;
    }
}

static bool is_finite(double number)
{
    return number - number == 0;
}

static void widen(struct cli_range *range, double number)
{
    if (!is_finite(number)) return;
    if (!(number >= range->least)) range->least = number;
    if (!(number <= range->most)) range->most = number;
}

/* ---- planes */

/* Where the numbers of a sample lie, in elements. */
struct grid {
    const char *data;
    shs_type type;
    uint64_t height, width;
    uint64_t row_stride, number_stride, channel_stride;
    uint64_t middle; /* the first element, in the middle of the axes that are not shown */
};

static void find_grid(const struct cli_view *view, enum cli_stage stage, const void *sample,
                      struct grid *grid)
{
    const shs_tensor *tensor = view->sample[stage];
    uint64_t stride = 1;
    *grid = (struct grid){.data = sample, .type = tensor->type, .height = 1};
    for (uint32_t axis = tensor->axes; axis-- > 0; stride *= tensor->shape[axis])
        if (axis == view->height) {
            grid->height = tensor->shape[axis];
            grid->row_stride = stride;
        } else if (axis == view->width) {
            grid->width = tensor->shape[axis];
            grid->number_stride = stride;
        } else if (axis == view->channel) {
            grid->channel_stride = stride;
        } else {
            grid->middle += tensor->shape[axis] / 2 * stride;
        }
}

static void load_grid_row(const struct grid *grid, uint64_t channel, uint64_t y, struct row *row)
{
    uint64_t at = grid->middle + channel * grid->channel_stride + y * grid->row_stride;
    load_row(grid->type, grid->data + at * shs_type_size(grid->type), grid->number_stride,
             grid->width, row);
}

/* Averages the boxes of one row of a plane. */
static void average(const struct grid *grid, uint64_t channel, uint64_t first, uint64_t box,
                    struct row *row, struct cli_range *range, double *to)
{
    uint64_t end = first + box < grid->height ? first + box : grid->height;
    uint64_t boxes = grid->width / box + (grid->width % box != 0);
    for (uint64_t b = 0; b < boxes; b++)
        to[b] = 0;
    for (uint64_t y = first; y < end; y++) {
        load_grid_row(grid, channel, y, row);
        for (uint64_t x = 0; x < grid->width; x++) {
            widen(range, row->number[x]);
            to[x / box] += row->number[x];
        }
    }
    for (uint64_t b = 0; b < boxes; b++) {
        uint64_t across = b + 1 < boxes ? box : grid->width - b * box;
        to[b] /= (double)(across * (end - first));
    }
}

/* Finds the least and the greatest number of each box of a signal. */
static void find_extremes(const struct grid *grid, uint64_t channel, uint64_t box, struct row *row,
                          struct cli_range *range, uint64_t boxes, double *least)
{
    double *most = least + boxes;
    load_grid_row(grid, channel, 0, row);
    for (uint64_t x = 0; x < grid->width; x++) {
        double number = row->number[x];
        uint64_t b = x / box;
        widen(range, number);
        if (x % box == 0) least[b] = most[b] = number;
        if (number != number) least[b] = most[b] = number;
        if (number < least[b]) least[b] = number;
        if (number > most[b]) most[b] = number;
    }
}

static void fill(const struct cli_view *view, const struct grid *grid, struct row *row,
                 struct cli_picture *picture)
{
    const size_t plane = (size_t)picture->width * picture->height;
    for (uint64_t c = 0; c < view->channels; c++) {
        uint64_t channel = view->first_channel + c;
        bool own = cli_view_tiles(view) > 1, opacity = !own && c == CLI_MAX_IMAGE_CHANNELS - 1;
        struct cli_range none = {1, 0}, *range = opacity ? &none : &picture->range[own ? c : 0];
        if (view->look == CLI_CURVE) {
            find_extremes(grid, channel, view->box, row, range, plane,
                          picture->number + 2 * c * plane);
            continue;
        }
        for (uint32_t y = 0; y < picture->height; y++)
            average(grid, channel, y * view->box, view->box, row, range,
                    picture->number + c * plane + (size_t)y * picture->width);
    }
}

shs_status cli_picture_make(const struct cli_view *view, enum cli_stage stage, const void *sample,
                            struct cli_picture *picture)
{
    struct grid grid;
    struct row row = {0};
    find_grid(view, stage, sample, &grid);
    size_t tiles = (size_t)cli_view_tiles(view), numbers;
    *picture = (struct cli_picture){
        .width = (uint32_t)(grid.width / view->box + (grid.width % view->box != 0)),
        .height = (uint32_t)(grid.height / view->box + (grid.height % view->box != 0)),
        .planes = (size_t)view->channels * (view->look == CLI_CURVE ? 2 : 1)};
    numbers = picture->planes * picture->width * picture->height;
    shs_status status = core_new(numbers, sizeof(double), "a tile", &picture->number);
    if (!status) status = core_new(tiles, sizeof *picture->range, "a tile", &picture->range);
    if (!status) status = core_new((size_t)grid.width, sizeof(double), "a row", &row.number);
    if (!status) status = core_new((size_t)grid.width, sizeof(uint64_t), "a row", &row.key);
    for (size_t i = 0; i < tiles && !status; i++)
        picture->range[i] = (struct cli_range){__builtin_inf(), -__builtin_inf()};
    if (!status) fill(view, &grid, &row, picture);
    core_free(&row.number);
    core_free(&row.key);
    return status;
}

void cli_picture_free(struct cli_picture *picture)
{
    core_free(&picture->number);
    core_free(&picture->range);
}

/* ---- drawing */

/* Returns where a number lies in a range, as 0 to 1 if it lies inside. Halves are taken first, so
 * that no difference is too large for a double. */
static double part_of(struct cli_range range, double number)
{
    double whole = range.most * 0.5 - range.least * 0.5;
    if (!is_finite(number)) return number > 0 ? 1 : 0;
    return whole > 0 ? (number * 0.5 - range.least * 0.5) / whole : 0;
}

/* Returns the opacity of a pixel, 1 if there is none. Only whole numbers have an opacity. */
static double opacity_of(const struct cli_view *view, enum cli_stage stage,
                         const struct cli_picture *picture, size_t at, size_t plane)
{
    shs_type type = view->sample[stage]->type;
    if (picture->planes < CLI_MAX_IMAGE_CHANNELS || (type != SHS_U8 && type != SHS_U16)) return 1;
    return picture->number[at + 3 * plane] / (type == SHS_U8 ? 255 : 65535);
}

/* Colours of a see-through pixel are those on white paper. */
static struct cli_colour mix_colours(const struct cli_view *view, enum cli_stage stage,
                                     const struct cli_picture *picture, struct cli_range range,
                                     size_t at)
{
    const size_t plane = (size_t)picture->width * picture->height;
    double opacity = opacity_of(view, stage, picture, at, plane), part[3];
    for (size_t c = 0; c < 3; c++) {
        double number = picture->number[at + c * plane];
        if (number != number) return cli_nan_colour;
        part[c] = opacity * part_of(range, number) + (1 - opacity);
    }
    return (struct cli_colour){cli_grey(part[0]).red, cli_grey(part[1]).red, cli_grey(part[2]).red};
}

static struct cli_colour find_colour(const struct cli_view *view, enum cli_stage stage,
                                     const struct cli_picture *picture, uint64_t tile,
                                     struct cli_range range, size_t at)
{
    if (view->look == CLI_RGB) return mix_colours(view, stage, picture, range, at);
    double number = picture->number[tile * picture->width * picture->height + at];
    if (number != number) return cli_nan_colour;
    double part = part_of(range, number);
    return view->look == CLI_MAP ? cli_viridis(part) : cli_grey(part);
}

static void draw_box(struct cli_sheet *sheet, uint32_t x, uint32_t y, uint32_t width,
                     uint32_t height, struct cli_colour colour)
{
    for (uint32_t down = 0; down < height; down++)
        for (uint32_t right = 0; right < width; right++)
            cli_sheet_dot(sheet, x + right, y + down, colour);
}

static void draw_image(const struct cli_view *view, enum cli_stage stage,
                       const struct cli_picture *picture, uint64_t tile, struct cli_range range,
                       struct cli_sheet *sheet, uint32_t x, uint32_t y)
{
    for (uint32_t down = 0; down < picture->height; down++)
        for (uint32_t right = 0; right < picture->width; right++) {
            size_t at = (size_t)down * picture->width + right;
            draw_box(sheet, x + right * view->zoom, y + down * view->zoom, view->zoom, view->zoom,
                     find_colour(view, stage, picture, tile, range, at));
        }
}

/* Returns the row of pixels of a number, counted from the top of a tile. */
static uint32_t row_of(const struct cli_view *view, struct cli_range range, double number)
{
    double part = part_of(range, number);
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    return (uint32_t)((1 - part) * (view->tile_height - 1) + 0.5);
}

/* Returns a number at a column of pixels: between two numbers of the signal there is a straight
 * line. */
static double number_at(const double *number, uint32_t count, uint32_t zoom, uint32_t column)
{
    uint32_t i = column / zoom, rest = column % zoom;
    if (!rest || i + 1 >= count || number[i + 1] != number[i + 1]) return number[i];
    return number[i] + (number[i + 1] - number[i]) * ((double)rest / zoom);
}

static void draw_curve(const struct cli_view *view, const struct cli_picture *picture,
                       uint64_t tile, struct cli_range range, struct cli_sheet *sheet, uint32_t x,
                       uint32_t y)
{
    const double *least = picture->number + 2 * tile * picture->width;
    const double *most = least + picture->width;
    uint32_t columns = picture->width * view->zoom, former_top = 0, former_bottom = 0;
    bool joins = false;
    draw_box(sheet, x, y, view->tile_width, view->tile_height, cli_pale);
    for (uint32_t column = 0; column < columns; column++) {
        double low = number_at(least, picture->width, view->zoom, column);
        double high = number_at(most, picture->width, view->zoom, column);
        if (low != low) {
            draw_box(sheet, x + column, y, 1, view->tile_height, cli_nan_colour);
            joins = false;
            continue;
        }
        uint32_t top = row_of(view, range, high), bottom = row_of(view, range, low);
        if (joins && top > former_bottom) top = former_bottom;
        if (joins && bottom < former_top) bottom = former_top;
        draw_box(sheet, x + column, y + top, 1, bottom - top + 1, cli_blue);
        former_top = row_of(view, range, high);
        former_bottom = row_of(view, range, low);
        joins = true;
    }
}

void cli_picture_draw(const struct cli_view *view, enum cli_stage stage,
                      const struct cli_picture *picture, uint64_t tile, struct cli_range range,
                      struct cli_sheet *sheet, uint32_t x, uint32_t y)
{
    if (view->look == CLI_CURVE)
        draw_curve(view, picture, tile, range, sheet, x, y);
    else
        draw_image(view, stage, picture, tile, range, sheet, x, y);
}
