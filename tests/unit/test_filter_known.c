/* Which filters can be undone, and what is told of the others. */
#include "bitshuffle_reference.h"
#include "chunks.h"
#include "io_codec.h"

static struct bench bench;

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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(what_cannot_be_decoded_is_named),
        TEST(values_of_bitshuffle_are_judged),
        TEST(codecs_are_known_where_they_were_built),
        TEST(what_to_install_is_told),
    };
    return bench_main(&bench, "filter_known", tests, COUNT(tests), argc, argv);
}
