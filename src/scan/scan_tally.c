#include "scan_tally.h"

#include "core_elements.h"
#include "core_memory.h"

enum {
    AT_ONCE = 512, /* elements that are converted together */
    FINITE = 0,    /* indexes of the sums */
    NANS,
    INFINITIES,
    FILLED,
    DIGITS,
    NOT_LEAST = 0, /* indexes of the extremes */
    GREATEST
};

shs_status scan_tally_new(shs_type type, const struct scan_fill *fill, uint64_t most_bins,
                          struct scan_tally **tally)
{
    shs_status status = core_new(1, sizeof **tally, "statistics", tally);
    if (!status)
        status = core_new(most_bins + 1, sizeof *(*tally)->edges, "a histogram", &(*tally)->edges);
    if (!status)
        status = core_new(most_bins + 1, sizeof *(*tally)->steps, "a histogram", &(*tally)->steps);
    if (!status)
        status =
            core_new(most_bins, sizeof *(*tally)->histogram, "a histogram", &(*tally)->histogram);
    if (status) {
        scan_tally_free(tally);
        return status;
    }
    (*tally)->type = type;
    (*tally)->fill = fill;
    (*tally)->least = UINT64_MAX;
    return SHS_OK;
}

void scan_tally_free(struct scan_tally **tally)
{
    if (!*tally) return;
    core_free(&(*tally)->edges);
    core_free(&(*tally)->steps);
    core_free(&(*tally)->histogram);
    core_free(tally);
}

void scan_tally_first_key(struct scan_tally *tally, uint64_t key, uint64_t times)
{
    if (!times) return;
    if (scan_fill_has(tally->fill, key)) {
        tally->filled += times;
        return;
    }
    tally->finite += times;
    core_exact_add_whole(&tally->sum,
                         ((core_i128)key - core_key_bias(tally->type)) * (core_i128)times);
    if (key < tally->least) tally->least = key;
    if (key > tally->greatest) tally->greatest = key;
}

/* Moves the keys of values that count to the front. Returns how many these are. */
static size_t keep_keys(const struct scan_fill *fill, uint64_t *keys, size_t count)
{
    size_t kept = 0;
    if (!fill->count) return count;
    for (size_t i = 0; i < count; i++) {
        uint64_t key = keys[i];
        keys[kept] = key;
        kept += !scan_fill_has(fill, key);
    }
    return kept;
}

static void first_integers(struct scan_tally *tally, uint64_t *keys, size_t all)
{
    size_t count = keep_keys(tally->fill, keys, all);
    tally->filled += all - count;
    uint64_t least = tally->least, greatest = tally->greatest;
    core_u128 sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += keys[i];
        if (keys[i] < least) least = keys[i];
        if (keys[i] > greatest) greatest = keys[i];
    }
    tally->finite += count;
    tally->least = least;
    tally->greatest = greatest;
    core_exact_add_whole(&tally->sum,
                         (core_i128)sum - (core_i128)core_key_bias(tally->type) * (core_i128)count);
}

/* Moves finite numbers to the front and counts the others. Returns how many are finite. */
static size_t keep_finite(double *numbers, size_t count, size_t *nans)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        double x = numbers[i];
        *nans += x != x;
        numbers[kept] = x;
        kept += x - x == 0;
    }
    return kept;
}

/* Moves the numbers that do not mean "missing" to the front. Returns how many these are. */
static size_t keep_there(const struct scan_fill *fill, double *numbers, size_t count)
{
    for (size_t value = 0; value < fill->count; value++) {
        double missing = fill->number[value];
        size_t kept = 0;
        for (size_t i = 0; i < count; i++) {
            double x = numbers[i];
            numbers[kept] = x;
            kept += x != missing;
        }
        count = kept;
    }
    return count;
}

static void first_floats(struct scan_tally *tally, double *numbers, size_t count)
{
    size_t nans = 0, all_finite = keep_finite(numbers, count, &nans);
    size_t finite = keep_there(tally->fill, numbers, all_finite);
    tally->nans += nans;
    tally->infinities += count - all_finite - nans;
    tally->filled += all_finite - finite;
    tally->finite += finite;
    if (!finite) return;
    double least = numbers[0], greatest = numbers[0];
    for (size_t i = 0; i < finite; i++) {
        core_exact_add(&tally->sum, numbers[i]);
        if (numbers[i] < least) least = numbers[i];
        if (numbers[i] > greatest) greatest = numbers[i];
    }
    if (core_double_key(least) < tally->least) tally->least = core_double_key(least);
    if (core_double_key(greatest) > tally->greatest) tally->greatest = core_double_key(greatest);
}

/* Returns the bin of a position, which is counted in bins. The position is clipped, because a file
 * that changes between the passes can give any number. */
static uint64_t bin_at(const struct scan_tally *tally, double position)
{
    if (!(position > 0)) return 0;
    return position < (double)tally->bins ? (uint64_t)position : tally->bins - 1;
}

void scan_tally_second_key(struct scan_tally *tally, uint64_t key, uint64_t times)
{
    double from_whole = key < tally->whole_mean ? -(double)(tally->whole_mean - key)
                                                : (double)(key - tally->whole_mean);
    double d = from_whole - tally->fraction;
    uint64_t bin = bin_at(tally, (double)(key - tally->least) * tally->bins_per_one);
    while (bin > 0 && key < tally->edges[bin])
        bin--;
    while (bin + 1 < tally->bins && key >= tally->edges[bin + 1])
        bin++;
    tally->histogram[bin] += times;
    core_exact_add_times(&tally->sum, d * d, times);
}

static void second_integers(struct scan_tally *tally, uint64_t *keys, size_t count)
{
    count = keep_keys(tally->fill, keys, count);
    for (size_t i = 0; i < count; i++)
        scan_tally_second_key(tally, keys[i], 1);
}

static void second_floats(struct scan_tally *tally, double *numbers, size_t count)
{
    size_t nans = 0, finite = keep_finite(numbers, count, &nans);
    finite = keep_there(tally->fill, numbers, finite);
    const double *steps = tally->steps;
    for (size_t i = 0; i < finite; i++) {
        double x = numbers[i] * tally->scale, d = x - tally->scaled_mean;
        uint64_t bin = bin_at(tally, (x - steps[0]) * tally->bins_per_one);
        while (bin > 0 && x < steps[bin])
            bin--;
        while (bin + 1 < tally->bins && x >= steps[bin + 1])
            bin++;
        tally->histogram[bin]++;
        core_exact_add(&tally->sum, d * d);
    }
}

/* Converts elements to numbers of their kind part by part, and calls a function with each part. */
static void each_part(struct scan_tally *tally, const char *from, size_t stride, size_t count,
                      void (*integers)(struct scan_tally *, uint64_t *, size_t),
                      void (*floats)(struct scan_tally *, double *, size_t))
{
    union {
        uint64_t keys[AT_ONCE];
        double numbers[AT_ONCE];
    } part;
    size_t step = stride * shs_type_size(tally->type);
    for (size_t at = 0, now; at < count; at += now) {
        now = count - at < AT_ONCE ? count - at : AT_ONCE;
        if (core_is_float(tally->type)) {
            core_load_doubles(tally->type, from + at * step, stride, now, part.numbers);
            floats(tally, part.numbers, now);
        } else {
            core_load_keys(tally->type, from + at * step, stride, now, part.keys);
            integers(tally, part.keys, now);
        }
    }
}

void scan_tally_first(struct scan_tally *tally, const void *from, size_t stride, size_t count)
{
    each_part(tally, from, stride, count, first_integers, first_floats);
}

void scan_tally_second(struct scan_tally *tally, const void *from, size_t stride, size_t count)
{
    if (tally->finite) each_part(tally, from, stride, count, second_integers, second_floats);
}

void scan_tally_give(const struct scan_tally *tally, uint64_t sums[SCAN_TALLY_SUMS],
                     uint64_t extremes[SCAN_TALLY_EXTREMES])
{
    sums[FINITE] = tally->finite;
    sums[NANS] = tally->nans;
    sums[INFINITIES] = tally->infinities;
    sums[FILLED] = tally->filled;
    core_exact_digits(&tally->sum, sums + DIGITS);
    extremes[NOT_LEAST] = ~tally->least;
    extremes[GREATEST] = tally->greatest;
}

/* Returns 2^exponent, for an exponent of -1000 … 1000. */
static double power_of_two(int exponent)
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* Returns the exponent of the greatest magnitude. Near the ends of the range of doubles it may be
 * inexact. */
static int exponent_of(double least, double greatest)
{
    double magnitude = -least > greatest ? -least : greatest;
    uint64_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    int exponent = (int)(bits >> 52 & 2047) - 1023;
    if (exponent > 1000) return 1000;
    return exponent < -1000 ? -1000 : exponent;
}

/* Sets the edges of bins of equal width for scaled floats, as numpy.linspace() computes them. */
static void set_float_edges(struct scan_tally *tally, uint64_t most_bins)
{
    double least = core_key_double(tally->least), greatest = core_key_double(tally->greatest);
    int exponent = exponent_of(least, greatest);
    double back = power_of_two(exponent);
    tally->scale = power_of_two(-exponent);
    tally->scaled_mean = tally->mean * tally->scale;
    double first = least * tally->scale, last = greatest * tally->scale;
    tally->bins = least < greatest ? most_bins : 1;
    double width = (last - first) / (double)tally->bins;
    for (uint64_t bin = 0; bin <= tally->bins; bin++) {
        tally->steps[bin] = bin < tally->bins ? first + (double)bin * width : last;
        tally->edges[bin] = core_double_key(tally->steps[bin] * back);
    }
    tally->edges[tally->bins] = tally->greatest;
    tally->bins_per_one = first < last ? (double)tally->bins / (last - first) : 0;
}

/* Sets the edges of bins of equally many integers, as far as possible. If there are few integers,
 * each has a bin. */
static void set_integer_edges(struct scan_tally *tally, uint64_t most_bins)
{
    core_u128 values = (core_u128)(tally->greatest - tally->least) + 1;
    tally->bins = values < most_bins ? (uint64_t)values : most_bins;
    for (uint64_t bin = 0; bin < tally->bins; bin++)
        tally->edges[bin] =
            tally->least + (uint64_t)((values * bin + tally->bins - 1) / tally->bins);
    tally->edges[tally->bins] = tally->greatest;
    tally->bins_per_one = (double)tally->bins / (double)values;
}

/* Sets the exact mean of integers: a key and a fraction. */
static void set_whole_mean(struct scan_tally *tally, const uint64_t *digits)
{
    core_i128 count = (core_i128)tally->finite, sum = core_exact_whole(digits);
    core_i128 whole = sum / count, rest = sum % count;
    if (rest < 0) {
        rest += count;
        whole--;
    }
    tally->whole_mean = (uint64_t)(whole + (core_i128)core_key_bias(tally->type));
    tally->fraction = (double)(uint64_t)rest / (double)tally->finite;
}

void scan_tally_turn(struct scan_tally *tally, const uint64_t sums[SCAN_TALLY_SUMS],
                     const uint64_t extremes[SCAN_TALLY_EXTREMES], uint64_t most_bins)
{
    tally->finite = sums[FINITE];
    tally->nans = sums[NANS];
    tally->infinities = sums[INFINITIES];
    tally->filled = sums[FILLED];
    tally->least = ~extremes[NOT_LEAST];
    tally->greatest = extremes[GREATEST];
    memset(&tally->sum, 0, sizeof tally->sum);
    if (!tally->finite) return;
    tally->mean = core_exact_quotient(sums + DIGITS, tally->finite);
    if (core_is_float(tally->type)) {
        set_float_edges(tally, most_bins);
    } else {
        set_whole_mean(tally, sums + DIGITS);
        set_integer_edges(tally, most_bins);
    }
}

void scan_tally_end(struct scan_tally *tally, const uint64_t sums[SCAN_TALLY_SUMS])
{
    if (!tally->finite) return;
    double variance = core_exact_quotient(sums + DIGITS, tally->finite);
    /* one instruction, correctly rounded; this file is compiled without errno, so libm is not
     * called */
    double deviation = __builtin_sqrt(variance);
    tally->deviation = core_is_float(tally->type) ? deviation / tally->scale : deviation;
}
