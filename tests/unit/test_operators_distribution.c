/* What each operator draws is spread as its help says: ranges, whole numbers, probabilities, orders
 * and places. Laws that are nearly true are found by the same checks. */
#include "operator_draws.h"

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
    {"gray: random_erasing(p=1, scale=0.02..0.3, ratio=1..2)", 2, RATIO, UNIFORM, 0, 1},
    {"gray: random_erasing(p=1)", 0, TOP, UNIFORM, 0, 1},
    {"gray: random_erasing(p=1)", 0, LEFT, UNIFORM, 0, 1},
    {"signal: time_mask(size=0.05..0.2)", 1, PLAIN, UNIFORM, 50000, 200000},
    {"signal: time_mask(size=0.05..0.2)", 0, MASK, UNIFORM, 0, 1},
    {"colour: channel_drop(p=0.5)", 0, DROPPED, BELOW, 0, 7},
    {"gray: random_resized_crop(size=4, scale=0.1..0.3, ratio=0.5..2)", 2, AREA, UNIFORM, 0.1, 0.3},
    {"gray: random_resized_crop(size=4, scale=0.1..0.3, ratio=0.5..1)", 2, RATIO, UNIFORM, 0, 1},
    {"gray: random_resized_crop(size=4, scale=0.1..0.3)", 0, TOP, UNIFORM, 0, 1},
    {"gray: random_resized_crop(size=4, scale=0.1..0.3)", 0, LEFT, UNIFORM, 0, 1},
    {"small: gaussian_blur(size=3, sigma=0.1..2)", 0, PLAIN, UNIFORM, 0.1, 2},
    {"small: random_rotation(degrees=-15..30)", 0, PLAIN, UNIFORM, -15, 30},
    {"small: random_affine(degrees=-15..15)", 0, PLAIN, UNIFORM, -15, 15},
    {"small: random_affine(degrees=0..0, translate=-0.1..0.3)", 1, PLAIN, UNIFORM, -0.1, 0.3},
    {"small: random_affine(degrees=0..0, translate=-0.1..0.3)", 2, PLAIN, UNIFORM, -0.1, 0.3},
    {"small: random_affine(degrees=0..0, scale=0.5..2)", 3, PLAIN, UNIFORM, 0.5, 2},
    {"small: random_affine(degrees=0..0, shear=-9..3)", 4, PLAIN, UNIFORM, -9, 3},
    {"cube: random_affine(degrees=-15..9, axes=zyx, layout=zyx)", 1, PLAIN, UNIFORM, -15, 9},
    {"cube: random_affine(degrees=0..0, degrees_y=-9..3, axes=zyx, layout=zyx)", 1, PLAIN, UNIFORM,
     -9, 3},
    {"cube: random_affine(degrees=0..0, degrees_x=-9..3, axes=zyx, layout=zyx)", 2, PLAIN, UNIFORM,
     -9, 3},
    {"cube: random_affine(degrees=0..0, translate=-0.1..0.3, axes=zyx, layout=zyx)", 5, PLAIN,
     UNIFORM, -0.1, 0.3},
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

static double numbers_taken[SAMPLES];

static void draws_obey_their_laws(void)
{
    for (size_t m = 0; m < COUNT(measures); m++) {
        size_t n = take(&measures[m], numbers_taken);
        if (!obeys(&measures[m], numbers_taken, n))
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
        size_t n = take(&wrong[m], numbers_taken);
        if (obeys(&wrong[m], numbers_taken, n)) WRONG("%s obeys a wrong law too", wrong[m].text);
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
        numbers_taken[n++] = strncmp(record.bytes + length, "(no)", 4) != 0;
        core_text_free(&record);
    }
    if (!is_chance(numbers_taken, n, p)) WRONG("%s: not applied with probability %g", with, p);
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

/* Operators that mix the samples of a batch are left to test_mixup.c. */
static void every_operator_is_measured(void)
{
    for (size_t k = 0; k < augment_operators.count; k++) {
        const struct augment_kind *kind = augment_operators.kinds[k];
        if (kind->scope == AUGMENT_OF_SAMPLE && (kind->draw || kind->holds || has_chance(kind)) &&
            !is_measured(kind->name))
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
        if (!has_chance(kind) || kind->scope == AUGMENT_OF_BATCH || other) continue;
        if (NEED(text != NULL)) check_chance(kind->name, text, 0.3);
    }
    check_chance("sometimes", "small: sometimes(d4())", 0.97);
    check_chance("grayscale", "colour: grayscale(channels=3)", 0.3);
    check_chance("random_erasing", "small: random_erasing()", 0.3);
    check_chance("random_resized_crop", "small: random_resized_crop(size=8)", 0.3);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(draws_obey_their_laws),
        TEST(other_laws_are_found),
        TEST(every_operator_is_measured),
        TEST(operators_are_applied_with_probability_p),
    };
    return harness_main("operators_distribution", tests, COUNT(tests), argc, argv);
}
