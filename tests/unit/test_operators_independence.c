/* Draws do not depend on other operators of the text, on the position in the batch, nor on draws of
 * other slots, ranks and steps; and the noise that no record shows. A planted dependence is found
 * by the same check. */
#include "operator_draws.h"

/* ---- independence */

enum {
    ROWS = 4096,
    WIDTH = 14 /* numbers of a record, each moved and scaled to mean 0 and variance 1 */
};

static const char many[] =
    "colour: random_crop(padding=2) random_flip(axis=w) brightness(factor=0..1) "
    "random_scale(factor=0..1, by=channel) gamma(exponent=1..2); small: d4() "
    "random_affine(degrees=0..1, translate=0..1, scale=1..2)";

/* Uniform numbers are as low + u * (high - low) with whole numbers of `results`; 0: continuous. */
static const struct {
    double low, high, results;
} columns[WIDTH] = {{-2, 2, 5}, {-2, 2, 5}, {0, 1, 2}, {0, 1, 0}, {0, 1, 0}, {0, 1, 0}, {0, 1, 0},
                    {1, 2, 0},  {0, 7, 8},  {0, 1, 0}, {0, 1, 0}, {0, 1, 0}, {1, 2, 0}, {0, 0, 0}};

struct row {
    double number[WIDTH];
};

static struct row row_at(const shs_augment *augment, shs_place place)
{
    double numbers[MOST_NUMBERS] = {0};
    struct row row = {{0}};
    struct core_text record = record_at(augment, place);
    size_t count = numbers_of(record.bytes, numbers);
    if (count != WIDTH) WRONG("%s: %zu numbers", record.bytes, count);
    core_text_free(&record);
    for (size_t i = 0; i + 1 < WIDTH; i++) { /* the last is the shear, always 0 */
        double low = columns[i].low, high = columns[i].high, n = columns[i].results;
        double variance = n > 0 ? (n * n - 1) / 12 : (high - low) * (high - low) / 12;
        row.number[i] = (numbers[i] - (low + high) / 2) / sqrt(variance);
    }
    return row;
}

static struct row rows[ROWS], neighbours[ROWS];

/* The largest correlation of a number of one row with a number of the other, in its deviations.
 * Within the same row each number is left out with itself. */
static double correlation(const struct row *one, const struct row *other, size_t n)
{
    double most = 0;
    for (size_t i = 0; i + 1 < WIDTH; i++)
        for (size_t j = 0; j + 1 < WIDTH; j++) {
            double sum = 0;
            if (one == other && i == j) continue;
            for (size_t k = 0; k < n; k++)
                sum += one[k].number[i] * other[k].number[j];
            most = fmax(most, fabs(sum) / sqrt((double)n));
        }
    return most;
}

static void fill_rows(const shs_augment *augment, struct row *to, uint64_t rank, uint64_t step,
                      uint64_t slot)
{
    for (size_t i = 0; i < ROWS; i++) {
        shs_place place = place_of(i);
        place.rank += rank;
        place.step += step;
        place.slot += slot;
        to[i] = row_at(augment, place);
    }
}

static void draws_are_independent(void)
{
    static const struct {
        const char *what;
        uint64_t rank, step, slot;
    } moves[] = {{"the next rank", 1, 0, 0},
                 {"the next step", 0, 1, 0},
                 {"the next slot", 0, 0, 1},
                 {"the next rank, step and slot", 1, 1, 1},
                 {"a far slot", 0, 0, 1 << 20}};
    shs_augment *augment = open_text(many);
    if (!NEED(augment != NULL)) return;
    fill_rows(augment, rows, 0, 0, 0);
    double most = correlation(rows, rows, ROWS);
    if (!(most < 5)) WRONG("operators of a sample: correlation of %g deviations", most);
    for (size_t m = 0; m < COUNT(moves); m++) {
        fill_rows(augment, neighbours, moves[m].rank, moves[m].step, moves[m].slot);
        most = correlation(rows, neighbours, ROWS);
        if (!(most < 5)) WRONG("%s: correlation of %g deviations", moves[m].what, most);
    }
    shs_augment_close(&augment);
}

/* The position in the batch: draws of early and late slots, ranks and steps have the same mean. */
static void draws_do_not_depend_on_the_position(void)
{
    shs_augment *augment = open_text(many);
    if (!NEED(augment != NULL)) return;
    fill_rows(augment, rows, 0, 0, 0);
    for (size_t i = 0; i < ROWS; i++) {
        shs_place place = place_of(i);
        neighbours[i] = (struct row){{0}};
        neighbours[i].number[0] = ((double)place.slot - 31.5) / sqrt((64 * 64 - 1) / 12.0);
        neighbours[i].number[1] = ((double)place.rank - 3.5) / sqrt(63 / 12.0);
        neighbours[i].number[2] = place.slot % 2 ? 1 : -1;
        neighbours[i].number[3] = place.rank % 2 ? 1 : -1;
        neighbours[i].number[4] = place.step % 2 ? 1 : -1;
    }
    double most = correlation(rows, neighbours, ROWS);
    if (!(most < 5)) WRONG("the position in the batch: correlation of %g deviations", most);
    shs_augment_close(&augment);
}

/* The same check finds 0.15 of a number in a number of the next slot, and equal streams. */
static void planted_dependence_is_found(void)
{
    shs_augment *augment = open_text(many);
    if (!NEED(augment != NULL)) return;
    fill_rows(augment, rows, 0, 0, 0);
    fill_rows(augment, neighbours, 0, 0, 1);
    CHECK(correlation(rows, neighbours, ROWS) < 5);
    for (size_t i = 0; i < ROWS; i++)
        neighbours[i].number[7] =
            0.15 * rows[i].number[3] + sqrt(1 - 0.15 * 0.15) * neighbours[i].number[7];
    CHECK(correlation(rows, neighbours, ROWS) > 5);
    fill_rows(augment, neighbours, 0, 0, 0);
    CHECK(correlation(rows, neighbours, ROWS) > 5);
    shs_augment_close(&augment);
}

/* ---- what records do not show: the noise of each element, seen in results */

static double normal_below(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static double below[SAMPLES];

enum {
    NOISY = 64 /* elements of a noisy signal */
};

/* Results of an augmentation of a field f in the place of sample `i`. */
static void apply(const shs_augment *augment, size_t i, const float *input, float *output)
{
    static _Alignas(64) unsigned char scratch[1 << 16];
    const void *from = input;
    void *to = output;
    shs_random stream;
    const shs_place place = place_of(i);
    if (!NEED(shs_augment_scratch(augment) <= sizeof scratch)) return;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    CHECK_STATUS(shs_augment_apply(augment, &stream, &from, &to, scratch), SHS_OK);
}

/* Noise of deviation 1 around `mean` on a signal of ones: normal, and not correlated between
 * neighbouring elements or samples. */
static void check_noise(const char *text, double mean)
{
    const shs_tensor field = {"f", SHS_F32, 1, {NOISY}, NULL};
    float input[NOISY], output[NOISY], last[NOISY] = {0};
    double elements = 0, samples = 0;
    size_t n = 0;
    shs_augment *augment;
    for (size_t k = 0; k < NOISY; k++)
        input[k] = 1;
    if (!NEED_STATUS(shs_augment_open(text, &field, 1, &augment), SHS_OK)) return;
    for (size_t i = 0; n + NOISY <= SAMPLES; i++) {
        apply(augment, i, input, output);
        for (size_t k = 0; k < NOISY; k++) {
            double z = (double)output[k] - mean;
            below[n++] = normal_below(z);
            if (k) elements += z * ((double)output[k - 1] - mean);
            if (i) samples += z * ((double)last[k] - mean);
        }
        memcpy(last, output, sizeof last);
    }
    if (!is_uniform(below, n)) WRONG("%s: the noise is not normal", text);
    CHECK(fabs(elements) < 5 * sqrt((double)n));
    CHECK(fabs(samples) < 5 * sqrt((double)n));
    shs_augment_close(&augment);
}

static void noise_is_normal(void)
{
    check_noise("f: gaussian_noise(std=1)", 1);
    check_noise("f: gaussian_noise(std=1, mean=-2)", -1);
    check_noise("f: noise(snr=0)", 1);
}

/* A channel drops with its probability, whatever the others do. */
static void channels_drop_with_their_probability(void)
{
    static double none[SAMPLES], single[SAMPLES];
    shs_augment *augment = open_text("colour: channel_drop(p=0.2)");
    if (!NEED(augment != NULL)) return;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct core_text record = record_at(augment, place_of(i));
        double numbers[MOST_NUMBERS] = {0};
        size_t count = numbers_of(record.bytes, numbers);
        none[i] = count == 0;
        single[i] = 0;
        for (size_t k = 0; k < count; k++)
            if (numbers[k] > 1) single[i] = 1;
        core_text_free(&record);
    }
    CHECK(is_chance(none, SAMPLES, 0.8 * 0.8 * 0.8));
    CHECK(is_chance(single, SAMPLES, 0.2));
    CHECK(!is_chance(single, SAMPLES, 0.25));
    shs_augment_close(&augment);
}

/* The displacement of the middle of a ramp: as often to the left as to the right, and along the
 * width not correlated with that along the height. */
static void elastic_moves_to_all_sides(void)
{
    enum {
        SIDE = 17,
        MIDDLE = SIDE / 2 * SIDE + SIDE / 2,
        TURNS = 3000
    };
    const shs_tensor field = {"f", SHS_F32, 2, {SIDE, SIDE}, NULL};
    static float input[SIDE * SIDE], output[SIDE * SIDE];
    static double right[TURNS], down[TURNS];
    double sum = 0, other = 0, squares = 0, others = 0, product = 0;
    shs_augment *augment;
    if (!NEED_STATUS(shs_augment_open("f: elastic(alpha=10..10, sigma=2)", &field, 1, &augment),
                     SHS_OK))
        return;
    for (size_t turn = 0; turn < TURNS; turn++)
        for (int axis = 0; axis < 2; axis++) {
            for (size_t k = 0; k < SIDE * SIDE; k++)
                input[k] = (float)(axis ? k % SIDE : k / SIDE) - SIDE / 2;
            apply(augment, turn, input, output);
            (axis ? right : down)[turn] = (double)output[MIDDLE];
        }
    for (size_t turn = 0; turn < TURNS; turn++) {
        sum += right[turn], other += down[turn];
        squares += right[turn] * right[turn], others += down[turn] * down[turn];
        product += right[turn] * down[turn];
    }
    CHECK(squares > 0 && fabs(sum) < 5 * sqrt(squares));
    CHECK(others > 0 && fabs(other) < 5 * sqrt(others));
    CHECK(fabs(product) < 5 * sqrt(squares * others / TURNS));
    CHECK(fabs(squares / others - 1) < 0.25);
    shs_augment_close(&augment);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(draws_are_independent),
        TEST(draws_do_not_depend_on_the_position),
        TEST(planted_dependence_is_found),
        TEST(noise_is_normal),
        TEST(channels_drop_with_their_probability),
        TEST(elastic_moves_to_all_sides),
    };
    return harness_main("operators_independence", tests, COUNT(tests), argc, argv);
}
