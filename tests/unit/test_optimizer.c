/* Optimisers: their formulas against PyTorch's results in f64 and against a slow reference in 80
 * bits; the same bits whatever surrounds an element; what is refused. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "judge.h"
#include "message.h"
#include "optimizer_vectors.h"
#include "shardstep/optimizer.h"
#include "unit.h"

/* ---- PyTorch */

static shs_tensor vector_of(const char *name, double *data)
{
    return (shs_tensor){
        .name = name, .type = SHS_F64, .axes = 1, .shape = {ELEMENTS}, .data = data};
}

static shs_status step_as(const struct vector *with, uint64_t step, const shs_tensor *p,
                          const shs_tensor *g, const shs_tensor state[2])
{
    const shs_sgd_options sgd = {.rate = with->rate,
                                 .momentum = with->momentum,
                                 .decay = with->decay,
                                 .nesterov = with->nesterov};
    const shs_adam_options adam = {.rate = with->rate,
                                   .beta1 = with->beta1,
                                   .beta2 = with->beta2,
                                   .epsilon = with->epsilon,
                                   .decay = with->decay};
    if (strcmp(with->kind, "sgd") == 0) return shs_sgd(&sgd, p, g, &state[0], 1);
    if (strcmp(with->kind, "adam") == 0)
        return shs_adam(&adam, step, p, g, &state[0], &state[1], 1);
    return shs_adamw(&adam, step, p, g, &state[0], &state[1], 1);
}

static void pytorch(void)
{
    for (size_t v = 0; v < COUNT(vectors); v++) {
        double p[ELEMENTS], g[ELEMENTS], first[ELEMENTS] = {0}, second[ELEMENTS] = {0};
        const shs_tensor parameter = vector_of("p", p), gradient = vector_of("g", g);
        const shs_tensor state[2] = {vector_of("first", first), vector_of("second", second)};
        memcpy(p, start, sizeof p);
        for (int step = 0, moment = 0; moment < MOMENTS; step++) {
            for (int i = 0; i < ELEMENTS; i++)
                g[i] = curvature[i] * (p[i] - target[i]);
            if (!NEED_STATUS(step_as(&vectors[v], (uint64_t)step, &parameter, &gradient, state),
                             SHS_OK))
                return;
            if (step + 1 != moments[moment]) continue;
            for (int i = 0; i < ELEMENTS; i++) {
                harness_where("vector %zu (%s), step %d, element %d", v, vectors[v].kind, step, i);
                CHECK_IS(fabs(p[i] - vectors[v].after[moment][i]), <=, 1e-13);
            }
            moment++;
        }
    }
}

/* ---- The reference: one element, by the formulas of the header and libm in 80 bits. */

struct element {
    long double p, g, first, second;
    long double size; /* of the numbers that p is made of: what its rounding errors are parts of */
};

enum kind {
    SGD,
    NESTEROV,
    ADAM,
    ADAMW,
    KINDS
};

#define RATE    0.0123
#define DECAY   0.07
#define KEPT    0.875 /* momentum, beta1 */
#define BETA2   0.99
#define EPSILON 1e-6

static long double to_type(double number, shs_type type)
{
    return type == SHS_F32 ? (float)number : number;
}

static struct element sgd_reference(enum kind kind, struct element e, long double rate,
                                    long double kept, long double direction)
{
    e.first = kept * e.first + direction;
    e.p -= rate * (kind == NESTEROV ? direction + kept * e.first : e.first);
    return e;
}

static struct element reference(enum kind kind, shs_type type, uint64_t step, struct element was)
{
    const long double rate = to_type(RATE, type), decay = to_type(DECAY, type);
    const long double kept = to_type(KEPT, type), beta2 = to_type(BETA2, type);
    const long double direction = kind == ADAMW ? was.g : was.g + decay * was.p;
    const long double largest = fabsl(was.g) + decay * fabsl(was.p) + fabsl(was.first);
    struct element e = was;
    e.size = fabsl(was.p) + rate * largest;
    if (kind == SGD || kind == NESTEROV) return sgd_reference(kind, e, rate, kept, direction);
    if (kind == ADAMW) e.p *= 1 - rate * decay;
    e.first = kept * e.first + (1 - kept) * direction;
    e.second = beta2 * e.second + (1 - beta2) * direction * direction;
    const long double mean = e.first / (1 - powl(KEPT, (long double)step + 1));
    const long double square = e.second / (1 - powl(BETA2, (long double)step + 1));
    const long double root = sqrtl(square) + EPSILON;
    e.p -= rate * mean / root;
    e.size = fabsl(was.p) + rate * largest / (1 - powl(KEPT, (long double)step + 1)) / root *
                                (1 + largest * largest / e.second);
    return e;
}

static shs_status make_step(enum kind kind, uint64_t step, const shs_tensor tensors[4],
                            size_t count)
{
    const shs_sgd_options sgd = {
        .rate = RATE, .momentum = KEPT, .decay = DECAY, .nesterov = kind == NESTEROV};
    const shs_adam_options adam = {
        .rate = RATE, .beta1 = KEPT, .beta2 = BETA2, .epsilon = EPSILON, .decay = DECAY};
    if (kind <= NESTEROV) return shs_sgd(&sgd, &tensors[0], &tensors[1], &tensors[2], count);
    return (kind == ADAM ? shs_adam : shs_adamw)(&adam, step, &tensors[0], &tensors[1], &tensors[2],
                                                 &tensors[3], count);
}

enum {
    MANY = 1001
};

/* Room for MANY elements of either type, for each of the four arrays. */
static union array {
    float floats[MANY];
    double doubles[MANY];
} arrays[4], kept[4];

static void put(union array *array, shs_type type, size_t i, double value)
{
    if (type == SHS_F32)
        array->floats[i] = (float)value;
    else
        array->doubles[i] = value;
}

static long double get(const union array *array, shs_type type, size_t i)
{
    return type == SHS_F32 ? array->floats[i] : array->doubles[i];
}

/* Numbers of many sizes and either sign; squares have none. */
static void fill(shs_type type, uint64_t seed)
{
    for (size_t i = 0; i < MANY; i++)
        for (int a = 0; a < 4; a++) {
            const double size = ldexp((double)(judge_random(&seed) >> 11), -53 - (int)(i % 12));
            put(&arrays[a], type, i, a != 3 && judge_random(&seed) % 2 ? -size : size);
        }
}

static void tensors_of(shs_type type, size_t from, size_t count, shs_tensor tensors[4])
{
    static const char *const names[] = {"p", "g", "first", "second"};
    for (int a = 0; a < 4; a++)
        tensors[a] = (shs_tensor){.name = names[a],
                                  .type = type,
                                  .axes = 1,
                                  .shape = {count},
                                  .data = type == SHS_F32 ? (void *)&arrays[a].floats[from]
                                                          : (void *)&arrays[a].doubles[from]};
}

static struct element element_at(const union array from[4], shs_type type, size_t i)
{
    return (struct element){.p = get(&from[0], type, i),
                            .g = get(&from[1], type, i),
                            .first = get(&from[2], type, i),
                            .second = get(&from[3], type, i)};
}

/* A formula has few roundings. */
static void check_near(long double came, long double expected, long double size, shs_type type)
{
    const long double spacing = type == SHS_F32 ? FLT_EPSILON : DBL_EPSILON;
    CHECK_IS(fabsl(came - expected), <=, 4 * spacing * size);
}

static void check_step(enum kind kind, shs_type type, uint64_t step)
{
    for (size_t i = 0; i < MANY; i++) {
        const struct element was = element_at(kept, type, i), is = element_at(arrays, type, i);
        const struct element e = reference(kind, type, step, was);
        const long double largest = fabsl(was.g) + DECAY * fabsl(was.p) + fabsl(was.first);
        harness_where("kind %d, type %s, step %llu, element %zu", (int)kind, shs_type_name(type),
                      (unsigned long long)step, i);
        check_near(is.p, e.p, e.size, type);
        check_near(is.g, was.g, 0, type);
        check_near(is.first, e.first, largest, type);
        check_near(is.second, kind < ADAM ? was.second : e.second, was.second + largest * largest,
                   type);
    }
}

static void formulas(void)
{
    static const uint64_t steps[] = {0, 1, 2, 62, 999, UINT32_MAX, UINT64_MAX};
    shs_tensor tensors[4];
    for (enum kind kind = 0; kind < KINDS; kind++)
        for (shs_type type = SHS_F32; type <= SHS_F64; type++)
            for (size_t s = 0; s < COUNT(steps); s++) {
                fill(type, 100 * (uint64_t)kind + s);
                memcpy(kept, arrays, sizeof kept);
                tensors_of(type, 0, MANY, tensors);
                if (!NEED_STATUS(make_step(kind, steps[s], tensors, 1), SHS_OK)) return;
                check_step(kind, type, steps[s]);
            }
}

/* Vector code and what is left over for the end of an array: each element has the bits that it has
 * alone, and elements behind the end stay. */
static void each_element_alone(void)
{
    static union array together[4];
    shs_tensor tensors[4];
    for (enum kind kind = 0; kind < KINDS; kind++)
        for (shs_type type = SHS_F32; type <= SHS_F64; type++)
            for (size_t count = 0; count < 70; count += count < 20 ? 1 : 7) {
                harness_where("kind %d, type %s, %zu elements", (int)kind, shs_type_name(type),
                              count);
                fill(type, count);
                memcpy(kept, arrays, sizeof kept);
                tensors_of(type, 1, count, tensors); /* where vectors are not aligned */
                if (!NEED_STATUS(make_step(kind, 5, tensors, 1), SHS_OK)) return;
                memcpy(together, arrays, sizeof together);
                memcpy(arrays, kept, sizeof arrays);
                for (size_t i = 0; i < count; i++) {
                    tensors_of(type, 1 + i, 1, tensors);
                    if (!NEED_STATUS(make_step(kind, 5, tensors, 1), SHS_OK)) return;
                }
                CHECK_BYTES(arrays, together, sizeof arrays);
            }
}

/* Several tensors, of both types and any shape, are each updated as if alone. */
static void several_tensors(void)
{
    float p32[6] = {1, 2, 3, 4, 5, 6}, g32[6] = {1, 1, 1, 1, 1, 1}, v32[6] = {0};
    double p64 = 1, g64 = 0.5, v64 = 4;
    const shs_tensor p[] = {{"a", SHS_F32, 2, {2, 3}, p32}, {"b", SHS_F64, 0, {0}, &p64}};
    const shs_tensor g[] = {{"a", SHS_F32, 2, {2, 3}, g32}, {"b", SHS_F64, 0, {0}, &g64}};
    const shs_tensor v[] = {{"av", SHS_F32, 2, {2, 3}, v32}, {"bv", SHS_F64, 0, {0}, &v64}};
    const shs_sgd_options options = {.rate = 0.5, .momentum = 0.5, .decay = 1, .decay_axes = 1};
    CHECK_STATUS(shs_sgd(&options, p, g, v, 2), SHS_OK);
    CHECK_FLOATS(v32, ((float[]){2, 3, 4, 5, 6, 7}), 6);
    CHECK_FLOATS(p32, ((float[]){0, 0.5f, 1, 1.5f, 2, 2.5f}), 6);
    CHECK_EQ(v64, 2.5); /* no axis: no decay */
    CHECK_EQ(p64, -0.25);
    CHECK_STATUS(shs_sgd(&options, p, g, v, 0), SHS_OK);
    CHECK_EQ(p64, -0.25);

    const shs_sgd_options plain = {.rate = 0.5};
    CHECK_STATUS(shs_sgd(&plain, p, g, NULL, 2), SHS_OK);
    CHECK_EQ(p64, -0.5);
    CHECK_EQ(v64, 2.5);
    CHECK_EQ(p32[5], 2.0f);
}

static void decay_by_axes(void)
{
    double p[2] = {1, 1}, g[2] = {0, 0}, m[2] = {0, 0}, s[2] = {0, 0};
    const shs_tensor matrix[] = {{"p", SHS_F64, 2, {1, 1}, &p[0]}, {"b", SHS_F64, 1, {1}, &p[1]}};
    const shs_tensor gradient[] = {{"p", SHS_F64, 2, {1, 1}, &g[0]}, {"b", SHS_F64, 1, {1}, &g[1]}};
    const shs_tensor means[] = {{"m", SHS_F64, 2, {1, 1}, &m[0]}, {"n", SHS_F64, 1, {1}, &m[1]}};
    const shs_tensor squares[] = {{"s", SHS_F64, 2, {1, 1}, &s[0]}, {"t", SHS_F64, 1, {1}, &s[1]}};
    const shs_adam_options options = {.rate = 0.5, .decay = 0.5, .decay_axes = 2};
    CHECK_STATUS(shs_adamw(&options, 0, matrix, gradient, means, squares, 2), SHS_OK);
    CHECK_EQ(p[0], 0.75);
    CHECK_EQ(p[1], 1.0);
    CHECK_STATUS(shs_adam(&options, 0, matrix, gradient, means, squares, 2), SHS_OK);
    CHECK_IS(p[0], <, 0.75);
    CHECK_EQ(p[1], 1.0);
}

/* What is no number goes through the formulas and stays in its element. */
static void not_numbers(void)
{
    const float nan = NAN, infinity = INFINITY;
    for (enum kind kind = 0; kind < KINDS; kind++) {
        shs_tensor tensors[4];
        fill(SHS_F32, 1);
        arrays[1].floats[7] = nan;
        arrays[1].floats[8] = infinity;
        tensors_of(SHS_F32, 0, 40, tensors);
        CHECK_STATUS(make_step(kind, 0, tensors, 1), SHS_OK);
        for (size_t i = 0; i < 40; i++)
            if (i != 7 && i != 8) CHECK(isfinite(arrays[0].floats[i]));
        CHECK(isnan(arrays[0].floats[7]));
        CHECK(!isfinite(arrays[0].floats[8]));
    }
}

/* ---- What is refused: one message that names it, and nothing has changed. */

static void check_refused(shs_status status, const char *words)
{
    CHECK_STATUS(status, SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), words);
}

static void refused_options(void)
{
    float p = 1, g = 1, m = 0, s = 0;
    const shs_tensor tp = {"p", SHS_F32, 0, {0}, &p}, tg = {"g", SHS_F32, 0, {0}, &g};
    const shs_tensor tm = {"m", SHS_F32, 0, {0}, &m}, ts = {"s", SHS_F32, 0, {0}, &s};
    const struct {
        shs_sgd_options options;
        const char *words;
    } sgd[] = {
        {{.rate = NAN}, "shs_sgd: rate is nan; pass a number from 0 to 1e+30"},
        {{.rate = -0.1}, "shs_sgd: rate is -0.1"},
        {{.rate = INFINITY}, "shs_sgd: rate is inf"},
        {{.momentum = 1}, "shs_sgd: momentum is 1; pass a number from 0 to below 1"},
        {{.momentum = NAN}, "shs_sgd: momentum is nan"},
        {{.decay = -1}, "shs_sgd: decay is -1"},
        {{.rate = 1, .nesterov = true}, "shs_sgd: nesterov needs a momentum"},
    };
    const struct {
        shs_adam_options options;
        const char *words;
    } adam[] = {
        {{.rate = NAN}, "rate is nan"},
        {{.beta1 = 1}, "beta1 is 1; pass a number from 0 to below 1"},
        {{.beta2 = -0.5}, "beta2 is -0.5"},
        {{.epsilon = 0x1p-100}, "epsilon is 7.88"},
        {{.epsilon = -1}, "epsilon is -1; pass a number from 1e-30 to 1e+30"},
        {{.decay = NAN}, "decay is nan"},
    };
    for (size_t i = 0; i < COUNT(sgd); i++)
        check_refused(shs_sgd(&sgd[i].options, &tp, &tg, &tm, 1), sgd[i].words);
    for (size_t i = 0; i < COUNT(adam); i++) {
        check_refused(shs_adam(&adam[i].options, 0, &tp, &tg, &tm, &ts, 1), adam[i].words);
        CHECK_HAS(shs_message(), "shs_adam: ");
        check_refused(shs_adamw(&adam[i].options, 0, &tp, &tg, &tm, &ts, 1), adam[i].words);
        CHECK_HAS(shs_message(), "shs_adamw: ");
    }
    CHECK(p == 1 && g == 1 && m == 0 && s == 0);
}

/* The second tensor is at fault, and the first stays. */
static void refused_tensors(void)
{
    float numbers[4][2][3] = {{{1, 1, 1}, {1, 1, 1}}, {{1, 1, 1}, {1, 1, 1}}};
    uint16_t halves[3] = {0};
    shs_tensor good[4][2], bad[4][2];
    for (int a = 0; a < 4; a++)
        for (int t = 0; t < 2; t++)
            good[a][t] = (shs_tensor){t ? "two" : "one", SHS_F32, 1, {3}, numbers[a][t]};
    static const struct {
        int array;
        const char *words;
    } cases[] = {
        {1, "shs_adam: tensor 1 of the gradients (two) has another type or shape"},
        {2, "shs_adam: tensor 1 of the means (two) has another type or shape"},
        {3, "shs_adam: data of tensor two of the squares is NULL"},
        {3, "shs_adam: tensor two of the squares lies in the memory of tensor two of the means"},
        {2, "shs_adam: tensor two of the means lies in the memory of tensor two of the parameters"},
        {0, "shs_adam: tensor two of the parameters has type f16; only f32 and f64 are trained"},
        {0, "shs_adam: tensor 1 of the parameters: tensor two: type is not set"},
    };
    for (size_t c = 0; c < COUNT(cases); c++) {
        memcpy(bad, good, sizeof bad);
        shs_tensor *tensor = &bad[cases[c].array][1];
        if (c == 0) tensor->type = SHS_F64;
        if (c == 1) tensor->shape[0] = 2;
        if (c == 2) tensor->data = NULL;
        if (c == 3) tensor->data = numbers[2][1];
        if (c == 4) tensor->data = numbers[0][1] + 2;
        if (c == 5) *tensor = (shs_tensor){"two", SHS_F16, 1, {3}, halves};
        if (c == 6) tensor->type = (shs_type)0;
        harness_where("case %zu", c);
        check_refused(
            shs_adam(&(shs_adam_options){.rate = 1}, 0, bad[0], bad[1], bad[2], bad[3], 2),
            cases[c].words);
        CHECK_EQ(numbers[0][0][0], 1.0f);
    }
    check_refused(
        shs_sgd(&(shs_sgd_options){.rate = 1, .momentum = 0.9}, good[0], good[1], NULL, 2),
        "shs_sgd: velocities is NULL");
}

/* ---- Learning rates */

static double rate_at(const shs_rate *schedule, uint64_t step)
{
    double rate = -1;
    CHECK_STATUS(shs_rate_at(schedule, step, &rate), SHS_OK);
    return rate;
}

static void check_rates(const char *name, const shs_rate *schedule, const double *expected)
{
    for (uint64_t step = 0; step < RATE_STEPS; step++) {
        harness_where("%s, step %d", name, (int)step);
        CHECK_IS(fabs(rate_at(schedule, step) - expected[step]), <=, 1e-15);
    }
}

static void pytorch_rates(void)
{
    static const uint64_t milestones[] = {10, 25, 26};
    const shs_rate warm_up = {.peak = 0.05, .first = 0.005, .warm_up = 10};
    const shs_rate cosine = {
        .kind = SHS_RATE_COSINE, .peak = 0.05, .last = 0.001, .steps = RATE_STEPS};
    const shs_rate steps = {.kind = SHS_RATE_STEPS,
                            .peak = 0.05,
                            .factor = 0.3,
                            .milestones = milestones,
                            .milestone_count = COUNT(milestones)};
    shs_rate one_cycle = {.kind = SHS_RATE_COSINE,
                          .peak = 0.05,
                          .first = 0.005,
                          .last = 0.00005,
                          .warm_up = 10,
                          .warm_up_cosine = true,
                          .steps = 39};
    check_rates("warm_up", &warm_up, rates_warm_up);
    check_rates("cosine", &cosine, rates_cosine);
    check_rates("milestones", &steps, rates_milestones);
    check_rates("one cycle, cosine", &one_cycle, rates_one_cycle_cosine);
    one_cycle.kind = SHS_RATE_LINEAR;
    one_cycle.warm_up_cosine = false;
    check_rates("one cycle, linear", &one_cycle, rates_one_cycle_linear);
}

/* Beginnings, ends and the middle are exact, also in runs of any length. */
static void exact_rates(void)
{
    const uint64_t lengths[] = {1, 2, 3, 1000, UINT32_MAX, UINT64_C(1) << 52, UINT64_MAX};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        const uint64_t n = lengths[i];
        shs_rate schedule = {.kind = SHS_RATE_COSINE, .peak = 0.7, .last = 0.3, .steps = n};
        harness_where("%llu steps", (unsigned long long)n);
        for (int kind = 0; kind < 2; kind++, schedule.kind = SHS_RATE_LINEAR) {
            CHECK_EQ(rate_at(&schedule, 0), 0.7);
            CHECK_EQ(rate_at(&schedule, n), 0.3);
            CHECK_EQ(rate_at(&schedule, UINT64_MAX), 0.3);
            if (n % 2 == 0) CHECK_IS(fabs(rate_at(&schedule, n / 2) - 0.5), <=, 1e-16);
        }
    }
    const shs_rate constant = {.peak = 0.7}, warm = {.peak = 1, .warm_up = 4};
    CHECK_EQ(rate_at(&constant, 0), 0.7);
    CHECK_EQ(rate_at(&constant, UINT64_MAX), 0.7);
    CHECK_EQ(rate_at(&warm, 0), 0.0);
    CHECK_EQ(rate_at(&warm, 3), 0.75);
    CHECK_EQ(rate_at(&warm, 4), 1.0);
    const uint64_t first = 0;
    const shs_rate at_once = {
        .kind = SHS_RATE_STEPS, .peak = 1, .milestones = &first, .milestone_count = 1};
    CHECK_EQ(rate_at(&at_once, 0), 0.1);
}

static void refused_rates(void)
{
    static const uint64_t back[] = {3, 2}, twice[] = {3, 3};
    const struct {
        shs_rate schedule;
        const char *words;
    } cases[] = {
        {{.peak = NAN}, "shs_rate_at: peak is nan; pass a number from 0 to 1e+30"},
        {{.first = -1}, "shs_rate_at: first is -1"},
        {{.last = INFINITY}, "shs_rate_at: last is inf"},
        {{.kind = (shs_rate_kind)4}, "there is no kind 4 of rates"},
        {{.kind = SHS_RATE_COSINE}, "steps is 0 and warm_up 0; steps counts from step 0"},
        {{.kind = SHS_RATE_LINEAR, .warm_up = 7, .steps = 7}, "steps is 7 and warm_up 7"},
        {{.kind = SHS_RATE_STEPS, .factor = 2}, "factor is 2; pass a number from 0 to 1"},
        {{.kind = SHS_RATE_STEPS, .milestone_count = 1}, "milestones is NULL"},
        {{.kind = SHS_RATE_STEPS, .milestones = back, .milestone_count = 2},
         "milestone 0 is step 3 and milestone 1 step 2; give them in ascending order"},
        {{.kind = SHS_RATE_STEPS, .milestones = twice, .milestone_count = 2}, "ascending order"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double rate = 1;
        harness_where("case %zu", i);
        check_refused(shs_rate_at(&cases[i].schedule, 0, &rate), cases[i].words);
        CHECK_EQ(rate, 0.0);
    }
}

static const struct harness_test tests[] = {
    TEST(pytorch),       TEST(formulas),    TEST(each_element_alone), TEST(several_tensors),
    TEST(decay_by_axes), TEST(not_numbers), TEST(refused_options),    TEST(refused_tensors),
    TEST(pytorch_rates), TEST(exact_rates), TEST(refused_rates),
};

int main(int argc, char **argv)
{
    return harness_main("optimizer", tests, COUNT(tests), argc, argv);
}
