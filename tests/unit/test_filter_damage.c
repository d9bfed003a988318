/* Chunks that are damaged, cut off, or full of lies: they may be decoded or refused, but nothing
 * outside a chunk is read or written, and where there is a checksum no flipped bit goes unseen. */
#include "foreign_chunks.h"

enum {
    MOST_BYTES = 4096,
    ELEMENT = 4,
    SIZE = 1200,
    TRIALS = 10000
};

static struct bench bench;

/* A chunk that is whole. */
struct whole {
    const char *name;
    struct io_pipeline pipeline;
    size_t size, bytes;
    unsigned char elements[MOST_BYTES], stored[MOST_BYTES];
};

static const uint32_t orders[][5] = {
    {SHUFFLE},
    {FLETCHER32},
    {DEFLATE},
    {SHUFFLE, DEFLATE},
    {SHUFFLE, DEFLATE, FLETCHER32},
    {FLETCHER32, SHUFFLE, DEFLATE},
    {SHUFFLE, FLETCHER32, DEFLATE, FLETCHER32},
};

enum {
    ORDERS = sizeof orders / sizeof *orders,
    WHOLES = 2 * ORDERS + (int)(sizeof foreign_chunks / sizeof *foreign_chunks)
};

static bool make_by_hdf5(struct whole *whole, const uint32_t *order, enum content content)
{
    *whole = (struct whole){.name = "HDF5", .size = SIZE};
    whole->pipeline = pipeline_of(order, ELEMENT);
    unsigned char *elements = make_content(content, SIZE);
    if (!elements) return false;
    memcpy(whole->elements, elements, SIZE);
    unsigned char *stored =
        store_encode(&whole->pipeline, 0, ELEMENT, SIZE / ELEMENT, elements, &whole->bytes);
    bool made = stored && whole->bytes <= MOST_BYTES;
    if (made) memcpy(whole->stored, stored, whole->bytes);
    free(stored);
    free(elements);
    return made;
}

/* False if there is none of that number: HDF5's with smooth elements and with noise, then those of
 * other programs as far as this build has their codecs. */
static bool make_whole(size_t number, struct whole *whole)
{
    char reason[IO_REASON_BYTES];
    if (number < 2 * ORDERS)
        return NEED(make_by_hdf5(whole, orders[number / 2], number % 2 ? NOISE : SMOOTH));
    const struct foreign_chunk *chunk = &foreign_chunks[number - 2 * ORDERS];
    *whole = (struct whole){.name = chunk->name, .size = FOREIGN_BYTES};
    whole->pipeline = foreign_pipeline(chunk);
    whole->bytes = foreign_stored(chunk, whole->stored);
    foreign_elements(whole->elements);
    return io_pipeline_known(&whole->pipeline, reason);
}

static bool is_decoded(const struct whole *whole)
{
    return memcmp(bench.to, whole->elements, whole->size) == 0;
}

/* Nothing but one of these may come of any chunk. Damage may make a chunk of Blosc2 name a
 * plug-in.
 */
static bool is_fair(shs_status status)
{
    if (status == SHS_ERROR_UNSUPPORTED) return strstr(shs_message(), "a plug-in or a dictionary");
    return status == SHS_OK || (status == SHS_ERROR_FORMAT && *shs_message());
}

static bool has_checksum(const struct io_pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->count; i++)
        if (pipeline->filter[i].id == DEFLATE || pipeline->filter[i].id == FLETCHER32) return true;
    return false;
}

/* zlib's Adler-32 counts as a checksum. */
static void no_flipped_bit_goes_unseen(void)
{
    static struct whole whole;
    for (size_t number = 0; number < WHOLES; number++) {
        if (!make_whole(number, &whole)) continue;
        CHECK_STATUS(
            bench_decode(&bench, &whole.pipeline, 0, whole.stored, whole.bytes, whole.size),
            SHS_OK);
        CHECK(is_decoded(&whole));
        for (size_t bit = 0; bit < 8 * whole.bytes; bit++) {
            whole.stored[bit / 8] ^= (unsigned char)(1 << bit % 8);
            shs_status status =
                bench_decode(&bench, &whole.pipeline, 0, whole.stored, whole.bytes, whole.size);
            CHECK(is_fair(status));
            if (!status && has_checksum(&whole.pipeline)) CHECK(is_decoded(&whole));
            whole.stored[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
    }
}

static uint64_t below(uint64_t *state, uint64_t n)
{
    return judge_random(state) % n;
}

/* Numbers that sizes like to be wrong with. */
static uint64_t odd_number(uint64_t *state)
{
    static const uint64_t odd[] = {0,          1,           0x7F,       0xFF,
                                   0x7FFFFFFF, 0x80000000,  UINT32_MAX, 0x7FFFFFFFFFFFFFFF,
                                   UINT64_MAX, 0xFFFFFFFEu, 16,         SIZE - 1};
    return odd[below(state, COUNT(odd))];
}

/* 4 or 8 bytes of it, in either order. */
static void put_odd_number(unsigned char *at, size_t left, uint64_t *state)
{
    uint64_t number = odd_number(state);
    size_t width = below(state, 2) ? 4 : 8;
    bool big = below(state, 2);
    for (size_t i = 0; i < width && i < left; i++)
        at[i] = (unsigned char)(number >> 8 * (big ? width - 1 - i : i));
}

/* Moves a stretch of bytes over another. */
static void splice(unsigned char *bytes, size_t count, uint64_t *state)
{
    size_t from = below(state, count), to = below(state, count);
    size_t length = below(state, count - (from > to ? from : to)) + 1;
    memmove(bytes + to, bytes + from, length);
}

static void change(unsigned char *bytes, size_t *count, uint64_t *state)
{
    if (!*count) return;
    size_t at = below(state, 4) ? below(state, *count) : below(state, *count < 32 ? *count : 32);
    switch (below(state, 6)) {
    case 0:
        bytes[at] ^= (unsigned char)(1 << below(state, 8));
        break;
    case 1:
        bytes[at] = (unsigned char)judge_random(state);
        break;
    case 2:
        put_odd_number(bytes + at, *count - at, state);
        break;
    case 3:
        splice(bytes, *count, state);
        break;
    case 4:
        *count = at;
        break;
    default:
        for (size_t more = below(state, 64); more && *count < MOST_BYTES; more--)
            bytes[(*count)++] = (unsigned char)judge_random(state);
        break;
    }
}

static void damaged_chunks_give_statuses(void)
{
    static struct whole whole;
    static unsigned char bytes[MOST_BYTES];
    uint64_t state = 1, refused = 0;
    for (size_t number = 0; number < WHOLES; number++) {
        if (!make_whole(number, &whole)) continue;
        for (int trial = 0; trial < TRIALS; trial++) {
            size_t count = whole.bytes, size = whole.size;
            memcpy(bytes, whole.stored, count);
            for (uint64_t changes = 1 + below(&state, 4); changes; changes--)
                change(bytes, &count, &state);
            if (!below(&state, 8)) size = below(&state, MOST_BYTES);
            uint32_t mask = below(&state, 8) ? 0 : (uint32_t)judge_random(&state);
            shs_status status = bench_decode(&bench, &whole.pipeline, mask, bytes, count, size);
            CHECK(is_fair(status));
            refused += status != SHS_OK;
        }
    }
    CHECK_IS(refused, >, TRIALS * ORDERS);
}

static struct io_pipeline make_odd_pipeline(uint64_t *state)
{
    static const uint32_t ids[] = {DEFLATE,    SHUFFLE, FLETCHER32, LZF,       BLOSC,
                                   LZ4,        ZSTD,    BITSHUFFLE, BLOSC2,    SHUFFLE,
                                   FLETCHER32, 0,       4,          UINT32_MAX};
    struct io_pipeline pipeline = {.count = (uint32_t)below(state, IO_MAX_FILTERS + 2)};
    for (size_t i = 0; i < IO_MAX_FILTERS; i++) {
        struct io_filter *filter = &pipeline.filter[i];
        filter->id = ids[below(state, below(state, 4) ? 11 : COUNT(ids))];
        filter->n_values = below(state, 8) ? 1 : (uint32_t)odd_number(state);
        for (size_t v = 0; v < IO_FILTER_VALUES; v++)
            filter->values[v] = (uint32_t)(below(state, 4) ? below(state, 20) : odd_number(state));
        if (filter->id == BITSHUFFLE && below(state, 2))
            set_bitshuffle(filter, 1 + (uint32_t)below(state, 17), 8 * (uint32_t)below(state, 20),
                           (uint32_t)below(state, 5));
    }
    return pipeline;
}

static void pipelines_of_all_kinds_give_statuses(void)
{
    static unsigned char bytes[MOST_BYTES];
    static struct whole whole;
    uint64_t state = 2, known_ones = 0;
    for (int trial = 0; trial < 20000; trial++) {
        char reason[IO_REASON_BYTES];
        struct io_pipeline pipeline = make_odd_pipeline(&state);
        size_t count = below(&state, MOST_BYTES), size = below(&state, MOST_BYTES);
        if (trial % 64 == 0 && !make_whole(below(&state, WHOLES), &whole)) continue;
        memcpy(bytes, whole.stored, sizeof bytes);
        bool known = io_pipeline_known(&pipeline, reason);
        shs_status status =
            bench_decode(&bench, &pipeline, (uint32_t)judge_random(&state), bytes, count, size);
        CHECK(known ? is_fair(status) : status == SHS_ERROR_UNSUPPORTED);
        CHECK_EQ(known, !*reason);
        known_ones += known;
    }
    CHECK_IS(known_ones, >, 2000);
}

/* Chunks that HDF5 cannot decode are refused. The reverse does not hold: HDF5 lets streams of a
 * wrong size pass. */
static void what_hdf5_refuses_is_refused(void)
{
    static struct whole whole;
    static unsigned char bytes[MOST_BYTES], by_hdf5[MOST_BYTES];
    uint64_t state = 3, accepted = 0;
    for (size_t number = 0; number < 2 * ORDERS; number++) {
        if (!make_whole(number, &whole)) continue;
        for (int trial = 0; trial < 300; trial++) {
            struct store store = {0};
            size_t count = whole.bytes;
            uint32_t mask = below(&state, 2) ? 0 : (uint32_t)below(&state, 16);
            memcpy(bytes, whole.stored, count);
            change(bytes, &count, &state);
            if (!count || bench_decode(&bench, &whole.pipeline, mask, bytes, count, SIZE) != SHS_OK)
                continue;
            accepted++;
            if (!NEED(store_open(&store, &whole.pipeline, 0, ELEMENT, SIZE / ELEMENT))) return;
            CHECK(store_decode(&store, mask, bytes, count, by_hdf5));
            CHECK_BYTES(bench.to, by_hdf5, SIZE);
            store_close(&store);
        }
    }
    CHECK_IS(accepted, >, 100);
}

/* A sum over no bytes is 0, and fits: then there is nothing to put back together. */
static void a_checksum_of_nothing_is_no_chunk(void)
{
    static const uint32_t order[5] = {SHUFFLE, FLETCHER32};
    static const unsigned char nothing[4] = {0};
    const struct io_pipeline pipeline = pipeline_of(order, ELEMENT);
    unsigned char to[SIZE];
    struct io_decoder *fresh; /* without scratch memory */
    if (!NEED_STATUS(io_decoder_new(&fresh), SHS_OK)) return;
    CHECK_STATUS(io_decode(fresh, &pipeline, 0, nothing, sizeof nothing, to, SIZE),
                 SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "it decodes to 0 bytes, not to 1200");
    io_decoder_free(&fresh);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(no_flipped_bit_goes_unseen),           TEST(damaged_chunks_give_statuses),
        TEST(pipelines_of_all_kinds_give_statuses), TEST(what_hdf5_refuses_is_refused),
        TEST(a_checksum_of_nothing_is_no_chunk),
    };
    return bench_main(&bench, "filter_damage", tests, COUNT(tests), argc, argv);
}
