/* Epochs that are not each row once: passes, repeats, and sources mixed by a ratio. Rows are
 * counted, against what the ratio and the passes say. */
#include <stdlib.h>
#include <string.h>

#include "order_mix.h"
#include "unit.h"

enum {
    MOST_ROWS = 4096,
    MOST_SOURCES = 4,
    MOST_RUN = 122
};

struct given {
    size_t sources;
    uint64_t rows[MOST_SOURCES], ratio[MOST_SOURCES];
    uint64_t places;
};

static const struct given all_given[] = {
    {1, {10}, {1}, 10},
    {1, {10}, {1}, 3},
    {1, {10}, {7}, 30},
    {1, {7}, {1}, 25},
    {1, {1}, {1}, 5},
    {2, {10, 20}, {1, 1}, 30},
    {2, {10, 20}, {1, 2}, 60},
    {2, {10, 20}, {7, 3}, 10},
    {2, {1000, 30}, {9, 1}, 1030},
    {3, {5, 0, 11}, {2, 0, 3}, 101},
    {3, {17, 13, 4}, {1, 0, 1000}, 77},
    {4, {100, 200, 300, 400}, {1, 1, 1, 1}, 999},
    {4, {3, 3, 3, 3}, {1, UINT64_MAX / 4, 5, UINT64_MAX / 2}, 12},
};

/* Where the source's rows begin: not at 0, so that an offset that is left out shows. */
static void find_bounds(const struct given *given, uint64_t bounds[MOST_SOURCES + 1])
{
    bounds[0] = 5;
    for (size_t i = 0; i < given->sources; i++)
        bounds[i + 1] = bounds[i] + given->rows[i];
}

static void open_mix(const struct given *given, bool permuted, struct order_mix *mix)
{
    uint64_t bounds[MOST_SOURCES + 1];
    find_bounds(given, bounds);
    *mix = (struct order_mix){.permuted = permuted, .seed = 7, .stream = 2};
    CHECK_STATUS(order_mix_open(mix, bounds, given->ratio, given->sources, given->places), SHS_OK);
}

/* The epochs that are asked. */
static struct order_epoch asked;
static struct order_mix_epoch asked_mix;

static shs_status mix_rows(const struct order_mix *mix, uint64_t epoch, uint64_t *index,
                           uint64_t count)
{
    shs_status status = order_mix_begin(mix, epoch, &asked_mix);
    return status ? status : order_mix_rows(&asked_mix, index, count);
}

static void free_mix(struct order_mix *mix)
{
    order_mix_epoch_free(&asked_mix);
    order_mix_free(mix);
}

static void take_epoch(struct order_mix *mix, uint64_t epoch, uint64_t places, uint64_t *rows)
{
    for (uint64_t i = 0; i < places; i++)
        rows[i] = i;
    CHECK_STATUS(mix_rows(mix, epoch, rows, places), SHS_OK);
}

static size_t source_of(const uint64_t *bounds, size_t sources, uint64_t row)
{
    size_t i = 0;
    while (i + 1 < sources && row >= bounds[i + 1])
        i++;
    return i;
}

/* By long division, digit by digit, instead of 128 bits: how many of `places` a share of the sum of
 * all is, rounded down. */
static uint64_t portion(uint64_t places, uint64_t share, uint64_t all)
{
    uint64_t quotient = 0, rest = 0;
    for (int bit = 63; bit >= 0; bit--) {
        bool carry = rest >> 63 || rest >= all - rest;
        rest = carry ? rest - (all - rest) : 2 * rest;
        quotient = 2 * quotient + carry;
        if (places >> bit & 1) {
            quotient += rest >= all - share;
            rest = rest >= all - share ? rest - (all - share) : rest + share;
        }
    }
    return quotient;
}

/* Each source gives exactly its portion of every epoch, and its rows evenly through the run. */
static void sources_give_exact_counts(void)
{
    static uint64_t rows[MOST_ROWS], times[MOST_ROWS];
    for (size_t g = 0; g < COUNT(all_given); g++) {
        const struct given *given = &all_given[g];
        uint64_t bounds[MOST_SOURCES + 1], all = 0;
        find_bounds(given, bounds);
        for (size_t i = 0; i < given->sources; i++)
            all += given->ratio[i];
        for (int permuted = 0; permuted < 2; permuted++) {
            struct order_mix mix;
            open_mix(given, permuted, &mix);
            memset(times, 0, sizeof times);
            for (uint64_t epoch = 0; epoch < 9; epoch++) {
                uint64_t taken[MOST_SOURCES] = {0}, passed = 0;
                take_epoch(&mix, epoch, given->places, rows);
                for (uint64_t k = 0; k < given->places; k++) {
                    CHECK_IS(rows[k], >=, bounds[0]);
                    CHECK_IS(rows[k], <, bounds[given->sources]);
                    taken[source_of(bounds, given->sources, rows[k])]++;
                    times[rows[k]]++;
                }
                for (size_t i = 0; i < given->sources; i++) {
                    uint64_t before = portion(given->places, passed, all);
                    passed += given->ratio[i];
                    uint64_t due = portion(given->places, passed, all) - before;
                    CHECK_EQ(taken[i], due);
                    for (uint64_t row = bounds[i]; row < bounds[i + 1]; row++) {
                        uint64_t passes = due * (epoch + 1) / given->rows[i];
                        CHECK(times[row] == passes || times[row] == passes + 1);
                    }
                }
            }
            free_mix(&mix);
        }
    }
}

/* A source of its own goes through pass after pass, whatever an epoch is: each is a permutation,
 * and another one. */
static void one_source_is_walked_in_passes(void)
{
    enum {
        ROWS = 60
    };
    static const uint64_t lengths[] = {7, 60, 61, 600};
    uint64_t first[600], run[600];
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct given given = {1, {ROWS}, {1}, lengths[i]};
        struct order_mix mix;
        open_mix(&given, true, &mix);
        uint64_t got = 0, orders = 0;
        for (uint64_t epoch = 0; got < 600; epoch++) {
            uint64_t rows[600];
            take_epoch(&mix, epoch, lengths[i], rows);
            for (uint64_t k = 0; k < lengths[i] && got < 600; k++)
                run[got++] = rows[k];
        }
        for (uint64_t pass = 0; pass < 600 / ROWS; pass++) {
            bool seen[ROWS] = {false};
            for (uint64_t k = 0; k < ROWS; k++)
                seen[run[pass * ROWS + k] - 5] = true;
            for (uint64_t row = 0; row < ROWS; row++)
                CHECK(seen[row]);
            for (uint64_t other = 0; other < pass; other++)
                orders += memcmp(run + pass * ROWS, run + other * ROWS, ROWS * sizeof *run) != 0;
        }
        CHECK_EQ(orders, 45); /* all pairs of 10 passes differ */
        if (i == 0) memcpy(first, run, sizeof run);
        CHECK_BYTES(first, run, sizeof run); /* the epoch's length changes nothing */
        free_mix(&mix);
    }
}

/* Some numbers, in any order, are what they are among the others, `rows`. */
static void check_numbers(struct order_mix *mix, uint64_t epoch, const uint64_t *rows,
                          const uint64_t *numbers, uint64_t count)
{
    uint64_t some[2 * MOST_RUN] = {0}, wrong = 0;
    memcpy(some, numbers, count * sizeof *some);
    CHECK_STATUS(mix_rows(mix, epoch, some, count), SHS_OK);
    for (uint64_t i = 0; i < count; i++)
        wrong += !CHECK_EQ(some[i], rows[numbers[i]]);
    CHECK_EQ(wrong, 0);
}

/* Numbers from `first` on that follow one another, then some in steps of 2. */
static void check_run(struct order_mix *mix, uint64_t epoch, const uint64_t *rows, uint64_t places,
                      uint64_t first, uint64_t count)
{
    uint64_t numbers[2 * MOST_RUN], n = 0;
    for (uint64_t i = 0; i < count && first + i < places; i++)
        numbers[n++] = first + i;
    for (uint64_t i = 0; i < count && first + 2 * i < places; i++)
        numbers[n++] = first + 2 * i;
    check_numbers(mix, epoch, rows, numbers, n);
}

static void check_places(const struct given *given)
{
    static uint64_t rows[MOST_ROWS];
    struct order_mix mix, other;
    uint64_t places = given->places;
    open_mix(given, true, &mix);
    open_mix(given, true, &other);
    for (uint64_t epoch = 5; epoch-- > 0;) {
        for (uint64_t i = 0; i < places; i++) {
            rows[i] = i;
            CHECK_STATUS(mix_rows(&mix, epoch, &rows[i], 1), SHS_OK);
        }
        for (uint64_t i = 0; i < places; i++)
            check_numbers(&other, epoch, rows, (uint64_t[]){(i * 7919 + 3) % places}, 1);
        for (uint64_t first = 0; first < places; first += 1 + first / 4)
            for (uint64_t count = 1; count <= MOST_RUN; count = 3 * count - 1)
                check_run(&other, epoch, rows, places, first, count);
    }
    free_mix(&mix);
    free_mix(&other);
}

/* Alone or together; also of sources too large for a table, and passes that end in an epoch. */
static void any_place_can_be_asked_for(void)
{
    static const struct given large[] = {{1, {20000}, {1}, 4096},
                                         {2, {16400, 17000}, {9, 2}, 4000}};
    for (size_t g = 0; g < COUNT(all_given); g++)
        check_places(&all_given[g]);
    for (size_t g = 0; g < COUNT(large); g++)
        check_places(&large[g]);
}

static void ledgers_are_sums(void)
{
    static uint64_t rows[MOST_ROWS];
    static const uint64_t odd[] = {1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
    uint64_t known = 0;
    struct order_subset some = {0}, none = {0};
    CHECK_STATUS(order_subset_list(&some, odd, COUNT(odd), 40), SHS_OK);
    for (size_t g = 0; g < COUNT(all_given); g++) {
        const struct given *given = &all_given[g];
        const struct order_subset *subset =
            given->rows[0] == 10 && given->sources == 1 ? &some : &none;
        struct order_ledger due, sum = {0};
        struct order_mix mix;
        open_mix(given, true, &mix);
        take_epoch(&mix, 3, given->places, rows);
        order_subset_rows(subset, rows, given->places);
        order_ledger_add(&sum, rows, given->places);
        bool closed = true;
        for (size_t i = 0; i < given->sources; i++)
            closed =
                closed && (!mix.source[i].takes || mix.source[i].takes % mix.source[i].rows == 0);
        CHECK_EQ(order_mix_ledger(&mix, subset, &due), closed);
        if (closed) CHECK(!memcmp(&due, &sum, sizeof due));
        known += closed;
        free_mix(&mix);
    }
    CHECK_IS(known, >=, 4);
    order_subset_free(&some);
}

/* Rows of the epoch's places, one at a time. */
static void take_places(struct order_mix *mix, struct order *order, uint64_t epoch, uint64_t *rows)
{
    CHECK_STATUS(order_begin(order, epoch, &asked), SHS_OK);
    for (uint64_t step = 0; step < order->shape.samples; step++) {
        CHECK_STATUS(order_rows(&asked, 0, order_slice(&order->shape, step, 0), &rows[step]),
                     SHS_OK);
        CHECK_STATUS(mix_rows(mix, epoch, &rows[step], 1), SHS_OK);
    }
}

/* The next place of the epoch that takes one of two rows; `places` if none does. */
static uint64_t next_place(const uint64_t *rows, uint64_t places, uint64_t now, uint64_t row)
{
    uint64_t next = now + 1;
    while (next < places && !(rows[next] >= row && rows[next] < row + 2))
        next++;
    return next;
}

/* What must be told of rows that come next at a place: it may be told earlier in blocks, where a
 * window begins, or where passes of a single source are permuted, if two of them are over by then;
 * of what comes often, at once. */
static bool may_tell(const struct given *given, const struct order_mix *mix, shs_shuffle shuffle,
                     size_t i, uint64_t now, uint64_t next, uint64_t told)
{
    const struct order_mix_source *source = &mix->source[i];
    bool permuted = mix->permuted && mix->sources == 1;
    uint64_t pass = permuted ? (asked_mix.part[i].at + now) / source->rows : 0;
    uint64_t over = permuted ? (pass + 2) * source->rows - asked_mix.part[i].at : UINT64_MAX;
    if (!permuted && given->rows[i] && source->takes / given->rows[i] >= 16) return told == now + 1;
    if (permuted && next >= over && over < given->places) return told == over;
    if (next == given->places) return told == ORDER_NEVER;
    return shuffle == SHS_SHUFFLE_BLOCKS ? told > now && told <= next : told == next;
}

static void check_next_uses(const struct given *given, shs_shuffle shuffle, uint64_t epoch)
{
    static uint64_t rows[MOST_ROWS];
    bool single = given->sources == 1 && shuffle == SHS_SHUFFLE_FULL;
    struct order order = {.shape = {.samples = given->places,
                                    .vranks = 1,
                                    .batch = 1,
                                    .shuffle = single ? SHS_SHUFFLE_NONE : shuffle,
                                    .block_rows = 4,
                                    .window_blocks = 2}};
    struct order_mix mix;
    uint64_t bounds[MOST_SOURCES + 1], met = 0, wrong = 0;
    find_bounds(given, bounds);
    open_mix(given, shuffle == SHS_SHUFFLE_FULL, &mix);
    take_places(&mix, &order, epoch, rows);
    for (uint64_t now = 0; now < given->places; now += given->places / 9 + 1)
        for (uint64_t row = bounds[0]; row < bounds[given->sources]; row += 3) {
            uint64_t next = next_place(rows, given->places, now, row);
            uint64_t told = order_mix_next_use(&asked_mix, &asked, row, 2, now, 0, 1);
            size_t i = source_of(bounds, given->sources, row + 1);
            met += told == next;
            wrong += !may_tell(given, &mix, shuffle, i, now, next, told);
        }
    CHECK_IS(met, >, 0);
    CHECK_EQ(wrong, 0);
    free_mix(&mix);
    order_epoch_free(&asked);
}

/* Against the next place of the epoch, found by search. */
static void next_uses_are_found(void)
{
    for (size_t g = 0; g < COUNT(all_given); g++)
        for (int shuffle = 0; shuffle < 3; shuffle++)
            for (uint64_t epoch = 0; epoch < 4; epoch++)
                check_next_uses(&all_given[g], (shs_shuffle)shuffle, epoch);
}

static void check_refused(const uint64_t *bounds, const uint64_t *ratio, size_t sources,
                          uint64_t places, const char *words)
{
    struct order_mix mix = {0};
    CHECK_STATUS(order_mix_open(&mix, bounds, ratio, sources, places), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), words);
    free_mix(&mix);
}

static void what_cannot_be_is_refused(void)
{
    const uint64_t two[] = {0, 10, 10}, huge[] = {0, UINT64_C(1) << 56};
    check_refused(two, (uint64_t[]){0, 0}, 2, 10, "nothing but zeros");
    check_refused(two, (uint64_t[]){1, 1}, 2, 10, "source 1 has no rows, but 5 places");
    check_refused(two, (uint64_t[]){1, UINT64_MAX}, 2, 10, "add up to 2^64");
    check_refused(two, (uint64_t[]){1}, 1, 10 * (UINT64_C(1) << 24), "2^24 times an epoch or more");
    check_refused(huge, (uint64_t[]){1}, 1, (UINT64_C(1) << 56) + 1, "the most is 2^56");
}

/* The last epoch of the largest dataset, each row almost 2^24 times: no product overflows. */
static void the_largest_numbers_fit(void)
{
    const uint64_t bounds[] = {0, UINT64_C(1) << 33}, one = 1;
    uint64_t places = UINT64_C(1) << 56, rows[3] = {0, places / 2 + 1, places - 1};
    struct order_mix mix = {.permuted = true};
    CHECK_STATUS(order_mix_open(&mix, bounds, &one, 1, places), SHS_OK);
    CHECK_STATUS(mix_rows(&mix, UINT32_MAX, rows, 3), SHS_OK);
    /* 2^23 passes an epoch: the last one's number has 55 bits */
    CHECK_EQ(asked_mix.part[0].pass, (UINT64_C(0xFFFFFFFF) << 23));
    CHECK_EQ(asked_mix.part[0].at, 0);
    struct order_permutation last = {0};
    const struct order_source key = {.part = 1, .epoch = 0xFFFFFFFF, .vrank = 0x7FFFFF};
    CHECK_STATUS(order_permutation_draw(&last, &key, bounds[1]), SHS_OK);
    CHECK_EQ(rows[2], order_permutation_row(&last, bounds[1] - 1));
    order_permutation_free(&last);
    free_mix(&mix);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(sources_give_exact_counts),  TEST(one_source_is_walked_in_passes),
        TEST(any_place_can_be_asked_for), TEST(ledgers_are_sums),
        TEST(next_uses_are_found),        TEST(what_cannot_be_is_refused),
        TEST(the_largest_numbers_fit),
    };
    return harness_main("mix", tests, COUNT(tests), argc, argv);
}
