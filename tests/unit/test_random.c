/* Random streams: the words against published and slow ones, the counters' layout, and draws. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "known_answers.h"
#include "random_stream.h"
#include "unit.h"

/* ---- Philox4x32-10 once more, from the paper's definition and with arithmetic of 16 bits. */

static void multiply(uint32_t a, uint32_t b, uint32_t *high, uint32_t *low)
{
    uint32_t a0 = a & 0xffff, a1 = a >> 16, b0 = b & 0xffff, b1 = b >> 16;
    uint32_t middle = a1 * b0 + (a0 * b0 >> 16); /* at most 2^32 - 2^16: fits */
    uint32_t other = a0 * b1 + (middle & 0xffff);
    *low = a * b;
    *high = a1 * b1 + (middle >> 16) + (other >> 16);
}

static void slow_block(const uint32_t key[2], const uint32_t counter[4], uint32_t words[4])
{
    uint32_t r0 = counter[0], l0 = counter[1], r1 = counter[2], l1 = counter[3];
    for (uint32_t round = 0; round < 10; round++) {
        uint32_t k0 = key[0] + round * 0x9E3779B9, k1 = key[1] + round * 0xBB67AE85;
        uint32_t high0, low0, high1, low1;
        multiply(0xD2511F53, r0, &high0, &low0);
        multiply(0xCD9E8D57, r1, &high1, &low1);
        r0 = high1 ^ l0 ^ k0;
        l0 = low1;
        r1 = high0 ^ l1 ^ k1;
        l1 = low0;
    }
    words[0] = r0, words[1] = l0, words[2] = r1, words[3] = l1;
}

/* Word `number` of the stream whose counter is {block, c1, c2, c3}. */
static uint32_t slow_word(uint64_t seed, uint32_t c1, uint32_t c2, uint32_t c3, uint64_t number)
{
    uint32_t key[2] = {(uint32_t)(seed & 0xffffffff), (uint32_t)(seed / 4294967296)};
    uint32_t counter[4] = {(uint32_t)(number / 4), c1, c2, c3}, words[4];
    slow_block(key, counter, words);
    return words[number % 4];
}

static uint32_t word_at(const shs_place *place, uint64_t number)
{
    return slow_word(place->seed, (uint32_t)place->slot, (uint32_t)place->step,
                     (uint32_t)(place->purpose * 16777216 + place->rank), number);
}

static void blocks_are_those_published(void)
{
    for (size_t i = 0; i < COUNT(known); i++) {
        uint32_t words[4];
        random_block(known[i].key, known[i].counter, words);
        CHECK_BYTES(words, known[i].words, sizeof words);
        slow_block(known[i].key, known[i].counter, words);
        CHECK_BYTES(words, known[i].words, sizeof words);
    }
}

/* The third known answer's counter belongs to a role that the library keeps for itself. */
static void streams_begin_at_known_words(void)
{
    shs_random stream;
    const shs_place zero = {0};
    const shs_place ones = {UINT64_MAX, 0xff, 0xffffff, 0xffffffff, 0xffffffff};
    CHECK_STATUS(shs_random_at(&zero, &stream), SHS_OK);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(shs_random_u32(&stream), known[0].words[i]);
    CHECK_STATUS(shs_random_at(&ones, &stream), SHS_OK);
    stream.counter[0] = 0xffffffff;
    for (int i = 0; i < 4; i++)
        CHECK_EQ(shs_random_u32(&stream), known[1].words[i]);
}

static void a_known_place_gives_known_words(void)
{
    static const uint32_t words[] = {0x93fc3429, 0x292ea43e, 0xde7d84c5,
                                     0x9e52ec62, 0xc14948e5, 0xe22424d9};
    const shs_place place = {.seed = 42, .purpose = 1, .rank = 3, .step = 7, .slot = 5};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    for (size_t i = 0; i < COUNT(words); i++)
        CHECK_EQ(shs_random_u32(&stream), words[i]);
}

/* Small, large and any values alike. */
static uint64_t some_value(uint64_t *state, unsigned bits)
{
    uint64_t most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    uint64_t value = judge_random(state);
    switch (judge_random(state) % 4) {
    case 0:
        return value % 4;
    case 1:
        return most - value % 4;
    default:
        return value & most;
    }
}

static shs_place some_place(uint64_t *state)
{
    static const uint64_t roles[] = {0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint64_t role = roles[judge_random(state) % COUNT(roles)];
    return (shs_place){.seed = some_value(state, 64),
                       .purpose = role + 16 * (judge_random(state) % 16),
                       .rank = some_value(state, 24),
                       .step = some_value(state, 32),
                       .slot = some_value(state, 32)};
}

static void streams_follow_the_contract(void)
{
    uint64_t state = 1;
    size_t wrong = 0;
    for (int i = 0; i < 20000; i++) {
        shs_place place = some_place(&state);
        shs_random stream;
        if (shs_random_at(&place, &stream)) wrong++;
        for (uint64_t number = 0; number < 11; number++)
            wrong += shs_random_u32(&stream) != word_at(&place, number);
        wrong += shs_random_status(&stream) != SHS_OK;
    }
    CHECK_EQ(wrong, 0);
}

static void streams_of_samples_follow_the_contract(void)
{
    uint64_t state = 2;
    size_t wrong = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t seed = some_value(&state, 64), index = some_value(&state, 56);
        uint64_t epoch = some_value(&state, 32);
        uint32_t number = (uint32_t)some_value(&state, 4);
        uint32_t last = (2 + 16 * number) * 16777216 + (uint32_t)(index / 4294967296);
        shs_random stream;
        wrong += shs_random_at_sample(seed, number, index, epoch, &stream) != SHS_OK;
        for (uint64_t word = 0; word < 6; word++)
            wrong += shs_random_u32(&stream) !=
                     slow_word(seed, (uint32_t)(index % 4294967296), (uint32_t)epoch, last, word);
    }
    CHECK_EQ(wrong, 0);
}

static void samples_that_do_not_fit_are_refused(void)
{
    shs_random stream;
    const uint64_t stream_limit = 16, index_limit = UINT64_C(1) << 56,
                   epoch_limit = UINT64_C(1) << 32;
    CHECK_STATUS(
        shs_random_at_sample(1, stream_limit - 1, index_limit - 1, epoch_limit - 1, &stream),
        SHS_OK);
    CHECK_STATUS(shs_random_at_sample(1, stream_limit, 0, 0, &stream), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "stream number 16");
    CHECK_EQ(shs_random_u32(&stream), 0);
    CHECK_STATUS(shs_random_at_sample(1, 0, index_limit, 0, &stream), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "index ");
    CHECK_STATUS(shs_random_at_sample(1, 0, 0, epoch_limit, &stream), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "epoch ");
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_ARGUMENT);
}

static void streams_of_the_order_follow_the_contract(void)
{
    uint64_t state = 3;
    size_t wrong = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t seed = some_value(&state, 64), vrank = some_value(&state, 24);
        uint64_t epoch = some_value(&state, 32);
        uint32_t part = (uint32_t)some_value(&state, 32), number = (uint32_t)some_value(&state, 4);
        uint32_t last = (3 + 16 * number) * 16777216 + (uint32_t)vrank;
        shs_random stream;
        random_of_order(seed, number, part, epoch, vrank, &stream);
        for (uint64_t word = 0; word < 6; word++)
            wrong += shs_random_u32(&stream) != slow_word(seed, part, (uint32_t)epoch, last, word);
    }
    CHECK_EQ(wrong, 0);
}

static void a_copy_goes_on_alone(void)
{
    const shs_place place = {.seed = 5, .step = 6};
    shs_random stream, copy;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    CHECK_EQ(shs_random_u32(&stream), word_at(&place, 0));
    copy = stream;
    for (uint64_t i = 1; i < 9; i++)
        CHECK_EQ(shs_random_u32(&stream), word_at(&place, i));
    for (uint64_t i = 1; i < 9; i++)
        CHECK_EQ(shs_random_u32(&copy), word_at(&place, i));
}

/* ---- refusals */

static bool gives_only_zeros(shs_random *stream)
{
    bool zeros = true;
    for (int i = 0; i < 6; i++)
        zeros = zeros && shs_random_u32(stream) == 0;
    zeros = zeros && shs_random_u64(stream) == 0 && shs_random_float(stream) == 0;
    return zeros && shs_random_double(stream) == 0 && shs_random_below(stream, 1000) == 0;
}

static void check_refused(shs_place place, const char *part, const char *bits)
{
    shs_random stream;
    memset(&stream, 0x5a, sizeof stream);
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), part);
    CHECK_HAS(shs_message(), bits);
    CHECK(gives_only_zeros(&stream));
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_ARGUMENT);
}

static void values_too_large_are_refused(void)
{
    const uint64_t two_32 = UINT64_C(1) << 32;
    check_refused((shs_place){.purpose = 256}, "purpose 256", "8 bits");
    check_refused((shs_place){.purpose = UINT64_MAX}, "purpose 18446744073709551615", "8 bits");
    check_refused((shs_place){.purpose = two_32}, "purpose 4294967296", "8 bits");
    check_refused((shs_place){.rank = 1 << 24}, "rank 16777216", "24 bits");
    check_refused((shs_place){.rank = UINT64_MAX}, "rank 18446744073709551615", "24 bits");
    check_refused((shs_place){.step = two_32}, "step 4294967296", "32 bits");
    check_refused((shs_place){.step = UINT64_MAX}, "step 18446744073709551615", "32 bits");
    check_refused((shs_place){.slot = two_32}, "slot 4294967296", "32 bits");
    check_refused((shs_place){.slot = UINT64_MAX}, "slot 18446744073709551615", "32 bits");
}

static void the_largest_values_are_taken(void)
{
    const shs_place places[] = {{.seed = UINT64_MAX},
                                {.purpose = 255},
                                {.rank = (1 << 24) - 1},
                                {.step = 0xffffffff},
                                {.slot = 0xffffffff}};
    for (size_t i = 0; i < COUNT(places); i++) {
        shs_random stream;
        CHECK_STATUS(shs_random_at(&places[i], &stream), SHS_OK);
        CHECK_EQ(shs_random_u32(&stream), word_at(&places[i], 0));
    }
}

static void the_librarys_roles_are_refused(void)
{
    for (uint64_t purpose = 0; purpose < 256; purpose++) {
        uint64_t role = purpose % 16;
        bool kept = role == 2 || role == 3 || role == 4 || role == 5;
        shs_place place = {.seed = 1, .purpose = purpose};
        char text[16];
        shs_random stream;
        snprintf(text, sizeof text, "role %d", (int)role);
        if (kept) {
            check_refused(place, text, "use 0, 1 or 6");
        } else {
            CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
        }
    }
}

/* ---- the end of a stream */

/* A stream whose next block is the last but one: 8 words are left. */
static shs_random nearly_used_up(const shs_place *place)
{
    shs_random stream;
    CHECK_STATUS(shs_random_at(place, &stream), SHS_OK);
    stream.counter[0] = 0xfffffffe;
    return stream;
}

static const shs_place last_place = {.seed = 9, .purpose = 7, .rank = 4, .step = 3, .slot = 2};

static uint32_t last_word(uint32_t number)
{
    return word_at(&last_place, UINT64_C(4) * 0xfffffffe + number);
}

static void a_stream_ends_and_never_wraps(void)
{
    shs_random stream = nearly_used_up(&last_place);
    for (uint32_t i = 0; i < 8; i++)
        CHECK_EQ(shs_random_u32(&stream), last_word(i));
    CHECK_STATUS(shs_random_status(&stream), SHS_OK);
    for (int i = 0; i < 3; i++)
        CHECK(gives_only_zeros(&stream));
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_EXHAUSTED);
    CHECK_HAS(shs_message(), "2^34");
    CHECK_EQ(shs_random_below(&stream, 0), 0);
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_EXHAUSTED);
}

static void a_draw_across_the_end_is_zero(void)
{
    shs_random stream = nearly_used_up(&last_place);
    for (uint32_t i = 0; i < 7; i++)
        shs_random_u32(&stream);
    shs_random copy = stream;
    CHECK_IS(last_word(7), !=, 0);
    CHECK_EQ(shs_random_u64(&stream), 0);
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_EXHAUSTED);
    CHECK_EQ(shs_random_double(&copy), 0);
    CHECK_STATUS(shs_random_status(&copy), SHS_ERROR_EXHAUSTED);
}

/* Of n = 2^31 + 1 nearly half the words are drawn anew, so the end comes inside below(). */
static void below_stops_at_the_end(void)
{
    const uint32_t n = UINT32_C(0x80000001);
    size_t ended = 0;
    for (uint64_t step = 0; step < 200; step++) {
        shs_place place = {.seed = 77, .step = step};
        shs_random stream = nearly_used_up(&place);
        for (int i = 0; i < 8; i++) {
            uint32_t value = shs_random_below(&stream, n);
            CHECK_IS(value, <, n);
            if (shs_random_status(&stream)) {
                CHECK_EQ(value, 0);
                ended++;
                break;
            }
        }
    }
    CHECK_IS(ended, >, 100);
}

/* ---- numbers */

static void long_words_are_two_words(void)
{
    const shs_place place = {.seed = 11, .purpose = 15, .slot = 1};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    CHECK_EQ(shs_random_u32(&stream), word_at(&place, 0));
    for (uint64_t i = 1; i < 21; i += 2) {
        uint64_t expected =
            word_at(&place, i) + (uint64_t)word_at(&place, i + 1) * UINT64_C(4294967296);
        CHECK_EQ(shs_random_u64(&stream), expected);
    }
}

/* Scaled up a float is a whole number, which is exact. */
static void floats_have_24_bits(void)
{
    const shs_place place = {.seed = 12};
    shs_random stream;
    size_t wrong = 0;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    for (uint64_t i = 0; i < 20000; i++) {
        float value = shs_random_float(&stream);
        wrong += (uint64_t)((double)value * 16777216) != word_at(&place, i) / 256;
        wrong += (double)value * 16777216 != (double)(word_at(&place, i) / 256);
    }
    CHECK_EQ(wrong, 0);
}

static void doubles_have_53_bits(void)
{
    const shs_place place = {.seed = 13};
    shs_random stream;
    size_t wrong = 0;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    for (uint64_t i = 0; i < 40000; i += 2) {
        uint64_t bits =
            word_at(&place, i) / 2048 + (uint64_t)word_at(&place, i + 1) * UINT64_C(2097152);
        wrong += (uint64_t)(shs_random_double(&stream) * 9007199254740992.0) != bits;
    }
    CHECK_EQ(wrong, 0);
}

/* A stream that gives two words of choice next. */
static shs_random stream_of(uint32_t first, uint32_t second)
{
    return (shs_random){.words = {0, 0, first, second}, .used = 2, .counter = {1}};
}

static void numbers_stay_below_one(void)
{
    shs_random stream = stream_of(UINT32_MAX, 0);
    CHECK_EQ(shs_random_float(&stream), 0x0.ffffffp0f);
    stream = stream_of(UINT32_MAX, UINT32_MAX);
    CHECK_EQ(shs_random_double(&stream), 0x0.fffffffffffff8p0);
    stream = stream_of(255, 0);
    CHECK_EQ(shs_random_float(&stream), 0);
    stream = stream_of(256, 0);
    CHECK_EQ(shs_random_float(&stream), 0x1p-24f);
    stream = stream_of(2047, 0);
    CHECK_EQ(shs_random_double(&stream), 0);
    stream = stream_of(2048, 0);
    CHECK_EQ(shs_random_double(&stream), 0x1p-53);
    stream = stream_of(0, 1u << 31);
    CHECK_EQ(shs_random_double(&stream), 0.5);
}

/* ---- below */

/* The contract's rule: m = word * n, drawn anew while low32(m) < (2^32 - n) mod n. */
static uint32_t slow_below(const shs_place *place, uint64_t *number, uint32_t n)
{
    uint64_t unfair = (UINT64_C(4294967296) - n) % n;
    for (;;) {
        uint64_t m = (uint64_t)word_at(place, (*number)++) * n;
        if (m % UINT64_C(4294967296) >= unfair) return (uint32_t)(m / UINT64_C(4294967296));
    }
}

static const uint32_t bounds[] = {
    1,          2,          3,          5,          6,          7,          10,         100,
    1000,       65535,      65536,      65537,      0x55555555, 0x55555556, 0x7fffffff, 0x80000000,
    0x80000001, 0xaaaaaaab, 0xc0000000, 0xfffffffd, 0xfffffffe, 0xffffffff};

static void below_follows_the_rule(void)
{
    for (size_t i = 0; i < COUNT(bounds); i++) {
        shs_place place = {.seed = 14, .step = bounds[i]};
        shs_random stream;
        uint64_t number = 0;
        size_t wrong = 0;
        CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
        for (int draw = 0; draw < 2000; draw++)
            wrong += shs_random_below(&stream, bounds[i]) != slow_below(&place, &number, bounds[i]);
        wrong += shs_random_u32(&stream) != word_at(&place, number);
        CHECK_EQ(wrong, 0);
    }
}

/* For n = 3, 2^32 mod 3 = 1: the product's low half is unfair only if it is 0, so the word 0 is
 * drawn anew and the word 1 is not. */
static void below_redraws_only_what_is_unfair(void)
{
    shs_random stream = stream_of(0, UINT32_C(0x60000000));
    CHECK_EQ(shs_random_below(&stream, 3), 1);
    CHECK_EQ(stream.used, 4);
    stream = stream_of(1, UINT32_C(0x60000000));
    CHECK_EQ(shs_random_below(&stream, 3), 0);
    CHECK_EQ(stream.used, 3);
    stream = stream_of(UINT32_MAX, 0);
    CHECK_EQ(shs_random_below(&stream, UINT32_MAX), UINT32_MAX - 1);
}

/* Equally likely classes of the results of below(n). */
static double chi_square_of_below(uint32_t n, uint32_t classes, uint64_t draws)
{
    uint64_t counts[128] = {0};
    shs_place place = {.seed = 15, .step = n, .slot = classes};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    for (uint64_t i = 0; i < draws; i++)
        counts[shs_random_below(&stream, n) % classes]++;
    return judge_chi_square(counts, classes, (double)draws / classes);
}

/* Without redrawing, the third of 3*2^30 classes would be half as likely as each of the others'. */
static void below_is_fair(void)
{
    static const uint32_t cases[][2] = {
        {2, 2},     {3, 3},     {5, 5},          {6, 6},           {7, 7},         {100, 100},
        {127, 127}, {101, 101}, {0xc0000000, 3}, {0xaaaaaaa9, 11}, {0xfffffffe, 2}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        double chi_square = chi_square_of_below(cases[i][0], cases[i][1], 200000);
        CHECK(judge_plausible(chi_square, cases[i][1] - 1));
    }
}

static void below_one_is_zero(void)
{
    const shs_place place = {.seed = 16};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(shs_random_below(&stream, 1), 0);
    CHECK_EQ(shs_random_u32(&stream), word_at(&place, 10));
}

static void below_nothing_is_an_error(void)
{
    const shs_place place = {.seed = 17};
    shs_random stream;
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    CHECK_EQ(shs_random_u32(&stream), word_at(&place, 0));
    CHECK_EQ(shs_random_below(&stream, 0), 0);
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "a parameter out of range");
    CHECK(gives_only_zeros(&stream));
    CHECK_STATUS(shs_random_status(&stream), SHS_ERROR_ARGUMENT);
}

/* ---- no two places share a counter */

enum {
    N_PLACES = 1000000,
    N_PARTS = 6
};

/* What names a stream, role included, and the stream's key and counter. */
struct named {
    uint64_t name[N_PARTS];
    uint32_t counter[N_PARTS];
};

static int compare_names(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    for (int i = 0; i < N_PARTS; i++)
        if (x->name[i] != y->name[i]) return x->name[i] < y->name[i] ? -1 : 1;
    return 0;
}

static int compare_counters(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    for (int i = 0; i < N_PARTS; i++)
        if (x->counter[i] != y->counter[i]) return x->counter[i] < y->counter[i] ? -1 : 1;
    return 0;
}

static size_t count_distinct(struct named *named, int (*compare)(const void *, const void *))
{
    size_t distinct = N_PLACES > 0;
    qsort(named, N_PLACES, sizeof *named, compare);
    for (size_t i = 1; i < N_PLACES; i++)
        distinct += compare(&named[i - 1], &named[i]) != 0;
    return distinct;
}

static void keep(struct named *named, const shs_random *stream)
{
    memcpy(named->counter, stream->key, sizeof stream->key);
    memcpy(named->counter + 2, stream->counter, sizeof stream->counter);
}

/* Values of few kinds, so that many places differ in one part only. */
static void name_a_stream(struct named *named, uint64_t *state)
{
    shs_random stream;
    uint32_t number = (uint32_t)(judge_random(state) % 16);
    uint64_t seed = some_value(state, 64), epoch = some_value(state, 32);
    switch (judge_random(state) % 3) {
    case 0: {
        shs_place place = some_place(state);
        if (shs_random_at(&place, &stream)) WRONG("the place is taken");
        *named = (struct named){{place.seed, place.purpose % 16, place.purpose / 16, place.rank,
                                 place.step, place.slot},
                                {0}};
        break;
    }
    case 1: {
        uint64_t index = some_value(state, 56);
        random_of_sample(seed, number, index, epoch, &stream);
        *named = (struct named){{seed, 2, number, index, epoch, 0}, {0}};
        break;
    }
    default: {
        uint64_t part = some_value(state, 32), vrank = some_value(state, 24);
        random_of_order(seed, number, (uint32_t)part, epoch, vrank, &stream);
        *named = (struct named){{seed, 3, number, part, epoch, vrank}, {0}};
    }
    }
    keep(named, &stream);
}

static void no_two_streams_share_a_counter(void)
{
    struct named *named = malloc(N_PLACES * sizeof *named);
    uint64_t state = 4;
    if (!NEED(named)) return;
    for (size_t i = 0; i < N_PLACES; i++)
        name_a_stream(&named[i], &state);
    size_t names = count_distinct(named, compare_names);
    CHECK_IS(names, >, N_PLACES / 2);
    CHECK_EQ(count_distinct(named, compare_counters), names);
    free(named);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(blocks_are_those_published),
        TEST(streams_begin_at_known_words),
        TEST(a_known_place_gives_known_words),
        TEST(streams_follow_the_contract),
        TEST(streams_of_samples_follow_the_contract),
        TEST(samples_that_do_not_fit_are_refused),
        TEST(streams_of_the_order_follow_the_contract),
        TEST(a_copy_goes_on_alone),
        TEST(values_too_large_are_refused),
        TEST(the_largest_values_are_taken),
        TEST(the_librarys_roles_are_refused),
        TEST(a_stream_ends_and_never_wraps),
        TEST(a_draw_across_the_end_is_zero),
        TEST(below_stops_at_the_end),
        TEST(long_words_are_two_words),
        TEST(floats_have_24_bits),
        TEST(doubles_have_53_bits),
        TEST(numbers_stay_below_one),
        TEST(below_follows_the_rule),
        TEST(below_redraws_only_what_is_unfair),
        TEST(below_is_fair),
        TEST(below_one_is_zero),
        TEST(below_nothing_is_an_error),
        TEST(no_two_streams_share_a_counter),
    };
    return harness_main("random", tests, COUNT(tests), argc, argv);
}
