/* Streams of neighbouring places have nothing to do with each other: of neighbouring ranks, steps,
 * slots, seeds and purposes. */
#include "draw_checks.h"

/* What differs from one place to the next. */
enum difference {
    BY_RANK,
    BY_STEP,
    BY_SLOT,
    BY_SEED,
    BY_HIGH_SEED,
    BY_PURPOSE,
    DIFFERENCES
};

static const char *const difference_names[] = {
    "ranks", "steps", "slots", "seeds", "seeds' high half", "purposes"};

static shs_random neighbour(enum difference difference, uint64_t number)
{
    shs_place place = {.seed = 42, .purpose = 1, .rank = 3, .step = 11, .slot = 0};
    shs_random stream;
    if (difference == BY_RANK) place.rank += number;
    if (difference == BY_STEP) place.step += number;
    if (difference == BY_SLOT) place.slot += number;
    if (difference == BY_SEED) place.seed += number;
    if (difference == BY_HIGH_SEED) place.seed += number << 32;
    if (difference == BY_PURPOSE && shs_random_own_purpose(number, &place.purpose))
        WRONG("there are fewer purposes");
    if (shs_random_at(&place, &stream)) WRONG("the place is taken");
    return stream;
}

/* Pairs of words that should have nothing to do with each other. */
struct pairs {
    double product;       /* of the words as numbers around 0 */
    uint64_t grid[256];   /* by the upper four bits of either */
    uint64_t low[256];    /* by the lower four */
    uint64_t differs[33]; /* by the number of bits in which they differ */
    size_t count;
};

static void add_pair(struct pairs *pairs, uint32_t a, uint32_t b)
{
    pairs->product += ((double)a * 0x1p-32 - 0.5) * ((double)b * 0x1p-32 - 0.5);
    pairs->grid[a >> 28 << 4 | b >> 28]++;
    pairs->low[(a & 15) << 4 | (b & 15)]++;
    pairs->differs[__builtin_popcount(a ^ b)]++;
    pairs->count++;
}

static void check_pairs(const char *what, const struct pairs *pairs)
{
    double n = (double)pairs->count, chi_square = 0, degrees = -1;
    check_sum(what, "correlation", pairs->product, pairs->count, 1.0 / 144);
    check_chi_square(what, "upper bits", judge_chi_square(pairs->grid, 256, n / 256), 255);
    check_chi_square(what, "lower bits", judge_chi_square(pairs->low, 256, n / 256), 255);
    for (int bits = 0; bits <= 32; bits++) {
        double expected = n * exp(log_binomial(bits, 32, 0.5));
        if (expected < 25) continue;
        chi_square += pow((double)pairs->differs[bits] - expected, 2) / expected;
        degrees++;
    }
    check_chi_square(what, "bits that differ", chi_square, degrees);
}

/* The same word of one place and the next. */
static void add_neighbours(struct pairs *pairs, shs_random a, shs_random b)
{
    enum {
        WORDS = 4096
    };
    static uint32_t words[2][WORDS];
    size_t pieces = times(1, 40);
    for (size_t i = 0; i < pieces; i++) {
        CHECK_STATUS(shs_random_fill_u32(&a, words[0], WORDS), SHS_OK);
        CHECK_STATUS(shs_random_fill_u32(&b, words[1], WORDS), SHS_OK);
        for (size_t j = 0; j < WORDS; j++)
            add_pair(pairs, words[0][j], words[1][j]);
    }
}

static void neighbouring_streams_are_independent(void)
{
    for (enum difference by = 0; by < DIFFERENCES; by++) {
        struct pairs pairs = {.count = 0};
        for (uint64_t i = 0; i < 143; i++) /* as many purposes as there are */
            add_neighbours(&pairs, neighbour(by, i), neighbour(by, i + 1));
        check_pairs(difference_names[by], &pairs);
    }
}

/* The first words of very many places, each with the one before: all that a draw by place may be.
 */
static void first_words_of_places_are_independent(void)
{
    uint64_t places = times(300000, 30);
    for (enum difference by = 0; by < BY_PURPOSE; by++) {
        struct pairs pairs = {.count = 0};
        uint32_t before = 0;
        for (uint64_t i = 0; i < places; i++) {
            shs_random stream = neighbour(by, i);
            uint32_t word = shs_random_u32(&stream);
            if (i > 0) add_pair(&pairs, before, word);
            before = word;
        }
        check_pairs(difference_names[by], &pairs);
    }
}

/* The same of normals: their cosines' angle and radius come from two words of a place. */
static void first_normals_of_places_are_independent(void)
{
    size_t places = times(300000, 30);
    double *z = new_doubles(places);
    for (enum difference by = 0; by < BY_PURPOSE; by++) {
        for (size_t i = 0; i < places; i++) {
            shs_random stream = neighbour(by, i);
            z[i] = normal_below((double)shs_random_normal_float(&stream, 0, 1));
        }
        check_uniform(difference_names[by], z, places);
    }
    free(z);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(neighbouring_streams_are_independent),
        TEST(first_words_of_places_are_independent),
        TEST(first_normals_of_places_are_independent),
    };
    return harness_main("distribution_places", tests, COUNT(tests), argc, argv);
}
