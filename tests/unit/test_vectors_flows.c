/* Flows without sources that are flipped and turned: their divergence stays zero if the operator
 * knows their components. Components that turn by an angle. */
#include "augment_refused.h"
#include "augment_vectors.h"
#include "vectors_scene.h"

/* ---- flows without sources */

enum {
    FLAT_SIZE = 12,
    SOLID_SIZE = 5
};

/* The central difference along an axis of a periodic array, whose positions lie `step` elements
 * apart. */
static double difference(const double *array, size_t at, size_t step, size_t size)
{
    size_t k = at / step % size, base = at - k * step;
    return (array[base + (k + 1) % size * step] - array[base + (k + size - 1) % size * step]) / 2;
}

/* The greater of a number and another number's absolute value. */
static double greater(double most, double number)
{
    if (number < 0) number = -number;
    return number > most ? number : most;
}

static void fill_potential(double *potential, size_t count)
{
    uint64_t seed = 77;
    for (size_t i = 0; i < count; i++)
        potential[i] = (double)(judge_random(&seed) >> 11) * 0x1p-53;
}

/* Flow u, v along x and y of a stream function, on y and x. */
static void flat_flow(double *u, double *v)
{
    double stream[FLAT_SIZE * FLAT_SIZE];
    fill_potential(stream, COUNT(stream));
    for (size_t i = 0; i < COUNT(stream); i++) {
        u[i] = difference(stream, i, FLAT_SIZE, FLAT_SIZE);
        v[i] = -difference(stream, i, 1, FLAT_SIZE);
    }
}

/* The greatest divergence of a flow; v points against growing y if `up` is -1. */
static double flat_divergence(const double *u, const double *v, double up)
{
    double most = 0;
    for (size_t i = 0; i < (size_t)FLAT_SIZE * FLAT_SIZE; i++)
        most = greater(most, difference(u, i, 1, FLAT_SIZE) +
                                 up * difference(v, i, FLAT_SIZE, FLAT_SIZE));
    return most;
}

static void check_flat(const char *call, uint32_t below, uint32_t number, const char *more,
                       bool free, double up)
{
    double u[FLAT_SIZE * FLAT_SIZE], v[FLAT_SIZE * FLAT_SIZE];
    const struct scene scene = {"yx", "", "", {FLAT_SIZE, FLAT_SIZE}, SHS_F64};
    char text[120];
    flat_flow(u, v);
    for (size_t i = 0; i < COUNT(v); i++)
        v[i] *= up;
    struct sample samples[] = {sample_in(&scene, "u", u), sample_in(&scene, "v", v)};
    snprintf(text, sizeof text, "u,v: %s layout=yx%s)", call, more);
    apply_draw(text, samples, 2, below, number);
    memcpy(u, samples[0].output, sizeof u);
    memcpy(v, samples[1].output, sizeof v);
    double divergence = flat_divergence(u, v, up);
    if (free ? divergence < 1e-14 : divergence > 0.1) return;
    WRONG("%s, draw %u: the divergence is %g", text, number, divergence);
}

static void flat_flows_stay_free_of_sources(void)
{
    static const char vectors[] = ", vectors=(u,v)", up[] = ", vectors=(u,v), against=y";
    for (uint32_t d = 0; d < 8; d++) {
        bool still = d == 0 || d == 2; /* a half turn changes both signs */
        check_flat("d4(", 8, d, vectors, true, 1);
        check_flat("d4(", 8, d, up, true, -1);
        check_flat("d4(", 8, d, "", still, 1);
    }
    for (uint32_t d = 0; d < 4; d++)
        check_flat("random_rot90(", 4, d, vectors, true, 1);
    check_flat("random_flip(axis=x,", 0, 1, vectors, true, 1);
    check_flat("random_flip(axis=y,", 0, 1, vectors, true, 1);
    check_flat("random_flip(axis=x,", 0, 1, "", false, 1);
}

/* The curl of a vector potential, components x, y, z behind one another, on z, y and x. */
static void solid_flow(double *flow)
{
    enum {
        N = SOLID_SIZE,
        ALL_CELLS = N * N * N
    };
    double potential[3][ALL_CELLS];
    const size_t step[3] = {1, N, N * N};
    fill_potential(potential[0], 3 * ALL_CELLS);
    for (size_t i = 0; i < ALL_CELLS; i++)
        for (size_t c = 0; c < 3; c++) {
            size_t a = (c + 1) % 3, b = (c + 2) % 3;
            flow[3 * i + c] =
                difference(potential[b], i, step[a], N) - difference(potential[a], i, step[b], N);
        }
}

static double solid_divergence(const double *flow)
{
    double most = 0;
    for (size_t i = 0; i < (size_t)SOLID_SIZE * SOLID_SIZE * SOLID_SIZE; i++) {
        double sum = 0;
        for (size_t c = 0, step = 3; c < 3; c++, step *= SOLID_SIZE)
            sum += difference(flow, 3 * i + c, step, SOLID_SIZE);
        most = greater(most, sum);
    }
    return most;
}

static void solid_flows_stay_free_of_sources(void)
{
    static double flow[3 * SOLID_SIZE * SOLID_SIZE * SOLID_SIZE], turned[COUNT(flow)];
    const struct scene scene = {"zyxi", "", "", {SOLID_SIZE, SOLID_SIZE, SOLID_SIZE, 3}, SHS_F64};
    solid_flow(flow);
    CHECK_IS(solid_divergence(flow), <, 1e-14);
    for (uint32_t d = 0; d < 48; d++)
        for (int aware = 0; aware < 2; aware++) {
            struct sample sample = sample_in(&scene, "f", flow);
            apply_draw(aware ? "f: random_symmetry(layout=zyxi)"
                             : "f: random_symmetry(layout=zyxc)",
                       &sample, 1, 48, d);
            memcpy(turned, sample.output, sizeof turned);
            double divergence = solid_divergence(turned);
            bool still = aware || d == 0 || d == 7; /* all axes mirrored */
            if (still ? divergence < 1e-14 : divergence > 0.1) continue;
            WRONG("symmetry %u, %s components: the divergence is %g", d, aware ? "with" : "without",
                  divergence);
        }
}

/* ---- angles */

/* A bound field for augment_vectors_map(). */
static struct augment_bound bound_of(const struct scene *scene)
{
    struct augment_bound bound = {.elements = elements_of(scene)};
    bound.before = sample_in(scene, "f", NULL).tensor;
    memcpy(bound.grid.layout, scene->layout, strlen(scene->layout) + 1);
    bound.vectors.place[0] = axis_of(scene, 'i');
    bound.vectors.place[1] = axis_of(scene, 'j');
    bound.vectors.count = (uint32_t)strlen(scene->components);
    for (uint32_t c = 0; c < bound.vectors.count; c++) {
        bound.vectors.axis[c] = (uint32_t)axis_of(scene, scene->components[c]);
        bound.vectors.against[c] = strchr(scene->against, scene->components[c]) != NULL;
    }
    return bound;
}

static void turn(const struct augment_bound *bound, double cosine, double sine,
                 void *const *samples)
{
    const struct augment_component_map map = {"xy", {cosine, -sine, sine, cosine}};
    augment_vectors_map(bound, &map, samples);
}

/* Numbers that depend on the components only. */
static void fill_components(const struct scene *scene, void *elements)
{
    for (size_t e = 0; e < elements_of(scene); e++) {
        size_t number = 1, step = 1;
        for (size_t axis = strlen(scene->layout); axis-- > 0; step *= (size_t)scene->shape[axis])
            if (strchr("ij", scene->layout[axis]))
                number = 3 * number + e / step % (size_t)scene->shape[axis];
        if (scene->type == SHS_F32)
            ((float *)elements)[e] = (float)number;
        else
            ((double *)elements)[e] = (double)number;
    }
}

/* A right angle turns components as random_rot90(axes=xy) does, where they are alike everywhere. */
static void a_quarter_is_an_angle(void)
{
    static const struct scene scenes[] = {{"iyx", "xy", "", {2, 3, 3}, SHS_F64},
                                          {"yxi", "yx", "y", {3, 3, 2}, SHS_F32},
                                          {"jtyxi", "yx", "x", {2, 2, 3, 3, 2}, SHS_F64},
                                          {"izyx", "zxy", "zy", {3, 3, 3, 3}, SHS_F64},
                                          {"zyxji", "yzx", "z", {2, 2, 2, 3, 3}, SHS_F64}};
    for (size_t s = 0; s < COUNT(scenes); s++) {
        double elements[MOST_BYTES / sizeof(double)];
        char text[120];
        struct sample sample = sample_in(&scenes[s], "f", elements);
        struct augment_bound bound = bound_of(&scenes[s]);
        fill_components(&scenes[s], elements);
        snprintf(text, sizeof text, "f: random_rot90(axes=xy, layout=%s, components=%s%s%s)",
                 scenes[s].layout, scenes[s].components, scenes[s].against[0] ? ", against=" : "",
                 scenes[s].against);
        apply_draw(text, &sample, 1, 4, 1);
        turn(&bound, 0, 1, (void *[]){elements});
        for (size_t e = 0; e < elements_of(&scenes[s]); e++) {
            double came = value_at(scenes[s].type, elements, e).real,
                   expected = value_at(scenes[s].type, sample.output, e).real;
            if (came == expected) continue;
            WRONG("%s, element %zu: %g, expected %g", text, e, came, expected);
            break;
        }
    }
}

/* By an angle of cosine 0.6 and sine 0.8, in f32, as the words say. */
static void components_turn_by_an_angle(void)
{
    const struct scene vector = {"xyi", "xy", "", {1, 2, 2}, SHS_F32},
                       upwards = {"xyi", "xy", "y", {1, 2, 2}, SHS_F32};
    const float c = 0.6F, s = 0.8F;
    float a[] = {1, 2, -3, 5}, b[] = {1, 2, -3, 5};
    const float expected[] = {c * 1 - s * 2, s * 1 + c * 2, c * -3 - s * 5, s * -3 + c * 5};
    const float other[] = {c * 1 + s * 2, -s * 1 + c * 2, c * -3 + s * 5, -s * -3 + c * 5};
    struct augment_bound bound = bound_of(&vector);
    turn(&bound, 0.6, 0.8, (void *[]){a});
    CHECK_FLOATS(a, expected, 4);
    bound = bound_of(&upwards);
    turn(&bound, 0.6, 0.8, (void *[]){b});
    CHECK_FLOATS(b, other, 4);
    bound = bound_of(&(struct scene){"xy", "xy", "", {1, 2}, SHS_F32});
    bound.vectors.is_field = true;
    float u[] = {1, -3}, v[] = {2, 5};
    turn(&bound, 0.6, 0.8, (void *[]){u, v});
    CHECK_FLOATS(u, ((const float[]){expected[0], expected[2]}), 2);
    CHECK_FLOATS(v, ((const float[]){expected[1], expected[3]}), 2);
}

/* ---- flows at any angle */

enum {
    COARSE = 24, /* elements along an axis of the coarsest grid */
    REFINEMENTS = 3,
    FINEST = COARSE << (REFINEMENTS - 1)
};

/* A smooth flow on [-1, 1] x [-1, 1] without sources: of the stream function
 * (1 - x^2)^2 (1 - y^2)^2 (2 + x y + y). */
static void smooth_flow(size_t size, double *u, double *v)
{
    for (size_t i = 0; i < size * size; i++) {
        double x = (2 * (double)(i % size) + 1) / (double)size - 1,
               y = (2 * (double)(i / size) + 1) / (double)size - 1;
        double a = (1 - x * x) * (1 - x * x), da = -4 * x * (1 - x * x);
        double b = (1 - y * y) * (1 - y * y), db = -4 * y * (1 - y * y);
        double c = 2 + x * y + y;
        u[i] = a * (db * c + b * (x + 1));
        v[i] = -b * (da * c + a * y);
    }
}

/* The greatest divergence in the middle of a grid, in units of 1 / length. */
static double inner_divergence(size_t size, const double *u, const double *v)
{
    double most = 0, width = 2 / (double)size;
    for (size_t y = size / 4; y < size - size / 4; y++)
        for (size_t x = size / 4; x < size - size / 4; x++) {
            size_t i = y * size + x;
            most =
                greater(most, ((u[i + 1] - u[i - 1]) + (v[i + size] - v[i - size])) / (2 * width));
        }
    return most;
}

static double divergence_at(size_t size, const char *call)
{
    static double flow[2][FINEST * FINEST], turned[2][FINEST * FINEST];
    const struct scene scene = {"yx", "", "", {size, size}, SHS_F64};
    const shs_tensor fields[] = {sample_in(&scene, "u", NULL).tensor,
                                 sample_in(&scene, "v", NULL).tensor};
    const void *inputs[] = {flow[0], flow[1]};
    void *outputs[] = {turned[0], turned[1]};
    shs_random stream = stream_at(1, 1);
    shs_augment *augment;
    if (!NEED_STATUS(shs_augment_open(call, fields, 2, &augment), SHS_OK)) return 0;
    void *scratch = aligned_alloc(64, shs_augment_scratch(augment));
    smooth_flow(size, flow[0], flow[1]);
    CHECK_STATUS(shs_augment_apply(augment, &stream, inputs, outputs, scratch), SHS_OK);
    free(scratch);
    shs_augment_close(&augment);
    return inner_divergence(size, turned[0], turned[1]);
}

/* The divergence falls with the width of the grid if components are mapped along, and stays if
 * they are not. */
static void flows_at_an_angle_lose_their_divergence_on_fine_grids(void)
{
    static const char *const calls[] = {
        "random_rotation(degrees=15..15",
        "random_rotation(degrees=30..30",
        "random_rotation(degrees=-100..-100",
        "random_affine(degrees=30..30, scale=1.3..1.3",
        "random_affine(degrees=0..0, shear=25..25",
        "random_affine(degrees=-70..-70, translate=0.05..0.05, scale=0.8..0.8, shear=-15..-15"};
    for (size_t a = 0; a < COUNT(calls); a++) {
        double before = 0, last = 0;
        for (size_t r = 0; r < REFINEMENTS; r++) {
            char with[160], without[160];
            snprintf(without, sizeof without, "u,v: %s, layout=yx)", calls[a]);
            snprintf(with, sizeof with, "u,v: %s, layout=yx, vectors=(u,v))", calls[a]);
            last = divergence_at((size_t)COARSE << r, with);
            if (r) CHECK_IS(last, <, 0.7 * before);
            CHECK_IS(divergence_at((size_t)COARSE << r, without), >, 0.5);
            before = last;
            printf("  %s, %d elements: the divergence is %g\n", calls[a], COARSE << r, last);
        }
        CHECK_IS(last, <, 0.1);
    }
}

/* A field with an axis i is turned as fields of its own are, and rows that a sample lacks stay
 * zeros. */
static void layouts_turn_alike_at_an_angle(void)
{
    enum {
        CELLS = 7 * 9
    };
    static float parts[2][CELLS], whole[CELLS][2], rows[3][CELLS][2];
    const struct scene field = {"yx", "", "", {7, 9}, SHS_F32},
                       vector = {"yxi", "", "", {7, 9, 2}, SHS_F32},
                       ragged = {"tyxi", "", "", {3, 7, 9, 2}, SHS_F32};
    static const char call[] = "random_rotation(degrees=-180..180, border=edge, layout=";
    uint64_t seed = 4;
    for (size_t i = 0; i < CELLS; i++)
        for (size_t c = 0; c < 2; c++)
            whole[i][c] = parts[c][i] = (float)(judge_random(&seed) % 2001) / 100 - 10;
    memcpy(rows[0], whole, sizeof whole);
    memcpy(rows[1], whole, sizeof whole);
    for (uint64_t slot = 0; slot < 10; slot++) {
        char text[160];
        struct sample two[] = {sample_in(&field, "u", parts[0]), sample_in(&field, "v", parts[1])},
                      one = sample_in(&vector, "f", whole);
        shs_random stream = stream_at(2, slot), again = stream, third = stream;
        snprintf(text, sizeof text, "u,v: %syx, vectors=(u,v), against=y)", call);
        run(text, two, 2, &stream);
        snprintf(text, sizeof text, "f: %syxi, against=y)", call);
        run(text, &one, 1, &again);
        for (size_t i = 0; i < CELLS; i++)
            for (size_t c = 0; c < 2; c++)
                CHECK_BYTES(one.output + 8 * i + 4 * c, two[c].output + 4 * i, 4);
        const shs_tensor tensor = sample_in(&ragged, "f", NULL).tensor;
        const struct augment_how how = {.table = &augment_operators, .ragged = (bool[]){true}};
        static float came[3][CELLS][2];
        static _Alignas(64) char scratch[1 << 16];
        shs_augment *augment;
        snprintf(text, sizeof text, "f: %styxi, against=y)", call);
        if (!NEED_STATUS(augment_open_how(&how, text, &tensor, 1, &augment), SHS_OK)) return;
        CHECK_IS(shs_augment_scratch(augment), <=, sizeof scratch);
        CHECK_STATUS(augment_apply_rows(augment, &third, (uint64_t[]){2}, (const void *[]){rows},
                                        (void *[]){came}, scratch),
                     SHS_OK);
        shs_augment_close(&augment);
        CHECK_BYTES(came[0], one.output, sizeof whole);
        CHECK_BYTES(came[1], one.output, sizeof whole);
        CHECK_BYTES(came[2], rows[2], sizeof whole);
    }
}

/* A field with an axis i turns along where other fields of the statement are the components. */
static void vectors_of_both_kinds_turn_together_at_an_angle(void)
{
    enum {
        CELLS = 5 * 6
    };
    static float parts[2][CELLS], whole[CELLS][2];
    const struct scene field = {"yx", "", "", {5, 6}, SHS_F32},
                       vector = {"yxi", "", "", {5, 6, 2}, SHS_F32};
    uint64_t seed = 5;
    for (size_t i = 0; i < CELLS; i++)
        for (size_t c = 0; c < 2; c++)
            whole[i][c] = parts[c][i] = (float)(judge_random(&seed) % 2001) / 100 - 10;
    struct sample samples[] = {sample_in(&field, "u", parts[0]), sample_in(&vector, "f", whole),
                               sample_in(&field, "v", parts[1])};
    shs_random stream = stream_at(2, 0);
    run("u,f[layout=yxi],v: random_rotation(degrees=20..40, vectors=(u,v))", samples, 3, &stream);
    for (size_t i = 0; i < CELLS; i++)
        for (size_t c = 0; c < 2; c++)
            CHECK_BYTES(samples[1].output + 8 * i + 4 * c, samples[2 * c].output + 4 * i, 4);
}

static void what_cannot_turn_vectors_refuses_them(void)
{
    const shs_tensor field = {.name = "f", .type = SHS_F32, .axes = 3, .shape = {4, 4, 2}};
    CHECK(is_refused(&augment_operators, "f: elastic(alpha=5..30, sigma=2, layout=yxi)", &field, 1,
                     SHS_ERROR_ARGUMENT, "it may fold an image"));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(flat_flows_stay_free_of_sources),
        TEST(solid_flows_stay_free_of_sources),
        TEST(a_quarter_is_an_angle),
        TEST(components_turn_by_an_angle),
        TEST(flows_at_an_angle_lose_their_divergence_on_fine_grids),
        TEST(layouts_turn_alike_at_an_angle),
        TEST(vectors_of_both_kinds_turn_together_at_an_angle),
        TEST(what_cannot_turn_vectors_refuses_them),
    };
    return harness_main("vectors_flows", tests, COUNT(tests), argc, argv);
}
