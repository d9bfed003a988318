/* The order of rows: permutations, who takes what at which step, cursors, the tree of additions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counted_memory.h"
#include "judge.h"
#include "order_kernels.h"
#include "order_ledger.h"
#include "order_permutation.h"
#include "order_plan.h"
#include "order_tree.h"
#include "unit.h"

typedef unsigned __int128 wide;

/* ---- permutations */

static bool set(struct order_permutation *permutation, uint64_t seed, uint64_t epoch,
                uint64_t samples)
{
    return order_permutation_set(permutation, seed, 0, epoch, samples) == SHS_OK;
}

/* True if the rows at 0 … N-1 are 0 … N-1, each once. */
static bool is_bijection(const struct order_permutation *permutation, uint64_t samples)
{
    unsigned char *seen = calloc(samples, 1);
    bool good = seen != NULL;
    for (uint64_t position = 0; position < samples && good; position++) {
        uint64_t row = order_permutation_row(permutation, position);
        good = row < samples && !seen[row];
        if (good) seen[row] = 1;
    }
    free(seen);
    return good;
}

static void each_row_has_one_position(void)
{
    struct order_permutation permutation = {0};
    for (uint64_t samples = 1; samples <= 3000; samples++)
        if (!set(&permutation, samples, samples % 7, samples) ||
            !is_bijection(&permutation, samples))
            WRONG("a permutation of few rows");
    CHECK(permutation.table != NULL);
    order_permutation_free(&permutation);
    CHECK(permutation.table == NULL);
}

static void each_row_has_one_position_at_the_border_and_above(void)
{
    static const uint64_t sizes[] = {16383, 16384,  16385,         16386, 16390, 32767,   32768,
                                     32769, 100003, (1 << 20) + 1, 65535, 65536, 1 << 18, 131073};
    struct order_permutation permutation = {0};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK(set(&permutation, 5, i, sizes[i]));
        CHECK(is_bijection(&permutation, sizes[i]));
        CHECK((permutation.table != NULL) == (sizes[i] <= 16384));
    }
    order_permutation_free(&permutation);
}

/* Worked out by a second program, in another language, from the description in the headers. What
 * changes one of these rows needs another SHS_ORDER_VERSION. */
static void known_rows_stay(void)
{
    static const struct {
        uint64_t seed;
        uint32_t stream;
        uint64_t epoch, samples, rows[6], last;
    } known[] = {
        {42, 0, 0, 10, {6, 8, 0, 5, 2, 1}, 3},
        {42, 0, 1, 10, {5, 9, 1, 8, 0, 3}, 2},
        {42, 3, 1, 10, {4, 5, 9, 2, 8, 1}, 3},
        {UINT64_C(0x123456789abcdef0),
         15,
         0xffffffff,
         16384,
         {13961, 11426, 9523, 8842, 9851, 1083},
         9313},
        {42, 0, 0, 16385, {6808, 14409, 9749, 4535, 8298, 2952}, 15998},
        {42, 0, 0, 60000, {22834, 20285, 57685, 19639, 26103, 48621}, 34544},
        {7,
         2,
         9,
         (UINT64_C(1) << 40) + 3,
         {1095426928879, 888389403317, 276267401971, 418724391466, 309500690854, 281019750203},
         475781791372},
        {42,
         0,
         0,
         UINT64_C(1) << 56,
         {26431967242197274, 40380955497998342, 44290207223803377, 20895059162606057,
          21706488116825776, 54427767623780173},
         19285441751557381},
    };
    struct order_permutation permutation = {0};
    for (size_t i = 0; i < COUNT(known); i++) {
        CHECK(order_permutation_set(&permutation, known[i].seed, known[i].stream, known[i].epoch,
                                    known[i].samples) == SHS_OK);
        for (uint64_t k = 0; k < 6; k++)
            CHECK(order_permutation_row(&permutation, k) == known[i].rows[k]);
        CHECK(order_permutation_row(&permutation, known[i].samples - 1) == known[i].last);
    }
    order_permutation_free(&permutation);
    CHECK(SHS_ORDER_VERSION == 1);
}

/* The number of an order of 6 among 720, by counting smaller ones. */
static size_t number_of_order(const struct order_permutation *permutation)
{
    size_t number = 0;
    for (uint64_t i = 0; i < 6; i++) {
        size_t smaller = 0;
        for (uint64_t k = i + 1; k < 6; k++)
            smaller +=
                order_permutation_row(permutation, k) < order_permutation_row(permutation, i);
        number = number * (6 - i) + smaller;
    }
    return number;
}

static void all_orders_of_six_are_equally_likely(void)
{
    struct order_permutation permutation = {0};
    uint64_t counts[720] = {0};
    for (uint64_t seed = 0; seed < 144; seed++)
        for (uint64_t epoch = 0; epoch < 1000; epoch++) {
            if (!set(&permutation, seed, epoch, 6)) return;
            counts[number_of_order(&permutation)]++;
        }
    CHECK(judge_plausible(judge_chi_square(counts, 720, 200), 719));
    order_permutation_free(&permutation);
}

enum {
    BINS = 32
};

static size_t bin_of(uint64_t row, uint64_t samples)
{
    return (size_t)((wide)row * BINS / samples);
}

/* Where the first two positions and the last lead, over many epochs: pairs of bins should be
 * equally likely. 2^14 + 1 rows need most cycle walking. */
static void check_positions(uint64_t samples)
{
    static uint64_t first[BINS * BINS], last[BINS * BINS];
    enum {
        EPOCHS = 100 * BINS * BINS
    };
    struct order_permutation permutation = {0};
    memset(first, 0, sizeof first);
    memset(last, 0, sizeof last);
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        if (!NEED(set(&permutation, samples, epoch, samples))) return;
        size_t a = bin_of(order_permutation_row(&permutation, 0), samples);
        size_t b = bin_of(order_permutation_row(&permutation, 1), samples);
        size_t z = bin_of(order_permutation_row(&permutation, samples - 1), samples);
        first[a * BINS + b]++;
        last[a * BINS + z]++;
    }
    CHECK(judge_plausible(judge_chi_square(first, BINS * BINS, 100), BINS * BINS - 1));
    CHECK(judge_plausible(judge_chi_square(last, BINS * BINS, 100), BINS * BINS - 1));
    order_permutation_free(&permutation);
}

static void positions_above_the_border_are_spread_evenly(void)
{
    check_positions(1 << 15);
    check_positions(60000);
    check_positions((UINT64_C(1) << 40) + 3);
    check_positions(UINT64_C(1) << 56);
}

/* With bins of 512.03 rows, counts of 16385 rows differ from even ones by far less than chance. */
static void positions_just_above_the_border_are_spread_evenly(void)
{
    check_positions(16385);
}

/* Statistics of one epoch's sequence of N rows. */
struct sequence {
    uint64_t fixed;      /* rows at their own position: about 1 */
    uint64_t successors; /* rows followed by the next row: about 1 */
    uint64_t ascents;    /* rows followed by any larger one: about (N-1)/2, variance (N+1)/12 */
    uint64_t steps[BINS];
};

static void add_sequence(const struct order_permutation *permutation, struct sequence *sequence)
{
    uint64_t samples = permutation->samples, before = order_permutation_row(permutation, 0);
    sequence->fixed += before == 0;
    for (uint64_t position = 1; position < samples; position++) {
        uint64_t row = order_permutation_row(permutation, position);
        sequence->fixed += row == position;
        sequence->successors += row == before + 1;
        sequence->ascents += row > before;
        sequence->steps[bin_of((row + samples - before) % samples - 1, samples - 1)]++;
        before = row;
    }
}

static bool within(double value, double mean, double variance)
{
    return fabs(value - mean) < 4.5 * sqrt(variance);
}

/* The differences between neighbours, modulo N, are 1 … N-1 alike. N - 1 is a multiple of BINS, or
 * so large that uneven bins do not show. */
static void check_neighbours(uint64_t samples, uint64_t epochs)
{
    struct order_permutation permutation = {0};
    struct sequence sequence = {0};
    double n = (double)samples, e = (double)epochs;
    for (uint64_t epoch = 0; epoch < epochs; epoch++) {
        if (!NEED(set(&permutation, 99, epoch, samples))) return;
        add_sequence(&permutation, &sequence);
    }
    CHECK(within((double)sequence.fixed, e, e));
    CHECK(within((double)sequence.successors, e, e));
    CHECK(within((double)sequence.ascents, e * (n - 1) / 2, e * (n + 1) / 12));
    double chi_square = judge_chi_square(sequence.steps, BINS, e * (n - 1) / BINS);
    CHECK(judge_plausible(chi_square, BINS - 1));
    order_permutation_free(&permutation);
}

static void neighbours_are_unrelated(void)
{
    check_neighbours(993, 2000);
    check_neighbours(16353, 200);
    check_neighbours(16385, 200);
    check_neighbours(1 << 15, 100);
    check_neighbours(100001, 50);
}

/* How many of the first 200 positions lead to the same row; by chance about 200 / N. */
static size_t count_same(struct order_permutation *a, struct order_permutation *b)
{
    size_t same = 0;
    for (uint64_t position = 0; position < 200; position++)
        same += order_permutation_row(a, position) == order_permutation_row(b, position);
    return same;
}

static void seeds_epochs_and_streams_have_their_own_orders(void)
{
    static const uint64_t sizes[] = {5000, 16384, 16385, 1000003};
    static const struct {
        uint64_t seed;
        uint32_t stream;
        uint64_t epoch;
    } others[] = {{42, 0, 4}, {43, 0, 3},          {42, 1, 3},  {42 + (UINT64_C(1) << 32), 0, 3},
                  {3, 0, 42}, {42, 0, 0xffffffff}, {42, 15, 3}, {41, 0, 4}};
    struct order_permutation a = {0}, b = {0};
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (size_t k = 0; k < COUNT(others); k++) {
            CHECK(order_permutation_set(&a, 42, 0, 3, sizes[i]) == SHS_OK);
            CHECK(order_permutation_set(&b, others[k].seed, others[k].stream, others[k].epoch,
                                        sizes[i]) == SHS_OK);
            CHECK(count_same(&a, &b) < 5);
            CHECK(order_permutation_set(&b, 42, 0, 3, sizes[i]) == SHS_OK);
            CHECK(count_same(&a, &b) == 200);
        }
    order_permutation_free(&a);
    order_permutation_free(&b);
}

static void a_table_without_memory_is_an_error(void)
{
    struct counted_memory counted;
    struct order_permutation permutation = {0};
    counted_begin(&counted, 1);
    CHECK(order_permutation_set(&permutation, 1, 0, 0, 100) == SHS_ERROR_MEMORY);
    CHECK(order_permutation_set(&permutation, 1, 0, 0, 16385) == SHS_OK);
    CHECK(counted.calls == 1);
    CHECK(order_permutation_set(&permutation, 1, 0, 0, 100) == SHS_OK);
    CHECK(order_permutation_set(&permutation, 1, 0, 1, 16384) == SHS_OK);
    CHECK(counted.calls == 2);
    order_permutation_free(&permutation);
    CHECK(counted_end(&counted) == 0);
}

/* ---- shares */

static void check_share(uint64_t total, uint64_t part, uint64_t parts)
{
    uint64_t expected = (uint64_t)((wide)total * part / parts);
    if (order_share(total, part, parts) != expected) WRONG("a share is rounded down");
}

static void shares_are_exact(void)
{
    static const uint64_t totals[] = {0, 1, 2, 1000003, (UINT64_C(1) << 56) - 1, UINT64_C(1) << 56};
    static const uint64_t parts[] = {1, 2, 3, 7, (1 << 24) - 1, 1 << 24};
    uint64_t state = 6;
    for (size_t t = 0; t < COUNT(totals); t++)
        for (size_t p = 0; p < COUNT(parts); p++) {
            check_share(totals[t], 0, parts[p]);
            check_share(totals[t], 1, parts[p]);
            check_share(totals[t], parts[p] - 1, parts[p]);
            check_share(totals[t], parts[p], parts[p]);
        }
    for (int i = 0; i < 1000000; i++) {
        uint64_t total = judge_random(&state) >> (8 + judge_random(&state) % 50);
        uint64_t of = 1 + (judge_random(&state) >> (40 + judge_random(&state) % 20));
        check_share(total, judge_random(&state) % (of + 1), of);
    }
    CHECK(order_share(UINT64_C(1) << 56, 1 << 24, 1 << 24) == UINT64_C(1) << 56);
}

/* ---- who takes what */

/* Steps, by taking global batches away. */
static uint64_t slow_steps(const struct order_shape *shape)
{
    uint64_t steps = 0, left = shape->samples, global = shape->vranks * shape->batch;
    for (; left >= global; left -= global)
        steps++;
    return steps + (shape->tail == SHS_TAIL_SHORT && left > 0);
}

/* The rows that each virtual rank should take at a step, by contract 2. */
static uint64_t slow_rows(const struct order_shape *shape, uint64_t step, uint64_t vrank)
{
    uint64_t global = shape->vranks * shape->batch, left = shape->samples - step * global;
    if (left >= global) return shape->batch;
    return left * (vrank + 1) / shape->vranks - left * vrank / shape->vranks;
}

/* One epoch by brute force: a message for the first rule that is broken, or NULL. */
static const char *fault_of(const struct order_shape *shape,
                            const struct order_permutation *permutation, unsigned char *seen)
{
    uint64_t next = 0, steps = order_steps(shape);
    for (uint64_t step = 0; step < steps; step++)
        for (uint64_t vrank = 0; vrank < shape->vranks; vrank++) {
            struct order_slice slice = order_slice(shape, step, vrank);
            if (slice.first != next) return "slices follow one another";
            if (slice.rows != slow_rows(shape, step, vrank)) return "a batch has its rows";
            for (uint64_t i = 0; i < slice.rows; i++) {
                uint64_t row = order_row(shape, permutation, slice.first + i);
                if (row >= shape->samples || seen[row]++) return "a row comes once";
                if (shape->shuffle == SHS_SHUFFLE_NONE && row != next + i) return "file order";
            }
            next += slice.rows;
        }
    uint64_t global = shape->vranks * shape->batch;
    uint64_t left_out = shape->tail == SHS_TAIL_DROP ? shape->samples % global : 0;
    return next == shape->samples - left_out ? NULL : "no row is left out";
}

/* Returns false, with a failed check, if something is wrong. */
static bool check_epoch(const struct order_shape *shape)
{
    static unsigned char seen[1024];
    struct order_permutation permutation = {0};
    const char *fault = NULL;
    memset(seen, 0, sizeof seen);
    uint64_t steps = slow_steps(shape);
    if (order_steps(shape) != steps) fault = "an epoch has its steps";
    if ((order_check(shape) == SHS_OK) != (steps > 0)) fault = "an epoch of no steps is refused";
    if (!set(&permutation, 3, 1, shape->samples)) fault = "memory";
    if (!fault && steps) fault = fault_of(shape, &permutation, seen);
    order_permutation_free(&permutation);
    if (fault)
        printf("  N %d V %d b %d %s %s: %s\n", (int)shape->samples, (int)shape->vranks,
               (int)shape->batch, order_shuffle_name(shape->shuffle), order_tail_name(shape->tail),
               fault);
    return !fault;
}

static void each_row_comes_once_in_an_epoch(void)
{
    static const uint64_t samples[] = {1, 2, 3, 5, 7, 8, 12, 31, 32, 64, 97, 100, 127, 210, 251};
    static const uint64_t vranks[] = {1, 2, 3, 4, 5, 7, 8, 11, 16, 31, 64, 100};
    static const uint64_t batches[] = {1, 2, 3, 4, 5, 7, 16, 31, 100};
    bool good = true;
    for (size_t n = 0; n < COUNT(samples); n++)
        for (size_t v = 0; v < COUNT(vranks); v++)
            for (size_t b = 0; b < COUNT(batches); b++)
                for (int mode = 0; mode < 4; mode++) {
                    struct order_shape shape = {
                        .samples = samples[n], .vranks = vranks[v], .batch = batches[b]};
                    shape.tail = mode & 1 ? SHS_TAIL_DROP : SHS_TAIL_SHORT;
                    shape.shuffle = mode & 2 ? SHS_SHUFFLE_NONE : SHS_SHUFFLE_FULL;
                    good = check_epoch(&shape) && good;
                }
    CHECK(good);
}

/* 10 rows for 3 virtual ranks of 2: a full step of 6, then 4 rows cut at 0, 1, 2, 4. */
static void a_small_epoch_worked_out_by_hand(void)
{
    static const uint64_t expected[2][3][2] = {{{0, 2}, {2, 2}, {4, 2}}, {{6, 1}, {7, 1}, {8, 2}}};
    const struct order_shape shape = {.samples = 10, .vranks = 3, .batch = 2};
    CHECK(order_steps(&shape) == 2);
    for (uint64_t step = 0; step < 2; step++)
        for (uint64_t vrank = 0; vrank < 3; vrank++) {
            struct order_slice slice = order_slice(&shape, step, vrank);
            CHECK(slice.first == expected[step][vrank][0]);
            CHECK(slice.rows == expected[step][vrank][1]);
        }
}

/* The largest numbers, where products would not fit in 64 bits. */
static void the_largest_epoch_adds_up(void)
{
    const struct order_shape shape = {
        .samples = (UINT64_C(1) << 56) - 5, .vranks = (1 << 24) - 3, .batch = 1000};
    uint64_t global = shape.vranks * shape.batch, steps = order_steps(&shape);
    uint64_t left = shape.samples % global, next = shape.samples - left;
    CHECK(order_check(&shape) == SHS_OK);
    CHECK(steps == shape.samples / global + 1);
    for (uint64_t vrank = 0; vrank < shape.vranks; vrank++) {
        struct order_slice slice = order_slice(&shape, steps - 1, vrank);
        uint64_t end = (uint64_t)((wide)left * (vrank + 1) / shape.vranks);
        if (slice.first != next || slice.first + slice.rows != shape.samples - left + end)
            WRONG("the last step's slices");
        next = slice.first + slice.rows;
    }
    CHECK(next == shape.samples);
    CHECK(order_slice(&shape, steps - 2, shape.vranks - 1).rows == 1000);
}

static void check_refused(struct order_shape shape, shs_status status, const char *const *words)
{
    CHECK(order_check(&shape) == status);
    for (; *words; words++)
        CHECK(strstr(shs_message(), *words) != NULL);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void impossible_epochs_are_refused(void)
{
    const uint64_t two_32 = UINT64_C(1) << 32;
    const struct order_shape good = {.samples = 10, .vranks = 2, .batch = 5};
    CHECK(order_check(&good) == SHS_OK);
    struct order_shape shape = {.samples = 19, .vranks = 4, .batch = 5, .tail = SHS_TAIL_DROP};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("N = 19", "V = 4", "b = 5", "drop"));
    shape.samples = 20;
    CHECK(order_check(&shape) == SHS_OK);
    shape = (struct order_shape){.samples = 0, .vranks = 4, .batch = 5};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("N = 0", "V = 4", "b = 5"));
    shape = (struct order_shape){.samples = 10, .vranks = 0, .batch = 5};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("0 virtual ranks"));
    shape.vranks = (1 << 24) + 1;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("16777217 virtual ranks"));
    shape.vranks = 1 << 24;
    CHECK(order_check(&shape) == SHS_OK);
    shape = (struct order_shape){.samples = 10, .vranks = 1, .batch = 0};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("0 rows"));
    shape.batch = two_32;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("4294967296 rows"));
    shape.batch = two_32 - 1;
    CHECK(order_check(&shape) == SHS_OK);
    shape = (struct order_shape){
        .samples = (UINT64_C(1) << 56) + 1, .vranks = 1 << 24, .batch = two_32 - 1};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("2^56"));
    shape.samples--;
    CHECK(order_check(&shape) == SHS_OK);
    shape = (struct order_shape){.samples = two_32, .vranks = 1, .batch = 1};
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("4294967296 steps"));
    shape.samples--;
    CHECK(order_check(&shape) == SHS_OK);
}

/* Every kernel, at every border of a group and of what is walked at a time. */
static void many_rows_are_those_taken_one_at_a_time(void)
{
    static const char *const names[] = {"plain", "avx2", "avx512"};
    static const uint64_t sizes[] = {
        1, 5, 16384, 16385, 1000003, (UINT64_C(1) << 32) + 5, UINT64_C(1) << 56};
    static uint64_t rows[1700];
    struct order_permutation permutation = {0};
    for (size_t k = 0; k < COUNT(names); k++)
        for (size_t i = 0; i < COUNT(sizes) && order_kernels_choose(names[k]); i++) {
            uint64_t most = sizes[i] < 1600 ? sizes[i] : 1600, wrong = 0;
            CHECK(order_permutation_set(&permutation, 42, 1, 3, sizes[i]) == SHS_OK);
            for (uint64_t count = 0; count <= most; count += count < 70 ? 1 : 101) {
                uint64_t first = sizes[i] - most;
                rows[count] = 7;
                order_permutation_rows(&permutation, first, count, rows);
                for (uint64_t at = 0; at < count; at++)
                    wrong += rows[at] != order_permutation_row(&permutation, first + at);
                wrong += rows[count] != 7;
            }
            CHECK(wrong == 0);
        }
    CHECK(order_kernels_choose("plain"));
    CHECK(!order_kernels_choose("none"));
    CHECK(order_kernels_choose(""));
    order_permutation_free(&permutation);
}

/* The closed form against sums: for every N up to 2,000, and on through N = 2^56 by differences. */
static void the_ledger_of_an_epoch_is_a_sum(void)
{
    struct order_ledger sum = {0}, due, next;
    for (uint64_t n = 1; n <= 2000; n++) {
        const uint64_t row = n - 1;
        const struct order_shape shape = {.samples = n, .vranks = 1, .batch = 1};
        order_ledger_add(&sum, &row, 1);
        due = order_ledger_of_epoch(&shape);
        CHECK(due.count == n && due.sum == sum.sum && due.squares == sum.squares);
    }
    for (uint64_t n = 1; n < UINT64_C(1) << 56; n += n / 3 + 1) {
        struct order_shape shape = {.samples = n, .vranks = 1, .batch = 1};
        due = order_ledger_of_epoch(&shape);
        shape.samples = n + 1;
        next = order_ledger_of_epoch(&shape);
        CHECK(next.sum == due.sum + n && next.squares == due.squares + n * n);
    }
}

static void modes_that_are_none_are_refused(void)
{
    const struct order_shape good = {.samples = 100, .vranks = 2, .batch = 5};
    struct order_shape shape = good;
    shape.shuffle = SHS_SHUFFLE_BLOCKS; /* without a size of blocks */
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("windows of 0 blocks of 0 rows"));
    shape.shuffle = (shs_shuffle)7;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("shuffle"));
    shape = good;
    shape.shard = (shs_shard)7;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("shard"));
    shape = good;
    shape.vranks = 101; /* one of them has no row to repeat */
    shape.tail = SHS_TAIL_PAD;
    CHECK(order_check(&shape) == SHS_OK);
    shape.shard = SHS_SHARD_FIXED;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("100 samples", "101 virtual ranks"));
    shape = good;
    shape.tail = (shs_tail)7;
    check_refused(shape, SHS_ERROR_ARGUMENT, WORDS("tail"));
}

static void modes_have_names(void)
{
    CHECK(strcmp(order_shuffle_name(SHS_SHUFFLE_FULL), "full") == 0);
    CHECK(strcmp(order_shuffle_name(SHS_SHUFFLE_NONE), "none") == 0);
    CHECK(strcmp(order_shuffle_name(SHS_SHUFFLE_BLOCKS), "blocks") == 0);
    CHECK(strcmp(order_shard_name(SHS_SHARD_GLOBAL), "global") == 0);
    CHECK(strcmp(order_shard_name(SHS_SHARD_FIXED), "fixed") == 0);
    CHECK(strcmp(order_tail_name(SHS_TAIL_SHORT), "short") == 0);
    CHECK(strcmp(order_tail_name(SHS_TAIL_DROP), "drop") == 0);
    CHECK(strcmp(order_tail_name(SHS_TAIL_PAD), "pad") == 0);
    CHECK(strcmp(order_tail_name((shs_tail)9), "?") == 0);
    CHECK(strcmp(order_shuffle_name((shs_shuffle)9), "?") == 0);
    CHECK(strcmp(order_shard_name((shs_shard)9), "?") == 0);
}

/* ---- cursors */

static void cursors_count_through_the_run(void)
{
    const struct order_shape shape = {.samples = 25, .vranks = 2, .batch = 4}; /* 4 steps */
    shs_cursor cursor = {0, 0, 0};
    uint64_t step = 0;
    for (uint64_t epoch = 0; epoch < 3; epoch++)
        for (uint64_t epoch_step = 0; epoch_step < 4; epoch_step++, step++) {
            CHECK(cursor.epoch == epoch && cursor.epoch_step == epoch_step && cursor.step == step);
            CHECK(order_check_cursor(&shape, 3, cursor) == SHS_OK);
            CHECK(order_check_cursor(&shape, 0, cursor) == SHS_OK);
            cursor = order_next(&shape, cursor);
        }
    CHECK(cursor.epoch == 3 && cursor.epoch_step == 0 && cursor.step == 12);
    CHECK(order_check_cursor(&shape, 3, cursor) == SHS_OK);
}

static void cursors_that_no_run_passes_are_refused(void)
{
    const uint64_t two_32 = UINT64_C(1) << 32;
    const struct order_shape shape = {.samples = 25, .vranks = 2, .batch = 4}; /* 4 steps */
    const shs_cursor bad[] = {{0, 4, 4},     {0, 0, 1},           {1, 0, 3},
                              {1, 0, 5},     {2, 3, 10},          {3, 1, 13},
                              {4, 0, 16},    {1, UINT64_MAX, 3},  {0, 5, 5},
                              {0, 3, 2},     {two_32, 0, two_32}, {UINT64_C(1) << 62, 0, 0},
                              {0, 0, two_32}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        CHECK(order_check_cursor(&shape, 3, bad[i]) == SHS_ERROR_ARGUMENT);
        CHECK(strstr(shs_message(), "cursor {epoch") != NULL);
    }
    CHECK(order_check_cursor(&shape, 0, (shs_cursor){4, 0, 16}) == SHS_OK);
    CHECK(order_check_cursor(&shape, 0, (shs_cursor){1000, 3, 4003}) == SHS_OK);
    CHECK(order_check_cursor(&shape, 0, (shs_cursor){two_32, 0, 0}) == SHS_ERROR_ARGUMENT);
}

static void the_last_cursors_of_a_long_run(void)
{
    const struct order_shape one = {.samples = 8, .vranks = 2, .batch = 4}; /* 1 step */
    const uint64_t last = UINT32_MAX;
    CHECK(order_check_cursor(&one, 0, (shs_cursor){last, 0, last}) == SHS_OK);
    /* where a run of 2^32 steps ends, and nothing may begin */
    CHECK(order_check_cursor(&one, 0, (shs_cursor){last + 1, 0, last + 1}) == SHS_OK);
    CHECK(order_check_cursor(&one, 0, (shs_cursor){last + 2, 0, last + 2}) == SHS_ERROR_ARGUMENT);
    const struct order_shape two = {.samples = 16, .vranks = 2, .batch = 4}; /* 2 steps */
    CHECK(order_check_cursor(&two, 0, (shs_cursor){last / 2, 1, last}) == SHS_OK);
    CHECK(order_check_cursor(&two, 0, (shs_cursor){last / 2 + 1, 0, last + 1}) == SHS_OK);
    CHECK(order_check_cursor(&two, 0, (shs_cursor){last / 2 + 1, 1, last + 2}) ==
          SHS_ERROR_ARGUMENT);
}

/* ---- the tree of additions */

enum {
    MOST_VRANKS = 300
};

struct listed {
    struct order_node node, parent;
};

struct tree {
    struct listed nodes[2 * MOST_VRANKS];
    size_t count;
};

/* The definition, word for word: m = a + the largest power of two below z - a. */
static void list_nodes(struct tree *tree, struct order_node node, struct order_node parent)
{
    uint64_t power = 1;
    tree->nodes[tree->count++] = (struct listed){node, parent};
    if (node.end - node.first == 1) return;
    while (2 * power < node.end - node.first)
        power *= 2;
    list_nodes(tree, (struct order_node){node.first, node.first + power}, node);
    list_nodes(tree, (struct order_node){node.first + power, node.end}, node);
}

static void list_tree(struct tree *tree, uint64_t vranks)
{
    struct order_node root = {0, vranks};
    tree->count = 0;
    list_nodes(tree, root, root);
}

static bool same(struct order_node a, struct order_node b)
{
    return a.first == b.first && a.end == b.end;
}

static void parents_are_those_of_the_definition(void)
{
    static struct tree tree;
    size_t wrong = 0;
    for (uint64_t vranks = 1; vranks <= MOST_VRANKS; vranks++) {
        list_tree(&tree, vranks);
        wrong += tree.count != 2 * vranks - 1;
        for (size_t i = 0; i < tree.count; i++) {
            const struct listed *listed = &tree.nodes[i];
            wrong += !same(order_node_parent(vranks, listed->node), listed->parent);
            wrong += order_node_is_root(vranks, listed->node) != (i == 0);
        }
    }
    CHECK(wrong == 0);
}

/* Every pair of nodes for few virtual ranks, those that touch for many. */
static void only_halves_of_one_node_join(void)
{
    static struct tree tree;
    size_t wrong = 0, joins = 0, leaves = 0;
    for (uint64_t vranks = 1; vranks <= MOST_VRANKS; vranks++) {
        list_tree(&tree, vranks);
        leaves += vranks;
        for (size_t i = 0; i < tree.count; i++)
            for (size_t k = 0; k < tree.count; k++) {
                struct listed left = tree.nodes[i], right = tree.nodes[k];
                bool touch = left.node.end == right.node.first;
                if (vranks > 40 && !touch) continue;
                bool halves = touch && same(left.parent, right.parent);
                wrong += order_nodes_join(vranks, left.node, right.node) != halves;
                joins += halves;
            }
    }
    CHECK(wrong == 0);
    CHECK(joins == leaves - MOST_VRANKS);
}

static void a_known_tree(void)
{
    /* 5 = 4 + 1, 4 = 2 + 2; 6 = 4 + 2; 7 = 4 + (2 + 1) */
    CHECK(same(order_node_parent(5, (struct order_node){4, 5}), (struct order_node){0, 5}));
    CHECK(same(order_node_parent(5, (struct order_node){0, 4}), (struct order_node){0, 5}));
    CHECK(same(order_node_parent(6, (struct order_node){4, 5}), (struct order_node){4, 6}));
    CHECK(same(order_node_parent(7, (struct order_node){6, 7}), (struct order_node){4, 7}));
    CHECK(same(order_node_parent(7, (struct order_node){4, 7}), (struct order_node){0, 7}));
    CHECK(!order_nodes_join(7, (struct order_node){5, 6}, (struct order_node){6, 7}));
    CHECK(order_nodes_join(7, (struct order_node){4, 6}, (struct order_node){6, 7}));
    const uint64_t most = 1 << 24;
    CHECK(same(order_node_parent(most, (struct order_node){most - 2, most - 1}),
               (struct order_node){most - 2, most}));
    CHECK(order_nodes_join(most, (struct order_node){0, most / 2},
                           (struct order_node){most / 2, most}));
}

/* ---- hosts */

static void each_virtual_rank_has_one_host(void)
{
    size_t wrong = 0;
    for (uint64_t vranks = 1; vranks <= 130; vranks++)
        for (uint64_t ranks = 1; ranks <= vranks; ranks++) {
            wrong += order_first_vrank(vranks, ranks, 0) != 0;
            wrong += order_first_vrank(vranks, ranks, ranks) != vranks;
            for (uint64_t rank = 0; rank < ranks; rank++) {
                uint64_t first = order_first_vrank(vranks, ranks, rank);
                uint64_t end = order_first_vrank(vranks, ranks, rank + 1);
                wrong += first != rank * vranks / ranks || first == end;
                for (uint64_t vrank = first; vrank < end; vrank++)
                    wrong += order_host(vranks, ranks, vrank) != rank;
            }
        }
    CHECK(wrong == 0);
}

static void the_largest_cluster_has_hosts(void)
{
    static const uint64_t all_ranks[] = {1, 2, 3, 1000, 65537, (1 << 24) - 1, 1 << 24};
    const uint64_t vranks = 1 << 24;
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT(all_ranks); i++)
        for (uint64_t rank = 0; rank < all_ranks[i]; rank += 1 + all_ranks[i] / 5000) {
            uint64_t first = order_first_vrank(vranks, all_ranks[i], rank);
            uint64_t end = order_first_vrank(vranks, all_ranks[i], rank + 1);
            wrong += order_host(vranks, all_ranks[i], first) != rank;
            wrong += order_host(vranks, all_ranks[i], end - 1) != rank;
        }
    CHECK(wrong == 0);
}

/* The most nodes that a rank holds while it adds leaves [first, end) from left to right. */
static size_t most_held(uint64_t vranks, uint64_t first, uint64_t end)
{
    struct order_node stack[MOST_VRANKS];
    size_t held = 0, most = 0;
    for (uint64_t leaf = first; leaf < end; leaf++) {
        stack[held++] = (struct order_node){leaf, leaf + 1};
        if (held > most) most = held;
        while (held > 1 && order_nodes_join(vranks, stack[held - 2], stack[held - 1])) {
            held--;
            stack[held - 1].end = stack[held].end;
        }
    }
    return most;
}

/* With l = log2(V) rounded up: on its way to the right a block meets nodes that grow, then nodes
 * that shrink, fewer than l of each, and the leaf that was added last. */
static void a_rank_holds_few_nodes(void)
{
    size_t wrong = 0;
    for (uint64_t vranks = 2; vranks <= 128; vranks++) {
        size_t levels = 0;
        while (UINT64_C(1) << levels < vranks)
            levels++;
        size_t most = levels > 1 ? 2 * levels - 1 : 2;
        wrong += most_held(vranks, 0, vranks) > levels + 1;
        for (uint64_t ranks = 1; ranks <= vranks; ranks++)
            for (uint64_t rank = 0; rank < ranks; rank++)
                wrong +=
                    most_held(vranks, rank * vranks / ranks, (rank + 1) * vranks / ranks) > most;
    }
    CHECK(wrong == 0);
    CHECK(most_held(128, 0, 128) == 8);
    CHECK(most_held(4096, 1, 4096) == 2 * 12 - 1);
    CHECK(most_held(3074, 1537, 3074) == 20); /* the second of two ranks */
    CHECK(2 * 24 - 1 <= ORDER_TREE_DEPTH);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(each_row_has_one_position),
        TEST(each_row_has_one_position_at_the_border_and_above),
        TEST(known_rows_stay),
        TEST(all_orders_of_six_are_equally_likely),
        TEST(positions_above_the_border_are_spread_evenly),
        TEST(positions_just_above_the_border_are_spread_evenly),
        TEST(neighbours_are_unrelated),
        TEST(seeds_epochs_and_streams_have_their_own_orders),
        TEST(a_table_without_memory_is_an_error),
        TEST(shares_are_exact),
        TEST(each_row_comes_once_in_an_epoch),
        TEST(a_small_epoch_worked_out_by_hand),
        TEST(the_largest_epoch_adds_up),
        TEST(impossible_epochs_are_refused),
        TEST(many_rows_are_those_taken_one_at_a_time),
        TEST(the_ledger_of_an_epoch_is_a_sum),
        TEST(modes_that_are_none_are_refused),
        TEST(modes_have_names),
        TEST(cursors_count_through_the_run),
        TEST(cursors_that_no_run_passes_are_refused),
        TEST(the_last_cursors_of_a_long_run),
        TEST(parents_are_those_of_the_definition),
        TEST(only_halves_of_one_node_join),
        TEST(a_known_tree),
        TEST(each_virtual_rank_has_one_host),
        TEST(the_largest_cluster_has_hosts),
        TEST(a_rank_holds_few_nodes),
    };
    return harness_run("order", tests, COUNT(tests));
}
