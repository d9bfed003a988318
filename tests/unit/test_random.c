/* Random streams: the words against published and slow ones, the counters' layout, refusals and the
 * end of a stream. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "known_answers.h"
#include "random_scene.h"

typedef unsigned long long ull;

/* ---- words */

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
    shs_random stream = stream_at(&place);
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
    for (int i = 0; i < 20000; i++) {
        const shs_place place = some_place(&state);
        shs_random stream = stream_at(&place);
        harness_where("seed %llu, purpose %llu, rank %llu, step %llu, slot %llu", (ull)place.seed,
                      (ull)place.purpose, (ull)place.rank, (ull)place.step, (ull)place.slot);
        for (uint64_t number = 0; number < 11; number++)
            CHECK_EQ(shs_random_u32(&stream), word_at(&place, number));
        CHECK_STATUS(shs_random_status(&stream), SHS_OK);
    }
}

static void streams_of_samples_follow_the_contract(void)
{
    uint64_t state = 2;
    for (int i = 0; i < 20000; i++) {
        uint64_t seed = some_value(&state, 64), index = some_value(&state, 56);
        uint64_t epoch = some_value(&state, 32);
        uint32_t number = (uint32_t)some_value(&state, 4);
        uint32_t last = (2 + 16 * number) * 16777216 + (uint32_t)(index / 4294967296);
        shs_random stream;
        harness_where("seed %llu, stream %u, sample %llu, epoch %llu", (ull)seed, (unsigned)number,
                      (ull)index, (ull)epoch);
        CHECK_STATUS(shs_random_at_sample(seed, number, index, epoch, &stream), SHS_OK);
        for (uint64_t word = 0; word < 6; word++)
            CHECK_EQ(shs_random_u32(&stream),
                     slow_word(seed, (uint32_t)(index % 4294967296), (uint32_t)epoch, last, word));
    }
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
    for (int i = 0; i < 20000; i++) {
        uint64_t seed = some_value(&state, 64), vrank = some_value(&state, 24);
        uint64_t epoch = some_value(&state, 32);
        uint32_t part = (uint32_t)some_value(&state, 32), number = (uint32_t)some_value(&state, 4);
        uint32_t last = (3 + 16 * number) * 16777216 + (uint32_t)vrank;
        shs_random stream;
        random_of_order(seed, number, part, epoch, vrank, &stream);
        harness_where("seed %llu, stream %u, part %u, epoch %llu, virtual rank %llu", (ull)seed,
                      (unsigned)number, (unsigned)part, (ull)epoch, (ull)vrank);
        for (uint64_t word = 0; word < 6; word++)
            CHECK_EQ(shs_random_u32(&stream), slow_word(seed, part, (uint32_t)epoch, last, word));
    }
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
    const struct {
        shs_place place;
        const char *part, *bits;
    } cases[] = {{{.purpose = 256}, "purpose 256", "8 bits"},
                 {{.purpose = UINT64_MAX}, "purpose 18446744073709551615", "8 bits"},
                 {{.purpose = two_32}, "purpose 4294967296", "8 bits"},
                 {{.rank = 1 << 24}, "rank 16777216", "24 bits"},
                 {{.rank = UINT64_MAX}, "rank 18446744073709551615", "24 bits"},
                 {{.step = two_32}, "step 4294967296", "32 bits"},
                 {{.step = UINT64_MAX}, "step 18446744073709551615", "32 bits"},
                 {{.slot = two_32}, "slot 4294967296", "32 bits"},
                 {{.slot = UINT64_MAX}, "slot 18446744073709551615", "32 bits"}};
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(cases[i].place, cases[i].part, cases[i].bits);
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
        snprintf(text, sizeof text, "role %d", (int)role);
        if (kept)
            check_refused(place, text, "use 0, 1 or 6");
        else
            stream_at(&place); /* checks that it is taken */
    }
}

/* ---- the end of a stream */

/* A stream whose next block is the last but one: 8 words are left. */
static shs_random nearly_used_up(const shs_place *place)
{
    shs_random stream = stream_at(place);
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
        TEST(no_two_streams_share_a_counter),
    };
    return harness_main("random", tests, COUNT(tests), argc, argv);
}
