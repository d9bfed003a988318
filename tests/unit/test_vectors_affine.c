/* Components of vectors and tensors that random_affine maps along, against slow loops that are
 * written from its help alone. */
#include "augment_refused.h"
#include "random_math.h"
#include "vectors_scene.h"

static void turn_of(double degrees, double *cosine, double *sine)
{
    int64_t turned = (int64_t)trunc(degrees / 360 * 9007199254740992.0);
    random_turn((uint64_t)(turned < 0 ? turned + (INT64_C(1) << 53) : turned), cosine, sine);
}

static double draw_range(shs_random *stream, double low, double high)
{
    return low + shs_random_double(stream) * (high - low);
}

static const char values[] = "degrees=-360..360, translate=-0.1..0.2, scale=0.5..2, shear=-20..30";

/* The factors F00, F01, F10, F11 of `values`. */
static void slow_factors(shs_random *stream, bool by_rotation, double factor[4])
{
    double c, s, across, along;
    double degrees = draw_range(stream, -360, 360);
    (void)shs_random_double(stream);
    (void)shs_random_double(stream);
    double scale = draw_range(stream, 0.5, 2), shear = draw_range(stream, -20, 30);
    turn_of(degrees, &c, &s);
    turn_of(shear, &along, &across);
    double t = across / along;
    factor[0] = by_rotation ? c : scale * c;
    factor[1] = by_rotation ? -s : scale * (c * t - s);
    factor[2] = by_rotation ? s : scale * s;
    factor[3] = by_rotation ? c : scale * (s * t + c);
}

static double rounded(shs_type type, double x)
{
    return type == SHS_F32 ? (double)(float)x : x;
}

static double number_at(shs_type type, const void *elements, size_t at)
{
    return value_at(type, elements, at).real;
}

static void put_number(shs_type type, double number, void *elements, size_t at)
{
    if (type == SHS_F32)
        ((float *)elements)[at] = (float)number;
    else
        ((double *)elements)[at] = number;
}

/* Maps component `x` and component `y` of elements whose components lie `step` elements apart. */
static void slow_map(shs_type type, const double factor[4], size_t x, size_t y, size_t step,
                     size_t at, void *elements)
{
    double u = number_at(type, elements, at + x * step),
           w = number_at(type, elements, at + y * step), f[4];
    for (int i = 0; i < 4; i++)
        f[i] = rounded(type, factor[i]);
    put_number(type, rounded(type, rounded(type, f[0] * u) + rounded(type, f[1] * w)), elements,
               at + x * step);
    put_number(type, rounded(type, rounded(type, f[2] * u) + rounded(type, f[3] * w)), elements,
               at + y * step);
}

/* Maps the components along an axis i or j of a scene. */
static void slow_map_axis(const struct scene *scene, char letter, const double factor[4],
                          void *elements)
{
    int axis = axis_of(scene, letter);
    size_t step = 1, x = (size_t)(strchr(scene->components, 'x') - scene->components),
           y = (size_t)(strchr(scene->components, 'y') - scene->components);
    if (axis < 0) return;
    for (size_t a = strlen(scene->layout); a-- > (size_t)axis + 1;)
        step *= (size_t)scene->shape[a];
    for (size_t at = 0; at < elements_of(scene); at++)
        if (at / step % (size_t)scene->shape[axis] == 0)
            slow_map(scene->type, factor, x, y, step, at, elements);
}

static const struct scene scenes[] = {
    {"yxi", "xy", "", {5, 7, 2}, SHS_F32},       {"yxi", "yx", "y", {1, 1, 2}, SHS_F32},
    {"iyx", "xy", "x", {2, 9, 3}, SHS_F64},      {"tyxi", "yx", "xy", {2, 4, 6, 2}, SHS_F32},
    {"yxij", "xy", "y", {5, 5, 2, 2}, SHS_F64},  {"jtyxi", "yx", "", {2, 2, 3, 5, 2}, SHS_F32},
    {"izyx", "zxy", "y", {3, 2, 4, 5}, SHS_F64}, {"zyxji", "yzx", "z", {2, 3, 4, 3, 3}, SHS_F32}};

static void fill_numbers(const struct scene *scene, void *elements)
{
    uint64_t seed = 7;
    for (size_t e = 0; e < elements_of(scene); e++)
        put_number(scene->type, (double)(int64_t)judge_random(&seed) * 0x1p-60, elements, e);
}

/* The same layout, whose axes i and j have no direction. */
static struct scene scalar(const struct scene *scene, char layout[SHS_MAX_AXES + 1])
{
    struct scene plain = *scene;
    snprintf(layout, SHS_MAX_AXES + 1, "%s", scene->layout);
    for (char *letter = layout; *letter; letter++)
        if (*letter == 'i' || *letter == 'j') *letter = '_';
    plain.layout = layout;
    return plain;
}

static void check_affine(const struct scene *scene, bool by_rotation, uint64_t slot)
{
    static _Alignas(8) unsigned char elements[MOST_BYTES];
    char layout[SHS_MAX_AXES + 1], text[300];
    struct scene plain = scalar(scene, layout);
    double factor[4];
    fill_numbers(scene, elements);
    struct sample mapped = sample_in(scene, "f", elements),
                  expected = sample_in(&plain, "f", elements);
    shs_random stream = stream_at(3, slot), again = stream, own = stream;
    snprintf(text, sizeof text, "f: random_affine(%s, border=wrap, layout=%s)", values, layout);
    run(text, &expected, 1, &again);
    snprintf(text, sizeof text, "f: random_affine(%s, border=wrap, layout=%s, components=%s%s%s%s)",
             values, scene->layout, scene->components, scene->against[0] ? ", against=" : "",
             scene->against, by_rotation ? ", components_by=rotation" : "");
    run(text, &mapped, 1, &stream);
    CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&again));
    slow_factors(&own, by_rotation, factor);
    if (!strchr(scene->against, 'x') != !strchr(scene->against, 'y')) {
        factor[1] = -factor[1];
        factor[2] = -factor[2];
    }
    slow_map_axis(scene, 'i', factor, expected.output);
    slow_map_axis(scene, 'j', factor, expected.output);
    for (size_t e = 0; e < elements_of(scene); e++) {
        double came = number_at(scene->type, mapped.output, e),
               wanted = number_at(scene->type, expected.output, e);
        if (came == wanted) continue;
        WRONG("%s, slot %d, element %zu: %.17g, expected %.17g", text, (int)slot, e, came, wanted);
        return;
    }
}

static void components_follow_the_words(void)
{
    for (size_t s = 0; s < COUNT(scenes); s++)
        for (uint64_t slot = 0; slot < 6; slot++) {
            check_affine(&scenes[s], false, slot);
            check_affine(&scenes[s], true, slot);
        }
}

/* Without a scale and a shear, random_affine is random_rotation. */
static void a_rotation_alone_is_random_rotation(void)
{
    for (size_t s = 0; s < COUNT(scenes); s++)
        for (uint64_t slot = 0; slot < 4; slot++) {
            static _Alignas(8) unsigned char elements[MOST_BYTES];
            static const char *const names[] = {"affine", "rotation"};
            struct sample samples[2];
            fill_numbers(&scenes[s], elements);
            for (size_t i = 0; i < 2; i++) {
                char text[200];
                shs_random stream = stream_at(4, slot);
                samples[i] = sample_in(&scenes[s], "f", elements);
                snprintf(text, sizeof text,
                         "f: random_%s(degrees=-180..180, border=edge, layout=%s, components=%s)",
                         names[i], scenes[s].layout, scenes[s].components);
                run(text, &samples[i], 1, &stream);
            }
            CHECK_BYTES(samples[0].output, samples[1].output, bytes_of(&samples[0].tensor));
        }
}

/* Zeros keep their signs, and numbers that are not finite stay by themselves. */
static void the_identity_changes_no_byte(void)
{
    const float elements[] = {-0.0F, 0, NAN, -0.0F, 1, INFINITY, -INFINITY, NAN};
    const struct scene scene = {"yxi", "xy", "", {2, 2, 2}, SHS_F32};
    static const char *const calls[] = {"random_affine(degrees=0..0",
                                        "random_rotation(degrees=0..0",
                                        "random_affine(degrees=360..360, components_by=rotation"};
    for (size_t i = 0; i < COUNT(calls); i++) {
        char text[120];
        struct sample sample = sample_in(&scene, "f", (void *)(uintptr_t)elements);
        shs_random stream = stream_at(1, 1);
        snprintf(text, sizeof text, "f: %s, how=nearest, layout=yxi)", calls[i]);
        run(text, &sample, 1, &stream);
        CHECK_BYTES(sample.output, elements, sizeof elements);
    }
}

/* Fields that are components give what an axis i gives, beside a field without components. */
static void fields_are_components(void)
{
    enum {
        CELLS = 5 * 6
    };
    static float parts[2][CELLS], whole[CELLS][2], other[CELLS];
    const struct scene field = {"yx", "", "", {5, 6}, SHS_F32},
                       vector = {"yxi", "", "", {5, 6, 2}, SHS_F32};
    uint64_t seed = 4;
    for (size_t i = 0; i < CELLS; i++)
        for (size_t c = 0; c < 2; c++)
            other[i] = whole[i][c] = parts[c][i] = (float)(judge_random(&seed) % 2001) / 100 - 10;
    for (uint64_t slot = 0; slot < 10; slot++) {
        char text[300];
        struct sample three[] = {sample_in(&field, "p", other), sample_in(&field, "u", parts[0]),
                                 sample_in(&field, "v", parts[1])},
                      one = sample_in(&vector, "f", whole), alone = sample_in(&field, "p", other);
        shs_random stream = stream_at(2, slot), again = stream, third = stream;
        snprintf(text, sizeof text, "p,u,v: random_affine(%s, p=0.8, layout=yx, vectors=(u,v))",
                 values);
        run(text, three, 3, &stream);
        snprintf(text, sizeof text, "f: random_affine(%s, p=0.8, layout=yxi)", values);
        run(text, &one, 1, &again);
        snprintf(text, sizeof text, "p: random_affine(%s, p=0.8, layout=yx)", values);
        run(text, &alone, 1, &third);
        for (size_t i = 0; i < CELLS; i++)
            for (size_t c = 0; c < 2; c++)
                CHECK_BYTES(one.output + 8 * i + 4 * c, three[1 + c].output + 4 * i, 4);
        CHECK_BYTES(three[0].output, alone.output, sizeof other);
    }
}

/* Operators that turn components are no part of a map of several. */
static void neighbours_stay_apart(void)
{
    static const char *const texts[] = {
        "f: random_affine(degrees=0..90, layout=yxi) random_affine(degrees=0..90, layout=yxi)",
        "f: random_affine(degrees=0..90, layout=yxi); f: random_affine(degrees=0..90, layout=yxi)"};
    static _Alignas(8) unsigned char elements[MOST_BYTES];
    struct sample samples[2];
    fill_numbers(&scenes[0], elements);
    for (size_t i = 0; i < 2; i++) {
        shs_random stream = stream_at(8, 1);
        samples[i] = sample_in(&scenes[0], "f", elements);
        run(texts[i], &samples[i], 1, &stream);
    }
    CHECK_BYTES(samples[0].output, samples[1].output, bytes_of(&samples[0].tensor));
}

static void what_does_not_fit_is_refused(void)
{
    const shs_tensor fields[] = {
        {.name = "f", .type = SHS_F32, .axes = 3, .shape = {4, 4, 2}},
        {.name = "whole", .type = SHS_U8, .axes = 3, .shape = {4, 4, 2}},
        {.name = "u", .type = SHS_F32, .axes = 2, .shape = {4, 4}},
        {.name = "v", .type = SHS_F32, .axes = 2, .shape = {4, 4}},
    };
    static const char *const texts[][2] = {
        {"whole: random_affine(degrees=0..9, layout=yxi)", "its type is u8"},
        {"f: random_affine(degrees=0..9, layout=yxi, components=xz)",
         "component 2 of its vectors lies along z"},
        {"u,v: random_affine(degrees=0..9, layout=yx, vectors=(u))",
         "it turns axis y, along which no component lies"},
        {"f: random_affine(degrees=0..9, layout=yxi, components_by=jacobian)", "jacobian"},
    };
    for (size_t t = 0; t < COUNT(texts); t++)
        CHECK(is_refused(&augment_operators, texts[t][0], fields, COUNT(fields), SHS_ERROR_ARGUMENT,
                         texts[t][1]));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(components_follow_the_words),  TEST(a_rotation_alone_is_random_rotation),
        TEST(the_identity_changes_no_byte), TEST(fields_are_components),
        TEST(neighbours_stay_apart),        TEST(what_does_not_fit_is_refused),
    };
    return harness_main("vectors_affine", tests, COUNT(tests), argc, argv);
}
