/* The operators random_rotation and random_affine. */
#include "augment_vectors.h"
#include "augment_warp.h"
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

/* Binds an operator that turns components of vectors in the plane of the image. */
static shs_status bind_plane(const struct augment_call *call, void *setting,
                             struct augment_vectors_setting *vectors, struct augment_bound *bound)
{
    const char *layout = bound->grid.layout;
    const struct augment_found plane = {
        2, {(uint32_t)augment_axis_of(layout, 'x'), (uint32_t)augment_axis_of(layout, 'y')}};
    shs_status status = augment_warp_bind(call, setting, bound);
    return status ? status : augment_vectors_bind(call, vectors, &plane, bound);
}

static shs_status bind_rotation(const struct augment_call *call, void *setting,
                                struct augment_bound *bound)
{
    return bind_plane(call, setting, &((struct rotation_setting *)setting)->vectors, bound);
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

/* Turns components of vectors as their places are turned. */
static struct augment_component_map turn_of_plane(double cosine, double sine)
{
    return (struct augment_component_map){"xy", {cosine, -sine, sine, cosine}};
}

static void turn_vectors(const struct augment_bound *bound, const void *draw, void *const *samples)
{
    const struct augment_warps *warps = draw;
    const struct rotation_draw *drawn = (const void *)warps->one[0].draw;
    double cosine, sine;
    random_turn_of_degrees(drawn->degrees, &cosine, &sine);
    const struct augment_component_map map = turn_of_plane(cosine, sine);
    augment_vectors_map(bound, &map, samples);
}

static void tell_rotation(const struct augment_bound *bound, const void *draw,
                          struct core_text *text)
{
    const struct rotation_draw *drawn = draw;
    (void)bound;
    core_text_add(text, "degrees=");
    core_text_add_double(text, drawn->degrees);
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
    "The factors are rounded to the type of the elements, and so is each operation; factors 1, "   \
    "0, "                                                                                          \
    "0 and 1 change no byte. A tensor is mapped so along i, then along j."

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
    struct augment_range degrees, translate, scale, shear;
    struct augment_vectors_setting vectors;
    int components_by; /* a value of enum components_by */
};

struct affine_draw {
    double degrees, right, down, scale, shear;
};

static shs_status bind_affine(const struct augment_call *call, void *setting,
                              struct augment_bound *bound)
{
    return bind_plane(call, setting, &((struct affine_setting *)setting)->vectors, bound);
}

static void draw_affine(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct affine_setting *setting = bound->setting;
    struct affine_draw *drawn = draw;
    drawn->degrees = augment_draw_range(stream, &setting->degrees);
    drawn->right = augment_draw_range(stream, &setting->translate);
    drawn->down = augment_draw_range(stream, &setting->translate);
    drawn->scale = augment_draw_range(stream, &setting->scale);
    drawn->shear = augment_draw_range(stream, &setting->shear);
}

/* The inverse of a shear along x, then a scale, then a turn, then a shift. */
static void warp_affine(const struct augment_warped *warped, const void *draw,
                        struct grid_warp *warp)
{
    const struct affine_draw *drawn = draw;
    double cosine, sine, along, across;
    random_turn_of_degrees(drawn->degrees, &cosine, &sine);
    random_turn_of_degrees(drawn->shear, &along, &across);
    double slope = across / along;
    const double turn[4] = {(cosine + slope * sine) / drawn->scale,
                            (sine - slope * cosine) / drawn->scale, -sine / drawn->scale,
                            cosine / drawn->scale};
    double right = drawn->right * (double)warped->width,
           down = drawn->down * (double)warped->height;
    const double offset[2] = {-(turn[0] * right + turn[1] * down),
                              -(turn[2] * right + turn[3] * down)};
    grid_warp_add(warp, turn, offset);
}

/* Maps components of vectors forward, as a flow's velocities change where places are moved. */
static void map_vectors(const struct augment_bound *bound, const void *draw, void *const *samples)
{
    const struct affine_setting *setting = bound->setting;
    const struct augment_warps *warps = draw;
    const struct affine_draw *drawn = (const void *)warps->one[0].draw;
    double cosine, sine, along, across, scale = drawn->scale;
    random_turn_of_degrees(drawn->degrees, &cosine, &sine);
    random_turn_of_degrees(drawn->shear, &along, &across);
    double slope = across / along;
    struct augment_component_map map = turn_of_plane(cosine, sine);
    if (setting->components_by == BY_MAP)
        map = (struct augment_component_map){"xy",
                                             {scale * cosine, scale * (cosine * slope - sine),
                                              scale * sine, scale * (sine * slope + cosine)}};
    augment_vectors_map(bound, &map, samples);
}

static void tell_affine(const struct augment_bound *bound, const void *draw, struct core_text *text)
{
    const struct affine_draw *drawn = draw;
    const struct {
        const char *name;
        double value;
    } values[] = {{"degrees=", drawn->degrees},
                  {", x=", drawn->right},
                  {", y=", drawn->down},
                  {", scale=", drawn->scale},
                  {", shear=", drawn->shear}};
    (void)bound;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        core_text_add(text, "%s", values[i].name);
        core_text_add_double(text, values[i].value);
    }
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
        .help = "The shift, as a fraction of the width to the right, and of the height downwards.",
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
    .help = "Shears, scales and turns an image about its centre, then shifts it, all by random "
            "amounts. Components of vectors are turned along.",
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
    .draws = "degrees from its range; x, then y, each from the range translate; scale; shear; all "
             "of them always.",
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
    .scratch_bytes = augment_warp_bytes,
    .warp = warp_affine,
    .tell = tell_affine,
};
