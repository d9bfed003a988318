/* The order of an epoch against a slow reference that writes it all down, permuted blocks, runs and
 * windows among it; what blocks are for; and how windows are mixed. */
#include <stdio.h>
#include <string.h>

#include "book.h"
#include "core_sanitized.h"
#include "counted_memory.h"
#include "judge.h"
#include "unit.h"

typedef unsigned long long ull;

/* The epoch that is asked. */
static struct order_epoch asked;

/* ---- an epoch's rows */

static bool batch_is_right(const struct book *book, struct order *order, uint64_t step,
                           uint64_t vrank)
{
    static uint64_t expected[MOST_BATCH], rows[MOST_BATCH + 1];
    struct order_slice slice = order_slice(&order->shape, step, vrank);
    uint64_t count, n = expected_rows(book, step, vrank, expected, &count);
    harness_where("epoch %llu, step %llu, vrank %llu", (ull)book->epoch, (ull)step, (ull)vrank);
    if (!CHECK_EQ(slice.rows, n) || !CHECK_EQ(slice.count, count)) return false;
    rows[n] = 7;
    return CHECK_STATUS(order_rows(&asked, vrank, slice, rows), SHS_OK) && CHECK_EQ(rows[n], 7) &&
           CHECK_U64S(rows, expected, n);
}

/* Returns false, and says where, if an epoch is not that of the reference. */
static bool epoch_is_right(struct book *book, struct order *order)
{
    const struct order_shape *shape = &order->shape;
    uint64_t steps = contract_steps(shape);
    bool good = CHECK_EQ(order_check(shape) == SHS_OK, steps > 0);
    if (steps && good) {
        book->shape = *shape;
        book->seed = order->seed;
        book->stream = order->stream;
        write_book(book);
        good = CHECK_EQ(order_steps(shape), steps) &&
               CHECK_STATUS(order_begin(order, book->epoch, &asked), SHS_OK);
    }
    for (uint64_t step = 0; step < steps && good; step++)
        for (uint64_t vrank = 0; vrank < shape->vranks && good; vrank++)
            good = batch_is_right(book, order, step, vrank);
    if (!good)
        WRONG("the epoch of N %llu V %llu b %llu B %llu W %llu shuffle %s shard %s tail %s",
              (ull)shape->samples, (ull)shape->vranks, (ull)shape->batch, (ull)shape->block_rows,
              (ull)shape->window_blocks, order_shuffle_name(shape->shuffle),
              order_shard_name(shape->shard), order_tail_name(shape->tail));
    book->epoch++;
    return good;
}

/* All tails and shards of a shape. */
static size_t count_wrong(struct book *book, struct order *order, struct order_shape shape)
{
    size_t wrong = 0;
    for (int tail = 0; tail < 3; tail++)
        for (int shard = 0; shard < 2; shard++) {
            order->shape = shape;
            order->shape.tail = (shs_tail)tail;
            order->shape.shard = (shs_shard)shard;
            wrong += !epoch_is_right(book, order);
        }
    return wrong;
}

static const uint64_t few_rows[] = {1, 2, 3, 7, 16, 31, 64, 100, 257};
static const uint64_t vranks_of[] = {1, 2, 3, 5, 8, 100};
static const uint64_t batches[] = {1, 4, 32, MOST_BATCH};

enum {
    BATCH_STEP = CORE_SANITIZED ? 3 : 1 /* of the batches that are tried with each shape */
};

/* More virtual ranks than blocks or rows, blocks and windows larger than the dataset and a last
 * block that is short are all among them. One order is set again and again. */
static void blocks_are_those_of_the_reference(void)
{
    static const uint64_t blocks[] = {1, 2, 3, 5, 16, 64, 300};
    static const uint64_t windows[] = {1, 2, 3, 16, UINT64_C(1) << 47};
    struct order order = {.seed = 11, .stream = 2};
    struct book book;
    size_t wrong = 0;
    if (!book_make(&book, 300)) return;
    for (size_t n = 0; n < COUNT(few_rows); n++)
        for (size_t v = 0; v < COUNT(vranks_of); v++)
            for (size_t b = v % BATCH_STEP; b < COUNT(batches); b += BATCH_STEP)
                for (size_t i = 0; i < COUNT(blocks) * COUNT(windows); i++)
                    wrong += count_wrong(
                        &book, &order,
                        (struct order_shape){.samples = few_rows[n],
                                             .vranks = vranks_of[v],
                                             .batch = batches[b],
                                             .shuffle = SHS_SHUFFLE_BLOCKS,
                                             .block_rows = blocks[i / COUNT(windows)],
                                             .window_blocks = windows[i % COUNT(windows)]});
    CHECK_EQ(wrong, 0);
    CHECK_IS(book.epoch, >, 40000 / BATCH_STEP);
    order_epoch_free(&asked);
    book_free(&book);
}

static void other_shuffles_are_those_of_the_reference(void)
{
    struct order order = {.seed = 12};
    struct book book;
    size_t wrong = 0;
    if (!book_make(&book, 300)) return;
    for (size_t n = 0; n < COUNT(few_rows); n++)
        for (size_t v = 0; v < COUNT(vranks_of); v++)
            for (size_t b = 0; b < COUNT(batches); b++)
                for (int shuffle = 0; shuffle < 2; shuffle++)
                    wrong += count_wrong(&book, &order,
                                         (struct order_shape){.samples = few_rows[n],
                                                              .vranks = vranks_of[v],
                                                              .batch = batches[b],
                                                              .shuffle = (shs_shuffle)shuffle});
    CHECK_EQ(wrong, 0);
    order_epoch_free(&asked);
    book_free(&book);
}

/* Windows, shards or blocks that are more than a table holds, or just as many. */
static void large_windows_are_those_of_the_reference(void)
{
    static const struct order_shape shapes[] = {
        {.samples = 40000, .block_rows = 600, .window_blocks = 40, .vranks = 2, .batch = 512},
        {.samples = 40000, .block_rows = 20000, .window_blocks = 1, .vranks = 1, .batch = 100},
        {.samples = 49153, .block_rows = 4096, .window_blocks = 4, .vranks = 3, .batch = 1000},
        {.samples = 49157, .block_rows = 1, .window_blocks = 16385, .vranks = 2, .batch = 64},
        {.samples = 100003, .block_rows = 3, .window_blocks = 5, .vranks = 7, .batch = 64},
        {.samples = 98311, .block_rows = 6, .window_blocks = 2, .vranks = 6, .batch = 999},
    };
    struct order order = {.seed = 13, .stream = 15};
    struct book book;
    size_t wrong = 0;
    if (!book_make(&book, 100003)) return;
    for (size_t i = 0; i < COUNT(shapes); i++)
        for (int shuffle = 0; shuffle < 3; shuffle++) {
            struct order_shape shape = shapes[i];
            shape.shuffle = (shs_shuffle)shuffle;
            wrong += count_wrong(&book, &order, shape);
        }
    CHECK_EQ(wrong, 0);
    order_epoch_free(&asked);
    book_free(&book);
}

/* Slices of any length at any place, of more virtual ranks than windows are kept of, now and then
 * in another epoch. */
static void check_jumps(struct book *book, struct order *order)
{
    static uint64_t rows[64];
    uint64_t state = 5, wrong = 0;
    for (int i = 0; i < 30000; i++) {
        const struct order_shape *shape = &order->shape;
        uint64_t vrank = judge_random(&state) % shape->vranks;
        uint64_t begin = contract_share(shape->samples, vrank, shape->vranks);
        uint64_t length = contract_share(shape->samples, vrank + 1, shape->vranks) - begin;
        uint64_t first = judge_random(&state) % length;
        uint64_t count = judge_random(&state) % (length - first < 64 ? length - first : 64);
        if (i % 5000 == 4999)
            CHECK(CHECK_STATUS(order_begin(order, book->epoch + 1, &asked), SHS_OK) &&
                  CHECK_STATUS(
                      order_rows(&asked, vrank, (struct order_slice){first, count, count}, rows),
                      SHS_OK));
        harness_where("slice %d: %llu rows from %llu on, vrank %llu", i, (ull)count, (ull)first,
                      (ull)vrank);
        wrong += !CHECK_STATUS(order_begin(order, book->epoch, &asked), SHS_OK);
        wrong += !CHECK_STATUS(
            order_rows(&asked, vrank, (struct order_slice){first, count, count}, rows), SHS_OK);
        wrong += !CHECK_U64S(rows, book->walk + begin + first, count);
    }
    CHECK_EQ(wrong, 0);
}

static void any_slice_at_any_time_is_the_same(void)
{
    for (int mode = 0; mode < 3; mode++) {
        struct order order = {.shape = {.samples = 10007,
                                        .vranks = 2 * ORDER_KEPT + 22,
                                        .batch = 4,
                                        .shuffle = mode < 2 ? SHS_SHUFFLE_BLOCKS : SHS_SHUFFLE_FULL,
                                        .shard = mode ? SHS_SHARD_FIXED : SHS_SHARD_GLOBAL,
                                        .block_rows = 7,
                                        .window_blocks = 3},
                              .seed = 9};
        struct book book;
        if (!book_make(&book, order.shape.samples)) return;
        book.shape = order.shape;
        book.seed = 9;
        book.epoch = 3;
        write_book(&book);
        check_jumps(&book, &order);
        order_epoch_free(&asked);
        book_free(&book);
    }
}

/* ---- what blocks are for */

/* Cuts that lie inside of a block: each makes it another virtual rank's too. */
static uint64_t count_cuts_inside(const struct book *book)
{
    const struct order_shape *shape = &book->shape;
    uint64_t inside = 0, before = 0;
    for (uint64_t vrank = 1; vrank < shape->vranks; vrank++) {
        uint64_t cut = contract_share(shape->samples, vrank, shape->vranks);
        inside += cut > before && book->place[cut - 1] == book->place[cut];
        before = cut;
    }
    return inside;
}

/* Every row once, and blocks with rows of several virtual ranks only where they are cut. */
static void check_owners(struct book *book, struct order *order)
{
    enum {
        NOBODY = UINT16_MAX
    };
    static uint64_t rows[MOST_BATCH];
    static uint16_t seen[1000], owner[1000];
    const struct order_shape *shape = &order->shape;
    uint64_t wrong = 0, more_owners = 0;
    memset(seen, 0, sizeof seen);
    memset(owner, 0xff, sizeof owner);
    CHECK_STATUS(order_begin(order, book->epoch, &asked), SHS_OK);
    for (uint16_t vrank = 0; vrank < shape->vranks; vrank++)
        for (uint64_t step = 0; step < order_steps(shape); step++) {
            struct order_slice slice = order_slice(shape, step, vrank);
            CHECK_STATUS(order_rows(&asked, vrank, slice, rows), SHS_OK);
            for (uint64_t i = 0; i < slice.rows; i++) {
                uint16_t *block = &owner[rows[i] / shape->block_rows];
                seen[rows[i]]++;
                more_owners += *block != vrank && *block != NOBODY;
                *block = vrank;
            }
        }
    for (uint64_t row = 0; row < shape->samples; row++) {
        harness_where("row %llu", (ull)row);
        wrong += !CHECK_EQ(seen[row], 1);
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(more_owners, count_cuts_inside(book));
}

static void only_blocks_at_cuts_are_shared(void)
{
    static const uint64_t sizes[] = {1, 7, 50, 100, 1000};
    struct order order = {.seed = 77};
    struct book book;
    if (!book_make(&book, 997)) return;
    book.seed = 77;
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (uint64_t vranks = 1; vranks < 30; vranks += 3)
            for (uint64_t window = 1; window < 6; window += 2, book.epoch++) {
                order.shape = book.shape = (struct order_shape){.samples = 997,
                                                                .vranks = vranks,
                                                                .batch = 5,
                                                                .shuffle = SHS_SHUFFLE_BLOCKS,
                                                                .block_rows = sizes[i],
                                                                .window_blocks = window};
                write_sequence(&book, 0, 997, 0);
                check_owners(&book, &order);
            }
    order_epoch_free(&asked);
    book_free(&book);
}

/* FNV-1a over an epoch's rows, each as 8 bytes, step by step and rank by rank. */
static uint64_t hash_of_epoch(struct order *order, uint64_t epoch)
{
    static uint64_t rows[MOST_BATCH];
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    CHECK_STATUS(order_begin(order, epoch, &asked), SHS_OK);
    for (uint64_t step = 0; step < order_steps(&order->shape); step++)
        for (uint64_t vrank = 0; vrank < order->shape.vranks; vrank++) {
            struct order_slice slice = order_slice(&order->shape, step, vrank);
            CHECK_STATUS(order_rows(&asked, vrank, slice, rows), SHS_OK);
            for (uint64_t i = 0; i < 8 * slice.rows; i++)
                hash = (hash ^ (rows[i / 8] >> i % 8 * 8 & 0xff)) * UINT64_C(0x100000001b3);
        }
    return hash;
}

/* Worked out by a second program, in another language, from the description in the headers and in
 * order.h. What changes one of them needs another SHS_ORDER_VERSION. */
static void known_orders_stay(void)
{
    static const struct {
        struct order_shape shape;
        uint64_t epoch, hash;
    } known[] = {
        {{1003, 3, 10, SHS_SHUFFLE_BLOCKS, SHS_SHARD_GLOBAL, SHS_TAIL_SHORT, 16, 4},
         2,
         UINT64_C(0x6fc84edd8d398f5f)},
        {{40000, 7, 100, SHS_SHUFFLE_BLOCKS, SHS_SHARD_GLOBAL, SHS_TAIL_DROP, 600, 40},
         0,
         UINT64_C(0x6cd18d304c18af76)},
        {{50001, 5, 64, SHS_SHUFFLE_BLOCKS, SHS_SHARD_GLOBAL, SHS_TAIL_SHORT, 3, 5},
         UINT32_MAX,
         UINT64_C(0x6ace6141f4e137bc)},
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        struct order order = {
            .shape = known[i].shape, .seed = UINT64_C(0x123456789abcdef0), .stream = 5};
        uint64_t hash = hash_of_epoch(&order, known[i].epoch);
        harness_where("known order %zu", i);
        CHECK_EQ(hash, known[i].hash);
        order_epoch_free(&asked);
    }
    CHECK_EQ(SHS_ORDER_VERSION, 1);
}

/* ---- chance */

/* The number of an order of n things among n!, by counting smaller ones. */
static size_t number_of_order(const uint64_t *values, size_t n)
{
    size_t number = 0;
    for (size_t i = 0; i < n; i++) {
        size_t smaller = 0;
        for (size_t k = i + 1; k < n; k++)
            smaller += values[k] < values[i];
        number = number * (n - i) + smaller;
    }
    return number;
}

/* Where each row of a whole epoch stood before its windows were mixed, in the order of the walk. */
static bool take_places(struct order *order, struct order_permutation *blocks, uint64_t epoch,
                        uint64_t *places)
{
    const struct order_shape *shape = &order->shape;
    const struct order_source source = {.seed = order->seed, .epoch = epoch};
    uint64_t rows[16], at = 0;
    bool good = CHECK_STATUS(order_begin(order, epoch, &asked), SHS_OK) &&
                CHECK_STATUS(order_permutation_draw(blocks, &source, shape->samples), SHS_OK);
    for (uint64_t vrank = 0; vrank < shape->vranks && good; vrank++) {
        uint64_t count = shape->samples / shape->vranks;
        good = CHECK_STATUS(order_rows(&asked, vrank, (struct order_slice){0, count, count}, rows),
                            SHS_OK);
        for (uint64_t i = 0; i < count && good; i++)
            places[at++] = order_permutation_position(blocks, rows[i]);
    }
    return good;
}

/* Two windows of three blocks of one row: all 6 orders of one and all of the other come equally
 * often, 36 pairs. They are one virtual rank's or those of two. */
static void check_two_windows(uint64_t vranks)
{
    enum {
        SEEDS = 36000
    };
    struct order order = {.shape = {.samples = 6,
                                    .vranks = vranks,
                                    .batch = 1,
                                    .shuffle = SHS_SHUFFLE_BLOCKS,
                                    .block_rows = 1,
                                    .window_blocks = 3}};
    struct order_permutation blocks = {0};
    uint64_t pairs[36] = {0}, singles[6] = {0}, places[6];
    for (order.seed = 0; order.seed < SEEDS; order.seed++) {
        if (!take_places(&order, &blocks, order.seed, places)) return;
        size_t first = number_of_order(places, 3);
        singles[first]++;
        pairs[6 * first + number_of_order(places + 3, 3)]++;
        CHECK_IS(places[0], <, 3);
        CHECK_IS(places[1], <, 3);
        CHECK_IS(places[2], <, 3);
    }
    CHECK(judge_plausible(judge_chi_square(singles, 6, SEEDS / 6), 5));
    CHECK(judge_plausible(judge_chi_square(pairs, 36, SEEDS / 36), 35));
    order_permutation_free(&blocks);
    order_epoch_free(&asked);
}

static void all_orders_of_a_window_are_equally_likely(void)
{
    check_two_windows(1);
    check_two_windows(2);
}

/* Four blocks of two rows in windows of one: 24 orders of blocks, and each of them as often with
 * the first window one way round as the other. */
static void all_orders_of_blocks_are_equally_likely(void)
{
    enum {
        SEEDS = 48000
    };
    struct order order = {.shape = {.samples = 8,
                                    .vranks = 1,
                                    .batch = 1,
                                    .shuffle = SHS_SHUFFLE_BLOCKS,
                                    .block_rows = 2,
                                    .window_blocks = 1}};
    uint64_t counts[48] = {0}, rows[8], blocks[4];
    for (order.seed = 0; order.seed < SEEDS; order.seed++) {
        if (!NEED_STATUS(order_begin(&order, order.seed % 1000, &asked), SHS_OK) ||
            !NEED_STATUS(order_rows(&asked, 0, (struct order_slice){0, 8, 8}, rows), SHS_OK))
            return;
        for (size_t i = 0; i < 4; i++)
            blocks[i] = rows[2 * i] / 2;
        counts[2 * number_of_order(blocks, 4) + (rows[0] > rows[1])]++;
        asked.of = NULL;
    }
    CHECK(judge_plausible(judge_chi_square(counts, 48, SEEDS / 48), 47));
    order_epoch_free(&asked);
}

enum {
    WINDOW_ROWS = 60
};

/* A place that a window's permutation is drawn for. */
struct origin {
    uint64_t seed;
    uint32_t stream;
    uint64_t epoch, vrank, window;
};

/* How the rows of a window are mixed: for each turn, which of the window's rows it is. */
static void mixing_of(const struct origin *origin, uint64_t *mixing)
{
    struct order order = {.shape = {.samples = 12 * WINDOW_ROWS,
                                    .vranks = 4,
                                    .batch = 1,
                                    .shuffle = SHS_SHUFFLE_BLOCKS,
                                    .block_rows = 1,
                                    .window_blocks = WINDOW_ROWS},
                          .seed = origin->seed,
                          .stream = origin->stream};
    const struct order_source source = {
        .seed = origin->seed, .stream = origin->stream, .epoch = origin->epoch};
    struct order_permutation blocks = {0};
    uint64_t first = origin->window * WINDOW_ROWS;
    CHECK_STATUS(order_permutation_draw(&blocks, &source, order.shape.samples), SHS_OK);
    CHECK_STATUS(order_begin(&order, origin->epoch, &asked), SHS_OK);
    CHECK_STATUS(order_rows(&asked, origin->vrank,
                            (struct order_slice){first, WINDOW_ROWS, WINDOW_ROWS}, mixing),
                 SHS_OK);
    for (uint64_t i = 0; i < WINDOW_ROWS; i++)
        mixing[i] = order_permutation_position(&blocks, mixing[i]) -
                    origin->vrank * 3 * WINDOW_ROWS - first;
    order_permutation_free(&blocks);
    order_epoch_free(&asked);
}

/* By chance two of them have about one row in the same place, and 9 once in a million times. */
static void windows_have_their_own_orders(void)
{
    static const struct origin origins[] = {
        {42, 0, 3, 1, 1}, {43, 0, 3, 1, 1}, {42, 1, 3, 1, 1},
        {42, 0, 4, 1, 1}, {42, 0, 3, 2, 1}, {42, 0, 3, 1, 2},
        {42, 0, 3, 0, 1}, {42, 0, 3, 1, 0}, {42 + (UINT64_C(1) << 32), 0, 3, 1, 1},
        {3, 0, 42, 1, 1}, {42, 0, 1, 3, 1}, {42, 15, UINT32_MAX, 3, 2}};
    static uint64_t mixings[COUNT(origins)][WINDOW_ROWS], again[WINDOW_ROWS];
    for (size_t i = 0; i < COUNT(origins); i++) {
        mixing_of(&origins[i], mixings[i]);
        mixing_of(&origins[i], again);
        CHECK_BYTES(mixings[i], again, sizeof again);
        for (size_t k = 0; k < i; k++) {
            size_t same = 0;
            for (size_t row = 0; row < WINDOW_ROWS; row++)
                same += mixings[i][row] == mixings[k][row];
            CHECK_IS(same, <, 9);
        }
    }
}

/* ---- memory */

/* The window of a virtual rank cannot be drawn: an error, and right once there is memory. */
static void a_window_without_memory_is_an_error(void)
{
    struct counted_memory counted;
    struct order order = {.shape = {.samples = 100,
                                    .vranks = 2,
                                    .batch = 10,
                                    .shuffle = SHS_SHUFFLE_BLOCKS,
                                    .block_rows = 5,
                                    .window_blocks = 4},
                          .seed = 1};
    struct book book;
    if (!book_make(&book, 100)) return;
    book.shape = order.shape;
    book.seed = 1;
    write_book(&book);
    counted_begin(&counted, 1);
    if (CHECK_STATUS(order_begin(&order, 0, &asked), SHS_ERROR_MEMORY)) CHECK(!asked.of);
    CHECK_STATUS(order_begin(&order, 0, &asked), SHS_OK);
    counted.fail_at = counted.calls + 1;
    uint64_t rows[10];
    CHECK_STATUS(order_rows(&asked, 1, order_slice(&order.shape, 2, 1), rows), SHS_ERROR_MEMORY);
    CHECK(batch_is_right(&book, &order, 2, 1));
    CHECK(batch_is_right(&book, &order, 0, 0));
    /* nor can a turn in it be told: it may be the next */
    uint64_t now = order_moment(&order.shape, 1, 0);
    asked.windows[0].drawn = asked.windows[1].drawn = false;
    order_permutation_free(&asked.windows[1].permutation);
    counted.fail_at = counted.calls + 1;
    CHECK_EQ(order_next_use(&asked, 0, 100, now, 1, 1), now + 1);
    CHECK_IS(order_next_use(&asked, 0, 100, now, 0, 1), >, now + 1);
    order_epoch_free(&asked);
    CHECK_EQ(counted_end(&counted), 0);
    book_free(&book);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(blocks_are_those_of_the_reference),
        TEST(other_shuffles_are_those_of_the_reference),
        TEST(large_windows_are_those_of_the_reference),
        TEST(any_slice_at_any_time_is_the_same),
        TEST(only_blocks_at_cuts_are_shared),
        TEST(known_orders_stay),
        TEST(all_orders_of_a_window_are_equally_likely),
        TEST(all_orders_of_blocks_are_equally_likely),
        TEST(windows_have_their_own_orders),
        TEST(a_window_without_memory_is_an_error),
    };
    return harness_main("blocks", tests, COUNT(tests), argc, argv);
}
