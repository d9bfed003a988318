/* The filters of HDF5 itself undone: deflate, shuffle and checksums in every order, against HDF5
 * and against slow references. */
#include "bitshuffle_reference.h"
#include "chunks.h"
#include "counted_memory.h"
#include "io_codec.h"

static struct bench bench;

/* Orders in which filters may stand, ended by 0. */
static const uint32_t orders[][5] = {
    {0},
    {DEFLATE},
    {SHUFFLE},
    {FLETCHER32},
    {SHUFFLE, DEFLATE},
    {DEFLATE, SHUFFLE},
    {FLETCHER32, DEFLATE},
    {DEFLATE, FLETCHER32},
    {SHUFFLE, DEFLATE, FLETCHER32},
    {FLETCHER32, SHUFFLE, DEFLATE},
    {SHUFFLE, FLETCHER32, DEFLATE, FLETCHER32},
    {FLETCHER32, DEFLATE, SHUFFLE, FLETCHER32},
};

/* Fletcher's sums by their definition: ones' complement addition, a word at a time. */
static uint32_t slow_fletcher32(const unsigned char *bytes, size_t count)
{
    uint32_t first = 0, second = 0;
    for (size_t i = 0; i < count; i += 2) {
        first += (uint32_t)bytes[i] << 8 | (i + 1 < count ? bytes[i + 1] : 0);
        first = (first & 0xFFFF) + (first >> 16);
        second += first;
        second = (second & 0xFFFF) + (second >> 16);
    }
    return second << 16 | first;
}

/* As HDF5 stores it, or as its versions before 1.6.3 did. */
static void put_sum(uint32_t sum, bool old, unsigned char to[4])
{
    if (old) sum = (sum & 0x00FF00FF) << 8 | (sum >> 8 & 0x00FF00FF);
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(sum >> 8 * i);
}

/* ---- what HDF5 writes */

static void check_chunk(const struct io_pipeline *pipeline, size_t element, size_t count,
                        enum content content)
{
    size_t size = element * count, bytes = 0;
    unsigned char *elements = make_content(content, size);
    unsigned char *stored = store_encode(pipeline, 0, element, count, elements, &bytes);
    if (NEED(elements && stored)) {
        CHECK_STATUS(bench_decode(&bench, pipeline, 0, stored, bytes, size), SHS_OK);
        CHECK_BYTES(bench.to, elements, size);
    }
    free(stored);
    free(elements);
}

static void what_hdf5_writes_is_decoded(void)
{
    static const size_t elements[] = {1, 2, 3, 4, 8, 12, 16}, counts[] = {1, 2, 15, 16, 333, 2049};
    for (size_t o = 0; o < COUNT(orders); o++)
        for (size_t e = 0; e < COUNT(elements); e++) {
            struct io_pipeline pipeline = pipeline_of(orders[o], (uint32_t)elements[e]);
            for (size_t c = 0; c < COUNT(counts); c++)
                for (enum content content = 0; content < CONTENTS; content++)
                    check_chunk(&pipeline, elements[e], counts[c], content);
        }
}

static void check_skipped(const struct io_pipeline *pipeline, uint32_t mask)
{
    enum {
        SIZE = 4 * 501
    };
    struct store store = {0};
    size_t bytes = 0;
    unsigned char by_hdf5[SIZE], *elements = make_content(SMOOTH, SIZE);
    unsigned char *stored = store_encode(pipeline, mask, 4, SIZE / 4, elements, &bytes);
    if (NEED(elements && stored && store_open(&store, pipeline, 0, 4, SIZE / 4))) {
        CHECK(store_decode(&store, mask, stored, bytes, by_hdf5));
        CHECK_BYTES(by_hdf5, elements, SIZE);
        store_close(&store);
        /* the bits beyond the filters mean nothing */
        uint32_t beyond = UINT32_MAX << pipeline->count;
        for (int i = 0; i < 2; i++) {
            uint32_t given = i ? mask | beyond : mask;
            CHECK_STATUS(bench_decode(&bench, pipeline, given, stored, bytes, SIZE), SHS_OK);
            CHECK_BYTES(bench.to, elements, SIZE);
        }
    }
    free(stored);
    free(elements);
}

static void filters_skipped_in_writing_are_skipped(void)
{
    for (size_t o = 0; o < COUNT(orders); o++) {
        struct io_pipeline pipeline = pipeline_of(orders[o], 4);
        for (uint32_t mask = 0; mask < UINT32_C(1) << pipeline.count; mask++)
            check_skipped(&pipeline, mask);
    }
}

/* A sum of an old version, and bytes behind a zlib stream. */
static void what_hdf5_accepts_is_accepted(void)
{
    enum {
        SIZE = 4 * 100
    };
    struct io_pipeline summed = pipeline_of((uint32_t[]){FLETCHER32, 0}, 4);
    struct io_pipeline deflated = pipeline_of((uint32_t[]){DEFLATE, 0}, 4);
    unsigned char by_hdf5[SIZE], stored[2 * SIZE], *elements = make_content(SMOOTH, SIZE);
    struct store store = {0};
    size_t bytes = 0;
    if (!NEED(elements) || !NEED(store_open(&store, &summed, 0, 4, SIZE / 4))) return;
    memcpy(stored, elements, SIZE);
    put_sum(slow_fletcher32(elements, SIZE), true, stored + SIZE);
    CHECK(store_decode(&store, 0, stored, SIZE + 4, by_hdf5));
    CHECK_BYTES(by_hdf5, elements, SIZE);
    CHECK_STATUS(bench_decode(&bench, &summed, 0, stored, SIZE + 4, SIZE), SHS_OK);
    store_close(&store);

    unsigned char *stream = store_encode(&deflated, 0, 4, SIZE / 4, elements, &bytes);
    if (!NEED(stream) || !NEED(bytes < SIZE) ||
        !NEED(store_open(&store, &deflated, 0, 4, SIZE / 4)))
        return;
    memset(stored, 0x5A, sizeof stored);
    memcpy(stored, stream, bytes);
    CHECK(store_decode(&store, 0, stored, bytes + 7, by_hdf5));
    CHECK_BYTES(by_hdf5, elements, SIZE);
    CHECK_STATUS(bench_decode(&bench, &deflated, 0, stored, bytes + 7, SIZE), SHS_OK);
    CHECK_BYTES(bench.to, elements, SIZE);
    store_close(&store);
    free(stream);
    free(elements);
}

/* ---- the order of bytes and bits */

static void shuffled_bytes_come_back(void)
{
    enum {
        MOST = 40 * 130
    };
    unsigned char *from = make_content(NOISE, MOST), expected[MOST];
    struct fenced fenced = {0};
    if (!NEED(from) || !NEED(fenced_make(&fenced))) return;
    for (size_t element = 2; element <= 40; element++)
        for (size_t bytes = 0; bytes <= 130 * element && bytes <= MOST; bytes += 1 + bytes / 40) {
            size_t count = bytes / element;
            memcpy(expected, from, bytes);
            for (size_t i = 0; i < count; i++)
                for (size_t byte = 0; byte < element; byte++)
                    expected[i * element + byte] = from[byte * count + i];
            io_unshuffle(from, bytes, element, fenced.end - bytes);
            CHECK_BYTES(fenced.end - bytes, expected, bytes);
        }
    fenced_free(&fenced);
    free(from);
}

static void bits_come_back_in_order(void)
{
    enum {
        MOST_ELEMENT = 20,
        MOST_COUNT = 600
    };
    static unsigned char ordered[MOST_ELEMENT * MOST_COUNT];
    unsigned char *from = make_content(NOISE, sizeof ordered);
    struct fenced fenced = {0}, stored = {0};
    if (!NEED(from) || !NEED(fenced_make(&fenced)) || !NEED(fenced_make(&stored))) return;
    for (size_t element = 1; element <= MOST_ELEMENT; element++)
        for (size_t count = 8; count <= MOST_COUNT; count += 8) {
            size_t bytes = element * count;
            bitshuffle_order(from, count, element, ordered);
            memcpy(stored.end - bytes, ordered, bytes);
            memset(fenced.end - bytes - GUARD_BYTES, GUARD, GUARD_BYTES);
            io_unbitshuffle(stored.end - bytes, count, element, fenced.end - bytes);
            CHECK_BYTES(fenced.end - bytes, from, bytes);
            CHECK(fenced_is_all(fenced.end - bytes - GUARD_BYTES, GUARD_BYTES, GUARD));
        }
    fenced_free(&fenced);
    fenced_free(&stored);
    free(from);
}

/* ---- checksums */

/* ONES sum up to 65535, which is not 0 to it. */
static void checksums_are_those_of_the_definition(void)
{
    static const size_t counts[] = {0, 1, 2, 3, 15, 16, 17, 31, 33, 719, 5759, 5760, 5761, 70001};
    for (size_t c = 0; c < COUNT(counts); c++)
        for (enum content content = 0; content < CONTENTS; content++) {
            size_t count = counts[c];
            unsigned char *bytes = make_content(content, count + 4);
            if (!NEED(bytes)) return;
            for (int old = 0; old < 2; old++) {
                put_sum(slow_fletcher32(bytes, count), old, bytes + count);
                CHECK_STATUS(io_fletcher32_check(bytes, count + 4), SHS_OK);
                for (int bit = 0; bit < 32; bit++) {
                    bytes[count + (size_t)bit / 8] ^= (unsigned char)(1 << bit % 8);
                    CHECK_STATUS(io_fletcher32_check(bytes, count + 4), SHS_ERROR_FORMAT);
                    bytes[count + (size_t)bit / 8] ^= (unsigned char)(1 << bit % 8);
                }
            }
            free(bytes);
        }
}

static void every_flipped_bit_is_found_by_a_checksum(void)
{
    enum {
        COUNT_BYTES = 333
    };
    unsigned char *bytes = make_content(SMOOTH, COUNT_BYTES + 4);
    if (!NEED(bytes)) return;
    put_sum(slow_fletcher32(bytes, COUNT_BYTES), false, bytes + COUNT_BYTES);
    for (size_t bit = 0; bit < 8 * COUNT_BYTES; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        CHECK_STATUS(io_fletcher32_check(bytes, COUNT_BYTES + 4), SHS_ERROR_FORMAT);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    free(bytes);
}

/* ---- errors */

static void other_sizes_are_errors(void)
{
    static const size_t sizes[] = {0, 1, 199, 201, 202, 204, 396, 404, 4000};
    unsigned char *elements = make_content(NOISE, 400);
    for (size_t o = 0; o < COUNT(orders); o++) {
        struct io_pipeline pipeline = pipeline_of(orders[o], 2);
        size_t bytes = 0;
        unsigned char *stored = store_encode(&pipeline, 0, 2, 100, elements, &bytes);
        if (!NEED(stored)) return;
        for (size_t s = 0; s < COUNT(sizes); s++)
            CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes, sizes[s]),
                         SHS_ERROR_FORMAT);
        for (size_t cut = 0; cut < bytes; cut++)
            CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, cut, 200), SHS_ERROR_FORMAT);
        free(stored);
    }
    free(elements);
}

static void errors_name_the_filter_and_the_cause(void)
{
    struct io_pipeline pipeline = pipeline_of((uint32_t[]){SHUFFLE, DEFLATE, FLETCHER32, 0}, 2);
    unsigned char *elements = make_content(SMOOTH, 400);
    size_t bytes = 0;
    unsigned char *stored = store_encode(&pipeline, 0, 2, 200, elements, &bytes);
    if (!NEED(elements) || !NEED(stored)) return;
    stored[bytes - 5] ^= 1;
    CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes, 400), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "filter 3 (fletcher32): the checksum does not fit");
    CHECK_STATUS(bench_decode(&bench, &pipeline, 4, stored, bytes, 400), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "filter 1 (deflate): its zlib stream is damaged");
    stored[bytes - 5] ^= 1;
    CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes, 399), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "filter 1 (deflate): it decodes to more than 399 bytes");
    CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes, 401), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "filter 1 (deflate): it decodes to 400 bytes, not to 401");
    CHECK_STATUS(bench_decode(&bench, &pipeline, 3, stored, bytes, 400), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "bytes, not to 400");
    CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, 3, 400), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "3 bytes are too few to end with a checksum");
    free(stored);
    free(elements);
}

/* ---- memory that fails */

/* A pipeline that needs both pieces of scratch memory. */
static shs_status decode_with(struct io_decoder *decoder, const unsigned char *stored, size_t bytes)
{
    unsigned char to[400];
    struct io_pipeline pipeline = pipeline_of((uint32_t[]){FLETCHER32, SHUFFLE, DEFLATE, 0}, 2);
    return io_decode(decoder, &pipeline, 0, stored, bytes, to, sizeof to);
}

static void every_allocation_may_fail(void)
{
    struct io_pipeline pipeline = pipeline_of((uint32_t[]){FLETCHER32, SHUFFLE, DEFLATE, 0}, 2);
    unsigned char *elements = make_content(SMOOTH, 400);
    size_t bytes = 0;
    unsigned char *stored = store_encode(&pipeline, 0, 2, 200, elements, &bytes);
    if (!NEED(elements) || !NEED(stored)) return;
    long fail_at = 1;
    for (bool failed = true; failed; fail_at++) {
        struct counted_memory counted;
        struct io_decoder *decoder;
        counted_begin(&counted, fail_at);
        shs_status status = io_decoder_new(&decoder);
        CHECK_EQ(decoder == NULL, status != SHS_OK);
        if (!status) status = decode_with(decoder, stored, bytes);
        failed = counted.failed != 0;
        CHECK_STATUS(status, failed ? SHS_ERROR_MEMORY : SHS_OK);
        /* memory is there again, and what is grown is kept */
        if (decoder) CHECK_STATUS(decode_with(decoder, stored, bytes), SHS_OK);
        long calls = counted.calls;
        if (decoder) CHECK_STATUS(decode_with(decoder, stored, bytes), SHS_OK);
        CHECK_EQ(counted.calls, calls);
        io_decoder_free(&decoder);
        CHECK(decoder == NULL);
        CHECK_EQ(counted_end(&counted), 0);
    }
    CHECK_IS(fail_at, >, 4);
    free(stored);
    free(elements);
}

/* A shuffle before a checksum, so that it cannot be undone straight to its end. */
static shs_status decode_zeros(struct io_decoder *decoder, size_t size)
{
    static const unsigned char zeros[4004];
    static unsigned char to[4000];
    struct io_pipeline pipeline = pipeline_of((uint32_t[]){FLETCHER32, SHUFFLE, 0}, 2);
    return io_decode(decoder, &pipeline, 0, zeros, size + 4, to, size);
}

static void a_decoder_outlives_a_failure_to_grow(void)
{
    struct counted_memory counted;
    struct io_decoder *decoder;
    counted_begin(&counted, 3); /* the decoder, a little memory, more */
    CHECK_STATUS(io_decoder_new(&decoder), SHS_OK);
    CHECK_STATUS(decode_zeros(decoder, 40), SHS_OK);
    CHECK_STATUS(decode_zeros(decoder, 4000), SHS_ERROR_MEMORY);
    CHECK_STATUS(decode_zeros(decoder, 40), SHS_OK);
    CHECK_STATUS(decode_zeros(decoder, 4000), SHS_OK);
    CHECK_EQ(counted.failed, 1);
    io_decoder_free(&decoder);
    CHECK_EQ(counted_end(&counted), 0);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(what_hdf5_writes_is_decoded),
        TEST(filters_skipped_in_writing_are_skipped),
        TEST(shuffled_bytes_come_back),
        TEST(bits_come_back_in_order),
        TEST(checksums_are_those_of_the_definition),
        TEST(every_flipped_bit_is_found_by_a_checksum),
        TEST(what_hdf5_accepts_is_accepted),
        TEST(other_sizes_are_errors),
        TEST(errors_name_the_filter_and_the_cause),
        TEST(every_allocation_may_fail),
        TEST(a_decoder_outlives_a_failure_to_grow),
    };
    return bench_main(&bench, "filter", tests, COUNT(tests), argc, argv);
}
