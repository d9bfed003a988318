/* Prints `COUNT NAME HASH` for every draw: FNV-1a, 64 bits, of COUNT numbers' bytes, the least
 * significant first, and of the word that the stream gives next. The same lines are expected of
 * every compiler, optimisation, instruction set and byte order: golden_random.txt has them.
 *
 *   golden_random [KERNELS [COUNT]]      plain, avx2, avx512, or "" for the fastest; one million
 *
 * Needs src/random, of src/core only what golden.sh names, of src/order only
 * order_weights.c, and the public headers.
 * Exit code 77: this CPU does not run these kernels. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order_weights.h"
#include "random_kernels.h"
#include "random_stream.h"

enum {
    USUAL_COUNT = 1000000,
    FIRST = 7 /* a first, short fill, after which the long one begins inside a block */
};

static size_t count = USUAL_COUNT;
static void *numbers;
static shs_alias *alias;
static uint64_t step; /* every line has its own streams */

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "golden_random: %s: %s\n", what, shs_message());
    exit(1);
}

static uint64_t hash_byte(uint64_t hash, uint64_t byte)
{
    return (hash ^ (byte & 0xff)) * UINT64_C(0x100000001b3);
}

/* The lowest bytes of a number. */
static uint64_t hash_number(uint64_t hash, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        hash = hash_byte(hash, number >> 8 * i);
    return hash;
}

static uint64_t hash_elements(const unsigned char *element, size_t bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < count; i++, element += bytes) {
        uint32_t half;
        uint64_t whole = *element;
        if (bytes == sizeof half) {
            memcpy(&half, element, sizeof half);
            whole = half;
        }
        if (bytes == sizeof whole) memcpy(&whole, element, sizeof whole);
        hash = hash_number(hash, whole, bytes);
    }
    return hash;
}

static shs_random next_stream(void)
{
    const shs_place place = {.seed = UINT64_C(0x0123456789abcdef),
                             .purpose = 23,
                             .rank = 1234567,
                             .step = 4000000000u + step++,
                             .slot = 99};
    shs_random stream;
    if (shs_random_at(&place, &stream)) give_up("place");
    return stream;
}

static void print_line(const char *name, size_t bytes, shs_random *stream)
{
    uint64_t hash = hash_number(hash_elements(numbers, bytes), shs_random_u32(stream), 4);
    printf("%zu %s %016" PRIx64 "\n", count, name, hash);
}

#define LINE(name, type, first_fill, second_fill)                                                  \
    do {                                                                                           \
        shs_random stream = next_stream();                                                         \
        type *out = numbers;                                                                       \
        if (first_fill || second_fill) give_up(name);                                              \
        print_line(name, sizeof *out, &stream);                                                    \
    } while (0)

#define PLAIN(draw, type)                                                                          \
    LINE(#draw, type, shs_random_fill_##draw(&stream, out, FIRST),                                 \
         shs_random_fill_##draw(&stream, out + FIRST, count - FIRST))

#define WITH(name, draw, type, ...)                                                                \
    LINE(name, type, shs_random_fill_##draw(&stream, __VA_ARGS__, out, FIRST),                     \
         shs_random_fill_##draw(&stream, __VA_ARGS__, out + FIRST, count - FIRST))

static void print_uniform(void)
{
    PLAIN(u32, uint32_t);
    PLAIN(u64, uint64_t);
    PLAIN(float, float);
    PLAIN(double, double);
    WITH("float_in", float_in, float, -3.3f, 17);
    WITH("double_in", double_in, double, -3.3, 17);
    WITH("below_6", below, uint32_t, 6);
    WITH("below_2^31+1", below, uint32_t, UINT32_C(0x80000001));
    WITH("below_3*2^30", below, uint32_t, UINT32_C(0xc0000000));
    WITH("below64_6", below64, uint64_t, 6);
    WITH("below64_2^63+1", below64, uint64_t, UINT64_C(0x8000000000000001));
    WITH("bernoulli", bernoulli, bool, 0.3);
}

static void print_continuous(void)
{
    WITH("normal_float", normal_float, float, 0, 1);
    WITH("normal_float_of", normal_float, float, 0.2860f, 0.3530f);
    WITH("normal_double", normal_double, double, 0, 1);
    WITH("normal_double_of", normal_double, double, 0.2860, 0.3530);
    WITH("truncated_normal", truncated_normal, double, 0, 0.02, -0.04, 0.04);
    WITH("truncated_normal_tail", truncated_normal, double, 0, 1, 6, 40);
    WITH("exponential", exponential, double, 2.5);
    WITH("gamma_0.1", gamma, double, 0.1, 1);
    WITH("gamma_7.5", gamma, double, 7.5, 0.3);
    WITH("beta_0.2", beta, double, 0.2, 0.2);
    WITH("beta_2_5", beta, double, 2, 5);
}

static void print_discrete(void)
{
    WITH("poisson_3", poisson, uint64_t, 3);
    WITH("poisson_10", poisson, uint64_t, 10);
    WITH("poisson_1e6", poisson, uint64_t, 1e6);
    WITH("binomial_10", binomial, uint64_t, 10, 0.25);
    WITH("binomial_1000", binomial, uint64_t, 1000, 0.7);
    WITH("binomial_2^31", binomial, uint64_t, UINT64_C(1) << 31, 0.001);
    WITH("categorical", categorical, uint32_t, alias);
}

static void print_choices(void)
{
    LINE("permutation", uint64_t, shs_random_permutation(&stream, out, count), SHS_OK);
    LINE("choose_of_3", uint64_t, shs_random_choose(&stream, 3 * (uint64_t)count, count, out),
         SHS_OK);
    LINE("choose_of_2^63", uint64_t, shs_random_choose(&stream, UINT64_C(1) << 63, count, out),
         SHS_OK);
}

/* The first words of places, samples and orders that differ in all their parts. */
static void print_places(void)
{
    uint32_t *out = numbers;
    shs_random stream = next_stream(), draws = next_stream();
    for (size_t i = 0; i + 2 < count; i += 3) {
        uint64_t seed = shs_random_u64(&draws), index = shs_random_u64(&draws) >> 8;
        uint32_t part = shs_random_u32(&draws), epoch = shs_random_u32(&draws);
        const shs_place place = {seed, SHS_ROLE_OWN, index >> 32, epoch, part};
        if (shs_random_at(&place, &stream)) give_up("places");
        out[i] = shs_random_u32(&stream);
        random_of_sample(seed, part % 16, index, epoch, &stream);
        out[i + 1] = shs_random_u32(&stream);
        random_of_order(seed, part % 16, part, epoch, index >> 32, &stream);
        out[i + 2] = shs_random_u32(&stream);
    }
    for (size_t i = count / 3 * 3; i < count; i++)
        out[i] = 0;
    print_line("places", sizeof *out, &draws);
}

/* The table of `count` weights: each cell's chance, and whom it stands for. */
static void print_table(void)
{
    struct random_alias table;
    shs_random stream = next_stream();
    uint64_t *out = numbers;
    double *weights = malloc(count * sizeof *weights);
    if (!weights) give_up("memory");
    for (size_t i = 0; i < count; i++)
        weights[i] = shs_random_exponential(&stream, i % 5 ? 1 : 1e-6) * (double)(i % 7);
    if (random_alias_open(weights, count, &table)) give_up("weights");
    for (size_t i = 0; i < count; i++) {
        double keep = table.cells[i].keep;
        memcpy(&out[i], &keep, sizeof *out);
        out[i] ^= (uint64_t)table.cells[i].other << 20;
    }
    random_alias_close(&table);
    free(weights);
    print_line("alias_table", sizeof *out, &stream);
}

static uint64_t draw_row(const struct order_weights *weights, const double *row_weights,
                         shs_random *stream)
{
    struct order_pick pick = order_weights_pick(weights, stream);
    struct order_search search = order_weights_search(weights, pick);
    order_weights_search_in(&search, row_weights + search.next,
                            order_weights_count(weights, pick.block));
    return search.last;
}

/* Rows drawn in two levels, at places of role 5 that differ in all their parts. */
static void print_weighted(void)
{
    enum {
        ROWS = 2000
    };
    static double row_weights[ROWS];
    struct order_weights weights;
    shs_random draws = next_stream(), stream;
    uint64_t *out = numbers;
    if (order_weights_begin(&weights, ROWS, 300)) give_up("weights");
    for (uint64_t row = 0; row < ROWS; row++) {
        row_weights[row] = shs_random_exponential(&draws, (double)(row % 3 + 1));
        double *sum = &weights.sums[row / weights.block_rows];
        *sum = order_weights_sum(*sum, &row_weights[row], 1);
    }
    if (order_weights_end(&weights)) give_up("weights");
    for (size_t i = 0; i < count; i++) {
        uint64_t seed = shs_random_u64(&draws), position = shs_random_u64(&draws) >> 8;
        uint32_t number = shs_random_below(&draws, 16), epoch = shs_random_u32(&draws);
        random_of_weights(seed, number, position, epoch, &stream);
        out[i] = draw_row(&weights, row_weights, &stream);
        out[i] |= (uint64_t)shs_random_u32(&stream) << 32;
    }
    order_weights_free(&weights);
    print_line("weighted", sizeof *out, &draws);
}

/* What came later stands last: each line's streams depend on the number of lines before it. */
static void print_later(void)
{
    WITH("binomial_20", binomial, uint64_t, 20, 0.5);
    print_table();
    print_weighted();
}

static void open_alias(void)
{
    double weights[1000];
    for (int i = 0; i < 1000; i++)
        weights[i] = (i * 37 % 101) / (1.0 + i % 13);
    if (shs_alias_open(weights, 1000, &alias)) give_up("weights");
}

int main(int argc, char **argv)
{
    if (argc > 1 && !random_kernels_choose(argv[1])) {
        fprintf(stderr, "golden_random: no %s kernels on this CPU\n", argv[1]);
        return 77;
    }
    if (argc > 2) count = (size_t)strtoul(argv[2], NULL, 10);
    numbers = count > FIRST ? malloc(count * sizeof(uint64_t)) : NULL;
    if (!numbers) give_up("give a count above 7, for which there is memory");
    open_alias();
    print_uniform();
    print_continuous();
    print_discrete();
    print_choices();
    print_places();
    print_later();
    shs_alias_close(&alias);
    free(numbers);
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
