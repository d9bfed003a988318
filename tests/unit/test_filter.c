/* HDF5's filters undone: against HDF5 itself, other programs' chunks, the libraries' compressors
 * and slow references. */
#include "bitshuffle_reference.h"
#include "codec_libraries.h"
#include "counted_memory.h"
#include "foreign_chunks.h"
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

static bool is_known(struct io_pipeline pipeline, const char *expected)
{
    char reason[IO_REASON_BYTES];
    unsigned char nothing[1] = {0};
    memset(reason, 'x', sizeof reason);
    bool known = io_pipeline_known(&pipeline, reason);
    if (!known) {
        CHECK_TEXT(reason, expected);
        CHECK_STATUS(io_decode(bench.decoder, &pipeline, 0, nothing, 1, nothing, 1),
                     SHS_ERROR_UNSUPPORTED);
        CHECK_HAS(shs_message(), expected);
    }
    return known;
}

static bool is_known_filter(uint32_t id, const char *expected)
{
    return is_known(pipeline_of((uint32_t[]){id, 0}, 2), expected);
}

static void what_cannot_be_decoded_is_named(void)
{
    CHECK(is_known((struct io_pipeline){0}, ""));
    CHECK(!is_known((struct io_pipeline){.count = IO_MAX_FILTERS + 1},
                    "9 filters, which are more than 8"));
    CHECK(!is_known((struct io_pipeline){.count = UINT32_MAX},
                    "4294967295 filters, which are more than 8"));
    CHECK(is_known(pipeline_of((uint32_t[]){2, 2, 2, 3, 3, 3, 3, 1, 0}, 2), ""));
    CHECK(!is_known_filter(4, "filter 4 (szip), which this build lacks"));
    CHECK(!is_known_filter(777, "filter 777 (unknown), which this build lacks"));
    CHECK(!is_known_filter(UINT32_MAX, "filter 4294967295 (unknown), which this build lacks"));
    CHECK(!is_known(pipeline_of((uint32_t[]){DEFLATE, SHUFFLE, DEFLATE, 0}, 2),
                    "filter 1 (deflate), which compresses again what is compressed"));
    CHECK(!is_known(pipeline_of((uint32_t[]){SHUFFLE, 0}, 0),
                    "filter 2 (shuffle), which has no size of elements"));
    struct io_pipeline pipeline = pipeline_of((uint32_t[]){SHUFFLE, 0}, 2);
    pipeline.filter[0].n_values = 0;
    CHECK(!is_known(pipeline, "filter 2 (shuffle), which has no size of elements"));
}

static void check_bitshuffle_refused(uint32_t n_values, uint32_t element, uint32_t block,
                                     uint32_t compression, const char *why)
{
    struct io_pipeline pipeline = {.count = 1};
    char expected[IO_REASON_BYTES];
    set_bitshuffle(&pipeline.filter[0], element, block, compression);
    pipeline.filter[0].n_values = n_values;
    snprintf(expected, sizeof expected, "filter 32008 (bitshuffle), %s", why);
    CHECK(!is_known(pipeline, expected));
}

static void values_of_bitshuffle_are_judged(void)
{
    check_bitshuffle_refused(0, 4, 0, 0, "which has no size of elements");
    check_bitshuffle_refused(2, 4, 0, 0, "which has no size of elements");
    check_bitshuffle_refused(5, 0, 0, 2, "which has no size of elements");
    check_bitshuffle_refused(5, 4, 12, 2, "whose blocks are no multiple of 8 elements");
    check_bitshuffle_refused(5, 4, 0, 1, "whose compression this build does not know");
    check_bitshuffle_refused(5, 4, 0, UINT32_MAX, "whose compression this build does not know");
    if (!IO_HAS_LZ4) check_bitshuffle_refused(5, 4, 0, 2, "whose LZ4 this build lacks");
    if (!IO_HAS_ZSTD) check_bitshuffle_refused(5, 4, 0, 3, "whose Zstandard this build lacks");
    /* without compression another filter may compress */
    CHECK(is_known(pipeline_of((uint32_t[]){BITSHUFFLE, DEFLATE, 0}, 2), ""));
    struct io_pipeline twice = pipeline_of((uint32_t[]){BITSHUFFLE, DEFLATE, 0}, 2);
    twice.filter[0].values[4] = BITSHUFFLE_LZ4;
    if (IO_HAS_LZ4)
        CHECK(!is_known(twice, "filter 1 (deflate), which compresses again what is compressed"));
}

#define LACKS(id, name) "filter " #id " (" name "), which this build lacks"

static void codecs_are_known_where_they_were_built(void)
{
    CHECK_EQ(is_known_filter(LZF, LACKS(32000, "LZF")), IO_HAS_LZF);
    CHECK_EQ(is_known_filter(BLOSC, LACKS(32001, "Blosc")), IO_HAS_BLOSC);
    CHECK_EQ(is_known_filter(BLOSC2, LACKS(32026, "Blosc2")), IO_HAS_BLOSC2);
    CHECK_EQ(is_known_filter(LZ4, LACKS(32004, "LZ4")), IO_HAS_LZ4);
    CHECK_EQ(is_known_filter(ZSTD, LACKS(32015, "Zstandard")), IO_HAS_ZSTD);
}

static void check_advice(uint32_t id, const char *expected)
{
    char advice[IO_ADVICE_BYTES];
    io_filter_advise(id, advice);
    CHECK_HAS(advice, expected);
}

static void what_to_install_is_told(void)
{
    check_advice(32024,
                 "install its plug-in (Python's hdf5plugin) and name the plug-in's folder in "
                 "HDF5_PLUGIN_PATH");
    check_advice(307, "(Debian's hdf5-filter-plugin or Python's hdf5plugin)");
    check_advice(32012, "name the folder of its plug-in in HDF5_PLUGIN_PATH");
    check_advice(4, "use an HDF5 that is built with szip (libaec)");
    check_advice(LZ4, IO_HAS_LZ4 ? "install its plug-in (Debian's hdf5-filter-plugin or"
                                 : "build Shardstep with liblz4-dev, or install its plug-in");
}

static void chunks_of_other_programs_are_decoded(void)
{
    unsigned char elements[FOREIGN_BYTES], stored[FOREIGN_ROOM];
    char reason[IO_REASON_BYTES];
    foreign_elements(elements);
    for (size_t i = 0; i < COUNT(foreign_chunks); i++) {
        struct io_pipeline pipeline = foreign_pipeline(&foreign_chunks[i]);
        size_t bytes = foreign_stored(&foreign_chunks[i], stored);
        if (!io_pipeline_known(&pipeline, reason)) continue;
        CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes, FOREIGN_BYTES), SHS_OK);
        CHECK_BYTES(bench.to, elements, FOREIGN_BYTES);
        for (size_t cut = 0; cut < bytes; cut++)
            CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, cut, FOREIGN_BYTES),
                         SHS_ERROR_FORMAT);
        for (size_t size = FOREIGN_BYTES - 4; size <= FOREIGN_BYTES + 4; size++)
            CHECK_EQ(bench_decode(&bench, &pipeline, 0, stored, bytes, size) == SHS_OK,
                     size == FOREIGN_BYTES);
        stored[bytes] = 0;
        if (pipeline.filter[pipeline.count - 1].id == FLETCHER32) continue; /* it tells */
        CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes + 1, FOREIGN_BYTES),
                     SHS_ERROR_FORMAT);
    }
}

/* Compresses `size` bytes, at most into as many and 1000; the compressed size. `variant`: whatever
 * a codec has to vary. */
typedef size_t compressor(const unsigned char *from, size_t size, int variant, unsigned char *to);

static void check_codec(uint32_t id, compressor *compress)
{
    static const size_t sizes[] = {1, 2, 13, 128, 1000, 4096, 65537, 300001};
    const struct io_pipeline pipeline = pipeline_of((uint32_t[]){id, 0}, 0);
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (enum content content = 0; content < CONTENTS; content++)
            for (int variant = 0; variant < 6; variant++) {
                size_t size = sizes[s];
                unsigned char *elements = make_content(content, size);
                unsigned char *stored = malloc(2 * size + 1000);
                if (!NEED(elements) || !NEED(stored)) return;
                size_t bytes = compress(elements, size, variant, stored);
                /* 0: it cannot be made smaller, and the filter is skipped */
                if (bytes) {
                    CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes, size), SHS_OK);
                    CHECK_BYTES(bench.to, elements, size);
                } else {
                    CHECK_EQ(id, LZF);
                }
                free(stored);
                free(elements);
            }
}

#if IO_HAS_LZF
static size_t compress_lzf(const unsigned char *from, size_t size, int variant, unsigned char *to)
{
    (void)variant;
    return lzf_compress(from, (unsigned)size, to, (unsigned)(2 * size + 16));
}
#endif

#if IO_HAS_LZ4
static unsigned char *put_number(unsigned char *to, size_t bytes, uint64_t number)
{
    for (size_t i = bytes; i-- > 0; number >>= 8)
        to[i] = (unsigned char)number;
    return to + bytes;
}

static size_t compress_lz4(const unsigned char *from, size_t size, int variant, unsigned char *to)
{
    static const size_t blocks[] = {1 << 30, 100000, 65537, 65536, 4096, 1000};
    size_t block = blocks[variant], now;
    unsigned char *at = put_number(put_number(to, 8, size), 4, block);
    for (size_t done = 0; done < size; done += now) {
        now = size - done < block ? size - done : block;
        int got =
            LZ4_compress_default((const char *)from + done, (char *)at + 4, (int)now, (int)now - 1);
        if (!got) memcpy(at + 4, from + done, now);
        size_t stored = got ? (size_t)got : now;
        at = put_number(at, 4, stored) + stored;
    }
    return (size_t)(at - to);
}

static void lz4_frames_that_lie_are_errors(void)
{
    const struct io_pipeline pipeline = pipeline_of((uint32_t[]){LZ4, 0}, 0);
    static const struct {
        unsigned char bytes[21];
        size_t count;
        const char *message;
    } frames[] = {
        {{0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4}, 20, "blocks are empty"},
        {{0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 1, 2, 3}, 19, "block for byte 0"},
        {{0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 0}, 19, "block for byte 2"},
        {{0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 255, 255, 255, 255, 1}, 17, "block for byte 0"},
        {{0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 1, 2, 3, 4, 5}, 21, "1 bytes follow"},
        {{0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 3, 1, 2, 3}, 19, "3 bytes, not to 4"},
        {{255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 4}, 12, "not to 4"},
        {{0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0}, 11, "end in its head"},
    };
    for (size_t i = 0; i < COUNT(frames); i++) {
        CHECK_STATUS(bench_decode(&bench, &pipeline, 0, frames[i].bytes, frames[i].count, 4),
                     SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), frames[i].message);
    }
    /* a block size beyond the whole is that of the whole */
    static const unsigned char good[] = {0,   0,   0, 0, 0, 0, 0, 4, 255, 255,
                                         255, 255, 0, 0, 0, 4, 1, 2, 3,   4};
    CHECK_STATUS(bench_decode(&bench, &pipeline, 0, good, sizeof good, 4), SHS_OK);
    CHECK_BYTES(bench.to, good + 16, 4);
}
#endif

/* Blocks of the default's and of other sizes, cut by the chunk's end, with elements left over. */
static void check_bitshuffle(size_t element, size_t count, uint32_t block, uint32_t compression)
{
    static unsigned char stored[4 * BITSHUFFLE_ROOM];
    struct io_pipeline pipeline = {.count = 1};
    size_t size = element * count, in_block = block ? block : bitshuffle_default(element);
    set_bitshuffle(&pipeline.filter[0], (uint32_t)element, block, compression);
    for (enum content content = 0; content < CONTENTS; content++) {
        unsigned char *elements = make_content(content, size);
        if (!NEED(elements)) return;
        size_t bytes = bitshuffle_encode(elements, size, element, in_block, compression, stored);
        if (NEED(bytes)) {
            CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes, size), SHS_OK);
            CHECK_BYTES(bench.to, elements, size);
            CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes - 1, size),
                         SHS_ERROR_FORMAT);
        }
        free(elements);
    }
}

static void bitshuffled_elements_come_back(void)
{
    static const size_t elements[] = {1, 2, 3, 4, 8, 12, 16, 100}, counts[] = {1, 7, 8, 129, 2503};
    static const uint32_t blocks[] = {0, 8, 136, 256};
    for (size_t e = 0; e < COUNT(elements); e++)
        for (size_t c = 0; c < COUNT(counts) && elements[e] * counts[c] < 50000; c++)
            for (size_t b = 0; b < COUNT(blocks); b++) {
                check_bitshuffle(elements[e], counts[c], blocks[b], 0);
                if (IO_HAS_LZ4) check_bitshuffle(elements[e], counts[c], blocks[b], BITSHUFFLE_LZ4);
                if (IO_HAS_ZSTD)
                    check_bitshuffle(elements[e], counts[c], blocks[b], BITSHUFFLE_ZSTD);
            }
}

static void check_bitshuffle_lie(const char *what, const unsigned char *stored, size_t bytes,
                                 size_t element, size_t size, uint32_t compression)
{
    struct io_pipeline pipeline = {.count = 1};
    set_bitshuffle(&pipeline.filter[0], (uint32_t)element, 0, compression);
    CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes, size), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "filter 32008 (bitshuffle): ");
    CHECK_HAS(shs_message(), what);
}

/* A chunk of 16 elements of 4 bytes in blocks of 8, whose numbers are changed. */
static void bitshuffles_that_lie_are_errors(void)
{
    unsigned char *elements = make_content(NOISE, 1000), stored[1000], changed[1000];
    static const struct {
        size_t at;
        unsigned char bytes[4];
        const char *message;
    } lies[] = {
        {4, {0, 0, 0, 65}, "it decodes to 65 bytes, not to 64"},
        {0, {255, 255, 255, 255}, "not to 64"},
        {8, {0, 0, 0, 0}, "its blocks of 0 bytes hold no multiple of 8 elements of 4 bytes"},
        {8, {0, 0, 0, 48}, "its blocks of 48 bytes hold no multiple of 8"},
        {8, {0, 0, 0, 33}, "its blocks of 33 bytes hold no multiple of 8"},
        {8, {255, 255, 255, 224}, "its block for byte 0 is damaged or cut off"},
        {12, {0, 0, 0, 0}, "its block for byte 0 is damaged or cut off"},
        {12, {255, 255, 255, 255}, "its block for byte 0 is damaged or cut off"},
        {12, {127, 255, 255, 255}, "its block for byte 0 is damaged or cut off"},
    };
    check_bitshuffle_lie("65 bytes are no whole elements of 2 bytes", elements, 65, 2, 65, 0);
    check_bitshuffle_lie("8 bytes are no whole elements of 4294967295", elements, 8, UINT32_MAX, 8,
                         0);
    for (uint32_t compression = BITSHUFFLE_LZ4; compression <= BITSHUFFLE_ZSTD; compression++) {
        size_t bytes = bitshuffle_encode(elements, 64, 4, 8, compression, stored);
        if (!bytes) continue; /* this build lacks it */
        for (size_t i = 0; i < COUNT(lies); i++) {
            memcpy(changed, stored, bytes);
            memcpy(changed + lies[i].at, lies[i].bytes, 4);
            check_bitshuffle_lie(lies[i].message, changed, bytes, 4, 64, compression);
        }
        check_bitshuffle_lie("its 11 bytes end in its head", stored, 11, 4, 64, compression);
        check_bitshuffle_lie("its block for byte 32 is", stored, bytes - 1, 4, 64, compression);
        check_bitshuffle_lie("1 bytes follow its last block", stored, bytes + 1, 4, 64,
                             compression);
        bytes = bitshuffle_encode(elements, 68, 4, 8, compression, stored);
        check_bitshuffle_lie("its last 4 bytes are cut off", stored, bytes - 1, 4, 68, compression);
    }
    free(elements);
}

#if IO_HAS_ZSTD
static size_t compress_zstd(const unsigned char *from, size_t size, int variant, unsigned char *to)
{
    size_t got = ZSTD_compress(to, size + 1000, from, size, 4 * variant - 5);
    return ZSTD_isError(got) ? 0 : got;
}
#endif

#if IO_HAS_BLOSC
static size_t compress_blosc(const unsigned char *from, size_t size, int variant, unsigned char *to)
{
    static const char *const names[] = {"blosclz", "lz4", "lz4hc", "zlib", "zstd", "lz4"};
    int got =
        blosc_compress_ctx(5, variant % 3, (size_t)1 << variant % 4, size, from, to,
                           size + BLOSC_MAX_OVERHEAD, names[variant], variant == 5 ? 512 : 0, 1);
    return got > 0 ? (size_t)got : 0;
}
#endif

static void what_the_libraries_compress_is_decoded(void)
{
    (void)check_codec; /* a build may have none */
#if IO_HAS_LZF
    check_codec(LZF, compress_lzf);
#endif
#if IO_HAS_LZ4
    check_codec(LZ4, compress_lz4);
    lz4_frames_that_lie_are_errors();
#endif
#if IO_HAS_ZSTD
    check_codec(ZSTD, compress_zstd);
#endif
#if IO_HAS_BLOSC
    check_codec(BLOSC, compress_blosc);
#endif
}

#if IO_HAS_BLOSC2
static const struct foreign_chunk *find_foreign(const char *name)
{
    size_t i = 0;
    while (strcmp(foreign_chunks[i].name, name) != 0)
        i++;
    return &foreign_chunks[i];
}

static void check_frame(const struct foreign_chunk *chunk, size_t at, const char *bytes,
                        size_t count, shs_status expected, const char *message)
{
    unsigned char stored[FOREIGN_ROOM];
    struct io_pipeline pipeline = foreign_pipeline(chunk);
    size_t size = foreign_stored(chunk, stored);
    memcpy(stored + at, bytes, count);
    CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, size, FOREIGN_BYTES), expected);
    CHECK_HAS(shs_message(), "filter 32026 (Blosc2): ");
    CHECK_HAS(shs_message(), message);
}

/* Numbers of a frame are big-endian and stand where the format of frames says. Those of its chunk,
 * which begins at byte 97, are little-endian. */
static void frames_of_blosc2_that_lie_are_errors(void)
{
    enum {
        CHUNK = 97,
        LAYER = 0x6b /* of two axes: 5 bytes of its size, then 97, version, axes */
    };
    static const char zeros[8] = {0};
    const struct foreign_chunk *flat = find_foreign("Blosc2 with BloscLZ");
    const struct foreign_chunk *wide = find_foreign("Blosc2 of two axes in blocks of 4x4");
    check_frame(flat, 2, "B", 1, SHS_ERROR_FORMAT, "its frame of Blosc2 has a damaged head");
    check_frame(flat, 11, "\xff\xff\xff\xff", 4, SHS_ERROR_FORMAT, "has a damaged head");
    check_frame(flat, 26, "\1", 1, SHS_ERROR_FORMAT, "has a damaged head");
    check_frame(flat, 16, "\xff", 1, SHS_ERROR_FORMAT, "is cut off, or bytes follow it");
    check_frame(flat, 39, "\x7f", 1, SHS_ERROR_FORMAT, "does not hold one chunk");
    check_frame(flat, 30, "\1", 1, SHS_ERROR_FORMAT, "does not hold one chunk");
    check_frame(flat, 39, zeros, 8, SHS_ERROR_FORMAT, "has no place of its chunk");
    check_frame(flat, CHUNK + 4, "\1", 1, SHS_ERROR_FORMAT, "holds a chunk of another size");
    check_frame(flat, CHUNK + 12, "\1", 1, SHS_ERROR_FORMAT, "holds a chunk of another size");
    check_frame(flat, CHUNK + 2, "\0", 1, SHS_ERROR_FORMAT, "holds a chunk of another size");
    check_frame(flat, CHUNK + 31, "\x08", 1, SHS_ERROR_FORMAT, "holds no plain chunk");
    check_frame(flat, CHUNK + 31, "\x40", 1, SHS_ERROR_FORMAT, "that were never written");
    check_frame(flat, CHUNK + 2, "\xc5", 1, SHS_ERROR_UNSUPPORTED, "needs a plug-in or");
    check_frame(flat, CHUNK + 16, "\x23", 1, SHS_ERROR_UNSUPPORTED, "needs a plug-in or");
    check_frame(flat, CHUNK + 31, "\1", 1, SHS_ERROR_UNSUPPORTED, "or a dictionary of Blosc2");
    check_frame(flat, 0x57, "\0", 1, SHS_ERROR_FORMAT, "has a damaged table of layers");
    check_frame(wide, 0x5e, "\xff", 1, SHS_ERROR_FORMAT, "has a damaged table of layers");
    check_frame(wide, LAYER + 7, "\x0f", 1, SHS_ERROR_FORMAT, "has a damaged table of layers");
    check_frame(wide, LAYER + 8, "\x93", 1, SHS_ERROR_FORMAT, "has a damaged table of layers");
    for (size_t axis = 0; axis < 2; axis++) { /* of the chunk's shape and the block's */
        size_t shape = LAYER + 29 + 5 * axis, block = shape + 11;
        check_frame(wide, shape, "\0\0\0\7", 4, SHS_ERROR_FORMAT, "is not made for 300 bytes");
        check_frame(wide, block, zeros, 4, SHS_ERROR_FORMAT, "is not made for 300 bytes");
        check_frame(wide, block, "\0\0\0\5", 4, SHS_ERROR_FORMAT, "is not made for 300 bytes");
        check_frame(wide, block, "\x7f\xff\xff\xff", 4, SHS_ERROR_FORMAT, "is not made for 300");
    }
}
#endif

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

/* The decoded size alone, not what a stream says, decides on memory. */
static void lies_about_sizes_cost_no_memory(void)
{
    unsigned char elements[FOREIGN_BYTES], stored[FOREIGN_ROOM];
    struct counted_memory counted;
    char reason[IO_REASON_BYTES];
    foreign_elements(elements);
    for (size_t i = 0; i < COUNT(foreign_chunks); i++) {
        struct io_pipeline pipeline = foreign_pipeline(&foreign_chunks[i]);
        size_t bytes = foreign_stored(&foreign_chunks[i], stored);
        if (pipeline.count != 1 || !io_pipeline_known(&pipeline, reason)) continue;
        counted_begin(&counted, 1); /* one filter that writes straight to its end needs none */
        CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes, FOREIGN_BYTES), SHS_OK);
        CHECK_STATUS(bench_decode(&bench, &pipeline, 0, stored, bytes, 10), SHS_ERROR_FORMAT);
        CHECK_EQ(counted.calls, 0);
        counted_end(&counted);
    }
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
        TEST(what_cannot_be_decoded_is_named),
        TEST(values_of_bitshuffle_are_judged),
        TEST(codecs_are_known_where_they_were_built),
        TEST(what_to_install_is_told),
        TEST(chunks_of_other_programs_are_decoded),
        TEST(what_the_libraries_compress_is_decoded),
        TEST(bitshuffled_elements_come_back),
        TEST(bitshuffles_that_lie_are_errors),
#if IO_HAS_BLOSC2
        TEST(frames_of_blosc2_that_lie_are_errors),
#endif
        TEST(errors_name_the_filter_and_the_cause),
        TEST(every_allocation_may_fail),
        TEST(a_decoder_outlives_a_failure_to_grow),
        TEST(lies_about_sizes_cost_no_memory),
    };
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (!bench_make(&bench)) return 1;
    int code = harness_main("filter", tests, COUNT(tests), argc, argv);
    bench_free(&bench);
    return code;
}
