/* Permutations of two keys have nothing to do with one another, however close the keys are: of an
 * epoch and the next, a seed and the next, and so on. Two ways of going from one permutation to the
 * other are themselves permutations: from rows to rows, at the same position, and from positions to
 * positions, of the same row. If both permutations are random and independent, each of these is a
 * random permutation, and is measured like one; each key is met once. */
#include <stdio.h>
#include <stdlib.h>

#include "core_sanitized.h"
#include "order_permutation.h"
#include "permutation_measures.h"
#include "unit.h"

enum {
    MOST_ROWS = CORE_SANITIZED ? 2000003 : 10000000
};

static uint32_t one[MOST_ROWS], other[MOST_ROWS], way[MOST_ROWS];
static struct sample measured, shuffled;

/* What is added to a key to make one, and the other. The third: the same sum of seed and epoch. */
struct relation {
    const char *name;
    struct order_source one, other;
};

static const struct relation relations[] = {
    {"epoch, next epoch", {0}, {.epoch = 1}},
    {"seed, next seed", {0}, {.seed = 1}},
    {"next epoch, next seed", {.epoch = 1}, {.seed = 1}},
    {"stream, next stream", {0}, {.stream = 1}},
    {"window, next window", {.part = 3}, {.part = 4}},
    {"rank, next rank", {.part = 3}, {.part = 3, .vrank = 1}},
};

/* Pairs of keys two apart, so that no permutation is met twice in a sample. */
static void draw(struct order_source source, uint64_t number, uint64_t rows, uint32_t *row)
{
    source.seed += 42 + number % 5 * 2;
    source.epoch += number / 5 * 2;
    CHECK(draw_rows(&source, rows, row));
}

static void find_way(uint64_t rows, bool of_positions)
{
    for (uint64_t k = 0; k < rows && !of_positions; k++)
        way[one[k]] = other[k];
    if (!of_positions) return;
    static uint32_t position[MOST_ROWS];
    for (uint64_t k = 0; k < rows; k++)
        position[other[k]] = (uint32_t)k;
    for (uint64_t k = 0; k < rows; k++)
        way[k] = position[one[k]];
}

static void take_ways(struct sample *sample, const struct relation *relation, bool of_positions,
                      uint64_t rows, uint64_t bins, size_t count)
{
    sample_begin(sample, rows, bins);
    while (sample->taken < count) {
        draw(relation->one, sample->taken, rows, one);
        draw(relation->other, sample->taken, rows, other);
        find_way(rows, of_positions);
        sample_take(sample, way);
    }
}

static void take_shuffled(struct sample *sample, uint64_t rows, uint64_t bins, size_t count)
{
    uint64_t state = rows;
    sample_begin(sample, rows, bins);
    while (sample->taken < count) {
        shuffle(way, rows, &state);
        sample_take(sample, way);
    }
}

/* Each way of each relation against theory and against shuffled permutations. Verdicts of all 6
 * sizes are wrong by chance once in 40 choices of keys, with at most 6 * 12 * (34 + 20) judgements
 * of 6.8e-6. */
static void check_size(uint64_t rows, uint64_t bins, size_t count, size_t of_relations)
{
    double worst = 0;
    if (CORE_SANITIZED) count = count / 8 + 1;
    take_shuffled(&shuffled, rows, bins, count);
    for (size_t i = 0; i < 2 * of_relations; i++) {
        struct verdict verdict = {.name = relations[i / 2].name};
        take_ways(&measured, &relations[i / 2], i % 2 == 1, rows, bins, count);
        judge_sample(&verdict, &measured);
        compare_samples(&verdict, &measured, &shuffled);
        CHECK_EQ(verdict.wrong, 0);
        worst = fmax(worst, verdict.worst);
    }
    printf("  N %d: at worst %.1f deviations\n", (int)rows, worst);
}

static void keys_that_follow_one_another_are_unrelated(void)
{
    check_size(1000, 8, 400, COUNT(relations));
    check_size(ORDER_TABLE_MAX, 32, 40, COUNT(relations));
    check_size(ORDER_TABLE_MAX + 1, 32, 100, COUNT(relations));
    check_size(32769, 32, 20, COUNT(relations));
    check_size(100000, 32, 10, COUNT(relations));
    check_size(MOST_ROWS, 64, 1, 3);
}

/* ---- keys that are related */

/* The way from a random permutation to one that is made of it. */
static size_t count_wrong(void (*make)(uint64_t rows), bool of_positions)
{
    enum {
        ROWS = 10007,
        COUNT_TAKEN = 100
    };
    struct verdict verdict = {0};
    uint64_t state = 5;
    sample_begin(&measured, ROWS, 16);
    for (int i = 0; i < COUNT_TAKEN; i++) {
        shuffle(one, ROWS, &state);
        make(ROWS);
        find_way(ROWS, of_positions);
        sample_take(&measured, way);
    }
    judge_sample(&verdict, &measured);
    return verdict.wrong;
}

static void make_same(uint64_t rows)
{
    memcpy(other, one, rows * sizeof *other);
}

static void make_rotated(uint64_t rows)
{
    for (uint64_t k = 0; k < rows; k++)
        other[k] = one[(k + 4321) % rows];
}

static void make_shifted(uint64_t rows)
{
    for (uint64_t k = 0; k < rows; k++)
        other[k] = (uint32_t)((one[k] + 4321) % rows);
}

static void make_reversed(uint64_t rows)
{
    for (uint64_t k = 0; k < rows; k++)
        other[k] = one[rows - 1 - k];
}

/* Half of the rows, in any places, stay; the others are shuffled among themselves. */
static void make_half_new(uint64_t rows)
{
    uint64_t state = one[0];
    make_same(rows);
    for (uint64_t k = rows / 2 - 1; k > 0; k--) {
        uint64_t with = judge_random(&state) % (k + 1);
        uint32_t kept = other[k];
        other[k] = other[with];
        other[with] = kept;
    }
}

/* One way at least must tell; what is moved shows in one of them only. */
static void related_keys_are_told(void)
{
    static const struct {
        const char *name;
        void (*make)(uint64_t rows);
    } kinds[] = {{"the same", make_same},
                 {"rotated", make_rotated},
                 {"shifted", make_shifted},
                 {"reversed", make_reversed},
                 {"half of it new", make_half_new}};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        size_t rows = count_wrong(kinds[i].make, false);
        size_t positions = count_wrong(kinds[i].make, true);
        printf("  %s: of %d judgements %d by rows, %d by positions fail\n", kinds[i].name,
               JUDGEMENTS, (int)rows, (int)positions);
        CHECK(rows > 0 || positions > 0);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(keys_that_follow_one_another_are_unrelated),
        TEST(related_keys_are_told),
    };
    return harness_main("permutation_keys", tests, COUNT(tests), argc, argv);
}
