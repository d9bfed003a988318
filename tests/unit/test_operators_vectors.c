/* Vectors and tensors that are flipped and turned: against moves by coordinates, whose Jacobian
 * turns the components; identities; and what is refused. */
#include "augment_record.h"
#include "augment_refused.h"
#include "vectors_scene.h"

enum {
    MOST = 1000, /* elements of a sample */
    SPACE = 3    /* axes of space, at most */
};

/* ---- moves by coordinates */

struct at {
    int64_t k[SHS_MAX_AXES];
};

static const struct at origin;

struct move {
    char kind; /* f flip, t turn, d turn and mirror, s symmetry */
    const char *axes;
    uint32_t below; /* the number that is drawn is below this; 0: a float below 0.5 */
    uint32_t number;
};

/* The coordinates in the sample of what the result has at `at`, by the words of help. */
static struct at place_of(const struct move *move, const struct scene *scene, struct at at)
{
    static const char *const orders[] = {"012", "102", "021", "120", "201", "210"};
    int axis[SPACE] = {0};
    uint32_t count = (uint32_t)strlen(move->axes), number = move->number;
    for (uint32_t k = 0; k < count; k++)
        axis[k] = axis_of(scene, move->axes[k]);
    int64_t last = (int64_t)scene->shape[axis[0]] - 1;
    if (move->kind == 's') {
        struct at from = at;
        for (uint32_t k = 0; k < count; k++) {
            int64_t position = at.k[axis[k]];
            if (number >> k & 1) position = last - position;
            from.k[axis[orders[number >> count][k] - '0']] = position;
        }
        return from;
    }
    if (move->kind == 'f' && number) at.k[axis[0]] = last - at.k[axis[0]];
    if (move->kind == 'f') return at;
    if (number >= 4) at.k[axis[1]] = last - at.k[axis[1]];
    for (uint32_t quarter = number % 4; quarter; quarter--) {
        int64_t k = at.k[axis[0]];
        at.k[axis[0]] = at.k[axis[1]];
        at.k[axis[1]] = last - k;
    }
    return at;
}

static size_t index_of(const struct scene *scene, const struct at *at)
{
    size_t place = 0;
    for (size_t axis = 0; scene->layout[axis]; axis++)
        place = place * (size_t)scene->shape[axis] + (size_t)at->k[axis];
    return place;
}

/* How much a step along the axis of component c of the result is a step along the axis of
 * component d of the sample, and the sign of both components. */
static int part_of(const struct move *move, const struct scene *scene, int64_t c, int64_t d)
{
    char to = scene->components[c], from = scene->components[d];
    struct at next = origin;
    next.k[axis_of(scene, to)]++;
    int axis = axis_of(scene, from);
    int64_t step = place_of(move, scene, next).k[axis] - place_of(move, scene, origin).k[axis];
    if (strchr(scene->against, to)) step = -step;
    if (strchr(scene->against, from)) step = -step;
    return (int)step;
}

static void copy_signed(shs_type type, int sign, const void *from, void *to)
{
    uint16_t half;
    float single;
    double number;
    memcpy(to, from, shs_type_size(type));
    if (sign > 0) return;
    if (type == SHS_F16) memcpy(&half, from, 2), half ^= 0x8000, memcpy(to, &half, 2);
    if (type == SHS_F32) memcpy(&single, from, 4), single = -single, memcpy(to, &single, 4);
    if (type == SHS_F64) memcpy(&number, from, 8), number = -number, memcpy(to, &number, 8);
}

/* Computes element `at` of the result: the sum over the sample's components has one part only. */
static void slow_element(const struct move *move, const struct scene *scene, const struct at *at,
                         const unsigned char *input, unsigned char *output)
{
    int i = axis_of(scene, 'i'), j = axis_of(scene, 'j');
    struct at from = place_of(move, scene, *at);
    size_t size = shs_type_size(scene->type);
    int64_t first = (int64_t)strlen(scene->components), second = j < 0 ? 1 : first;
    for (int64_t c = 0; c < first; c++)
        for (int64_t d = 0; d < second; d++) {
            int sign = part_of(move, scene, at->k[i], c);
            from.k[i] = c;
            if (j >= 0) sign *= part_of(move, scene, at->k[j], d), from.k[j] = d;
            if (sign)
                copy_signed(scene->type, sign, input + size * index_of(scene, &from),
                            output + size * index_of(scene, at));
        }
}

static void slow_turn(const struct move *move, const struct scene *scene,
                      const unsigned char *input, unsigned char *output)
{
    size_t elements = elements_of(scene);
    for (size_t e = 0; e < elements; e++) {
        struct at at = origin;
        size_t rest = e;
        for (size_t axis = strlen(scene->layout); axis-- > 0; rest /= (size_t)scene->shape[axis])
            at.k[axis] = (int64_t)(rest % (size_t)scene->shape[axis]);
        slow_element(move, scene, &at, input, output);
    }
}

/* ---- operators against them */

static void print_call(const struct move *move, const struct scene *scene, const char *vectors,
                       char text[200])
{
    static const char *const names[] = {"random_flip", "random_rot90", "d4", "random_symmetry"};
    const char *name = names[strchr("ftds", move->kind) - "ftds"];
    int length = snprintf(text, 200, "%s(%s=%s, layout=%s, components=%s", name,
                          move->kind == 'f' ? "axis" : "axes", move->axes,
                          *vectors ? scene->layout + 1 : scene->layout, scene->components);
    if (scene->against[0]) length += snprintf(text + length, 50, ", against=%s", scene->against);
    snprintf(text + length, 50, "%s)", vectors);
}

/* Draws as the operator does. */
static void draw_number(struct move *move, shs_random *stream)
{
    if (move->below)
        move->number = shs_random_below(stream, move->below);
    else
        move->number = shs_random_float(stream) < 0.5F;
}

static void check_move(struct move move, const struct scene *scene)
{
    char text[210] = "f: ";
    static unsigned char input[8 * MOST], expected[8 * MOST];
    size_t bytes = elements_of(scene) * shs_type_size(scene->type);
    print_call(&move, scene, "", text + 3);
    for (uint64_t slot = 0; slot < 40; slot++) {
        shs_random stream = stream_at(9, slot), own = stream;
        fill(input, bytes, slot);
        struct sample sample = sample_in(scene, "f", input);
        draw_number(&move, &own);
        slow_turn(&move, scene, input, expected);
        run(text, &sample, 1, &stream);
        if (!memcmp(sample.output, expected, bytes)) continue;
        WRONG("%s, draw %u: the result differs", text, move.number);
        return;
    }
}

/* The same with a field for each component: layout i first is all fields behind one another. */
static void check_fields(struct move move, const struct scene *scene)
{
    static const char *const names[] = {"u", "v", "w"};
    static const char *const vectors[] = {", vectors=(u)", ", vectors=(u,v)", ", vectors=(u,v,w)"};
    static unsigned char input[8 * MOST], expected[8 * MOST];
    size_t count = (size_t)scene->shape[0];
    size_t part = elements_of(scene) * shs_type_size(scene->type) / count;
    static const char *const begins[] = {"u: ", "v,u: ", "w,u,v: "};
    char text[220];
    int length = snprintf(text, sizeof text, "%s", begins[count - 1]);
    print_call(&move, scene, vectors[count - 1], text + length);
    for (uint64_t slot = 0; slot < 40; slot++) {
        shs_random stream = stream_at(9, slot), own = stream;
        struct scene one = *scene;
        struct sample samples[SPACE];
        fill(input, count * part, slot);
        one.layout++;
        memmove(one.shape, one.shape + 1, sizeof one.shape - sizeof *one.shape);
        for (size_t c = 0; c < count; c++)
            samples[c] = sample_in(&one, names[c], input + c * part);
        draw_number(&move, &own);
        slow_turn(&move, scene, input, expected);
        run(text, samples, count, &stream);
        for (size_t c = 0; c < count; c++)
            CHECK_BYTES(samples[c].output, expected + c * part, part);
    }
}

static const struct scene flat[] = {
    {"tyxi", "xy", "", {3, 4, 4, 2}, SHS_F32}, {"iyx", "xy", "", {2, 5, 5}, SHS_F64},
    {"iyx", "yx", "y", {2, 4, 4}, SHS_F32},    {"txyi", "xy", "y", {2, 3, 3, 2}, SHS_F16},
    {"yxij", "xy", "", {4, 4, 2, 2}, SHS_F32}, {"jtyxi", "yx", "x", {2, 2, 3, 3, 2}, SHS_F64},
    {"yix", "xy", "xy", {1, 2, 1}, SHS_F32},
};

static const struct scene solid[] = {
    {"zyxi", "xyz", "", {3, 3, 3, 3}, SHS_F32},      {"izyx", "xyz", "", {3, 4, 4, 4}, SHS_F32},
    {"izyx", "zxy", "zy", {3, 3, 3, 3}, SHS_F64},    {"zyxij", "xyz", "", {3, 3, 3, 3, 3}, SHS_F32},
    {"xzyji", "yzx", "z", {2, 2, 2, 3, 3}, SHS_F64},
};

static void components_turn_along(void)
{
    static const struct move of_squares[] = {{'f', "x", 0, 0},  {'f', "y", 0, 0},
                                             {'t', "yx", 4, 0}, {'t', "xy", 4, 0},
                                             {'d', "yx", 8, 0}, {'s', "yx", 8, 0}};
    static const struct move of_cubes[] = {{'f', "z", 0, 0},
                                           {'t', "zx", 4, 0},
                                           {'d', "yz", 8, 0},
                                           {'s', "zyx", 48, 0},
                                           {'s', "xzy", 48, 0}};
    for (size_t m = 0; m < COUNT(of_squares); m++)
        for (size_t s = 0; s < COUNT(flat); s++) {
            check_move(of_squares[m], &flat[s]);
            if (!strcmp(flat[s].layout, "iyx")) check_fields(of_squares[m], &flat[s]);
        }
    for (size_t m = 0; m < COUNT(of_cubes); m++)
        for (size_t s = 0; s < COUNT(solid); s++) {
            check_move(of_cubes[m], &solid[s]);
            if (!strcmp(solid[s].layout, "izyx")) check_fields(of_cubes[m], &solid[s]);
        }
}

/* ---- identities */

static void check_returns(const char *text, const struct scene *scene, uint32_t below, int times)
{
    static unsigned char first[8 * MOST], now[8 * MOST];
    size_t bytes = elements_of(scene) * shs_type_size(scene->type);
    fill(first, bytes, 3);
    memcpy(now, first, bytes);
    for (int i = 0; i < times; i++) {
        struct sample sample = sample_in(scene, "f", now);
        apply_draw(text, &sample, 1, below, 1);
        memcpy(now, sample.output, bytes);
        if (i + 1 < times) CHECK(memcmp(now, first, bytes) != 0);
    }
    CHECK_BYTES(now, first, bytes);
}

static void four_quarters_and_two_flips_are_nothing(void)
{
    check_returns("f: random_rot90(layout=yxi)", &(struct scene){"yxi", "", "", {4, 4, 2}, SHS_F32},
                  4, 4);
    check_returns("f: random_rot90(layout=yxij, against=y)",
                  &(struct scene){"yxij", "", "", {4, 4, 2, 2}, SHS_F64}, 4, 4);
    check_returns("f: random_flip(axis=z, layout=zyxi)",
                  &(struct scene){"zyxi", "", "", {3, 4, 5, 3}, SHS_F16}, 0, 2);
}

enum {
    ALL = 48,
    CUBE = 3,
    CELLS = CUBE * CUBE * CUBE
};

/* Returns the symmetry that is a, then b. */
static unsigned product(unsigned char results[ALL][CELLS * 12], size_t bytes,
                        const unsigned char *twice)
{
    unsigned found = ALL;
    for (unsigned c = 0; c < ALL; c++)
        if (!memcmp(twice, results[c], bytes)) {
            CHECK_EQ(found, ALL);
            found = c;
        }
    CHECK_IS(found, <, ALL);
    return found;
}

/* The product of two symmetries of vectors is the symmetry that it is of places. */
static void symmetries_of_vectors_are_the_group_of_places(void)
{
    static const char *const texts[] = {"f: random_symmetry(layout=zyx)",
                                        "f: random_symmetry(layout=zyxi, components=xyz)",
                                        "f: random_symmetry(layout=izyx, components=zxy)"};
    static const struct scene scenes[] = {{"zyx", "", "", {3, 3, 3}, SHS_F32},
                                          {"zyxi", "", "", {3, 3, 3, 3}, SHS_F32},
                                          {"izyx", "", "", {3, 3, 3, 3}, SHS_F32}};
    static unsigned char results[COUNT(texts)][ALL][CELLS * 12], first[CELLS * 12];
    fill(first, sizeof first, 8);
    for (size_t s = 0; s < COUNT(texts); s++)
        for (uint32_t a = 0; a < ALL; a++) {
            struct sample sample = sample_in(&scenes[s], "f", first);
            apply_draw(texts[s], &sample, 1, ALL, a);
            memcpy(results[s][a], sample.output, bytes_of(&sample.tensor));
        }
    for (uint32_t a = 0; a < ALL; a++)
        for (uint32_t b = 0; b < ALL; b++) {
            unsigned products[COUNT(texts)];
            for (size_t s = 0; s < COUNT(texts); s++) {
                struct sample sample = sample_in(&scenes[s], "f", results[s][a]);
                apply_draw(texts[s], &sample, 1, ALL, b);
                products[s] = product(results[s], bytes_of(&sample.tensor), sample.output);
            }
            CHECK_EQ(products[1], products[0]);
            CHECK_EQ(products[2], products[0]);
        }
}

/* ---- texts */

static void check_canonical(const char *text, const shs_tensor *samples, size_t fields,
                            const char *expected)
{
    shs_augment *augment;
    struct core_text printed = {0}, again = {0};
    if (!NEED_STATUS(shs_augment_open(text, samples, fields, &augment), SHS_OK)) return;
    augment_print(augment, &printed);
    shs_augment_close(&augment);
    CHECK_TEXT(printed.bytes, expected);
    if (NEED_STATUS(shs_augment_open(printed.bytes, samples, fields, &augment), SHS_OK)) {
        augment_print(augment, &again);
        CHECK_TEXT(again.bytes, expected);
        shs_augment_close(&augment);
    }
    core_text_free(&printed);
    core_text_free(&again);
}

static void the_canonical_text_names_the_components(void)
{
    const shs_tensor vector = {.name = "f", .type = SHS_F32, .axes = 3, .shape = {4, 4, 2}};
    const shs_tensor fields[] = {{.name = "p", .type = SHS_U8, .axes = 2, .shape = {4, 4}},
                                 {.name = "u", .type = SHS_F32, .axes = 2, .shape = {4, 4}},
                                 {.name = "v", .type = SHS_F32, .axes = 2, .shape = {4, 4}}};
    check_canonical("f: random_rot90(layout=yxi)", &vector, 1,
                    "f: random_rot90(layout=yxi, components=xy)");
    check_canonical("f: random_flip(axis=y, layout=yxi, against=y, components=yx)", &vector, 1,
                    "f: random_flip(axis=y, p=0.5, layout=yxi, components=yx, against=y)");
    check_canonical("p,u,v: d4(vectors=(u,v), layout=yx)", fields, 3,
                    "p,u,v: d4(layout=yx, components=xy, vectors=(u,v))");
    check_canonical("p,u,v: d4(layout=yx)", fields, 3, "p,u,v: d4(layout=yx)");
}

/* Several vectors in a statement, with components that change places after other operators. */
static void several_vectors_turn_together(void)
{
    static double data[4][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}, {13, 14, 15, 16}};
    static const char *const names[] = {"a", "b", "c", "d"};
    const struct scene scene = {"yx", "", "", {2, 2}, SHS_F64};
    struct sample samples[4];
    for (size_t f = 0; f < 4; f++)
        samples[f] = sample_in(&scene, names[f], data[f]);
    apply_draw("a,b,c,d: random_rot90(axes=yx, components=xy, vectors=(a,b,d,c), layout=yx)",
               samples, 4, 4, 1);
    /* The elements at the right come to the top: what points along x then points against y, and
     * what points along y then points along x. So (u, v) becomes (v, -u). */
    static const double turned[4][4] = {
        {6, 8, 5, 7}, {-2, -4, -1, -3}, {-14, -16, -13, -15}, {10, 12, 9, 11}};
    for (size_t f = 0; f < 4; f++)
        CHECK_DOUBLES((const double *)(const void *)samples[f].output, turned[f], 4);
}

/* Between other operators, components turn as by themselves. */
static void components_turn_between_other_operators(void)
{
    static const char *const calls[] = {
        "center_crop(size=3, layout=yx)",
        "random_rot90(layout=yx, vectors=(u,v))",
        "random_flip(axis=x, layout=yx, vectors=(u,v))",
        "normalize(mean=0.5, std=2)",
        "one_of(d4(layout=yx, vectors=(v,u)) random_flip(axis=y, p=1, layout=yx))",
        "random_flip(axis=y, layout=yx)"};
    char all[400] = "u,v:", one[120];
    for (size_t c = 0; c < COUNT(calls); c++)
        snprintf(all + strlen(all), sizeof all - strlen(all), " %s", calls[c]);
    for (uint64_t slot = 0; slot < 30; slot++) {
        static unsigned char data[2][64], step[2][64];
        const struct scene scene = {"yx", "", "", {4, 4}, SHS_F32},
                           cut = {"yx", "", "", {3, 3}, SHS_F32};
        shs_random stream = stream_at(3, slot), own = stream;
        for (size_t i = 0; i < 32; i++)
            ((float *)(void *)data[i / 16])[i % 16] = (float)((i * 7 + slot) % 32) - 9;
        memcpy(step, data, sizeof step);
        struct sample whole[] = {sample_in(&scene, "u", data[0]), sample_in(&scene, "v", data[1])};
        run(all, whole, 2, &stream);
        for (size_t c = 0; c < COUNT(calls); c++) {
            const struct scene *now = c ? &cut : &scene;
            struct sample samples[] = {sample_in(now, "u", step[0]), sample_in(now, "v", step[1])};
            snprintf(one, sizeof one, "u,v: %s", calls[c]);
            run(one, samples, 2, &own);
            for (size_t f = 0; f < 2; f++)
                memcpy(step[f], samples[f].output, 36);
        }
        for (size_t f = 0; f < 2; f++)
            CHECK_BYTES(whole[f].output, step[f], 36);
    }
}

static void what_does_not_fit_is_refused(void)
{
    const shs_tensor fields[] = {
        {.name = "f", .type = SHS_F32, .axes = 3, .shape = {4, 4, 2}},
        {.name = "whole", .type = SHS_I16, .axes = 3, .shape = {4, 4, 2}},
        {.name = "long", .type = SHS_F32, .axes = 3, .shape = {4, 4, 9}},
        {.name = "u", .type = SHS_F32, .axes = 2, .shape = {4, 4}},
        {.name = "v", .type = SHS_F32, .axes = 2, .shape = {4, 4}},
        {.name = "double", .type = SHS_F64, .axes = 2, .shape = {4, 4}},
    };
    static const char *const texts[][2] = {
        {"whole: random_flip(axis=x, layout=yxi)", "its type is i16"},
        {"long: random_flip(axis=x, layout=yxi)", "a vector of 9 components"},
        {"f: random_flip(axis=x, layout=yxi, components=xyz)", "axis i has 2 elements, and the 3"},
        {"f: random_flip(axis=x, layout=yxi, components=xz)",
         "component 2 of its vectors lies along z"},
        {"f: random_flip(axis=x, layout=yxi, components=xi)", "lies along i"},
        {"f: random_flip(axis=x, layout=yxi, components=xw)", "lies along w"},
        {"f: random_flip(axis=x, layout=yxi, against=z)", "no component lies along z"},
        {"f: random_flip(axis=x, layout=yxj)", "has an axis j and no axis i"},
        {"f: random_rot90(axes=yi, layout=yxi)", "axis y has 4 elements and axis i has 2"},
        {"f: random_flip(axis=x, layout=yxc, components=xy)", "no field of the statement"},
        {"u,v: random_flip(axis=x, layout=yx, against=x)", "no field of the statement"},
        {"u,v: d4(layout=yx, vectors=(u,w))", "'w', which is none of the statement's fields"},
        {"u,v: d4(layout=yx, vectors=(a,b))", "no field of the statement has components"},
        {"u,v: d4(layout=yx, vectors=(u,u))", "has u twice"},
        {"u,v: d4(layout=yx, vectors=(u))", "it turns axis y, along which no component lies"},
        {"u,v: d4(layout=yx, vectors=(u,v), components=x)", "it turns axis y"},
        {"u,v: d4(layout=yx, vectors=(u,v,w), components=xy)", "no whole vectors"},
        {"u,double: d4(layout=yx, vectors=(u,double))", "which differ in their type"},
        {"u[layout=yx],v[layout=xy]: d4(vectors=(u,v))", "which differ in their type"},
        {"f: d4(layout=yxi, vectors=(f,g))", "leave it out of vectors="},
    };
    for (size_t t = 0; t < COUNT(texts); t++)
        CHECK(is_refused(&augment_operators, texts[t][0], fields, COUNT(fields), SHS_ERROR_ARGUMENT,
                         texts[t][1]));
    /* Along axes without components no sign changes, and integers are taken. */
    shs_augment *augment;
    const shs_tensor packed = {.name = "f", .type = SHS_I16, .axes = 3, .shape = {4, 4, 1}};
    CHECK_STATUS(shs_augment_open("f: random_flip(axis=y, layout=yxi)", &packed, 1, &augment),
                 SHS_OK);
    shs_augment_close(&augment);
    /* The letters y and h name one axis, and so do x and w. */
    CHECK_STATUS(shs_augment_open("u[layout=yx],v[layout=hw]: d4(vectors=(u,v))", fields,
                                  COUNT(fields), &augment),
                 SHS_OK);
    shs_augment_close(&augment);
}

/* Ragged samples keep their rows along t; rows along axes of space are refused. */
static void rows_of_their_own(void)
{
    const shs_tensor tensor = {.name = "f", .type = SHS_F32, .axes = 3, .shape = {3, 2, 1}};
    const bool ragged[] = {true};
    const struct augment_how how = {.table = &augment_operators, .ragged = ragged};
    const float input[] = {1, 2, 3, 4, 0, 0}, expected[] = {-2, -1, -4, -3, 0, 0};
    float output[6];
    const void *inputs[] = {input};
    void *outputs[] = {output};
    static _Alignas(64) char scratch[4096];
    shs_augment *augment;
    shs_random stream = stream_at(1, 1);
    CHECK_STATUS(
        augment_open_how(&how, "f: random_flip(axis=x, p=1, layout=txi)", &tensor, 1, &augment),
        SHS_OK);
    CHECK_STATUS(augment_apply_rows(augment, &stream, (uint64_t[]){2}, inputs, outputs, scratch),
                 SHS_OK);
    CHECK_BYTES(output, expected, sizeof expected);
    shs_augment_close(&augment);
    CHECK_STATUS(
        augment_open_how(&how, "f: random_flip(axis=x, p=1, layout=xti)", &tensor, 1, &augment),
        SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "whose samples have fewer rows of their own");
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(components_turn_along),
        TEST(four_quarters_and_two_flips_are_nothing),
        TEST(symmetries_of_vectors_are_the_group_of_places),
        TEST(the_canonical_text_names_the_components),
        TEST(several_vectors_turn_together),
        TEST(components_turn_between_other_operators),
        TEST(what_does_not_fit_is_refused),
        TEST(rows_of_their_own),
    };
    return harness_main("operators_vectors", tests, COUNT(tests), argc, argv);
}
