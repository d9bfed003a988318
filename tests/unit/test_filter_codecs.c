/* Chunks that other programs and the libraries of codecs compressed, and chunks whose numbers are
 * lies. */
#include "bitshuffle_reference.h"
#include "codec_libraries.h"
#include "counted_memory.h"
#include "foreign_chunks.h"

static struct bench bench;

/* ---- what other programs write */

static void chunks_of_other_programs_are_decoded(void)
{
    unsigned char elements[FOREIGN_BYTES], stored[FOREIGN_ROOM];
    char reason[IO_REASON_BYTES];
    foreign_elements(elements);
    for (size_t i = 0; i < COUNT(foreign_chunks); i++) {
        struct io_pipeline pipeline = foreign_pipeline(&foreign_chunks[i]);
        size_t bytes = foreign_stored(&foreign_chunks[i], stored);
        if (!io_pipeline_known(&pipeline, reason)) continue;
        harness_where("%s", foreign_chunks[i].name);
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

/* ---- what the libraries compress */

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
                harness_where("filter %u, %zu bytes of content %d, variant %d", (unsigned)id, size,
                              (int)content, variant);
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
#endif
#if IO_HAS_ZSTD
    check_codec(ZSTD, compress_zstd);
#endif
#if IO_HAS_BLOSC
    check_codec(BLOSC, compress_blosc);
#endif
}

/* ---- bitshuffle */

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

/* ---- frames of Blosc2 */

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
    harness_where("%s, changed at byte %zu", chunk->name, at);
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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(chunks_of_other_programs_are_decoded),
        TEST(what_the_libraries_compress_is_decoded),

#if IO_HAS_LZ4
        TEST(lz4_frames_that_lie_are_errors),
#endif
        TEST(bitshuffled_elements_come_back),
        TEST(bitshuffles_that_lie_are_errors),
#if IO_HAS_BLOSC2
        TEST(frames_of_blosc2_that_lie_are_errors),
#endif

        TEST(lies_about_sizes_cost_no_memory),
    };
    return bench_main(&bench, "filter_codecs", tests, COUNT(tests), argc, argv);
}
