/* The operators resize and random_resized_crop. */
#include "augment_moves.h"
#include "augment_sampling.h"
#include "augment_slab.h"
#include "grid_resize.h"
#include "random_math.h"

/* The words of a parameter `how`, in the order of enum grid_how_resized. */
#define HOW_WORDS "nearest bilinear area"

/* What `help` says of resizing. */
#define RESIZE_COMPUTES                                                                            \
    "An axis of n elements gets N: nearest takes element floor((2 * i + 1) * n / (2 * N)) for "    \
    "element i. bilinear computes in f64 s = n / N, r = 1 / max(s, 1) and c = (i + 0.5) * s, and " \
    "gives element k the weight 1 - d with d = |(k + 0.5) - c| * r where d < 1: a triangle, "      \
    "which "                                                                                       \
    "is wider than an element where the image shrinks. area gives element k the weight of its "    \
    "overlap min((k + 1) * N, (i + 1) * n) - max(k * N, i * n), where that is above 0. The "       \
    "weights of i are divided by their sum in f64, which is taken in ascending order of k, and "   \
    "rounded to the type in which elements are computed. The height is resized first: "            \
    "w0 * x0 + w1 * x1 + ... in ascending order of k; then the width in the same way, from these " \
    "sums. A field's [nearest] or [bilinear] holds in place of how. " AUGMENT_COMPUTED_IN          \
        AUGMENT_MISSING_IN_SUMS

/* The settings of both operators begin with this struct. */
struct resize_setting {
    struct augment_wholes size;
    int how; /* a value of enum grid_how_resized */
};

/* How a field is resized: as it says itself, else as the parameter `how` says. */
static enum grid_how_resized how_of(const struct augment_bound *bound, int word)
{
    if (bound->interpolation == AUGMENT_NEAREST) return GRID_RESIZE_NEAREST;
    if (bound->interpolation == AUGMENT_BILINEAR) return GRID_RESIZE_BILINEAR;
    return (enum grid_how_resized)word;
}

static struct grid_resizing resizing_of(const struct augment_bound *bound)
{
    size_t y = (size_t)augment_axis_of(bound->grid.layout, 'h');
    return (struct grid_resizing){augment_images_of(bound), (size_t)bound->after.shape[y],
                                  (size_t)bound->after.shape[y + 1]};
}

static size_t resize_bytes(const struct augment_bound *bound)
{
    const struct grid_resizing resizing = resizing_of(bound);
    return grid_resizing_bytes(&resizing);
}

/* Resizes a part of each image. `how` is the parameter. */
static void resize_box(const struct augment_bound *bound, int how, const struct grid_box *box,
                       const void *input, void *output, void *scratch)
{
    const struct grid_resizing resizing = resizing_of(bound);
    grid_resize_box(&resizing, how_of(bound, how), box, input, output, scratch);
}

static shs_status bind_resize(const struct augment_call *call, void *setting,
                              struct augment_bound *bound)
{
    const struct resize_setting *resize = setting;
    struct augment_found found;
    uint64_t sizes[SHS_MAX_AXES];
    bool computed = how_of(bound, resize->how) != GRID_RESIZE_NEAREST;
    shs_status status = augment_check_sampled(call, bound, AUGMENT_MOST_EXTENT, computed);
    if (!status) status = augment_find_axes(call, bound, NULL, "hw", &found);
    if (!status) status = augment_sizes_of(call, bound, &resize->size, "size", &found, sizes);
    for (uint32_t i = 0; i < found.count && !status; i++)
        bound->after.shape[found.axis[i]] = sizes[i];
    return status;
}

static void apply_resize(const struct augment_bound *bound, const void *draw, const void *input,
                         void *output, void *scratch)
{
    const struct resize_setting *setting = bound->setting;
    const struct grid_box all = {0, 0, (uint32_t)bound->grid.height, (uint32_t)bound->grid.width};
    (void)draw;
    resize_box(bound, setting->how, &all, input, output, scratch);
}

#define SIZE_PARAMETER(type, member)                                                               \
    {                                                                                              \
        .name = "size", AUGMENT_MEMBER(type, member), .least = 1, .most = AUGMENT_MOST_EXTENT,     \
        .example = "4",                                                                            \
        .help = "The height and the width of the result: one number for both, or [height,width]."  \
    }

#define HOW_PARAMETER(type, member)                                                                \
    {                                                                                              \
        .name = "how", AUGMENT_MEMBER(type, member), .words = HOW_WORDS, .otherwise = "bilinear",  \
        .help = "The nearest element; a mean by distance, over all elements where the image "      \
                "shrinks (antialias); or the mean over the area that an element covers."           \
    }

static const struct augment_parameter resize_parameters[] = {
    SIZE_PARAMETER(struct resize_setting, size),
    HOW_PARAMETER(struct resize_setting, how),
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_resize = {
    .name = "resize",
    .help = "Resizes height and width to any size.",
    .computes = RESIZE_COMPUTES,
    .needs = AUGMENT_NEEDS_IMAGE,
    .setting_bytes = sizeof(struct resize_setting),
    .parameters = resize_parameters,
    .bind = bind_resize,
    .apply = apply_resize,
    .slab_axis = augment_slab_of_images,
    .scratch_bytes = resize_bytes,
};

/* ---- random_resized_crop */

struct resized_crop_setting {
    struct resize_setting resize;
    struct augment_range scale, ratio;
};

/* Rounds a number that is not negative half to even. */
static double rounded(double x)
{
    return (x + 0x1p52) - 0x1p52;
}

/* The part of an image whose ratio is the nearest to those that are wanted. */
static struct grid_box central_box(const struct augment_grid *grid,
                                   const struct augment_range *ratio)
{
    double height = (double)grid->height, width = (double)grid->width;
    struct grid_box box = {0, 0, (uint32_t)grid->height, (uint32_t)grid->width};
    if (width / height < ratio->low) {
        double wanted = rounded(width / ratio->low);
        box.height = wanted < 1 ? 1 : wanted < height ? (uint32_t)wanted : (uint32_t)height;
    } else if (width / height > ratio->high) {
        double wanted = rounded(height * ratio->high);
        box.width = wanted < 1 ? 1 : wanted < width ? (uint32_t)wanted : (uint32_t)width;
    }
    box.top = ((uint32_t)grid->height - box.height) / 2;
    box.left = ((uint32_t)grid->width - box.width) / 2;
    return box;
}

static void draw_resized_crop(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    enum {
        ATTEMPTS = 10
    };
    const struct resized_crop_setting *setting = bound->setting;
    const struct augment_grid *grid = &bound->grid;
    double height = (double)grid->height, width = (double)grid->width;
    const struct augment_range logs = {random_log(setting->ratio.low),
                                       random_log(setting->ratio.high)};
    struct grid_box *box = draw;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        double area = height * width * augment_draw_range(stream, &setting->scale);
        double ratio = random_exp(augment_draw_range(stream, &logs));
        double wide = rounded(random_sqrt(area * ratio)), high = rounded(random_sqrt(area / ratio));
        if (wide < 1 || wide > width || high < 1 || high > height) continue;
        box->height = (uint32_t)high;
        box->width = (uint32_t)wide;
        box->top = shs_random_below(stream, (uint32_t)grid->height - box->height + 1);
        box->left = shs_random_below(stream, (uint32_t)grid->width - box->width + 1);
        return;
    }
    *box = central_box(grid, &setting->ratio);
}

static void apply_resized_crop(const struct augment_bound *bound, const void *draw,
                               const void *input, void *output, void *scratch)
{
    const struct resized_crop_setting *setting = bound->setting;
    resize_box(bound, setting->resize.how, draw, input, output, scratch);
}

/* Parts that are drawn in vain become the middle, which may be the whole image. */
static void extend_resized_crop(const struct augment_bound *bound, struct augment_extent *extent)
{
    const struct resized_crop_setting *setting = bound->setting;
    double side = random_sqrt((setting->scale.low + setting->scale.high) / 2);
    uint32_t y = (uint32_t)augment_axis_of(bound->grid.layout, 'h');
    for (uint32_t axis = y; axis < y + 2; axis++) {
        extent->size[axis] = (uint64_t)((double)extent->most[axis] * side) + 1;
        extent->cut[axis] = true;
    }
}

/* The part is an image of its own, so the box is the part, and all of the box is resized. */
static void reach_resized_crop(const struct augment_bound *bound, const void *draw,
                               struct core_box *reach, void *own)
{
    const struct grid_box *box = draw;
    uint32_t y = (uint32_t)augment_axis_of(bound->grid.layout, 'h');
    reach->begin[y] = box->top;
    reach->size[y] = box->height;
    reach->begin[y + 1] = box->left;
    reach->size[y + 1] = box->width;
    *(struct grid_box *)own = (struct grid_box){0, 0, box->height, box->width};
}

static void tell_resized_crop(const struct augment_bound *bound, const void *draw,
                              struct augment_told *told)
{
    const struct grid_box *box = draw;
    (void)bound;
    augment_tell_whole(told, "y", "elements", box->top);
    augment_tell_whole(told, "x", "elements", box->left);
    augment_tell_whole(told, "height", "elements", box->height);
    augment_tell_whole(told, "width", "elements", box->width);
}

static const struct augment_parameter resized_crop_parameters[] = {
    SIZE_PARAMETER(struct resized_crop_setting, resize.size),
    {
        .name = "scale",
        AUGMENT_MEMBER(struct resized_crop_setting, scale),
        .least = 0,
        .most = 1,
        .otherwise = "0.08..1",
        .help = "The area of the part, as a fraction of the image's area.",
    },
    {
        .name = "ratio",
        AUGMENT_MEMBER(struct resized_crop_setting, ratio),
        .least = 1e-3,
        .most = 1e3,
        .otherwise = "0.75..1.3333333333333333",
        .help = "The width of the part divided by its height.",
    },
    HOW_PARAMETER(struct resized_crop_setting, resize.how),
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

const struct augment_kind augment_random_resized_crop = {
    .name = "random_resized_crop",
    .help = "Cuts a part of random area and ratio out at a random place, and resizes it.",
    .computes = "The part is an image of its own: nothing around it counts. " RESIZE_COMPUTES,
    .draws =
        "up to 10 times: area = (height * width) * A in f64, with A from the range scale; ratio = "
        "exp(L), with L from the range log(low)..log(high) of ratio; w = sqrt(area * ratio) and h "
        "= sqrt(area / ratio), both rounded half to even; if 1 <= w <= width and 1 <= h <= height, "
        "then top = below(height - h + 1) and left = below(width - w + 1), and it is done. If all "
        "fail, the part is the middle, and nothing more is drawn: w = width and h = height, but if "
        "width / height is below low, h is width / low, and if it is above high, w is height * "
        "high, rounded half to even and at least 1; top = floor((height - h) / 2), left = "
        "floor((width - w) / 2).",
    .needs = AUGMENT_NEEDS_IMAGE,
    .aspects = AUGMENT_BY_EXTENT,
    .setting_bytes = sizeof(struct resized_crop_setting),
    .draw_bytes = sizeof(struct grid_box),
    .parameters = resized_crop_parameters,
    .bind = bind_resize, /* the settings begin with those of resize */
    .draw = draw_resized_crop,
    .apply = apply_resized_crop,
    .extent = extend_resized_crop,
    .reach = reach_resized_crop,
    .slab_axis = augment_slab_of_images,
    .scratch_bytes = resize_bytes,
    .tell = tell_resized_crop,
};
