/* Partial sums against the tree's definition, bit by bit: the nodes that ranks hold, and folds of
 * them. */
#include "order_fold.h"
#include "order_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shardstep/status.h"
#include "unit.h"

enum {
    N_FLOATS = 3,
    MOST_RANKS = 64
};

/* A number with all its digits in use and a magnitude from 2^-8 to 2^8, so that the order of
 * additions shows in the sum (splitmix64: Steele, Lea, Flood: Fast splittable pseudorandom number
 * generators. OOPSLA 2014). */
static double value_of(uint64_t vrank, uint64_t element)
{
    uint64_t bits = (vrank * 8 + element + 1) * UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    bits ^= bits >> 31;
    double scale = (double)(1u << (bits & 15)) / 256;
    return scale * ((double)(bits >> 11) * 0x1p-53 + (bits & 16 ? 1 : -2));
}

/* The definition: node [a,z) = [a,m) + [m,z), m = a + the largest power of two below z - a. */
static uint64_t middle(uint64_t a, uint64_t z)
{
    uint64_t power = 1;
    while (2 * power < z - a)
        power *= 2;
    return a + power;
}

/* The node over leaves [from + a, from + z). */
static float float_of_node_from(uint64_t from, uint64_t element, uint64_t a, uint64_t z)
{
    if (z - a == 1) return (float)value_of(from + a, element);
    uint64_t m = middle(a, z);
    return float_of_node_from(from, element, a, m) + float_of_node_from(from, element, m, z);
}

static bool same_bits(const char *type, uint64_t vranks, struct order_node node, uint64_t element,
                      double expected, double found)
{
    if (!memcmp(&expected, &found, sizeof expected)) return true;
    printf("  V = %llu, node [%llu,%llu), %s %llu: expected %a, got %a\n",
           (unsigned long long)vranks, (unsigned long long)node.first, (unsigned long long)node.end,
           type, (unsigned long long)element, expected, found);
    return false;
}

/* ---- nodes that a rank holds */

/* Adds leaves as a rank does, and counts what is held. A leaf that is the right half of a node is
 * not held. */
static size_t held_at_most(uint64_t vranks, uint64_t first, uint64_t end)
{
    struct order_node held[ORDER_TREE_DEPTH + 2];
    size_t count = 0, most = 0;
    for (uint64_t leaf = first; leaf < end; leaf++) {
        held[count++] = (struct order_node){leaf, leaf + 1};
        bool joins = count > 1 && order_nodes_join(vranks, held[count - 2], held[count - 1]);
        if (count - joins > most) most = count - joins;
        for (; count > 1 && order_nodes_join(vranks, held[count - 2], held[count - 1]); count--)
            held[count - 2].end = held[count - 1].end;
    }
    return most;
}

/* What a rank holds at the end are the largest nodes from left to right, and the most that it holds
 * is foretold. */
static void nodes_of_rank(uint64_t vranks, uint64_t first, uint64_t end)
{
    CHECK_EQ(order_most_held(vranks, first, end), held_at_most(vranks, first, end));
    for (uint64_t at = first; at < end;) {
        struct order_node node = order_largest_node(vranks, at, end);
        CHECK(node.first == at && node.end > at && node.end <= end);
        struct order_node parent = order_node_parent(vranks, node);
        CHECK(order_node_is_root(vranks, node) || parent.first < at || parent.end > end);
        at = node.end;
    }
}

/* Calls visit with small numbers of vranks and with those around powers of two. */
static void for_many_vranks(void (*visit)(uint64_t vranks))
{
    static const uint64_t large[] = {127, 128, 129, 1000, 1023, 1024, 1025, 3074, 4096, 5001};
    for (uint64_t vranks = 1; vranks <= 70; vranks++)
        visit(vranks);
    for (size_t i = 0; i < COUNT(large); i++)
        visit(large[i]);
}

static void nodes_on_many_ranks(uint64_t vranks)
{
    for (uint64_t ranks = 1; ranks <= vranks && ranks <= MOST_RANKS; ranks += 1 + ranks / 3)
        for (uint64_t rank = 0; rank < ranks; rank++)
            nodes_of_rank(vranks, order_first_vrank(vranks, ranks, rank),
                          order_first_vrank(vranks, ranks, rank + 1));
}

static void ranks_hold_the_largest_nodes(void)
{
    for_many_vranks(nodes_on_many_ranks);
}

/* ---- folds */

enum {
    LONG = ORDER_FOLD_BLOCK + 5, /* more than a block */
    MOST_TERMS = 256
};

/* A list of partial sums whose elements are their sums in the tree. */
struct terms {
    struct order_trees trees;
    size_t elements; /* of each */
    struct order_span spans[MOST_TERMS];
    float *floats[MOST_TERMS];
    double *doubles[MOST_TERMS];
    size_t count;
};

/* Of groups the part of a member is that of virtual rank (virtual rank * members + member). */
static float float_of_span(const struct terms *terms, struct order_span span, uint64_t element)
{
    uint64_t a = span.vranks.first, z = span.vranks.end, g = terms->trees.members;
    if (z - a > 1) {
        struct order_span left = span, right = span;
        left.vranks.end = right.vranks.first = middle(a, z);
        return float_of_span(terms, left, element) + float_of_span(terms, right, element);
    }
    return float_of_node_from(a * g, element, span.members.first, span.members.end);
}

static void add_term(struct terms *terms, struct order_span span)
{
    size_t at = terms->count++;
    terms->spans[at] = span;
    terms->floats[at] = malloc(terms->elements * sizeof(float));
    terms->doubles[at] = malloc(terms->elements * sizeof(double));
    for (uint64_t i = 0; i < terms->elements; i++) {
        terms->floats[at][i] = float_of_span(terms, span, i % N_FLOATS);
        terms->doubles[at][i] = (double)span.vranks.first;
    }
}

static void free_terms(struct terms *terms)
{
    for (size_t i = 0; i < terms->count; i++) {
        free(terms->floats[i]);
        free(terms->doubles[i]);
    }
    terms->count = 0;
}

/* Folds both blocks, and compares each partial sum that is left with the definition. */
static void fold_is_right(struct order_fold *fold, const struct terms *terms)
{
    const void *from[MOST_TERMS], *left[MOST_TERMS];
    for (size_t i = 0; i < terms->count; i++)
        from[i] = terms->floats[i];
    for (size_t at = 0; at < LONG; at += ORDER_FOLD_BLOCK) {
        size_t count = LONG - at < ORDER_FOLD_BLOCK ? LONG - at : (size_t)ORDER_FOLD_BLOCK;
        order_fold_block(fold, false, from, at, count, left);
        for (size_t k = 0; k < order_fold_left(fold); k++)
            for (size_t i = 0; i < N_FLOATS; i++) {
                struct order_span span = order_fold_span(fold, k);
                float expected = float_of_span(terms, span, (at + i) % N_FLOATS);
                CHECK(same_bits("float", terms->trees.vranks, span.vranks, i, (double)expected,
                                (double)((const float *)left[k])[i]));
            }
    }
}

static void fold_doubles_is_right(struct order_fold *fold, const struct terms *terms)
{
    const void *from[MOST_TERMS], *left[MOST_TERMS];
    double expected = 0;
    for (size_t i = 0; i < terms->count; i++) {
        from[i] = terms->doubles[i];
        expected += terms->doubles[i][0];
    }
    order_fold_block(fold, true, from, 0, LONG - ORDER_FOLD_BLOCK, left);
    if (order_fold_left(fold) == 1) CHECK_EQ(*(const double *)left[0], expected);
}

/* The partial sums of some ranks, of which every `skipped` is elsewhere: 0 for none. */
static void fold_of(uint64_t vranks, uint64_t groups, uint64_t members, uint64_t skipped)
{
    struct terms terms = {.trees = {vranks, members}, .elements = LONG};
    struct order_fold *fold;
    for (uint64_t group = 0; group < groups; group++) {
        uint64_t first = order_first_vrank(vranks, groups, group),
                 end = order_first_vrank(vranks, groups, group + 1);
        if (skipped && group % skipped == 0) continue;
        while (first < end) {
            struct order_node node = {first, first + 1};
            if (members == 1) node = order_largest_node(vranks, first, end);
            for (uint64_t member = 0; member < members; member++)
                add_term(&terms, (struct order_span){node, {member, member + 1}});
            first = node.end;
        }
    }
    if (NEED_STATUS(order_fold_new(terms.trees, terms.spans, terms.count, &fold), SHS_OK)) {
        if (!skipped) CHECK_EQ(order_fold_left(fold), 1);
        fold_is_right(fold, &terms);
        if (!skipped) fold_doubles_is_right(fold, &terms);
        order_fold_free(&fold);
        CHECK(fold == NULL);
        order_fold_free(&fold);
    }
    free_terms(&terms);
}

static void folds_follow_the_tree(void)
{
    for (uint64_t vranks = 1; vranks <= 20; vranks++)
        for (uint64_t groups = 1; groups <= vranks; groups += 1 + groups / 2)
            for (uint64_t members = 1; members <= 3; members++)
                fold_of(vranks, groups, members, 0);
    fold_of(100, 37, 1, 0);
    fold_of(64, 64, 1, 0);
}

/* Ranks of other sites lie between those of a site. */
static void folds_with_gaps_leave_several_sums(void)
{
    for (uint64_t vranks = 4; vranks <= 24; vranks += 5)
        for (uint64_t skipped = 2; skipped <= 4; skipped++)
            for (uint64_t members = 1; members <= 2; members++)
                fold_of(vranks, vranks - 1, members, skipped);
}

/* ---- sites */

/* Ranks whose partial sums are folded twice: by their site, and then by each other site together
 * with its own. */
struct sites {
    uint64_t count, seed; /* seed 0: the ranks of a site are neighbours */
};

static uint64_t site_of(struct sites sites, uint64_t ranks, uint64_t rank)
{
    if (!sites.seed) return rank * sites.count / ranks;
    return (uint64_t)(value_of(rank, sites.seed) * 4096 + 100000) % sites.count;
}

static int compare_spans(const void *one, const void *other)
{
    const struct order_span *a = one, *b = other;
    if (a->vranks.first != b->vranks.first) return a->vranks.first < b->vranks.first ? -1 : 1;
    return a->members.first < b->members.first ? -1 : a->members.first > b->members.first;
}

/* The partial sums that the ranks of a site hold, from left to right. */
static size_t list_spans(struct order_trees trees, uint64_t ranks, struct sites sites,
                         uint64_t site, struct order_span *to)
{
    uint64_t groups = ranks / trees.members;
    size_t count = 0;
    for (uint64_t rank = 0; rank < ranks; rank++) {
        uint64_t member = rank % trees.members, group = rank / trees.members,
                 end = order_first_vrank(trees.vranks, groups, group + 1);
        if (site_of(sites, ranks, rank) != site) continue;
        for (uint64_t at = order_first_vrank(trees.vranks, groups, group); at < end;) {
            struct order_node node = {at, at + 1};
            if (trees.members == 1) node = order_largest_node(trees.vranks, at, end);
            to[count++] = (struct order_span){node, {member, member + 1}};
            at = node.end;
        }
    }
    qsort(to, count, sizeof *to, compare_spans);
    return count;
}

/* Replaces the partial sums by those that are left of them. */
static size_t fold_spans(struct order_trees trees, struct order_span *spans, size_t count)
{
    struct order_fold *fold;
    if (!count) return 0;
    if (!NEED_STATUS(order_fold_new(trees, spans, count, &fold), SHS_OK)) return 0;
    size_t left = order_fold_left(fold);
    for (size_t k = 0; k < left; k++)
        spans[k] = order_fold_span(fold, k);
    order_fold_free(&fold);
    return left;
}

/* Each element of the root, divided, has the bits of the definition. */
static void average_is_right(const struct terms *terms, uint64_t divisor)
{
    const void *from[MOST_TERMS], *left[MOST_TERMS];
    const struct order_span root = {{0, terms->trees.vranks}, {0, terms->trees.members}};
    struct order_fold *fold;
    for (size_t i = 0; i < terms->count; i++)
        from[i] = terms->floats[i];
    if (!NEED_STATUS(order_fold_new(terms->trees, terms->spans, terms->count, &fold), SHS_OK))
        return;
    if (CHECK_EQ(order_fold_left(fold), 1)) {
        float *mean = terms->floats[terms->count - 1]; /* one of the vectors */
        order_fold_average(fold, false, from, 0, N_FLOATS, left, divisor, mean);
        for (size_t i = 0; i < N_FLOATS; i++)
            CHECK(same_bits("mean", terms->trees.vranks, root.vranks, i,
                            (double)(float_of_span(terms, root, i) / (float)divisor),
                            (double)mean[i]));
    }
    order_fold_free(&fold);
}

/* The mean as the site of rank 0 computes it. */
static void mean_over_sites(struct order_trees trees, uint64_t ranks, struct sites sites)
{
    struct order_span spans[MOST_TERMS];
    struct terms terms = {.trees = trees, .elements = N_FLOATS};
    uint64_t own = site_of(sites, ranks, 0);
    size_t count = list_spans(trees, ranks, sites, own, spans);
    for (uint64_t site = 0; site < sites.count; site++) {
        if (site == own) continue;
        size_t more = list_spans(trees, ranks, sites, site, spans + count);
        count += fold_spans(trees, spans + count, more);
    }
    qsort(spans, count, sizeof *spans, compare_spans);
    for (size_t i = 0; i < count; i++)
        add_term(&terms, spans[i]);
    average_is_right(&terms, 3);
    free_terms(&terms);
}

static void sums_over_sites_follow_the_tree(void)
{
    for (uint64_t vranks = 1; vranks <= 33; vranks++)
        for (uint64_t members = 1; members <= 3; members++)
            for (uint64_t groups = 1; groups <= vranks; groups += 1 + groups / 2)
                for (uint64_t number = 0; number < 6; number++) {
                    struct sites sites = {1 + (number + groups) % 4, number};
                    if (vranks * members > MOST_TERMS / 2) continue;
                    harness_where("V %d, groups of %d: %d, sites %d, seed %d", (int)vranks,
                                  (int)members, (int)groups, (int)sites.count, (int)number);
                    mean_over_sites((struct order_trees){vranks, members}, groups * members, sites);
                }
    harness_where(NULL);
}

/* ---- arithmetic */

enum {
    MANY = 67 /* more than vectors of any instruction set, and no multiple of them */
};

/* Values of all magnitudes, among them subnormal numbers and zeros of both signs. */
struct values {
    float floats[MANY], more[MANY];
    double doubles[MANY];
};

static struct values values_of_all_kinds(void)
{
    struct values values;
    for (size_t i = 0; i < MANY; i++) {
        values.doubles[i] = i % 5 ? value_of(i, 1) * (i % 3 ? 1 : 0x1p-1030) : -0.0;
        values.floats[i] = i % 5 ? (float)value_of(i, 0) * (i % 3 ? 1 : 0x1p-130f) : -0.0f;
        values.more[i] = i % 5 ? (float)value_of(i, 2) * (i % 3 ? 1 : 0x1p-130f) : -0.0f;
    }
    return values;
}

static bool same_float(float expected, float found)
{
    if (!memcmp(&expected, &found, sizeof found)) return true;
    return WRONG("expected %a, got %a", (double)expected, (double)found);
}

static bool same_double(double expected, double found)
{
    if (!memcmp(&expected, &found, sizeof found)) return true;
    return WRONG("expected %a, got %a", expected, found);
}

/* Each quotient is rounded once, and so is each sum before it. */
static void check_quotients(const struct values *values, uint64_t divisor)
{
    float floats[MANY], averages[MANY];
    double doubles[MANY];
    memcpy(averages, values->floats, sizeof averages);
    order_divide(false, floats, values->floats, MANY, divisor);
    order_divide(true, doubles, values->doubles, MANY, divisor);
    order_average(false, averages, averages, values->more, MANY, divisor);
    for (size_t i = 0; i < MANY; i++) {
        float sum = values->floats[i] + values->more[i];
        CHECK(
            same_float((float)((long double)values->floats[i] / (long double)divisor), floats[i]));
        CHECK(same_float((float)((long double)sum / (long double)divisor), averages[i]));
        CHECK(same_double(values->doubles[i] / (double)divisor, doubles[i]));
    }
}

static void check_sums(const struct values *values)
{
    float sums[MANY], joined[MANY];
    double doubles[MANY];
    memcpy(sums, values->floats, sizeof sums);
    memcpy(doubles, values->doubles, sizeof doubles);
    order_add(false, sums, values->more, MANY);
    order_join(false, joined, values->floats, values->more, MANY);
    order_add(true, doubles, values->doubles, MANY);
    for (size_t i = 0; i < MANY; i++) {
        CHECK(same_float(values->floats[i] + values->more[i], sums[i]));
        CHECK(same_float(sums[i], joined[i]));
        CHECK(same_double(values->doubles[i] + values->doubles[i], doubles[i]));
    }
}

/* On every instruction set that this CPU has. */
static void arithmetic_rounds_once(void)
{
    static const uint64_t divisors[] = {1, 2, 3, 7, 49, 64, 1000, 16777213, 16777217, 1 << 30};
    static const char *const names[] = {"plain", "avx2", "avx512", ""};
    const struct values values = values_of_all_kinds();
    for (size_t k = 0; k < COUNT(names); k++) {
        if (!order_kernels_choose(names[k])) continue;
        harness_where("kernels %s", names[k]);
        for (size_t d = 0; d < COUNT(divisors); d++)
            check_quotients(&values, divisors[d]);
        check_sums(&values);
    }
    harness_where(NULL);
}

/* The order of the additions is fixed, so all instruction sets give the same sum. */
static void squares_have_one_order(void)
{
    static float floats[ORDER_SQUARES_BLOCK];
    for (size_t i = 0; i < ORDER_SQUARES_BLOCK; i++)
        floats[i] = (float)value_of(i, 0);
    for (size_t count = 0; count <= ORDER_SQUARES_BLOCK; count += 1 + count / 2) {
        order_kernels_choose("plain");
        double plain = order_squares(false, floats, count);
        CHECK(!order_kernels_choose("avx2") ||
              same_double(plain, order_squares(false, floats, count)));
        CHECK(!order_kernels_choose("avx512") ||
              same_double(plain, order_squares(false, floats, count)));
    }
    order_kernels_choose("");
}

/* Integers whose squares are exact in any order: the sum is right for every length. */
static void squares_are_complete(void)
{
    static float floats[ORDER_SQUARES_BLOCK];
    static double doubles[ORDER_SQUARES_BLOCK];
    for (size_t i = 0; i < ORDER_SQUARES_BLOCK; i++) {
        floats[i] = (float)(i % 50);
        doubles[i] = -(double)(i % 50);
    }
    for (size_t count = 0; count <= ORDER_SQUARES_BLOCK; count += 1 + count / 2) {
        double expected = 0;
        for (size_t i = 0; i < count; i++)
            expected += doubles[i] * doubles[i];
        CHECK_EQ(order_squares(false, floats, count), expected);
        CHECK_EQ(order_squares(true, doubles, count), expected);
    }
}

/* Without this the other tests would accept any order of additions. */
static void the_values_tell_orders_apart(void)
{
    float running = 0;
    for (uint64_t vrank = 0; vrank < 1000; vrank++)
        running += (float)value_of(vrank, 0);
    CHECK_IS(running, !=, float_of_node_from(0, 0, 0, 1000));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(ranks_hold_the_largest_nodes),
        TEST(folds_follow_the_tree),
        TEST(folds_with_gaps_leave_several_sums),
        TEST(sums_over_sites_follow_the_tree),
        TEST(arithmetic_rounds_once),
        TEST(squares_have_one_order),
        TEST(squares_are_complete),
        TEST(the_values_tell_orders_apart),
    };
    return harness_main("order_sum", tests, COUNT(tests), argc, argv);
}
