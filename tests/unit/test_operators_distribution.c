/* Statistics of what each operator draws, read from the record of the draws. All seeds are fixed,
 * so that what passes once passes always. The thresholds: Kolmogorov-Smirnov sqrt(n) D < 2.4,
 * beyond which lie 2 cases in 100,000; chi-squares judge_plausible(), 7 in a million; counts and
 * correlations 5 standard deviations, 6 in ten million. Each check must find a planted fault. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "augment_record.h"
#include "augment_table.h"
#include "judge.h"
#include "unit.h"

enum {
    SAMPLES = 8192, /* of a measure */
    MOST_RESULTS = 64,
    MOST_NUMBERS = 16, /* of a record */
    SLOTS = 64         /* of a step */
};

static const shs_tensor fields[] = {
    {"gray", SHS_F32, 2, {20000, 20000}, NULL}, {"colour", SHS_F32, 3, {8, 8, 3}, NULL},
    {"small", SHS_F32, 2, {8, 8}, NULL},        {"signal", SHS_F32, 1, {1000000}, NULL},
    {"short", SHS_F32, 1, {12}, NULL},          {"cube", SHS_F32, 3, {4, 4, 4}, NULL}};

static shs_augment *open_text(const char *text)
{
    shs_augment *augment;
    if (shs_augment_open(text, fields, COUNT(fields), &augment)) WRONG("%s", shs_message());
    return augment;
}

static shs_place place_of(size_t sample)
{
    return (shs_place){.seed = 11,
                       .purpose = 1,
                       .rank = sample / SLOTS % 8,
                       .step = sample / SLOTS / 8,
                       .slot = sample % SLOTS};
}

static struct core_text record_at(const shs_augment *augment, shs_place place)
{
    struct core_text text = {0};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    augment_record(augment, &stream, &text);
    if (text.status || !text.bytes) abort();
    return text;
}

/* The numbers of a record in their order; yes is 1, and no is 0. */
static size_t numbers_of(const char *record, double *numbers)
{
    size_t count = 0;
    while (*(record += strspn(record, "(),= ")) && count < MOST_NUMBERS) {
        size_t length = strcspn(record, "(),= ");
        char *end;
        double number = strtod(record, &end);
        if (end == record + length) numbers[count++] = number;
        if (length == 3 && !memcmp(record, "yes", 3)) numbers[count++] = 1;
        if (length == 2 && !memcmp(record, "no", 2)) numbers[count++] = 0;
        record += length;
    }
    return count;
}

/* ---- checks of one number */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* True if numbers are spread evenly from 0 to 1, but for sizes that are rounded to whole elements.
 * Sorts them. */
static bool is_uniform(double *u, size_t n)
{
    double most = 0;
    qsort(u, n, sizeof *u, compare_doubles);
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(u[i] - (double)i / (double)n));
        most = fmax(most, fabs(u[i] - (double)(i + 1) / (double)n));
    }
    return n && u[0] >= -1e-4 && u[n - 1] <= 1 + 1e-4 && sqrt((double)n) * most < 2.4;
}

/* True if whole numbers from 0 to results - 1 come equally often. */
static bool is_even(const double *number, size_t n, size_t results)
{
    uint64_t counts[MOST_RESULTS] = {0};
    for (size_t i = 0; i < n; i++) {
        if (!(number[i] >= 0 && number[i] < (double)results) || floor(number[i]) != number[i])
            return false;
        counts[(size_t)number[i]]++;
    }
    return n && judge_plausible(judge_chi_square(counts, results, (double)n / (double)results),
                                (double)results - 1);
}

/* True if ones among zeros come with probability p. */
static bool is_chance(const double *number, size_t n, double p)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (number[i] != 0 && number[i] != 1) return false;
        sum += number[i] - p;
    }
    return fabs(sum) <= 5 * sqrt((double)n * p * (1 - p));
}

/* ---- what is measured */

/* How a sample's measure comes from the numbers of its record. */
enum how {
    PLAIN,     /* the number */
    LOGARITHM, /* its logarithm */
    ORDER,     /* the order of the four words of color_jitter, of 24 */
    CHOICE,    /* which of the words after one_of( it is */
    DROPPED,   /* a bit for each of three channels */
    AREA,      /* height * width of a part of the gray image, relative */
    RATIO,     /* the logarithm of height / width */
    TOP,
    LEFT,      /* the place of a part in the room that it has */
    MASK,      /* the first element of a mask in the room that it has */
    IS_APPLIED /* 1 unless the record ends with (no) */
};

/* What a measure is spread like: evenly from low to high, like low + below(high - low + 1), or 1
 * with probability `low` and else 0. */
enum law {
    UNIFORM,
    BELOW,
    CHANCE
};

struct measure {
    const char *text;
    size_t at; /* which number of the record it is */
    enum how how;
    enum law law;
    double low, high;
};

static const struct measure measures[] = {
    {"small: random_crop(padding=3)", 0, PLAIN, BELOW, -3, 3},
    {"small: random_crop(padding=3)", 1, PLAIN, BELOW, -3, 3},
    {"small: random_crop(size=[3,6])", 0, PLAIN, BELOW, 0, 5},
    {"small: random_crop(size=[3,6])", 1, PLAIN, BELOW, 0, 2},
    {"small: random_flip(axis=w, p=0.5)", 0, PLAIN, CHANCE, 0.5, 0},
    {"small: random_flip(axis=h, p=0.03)", 0, PLAIN, CHANCE, 0.03, 0},
    {"short: time_flip(p=0.9)", 0, PLAIN, CHANCE, 0.9, 0},
    {"small: sometimes(random_flip(axis=w, p=0.25), p=0.5)", 0, PLAIN, CHANCE, 0.125, 0},
    {"short: one_of(time_flip() random_shift(most=2) random_scale(factor=1..2))", 0, CHOICE, BELOW,
     0, 2},
    {"short: window_crop(size=4)", 0, PLAIN, BELOW, 0, 8},
    {"small: random_rot90()", 0, PLAIN, BELOW, 0, 3},
    {"small: d4()", 0, PLAIN, BELOW, 0, 7},
    {"small: random_symmetry()", 0, PLAIN, BELOW, 0, 7},
    {"cube: random_symmetry(layout=zyx)", 0, PLAIN, BELOW, 0, 47},
    {"cube: random_roll(axes=zx, layout=zyx)", 0, PLAIN, BELOW, 0, 3},
    {"cube: random_roll(axes=zx, layout=zyx)", 1, PLAIN, BELOW, 0, 3},
    {"short: random_shift(most=7)", 0, PLAIN, BELOW, -7, 7},
    {"short: random_scale(factor=-0.5..1.25)", 0, PLAIN, UNIFORM, -0.5, 1.25},
    {"colour: random_scale(factor=0.8..1.25, by=channel)", 0, PLAIN, UNIFORM, 0.8, 1.25},
    {"colour: random_scale(factor=0.8..1.25, by=channel)", 2, PLAIN, UNIFORM, 0.8, 1.25},
    {"colour: brightness(factor=0.6..1.4)", 0, PLAIN, UNIFORM, 0.6, 1.4},
    {"colour: brightness(factor=0.6..1.4, p=0.5)", 0, PLAIN, UNIFORM, 0.6, 1.4},
    {"colour: contrast(factor=0.6..1.4)", 0, PLAIN, UNIFORM, 0.6, 1.4},
    {"colour: saturation(factor=0..2)", 0, PLAIN, UNIFORM, 0, 2},
    {"colour: hue(turns=-0.5..0.1)", 0, PLAIN, UNIFORM, -0.5, 0.1},
    {"colour: color_jitter(brightness=0..1, contrast=0..1, saturation=0..1, hue=0..0.5)", 0, ORDER,
     BELOW, 0, 23},
    {"colour: color_jitter(brightness=0.5..2)", 0, PLAIN, UNIFORM, 0.5, 2},
    {"colour: color_jitter(contrast=0.5..2)", 0, PLAIN, UNIFORM, 0.5, 2},
    {"colour: color_jitter(saturation=0.5..2)", 0, PLAIN, UNIFORM, 0.5, 2},
    {"colour: color_jitter(hue=-0.25..0.5)", 0, PLAIN, UNIFORM, -0.25, 0.5},
    {"colour: grayscale(channels=3, p=0.1)", 0, IS_APPLIED, CHANCE, 0.1, 0},
    {"colour: gamma(exponent=0.5..2)", 0, PLAIN, UNIFORM, 0.5, 2},
    {"short: gaussian_noise(std=0.25..0.75)", 0, PLAIN, UNIFORM, 0.25, 0.75},
    {"short: noise(snr=-10..30)", 0, PLAIN, UNIFORM, -10, 30},
    {"gray: random_erasing(p=0.5)", 0, IS_APPLIED, CHANCE, 0.5, 0},
    {"gray: random_erasing(p=1, scale=0.02..0.3, ratio=0.5..2)", 2, AREA, UNIFORM, 0.02, 0.3},
    {"gray: random_erasing(p=1, scale=0.02..0.3, ratio=0.5..2)", 2, RATIO, UNIFORM, -1, 1},
    {"gray: random_erasing(p=1)", 0, TOP, UNIFORM, 0, 1},
    {"gray: random_erasing(p=1)", 0, LEFT, UNIFORM, 0, 1},
    {"signal: time_mask(size=0.05..0.2)", 1, PLAIN, UNIFORM, 50000, 200000},
    {"signal: time_mask(size=0.05..0.2)", 0, MASK, UNIFORM, 0, 1},
    {"colour: channel_drop(p=0.5)", 0, DROPPED, BELOW, 0, 7},
    {"gray: random_resized_crop(size=4, scale=0.1..0.3, ratio=0.5..2)", 2, AREA, UNIFORM, 0.1, 0.3},
    {"gray: random_resized_crop(size=4, scale=0.1..0.3, ratio=0.5..2)", 2, RATIO, UNIFORM, -1, 1},
    {"gray: random_resized_crop(size=4, scale=0.1..0.3)", 0, TOP, UNIFORM, 0, 1},
    {"gray: random_resized_crop(size=4, scale=0.1..0.3)", 0, LEFT, UNIFORM, 0, 1},
    {"small: gaussian_blur(size=3, sigma=0.1..2)", 0, PLAIN, UNIFORM, 0.1, 2},
    {"small: random_rotation(degrees=-15..30)", 0, PLAIN, UNIFORM, -15, 30},
    {"small: random_affine(degrees=-15..15)", 0, PLAIN, UNIFORM, -15, 15},
    {"small: random_affine(degrees=0..0, translate=-0.1..0.3)", 1, PLAIN, UNIFORM, -0.1, 0.3},
    {"small: random_affine(degrees=0..0, translate=-0.1..0.3)", 2, PLAIN, UNIFORM, -0.1, 0.3},
    {"small: random_affine(degrees=0..0, scale=0.5..2)", 3, PLAIN, UNIFORM, 0.5, 2},
    {"small: random_affine(degrees=0..0, shear=-9..3)", 4, PLAIN, UNIFORM, -9, 3},
    {"small: elastic(alpha=20..40, sigma=2)", 0, PLAIN, UNIFORM, 20, 40},
};

/* The number of an order, from the places of its words in a record. */
static double order_of(const char *record)
{
    static const char *const words[] = {"brightness=", "contrast=", "saturation=", "hue="};
    double number = 0;
    for (size_t i = 0; i < 4; i++) {
        size_t before = 0;
        for (size_t j = i + 1; j < 4; j++)
            before += strstr(record, words[j]) < strstr(record, words[i]);
        number = number * (double)(4 - i) + (double)before;
    }
    return number;
}

static double choice_of(const char *record)
{
    static const char *const words[] = {"one_of(time_flip(", "one_of(random_shift(",
                                        "one_of(random_scale("};
    for (size_t i = 0; i < 3; i++)
        if (!strncmp(record, words[i], strlen(words[i]))) return (double)i;
    return -1;
}

/* The place of a part of `size` elements that begins at `first`, in the room that it has. */
static double place_in(double elements, double first, double size)
{
    return (first + 0.5) / (elements - size + 1);
}

static double measure_of(const struct measure *measure, const char *record, const double *numbers,
                         size_t count)
{
    const double side = 20000;
    double number = numbers[measure->at], bits = 0;
    switch (measure->how) {
    case LOGARITHM:
        return log(number);
    case ORDER:
        return order_of(record);
    case CHOICE:
        return choice_of(record);
    case DROPPED:
        for (size_t i = 0; i < count; i++)
            bits += exp2(numbers[i]);
        return bits;
    case AREA:
        return numbers[2] * numbers[3] / (side * side);
    case RATIO:
        return log2(numbers[2] / numbers[3]);
    case TOP:
        return place_in(side, numbers[0], numbers[2]);
    case LEFT:
        return place_in(side, numbers[1], numbers[3]);
    case MASK:
        return place_in(1000000, numbers[0], numbers[1]);
    case IS_APPLIED:
        return strstr(record, "(no)") == NULL;
    case PLAIN:
        break;
    }
    return number;
}

/* Takes a measure in many places; leaves out records that do not have the number. */
static size_t take(const struct measure *measure, double *taken)
{
    size_t n = 0;
    shs_augment *augment = open_text(measure->text);
    for (size_t i = 0; augment && i < SAMPLES; i++) {
        double numbers[MOST_NUMBERS] = {0};
        struct core_text record = record_at(augment, place_of(i));
        bool skipped = measure->law == UNIFORM && strstr(record.bytes, "(no)");
        size_t count = numbers_of(record.bytes, numbers);
        if (!skipped) taken[n++] = measure_of(measure, record.bytes, numbers, count);
        core_text_free(&record);
    }
    shs_augment_close(&augment);
    return n;
}

/* True if what was taken obeys the law. Changes it. */
static bool obeys(const struct measure *measure, double *taken, size_t n)
{
    double low = measure->low, high = measure->high;
    if (measure->law == CHANCE) return is_chance(taken, n, low);
    for (size_t i = 0; i < n; i++)
        taken[i] = measure->law == BELOW ? taken[i] - low : (taken[i] - low) / (high - low);
    return measure->law == BELOW ? is_even(taken, n, (size_t)(high - low) + 1)
                                 : is_uniform(taken, n);
}

static double taken[SAMPLES];

static void draws_obey_their_laws(void)
{
    for (size_t m = 0; m < COUNT(measures); m++) {
        size_t n = take(&measures[m], taken);
        if (!obeys(&measures[m], taken, n))
            WRONG("%s: number %zu of the draws is not spread as its law says", measures[m].text,
                  measures[m].at);
    }
}

/* Laws that are nearly true. */
static void other_laws_are_found(void)
{
    static const struct measure wrong[] = {
        {"colour: brightness(factor=0.6..1.4)", 0, PLAIN, UNIFORM, 0.6, 1.46},
        {"colour: brightness(factor=0.6..1.4)", 0, PLAIN, UNIFORM, 0.6, 1.39},
        {"gray: random_resized_crop(size=4, scale=0.1..0.3, ratio=0.5..2)", 3, PLAIN, UNIFORM, 4472,
         15492},
        {"colour: brightness(factor=0.8..1.25)", 0, LOGARITHM, UNIFORM, -0.2231436, 0.2231436},
        {"short: random_shift(most=7)", 0, PLAIN, BELOW, -7, 8},
        {"short: random_shift(most=7)", 0, PLAIN, BELOW, -7, 6},
        {"small: random_flip(axis=w, p=0.5)", 0, PLAIN, CHANCE, 0.56, 0},
        {"short: one_of(time_flip() time_flip() random_scale(factor=1..2))", 0, CHOICE, BELOW, 0,
         2},
    };
    for (size_t m = 0; m < COUNT(wrong); m++) {
        size_t n = take(&wrong[m], taken);
        if (obeys(&wrong[m], taken, n)) WRONG("%s obeys a wrong law too", wrong[m].text);
    }
}

/* ---- every operator is measured */

static bool is_measured(const char *name)
{
    char call[64];
    snprintf(call, sizeof call, " %s(", name);
    for (size_t m = 0; m < COUNT(measures); m++)
        if (strstr(measures[m].text, call)) return true;
    return false;
}

static bool has_chance(const struct augment_kind *kind)
{
    for (const struct augment_parameter *p = kind->parameters; p->name; p++)
        if (p->form == AUGMENT_CHANCE) return true;
    return false;
}

/* Whether an operator with p is applied as often as p says. Its text comes from its measure. */
static void check_chance(const char *name, const char *text, double p)
{
    char with[256];
    const char *open = strchr(text, '(') + 1;
    size_t n = 0;
    snprintf(with, sizeof with, "%.*sp=%g%s%s", (int)(open - text), text, p,
             *open == ')' ? "" : ", ", open);
    shs_augment *augment = open_text(with);
    for (size_t i = 0; augment && i < SAMPLES; i++) {
        struct core_text record = record_at(augment, place_of(i));
        size_t length = strlen(name);
        taken[n++] = strncmp(record.bytes + length, "(no)", 4) != 0;
        core_text_free(&record);
    }
    if (!is_chance(taken, n, p)) WRONG("%s: not applied with probability %g", with, p);
    shs_augment_close(&augment);
}

/* The first text of an operator that has no p yet and keeps the shape. */
static const char *text_without_chance(const char *name)
{
    char call[64];
    snprintf(call, sizeof call, ": %s(", name);
    for (size_t m = 0; m < COUNT(measures); m++)
        if (strstr(measures[m].text, call) && !strstr(measures[m].text, "p=0")) {
            return measures[m].text;
        }
    return NULL;
}

static void every_operator_is_measured(void)
{
    for (size_t k = 0; k < augment_operators.count; k++) {
        const struct augment_kind *kind = augment_operators.kinds[k];
        if ((kind->draw || kind->holds || has_chance(kind)) && !is_measured(kind->name))
            WRONG("%s draws, and no measure has it", kind->name);
    }
}

static void operators_are_applied_with_probability_p(void)
{
    static const char *const others[] = {"sometimes", "grayscale", "random_erasing",
                                         "random_resized_crop"};
    for (size_t k = 0; k < augment_operators.count; k++) {
        const struct augment_kind *kind = augment_operators.kinds[k];
        const char *text = text_without_chance(kind->name);
        bool other = false;
        for (size_t i = 0; i < COUNT(others); i++)
            other = other || !strcmp(kind->name, others[i]);
        if (!has_chance(kind) || other) continue;
        if (NEED(text != NULL)) check_chance(kind->name, text, 0.3);
    }
    check_chance("sometimes", "small: sometimes(d4())", 0.97);
    check_chance("grayscale", "colour: grayscale(channels=3)", 0.3);
    check_chance("random_erasing", "small: random_erasing()", 0.3);
    check_chance("random_resized_crop", "small: random_resized_crop(size=8)", 0.3);
}

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
            taken[n++] = normal_below(z);
            if (k) elements += z * ((double)output[k - 1] - mean);
            if (i) samples += z * ((double)last[k] - mean);
        }
        memcpy(last, output, sizeof last);
    }
    if (!is_uniform(taken, n)) WRONG("%s: the noise is not normal", text);
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
        TEST(draws_obey_their_laws),
        TEST(other_laws_are_found),
        TEST(every_operator_is_measured),
        TEST(operators_are_applied_with_probability_p),
        TEST(draws_are_independent),
        TEST(draws_do_not_depend_on_the_position),
        TEST(planted_dependence_is_found),
        TEST(noise_is_normal),
        TEST(channels_drop_with_their_probability),
        TEST(elastic_moves_to_all_sides),
    };
    return harness_main("operators_distribution", tests, COUNT(tests), argc, argv);
}
