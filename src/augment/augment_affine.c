/* The operators random_rotation and random_affine. */
#include <string.h>

#include "augment_slab.h"
#include "augment_vectors.h"
#include "augment_volume.h"
#include "grid_volume.h"
#include "random_math.h"

/* ---- random_rotation */

struct rotation_setting {
    struct augment_warp_setting warp;
    struct augment_range degrees;
    struct augment_vectors_setting vectors;
};

struct rotation_draw {
    double degrees;
};

/* Binds an operator that turns components of vectors in the plane of the image, or in space. */
static shs_status bind_turned(const struct augment_call *call, void *setting,
                              struct augment_vectors_setting *vectors, struct augment_bound *bound)
{
    const struct augment_warp_setting *warp = setting;
    const char *layout = bound->grid.layout;
    shs_status status = augment_warp_bind(call, setting, bound);
    struct augment_found found = {
        2, {(uint32_t)augment_axis_of(layout, 'x'), (uint32_t)augment_axis_of(layout, 'y')}};
    if (!status && warp->is_volume)
        found.axis[found.count++] = (uint32_t)augment_axis_of(layout, 'z');
    return status ? status : augment_vectors_bind(call, vectors, &found, bound);
}

static shs_status bind_rotation(const struct augment_call *call, void *setting,
                                struct augment_bound *bound)
{
    return bind_turned(call, setting, &((struct rotation_setting *)setting)->vectors, bound);
}

static void draw_rotation(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct rotation_setting *setting = bound->setting;
    ((struct rotation_draw *)draw)->degrees = augment_draw_range(stream, &setting->degrees);
}

static void warp_rotation(const struct augment_warped *warped, const void *draw,
                          struct grid_warp *warp)
{
    const struct rotation_draw *drawn = draw;
    static const double offset[2];
    double cosine, sine;
    (void)warped;
    random_turn_of_degrees(drawn->degrees, &cosine, &sine);
    const double turn[4] = {cosine, sine, -sine, cosine};
    grid_warp_add(warp, turn, offset);
}

static void turn_vectors(const struct augment_bound *bound, const void *draw, void *const *samples)
{
    const struct augment_warps *warps = draw;
    const struct rotation_draw *drawn = (const void *)warps->one[0].draw;
    double cosine, sine;
    random_turn_of_degrees(drawn->degrees, &cosine, &sine);
    const struct augment_component_map map = {"xy", {cosine, -sine, sine, cosine}};
    augment_vectors_map(bound, &map, samples);
}

static void tell_rotation(const struct augment_bound *bound, const void *draw,
                          struct augment_told *told)
{
    const struct rotation_draw *drawn = draw;
    (void)bound;
    augment_tell_number(told, "degrees", "degrees", AUGMENT_ALL_DIGITS, drawn->degrees);
}

#define DEGREES_PARAMETER(type)                                                                    \
    {                                                                                              \
        .name = "degrees", AUGMENT_MEMBER(type, degrees), .least = -360, .most = 360,              \
        .example = "-15..15",                                                                      \
        .help = "The angle. Positive angles turn x towards y: clockwise where rows go downwards."  \
    }

static const struct augment_parameter rotation_parameters[] = {
    DEGREES_PARAMETER(struct rotation_setting),
    AUGMENT_WARP_PARAMETERS(struct rotation_setting),
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    AUGMENT_VECTORS_PARAMETERS(struct rotation_setting),
    {0},
};

#define TURN_COMPUTES                                                                              \
    "C and S are cosine and sine of trunc(degrees / 360 * 2^53) modulo 2^53 turns of 2^-53, as "   \
    "for the normals of random.h. "

/* The last sentences on vectors of operators that map their components. */
#define MAPPED                                                                                     \
    "Factors that are those of the identity change no byte. Others are rounded to the type "       \
    "of the elements, and so is each operation; a result that is NaN has the bits above. A "       \
    "tensor is mapped so along i, then along j."

const struct augment_kind augment_random_rotation = {
    .name = "random_rotation",
    .help = "Turns an image about its centre by a random angle. Components of vectors are turned "
            "along.",
    .computes = TURN_COMPUTES
    "The map A has the rows (C, S) and (-S, C), and v is 0. " AUGMENT_WARP_COMPUTES
    " Then the components u along x and w along y of a vector become C * u - S * w and S * u + C * "
    "w, with -S in place of S if only one of x and y is among the axes of against=. " MAPPED,
    .draws = "degrees from its range.",
    .needs = AUGMENT_NEEDS_IMAGE,
    .setting_bytes = sizeof(struct rotation_setting),
    .draw_bytes = sizeof(struct rotation_draw),
    .parameters = rotation_parameters,
    .turns = true,
    .vectors_at = offsetof(struct rotation_setting, vectors),
    .turn_components = turn_vectors,
    .bind = bind_rotation,
    .draw = draw_rotation,
    .apply = augment_warp_apply,
    .slab_axis = augment_slab_of_images,
    .scratch_bytes = augment_warp_bytes,
    .warp = warp_rotation,
    .tell = tell_rotation,
};

/* ---- random_affine */

/* How components of vectors change: by the map of places, or only by its rotation. */
enum components_by {
    BY_MAP,
    BY_ROTATION
};

struct affine_setting {
    struct augment_warp_setting warp;
    struct augment_range degrees, degrees_y, degrees_x, translate, scale, shear;
    struct augment_vectors_setting vectors;
    int components_by; /* a value of enum components_by */
};

struct affine_draw {
    double degrees, right, down, scale, shear;
    double degrees_y, degrees_x, deep; /* of volumes */
};

static shs_status bind_affine(const struct augment_call *call, void *setting,
                              struct augment_bound *bound)
{
    struct affine_setting *affine = setting;
    shs_status status = bind_turned(call, setting, &affine->vectors, bound);
    bool given = augment_range_given(&affine->degrees_y) || augment_range_given(&affine->degrees_x);
    if (status || affine->warp.is_volume || !given) return status;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s of field %s: degrees_y and degrees_x turn "
                     "volumes; add axes=zyx, or leave them out",
                     call->at, call->name, bound->before.name);
}

/* Draws an angle about an axis, whose range is that of `degrees` if it is not given. */
static double draw_angle(const struct affine_setting *setting, const struct augment_range *range,
                         shs_random *stream)
{
    return augment_draw_range(stream, augment_range_given(range) ? range : &setting->degrees);
}

static void draw_affine(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct affine_setting *setting = bound->setting;
    struct affine_draw *drawn = draw;
    drawn->degrees = augment_draw_range(stream, &setting->degrees);
    if (setting->warp.is_volume) {
        drawn->degrees_y = draw_angle(setting, &setting->degrees_y, stream);
        drawn->degrees_x = draw_angle(setting, &setting->degrees_x, stream);
    }
    drawn->right = augment_draw_range(stream, &setting->translate);
    drawn->down = augment_draw_range(stream, &setting->translate);
    if (setting->warp.is_volume) drawn->deep = augment_draw_range(stream, &setting->translate);
    drawn->scale = augment_draw_range(stream, &setting->scale);
    drawn->shear = augment_draw_range(stream, &setting->shear);
}

/* ---- The map of random_affine: a shear along x, then a scale, then a rotation, then a shift. */

/* A map without its shift. */
struct affine_map {
    double turn[9]; /* the rotation of (x, y, z), row by row */
    double scale, slope;
};

static void multiply(const double a[9], const double b[9], double product[9])
{
    for (size_t i = 0; i < 9; i++) {
        const double *row = a + i / 3 * 3, *column = b + i % 3;
        product[i] = (row[0] * column[0] + row[1] * column[3]) + row[2] * column[6];
    }
}

/* About x, then about y, then about z. */
static void turn_in_space(const struct affine_draw *drawn, double turn[9])
{
    double c, s, both[9], about_z[9];
    memcpy(about_z, turn, sizeof about_z);
    random_turn_of_degrees(drawn->degrees_y, &c, &s);
    const double about_y[9] = {c, 0, s, 0, 1, 0, -s, 0, c};
    random_turn_of_degrees(drawn->degrees_x, &c, &s);
    const double about_x[9] = {1, 0, 0, 0, c, -s, 0, s, c};
    multiply(about_y, about_x, both);
    multiply(about_z, both, turn);
}

static struct affine_map map_of(const struct affine_setting *setting,
                                const struct affine_draw *drawn)
{
    double c, s, along, across;
    random_turn_of_degrees(drawn->degrees, &c, &s);
    random_turn_of_degrees(drawn->shear, &along, &across);
    struct affine_map map = {
        .turn = {c, -s, 0, s, c, 0, 0, 0, 1}, .scale = drawn->scale, .slope = across / along};
    if (setting->warp.is_volume) turn_in_space(drawn, map.turn);
    return map;
}

/* The inverse, with which the places of the result see those of the sample. */
static void warp_affine(const struct augment_warped *warped, const void *draw,
                        struct grid_warp *warp)
{
    const struct affine_setting *setting = warped->setting;
    const struct affine_draw *drawn = draw;
    const struct affine_map map = map_of(setting, drawn);
    const double shift[3] = {drawn->right * (double)warped->width,
                             drawn->down * (double)warped->height,
                             drawn->deep * (double)warped->depth};
    double back[9], offset[3];
    for (size_t j = 0; j < 3; j++) {
        const double *turn = map.turn + 3 * j;
        back[j] = (turn[0] - map.slope * turn[1]) / map.scale;
        back[3 + j] = turn[1] / map.scale;
        back[6 + j] = turn[2] / map.scale;
    }
    for (size_t i = 0; i < 3; i++) {
        const double *row = back + 3 * i;
        offset[i] = -((row[0] * shift[0] + row[1] * shift[1]) + row[2] * shift[2]);
    }
    if (setting->warp.is_volume)
        grid_volume_add(warp, back, offset);
    else
        grid_warp_add(warp, (const double[]){back[0], back[1], back[3], back[4]}, offset);
}

/* Maps components of vectors forward, as a flow's velocities change where places are moved. */
static void map_vectors(const struct augment_bound *bound, const void *draw, void *const *samples)
{
    const struct affine_setting *setting = bound->setting;
    const struct augment_warps *warps = draw;
    const struct affine_map map = map_of(setting, (const void *)warps->one[0].draw);
    struct augment_component_map of = {.axes = setting->warp.is_volume ? "xyz" : "xy"};
    size_t axes = strlen(of.axes);
    for (size_t i = 0; i < axes; i++) {
        const double *turn = map.turn + 3 * i;
        const double by_map[3] = {map.scale * turn[0], map.scale * (turn[0] * map.slope + turn[1]),
                                  map.scale * turn[2]};
        memcpy(of.by + axes * i, setting->components_by == BY_MAP ? by_map : turn,
               axes * sizeof *of.by);
    }
    augment_vectors_map(bound, &of, samples);
}

static void tell_affine(const struct augment_bound *bound, const void *draw,
                        struct augment_told *told)
{
    const struct affine_setting *setting = bound->setting;
    const struct affine_draw *drawn = draw;
    const struct {
        const char *name, *unit;
        double value;
        bool of_volume;
    } values[] = {{"degrees", "degrees", drawn->degrees, false},
                  {"degrees_y", "degrees", drawn->degrees_y, true},
                  {"degrees_x", "degrees", drawn->degrees_x, true},
                  {"x", "widths", drawn->right, false},
                  {"y", "heights", drawn->down, false},
                  {"z", "depths", drawn->deep, true},
                  {"scale", "", drawn->scale, false},
                  {"shear", "degrees", drawn->shear, false}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (!values[i].of_volume || setting->warp.is_volume)
            augment_tell_number(told, values[i].name, values[i].unit, AUGMENT_ALL_DIGITS,
                                values[i].value);
}

_Static_assert(sizeof(struct affine_draw) <= AUGMENT_WARP_DRAW_BYTES, "draws fit");

static const struct augment_parameter affine_parameters[] = {
    DEGREES_PARAMETER(struct affine_setting),
    {
        .name = "translate",
        AUGMENT_MEMBER(struct affine_setting, translate),
        .least = -1,
        .most = 1,
        .otherwise = "0..0",
        .help = "The shift, as a fraction of the width to the right, of the height downwards, and "
                "of the depth of a volume.",
    },
    {
        .name = "scale",
        AUGMENT_MEMBER(struct affine_setting, scale),
        .least = 0.01,
        .most = 100,
        .otherwise = "1..1",
        .help = "The factor by which the image is enlarged.",
    },
    {
        .name = "shear",
        AUGMENT_MEMBER(struct affine_setting, shear),
        .least = -80,
        .most = 80,
        .otherwise = "0..0",
        .help = "The angle of a shear along x, in degrees, before the image is turned.",
    },
    AUGMENT_WARP_PARAMETERS(struct affine_setting),
    AUGMENT_VOLUME_PARAMETER(struct affine_setting),
    {
        .name = "degrees_y",
        AUGMENT_MEMBER(struct affine_setting, degrees_y),
        .least = -360,
        .most = 360,
        .otherwise = "",
        .help = "The angle about the axis y of a volume, which turns z towards x; that of degrees "
                "without it.",
    },
    {
        .name = "degrees_x",
        AUGMENT_MEMBER(struct affine_setting, degrees_x),
        .least = -360,
        .most = 360,
        .otherwise = "",
        .help = "The angle about the axis x of a volume, which turns y towards z; that of degrees "
                "without it.",
    },
    AUGMENT_CHANCE_PARAMETER,
    AUGMENT_LAYOUT_PARAMETER,
    AUGMENT_VECTORS_PARAMETERS(struct affine_setting),
    {
        .name = "components_by",
        AUGMENT_MEMBER(struct affine_setting, components_by),
        .words = "map rotation",
        .otherwise = "map",
        .is_later = true,
        .help = "How the components of vectors change: by the map of places (an enlarged flow is "
                "faster, and a flow without sources stays so under a shear), or only by its "
                "rotation (the elements shrink instead, and speeds stay).",
    },
    {0},
};

const struct augment_kind augment_random_affine = {
    .name = "random_affine",
    .help =
        "Shears, scales and turns an image or a volume about its centre, then shifts it, all by "
        "random amounts. Components of vectors are turned along.",
    .computes = TURN_COMPUTES
    "With s = scale and the tangent T = sine / cosine of shear, made alike, the map A has the rows "
    "((C + T * S) / s, (S - T * C) / s) and (-S / s, C / s). With tx = x * width and ty = y * "
    "height, v is (-(A00 * tx + A01 * ty), -(A10 * tx + A11 * ty)). All is "
    "f64. " AUGMENT_WARP_COMPUTES
    " Then the components u along x and w along y of a vector become F00 * u + F01 * w and F10 * u "
    "+ F11 * w, where F has the rows (s * C, s * (C * T - S)) and (s * S, s * (S * T + C)), "
    "computed in f64: A is its inverse. With components_by=rotation the rows are (C, -S) and (S, "
    "C). F01 and F10 have the other sign if only one of x and y is among the axes of "
    "against=. " MAPPED,
    .volumes = AUGMENT_VOLUME_COMPUTES
    "R, the rotation of (x, y, z), is (C, -S, 0), (S, C, 0), (0, 0, 1) times the product of (Cy, "
    "0, "
    "Sy), (0, 1, 0), (-Sy, 0, Cy) and (1, 0, 0), (0, Cx, -Sx), (0, Sx, Cx), with sums of three, of "
    "degrees_y and degrees_x. Row 0 of A is (R00 - T * R01) / s, (R10 - T * R11) / s, (R20 - T * "
    "R21) / s; row 1 is R01 / s, R11 / s, R21 / s; row 2 is R02 / s, R12 / s, R22 / s; v0 is "
    "-((A00 * tx + A01 * ty) + A02 * tz) with tz = z * depth, v1 and v2 alike. Row i of F is (s * "
    "Ri0, s * (Ri0 * T + Ri1), s * Ri2), or that of R with components_by=rotation; Fij has the "
    "other sign if only one of the axes i and j is among those of against=.",
    .draws = "degrees from its range; with axes=zyx degrees_y, then degrees_x; x, then y, and with "
             "axes=zyx then z, each from the range translate; scale; shear; all of them always.",
    .needs = AUGMENT_NEEDS_IMAGE,
    .setting_bytes = sizeof(struct affine_setting),
    .draw_bytes = sizeof(struct affine_draw),
    .parameters = affine_parameters,
    .turns = true,
    .vectors_at = offsetof(struct affine_setting, vectors),
    .turn_components = map_vectors,
    .bind = bind_affine,
    .draw = draw_affine,
    .apply = augment_warp_apply,
    .slab_axis = augment_slab_of_images,
    .scratch_bytes = augment_warp_bytes,
    .warp = warp_affine,
    .tell = tell_affine,
};
