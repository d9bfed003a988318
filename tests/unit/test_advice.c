/* The estimate of what an epoch decodes, against counted decodings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core_memory.h"
#include "h5_write.h"
#include "load.h"
#include "load_advice.h"
#include "shardstep/context.h"
#include "unit.h"

enum {
    ROWS = 2400,
    COLUMNS = 40,
    WIDE_CHUNK = 20,
    NARROW_CHUNK = 6,
    CHUNK_BYTES = WIDE_CHUNK * COLUMNS
};

static char path[] = "/tmp/shardstep-advice-XXXXXX";

/* Arrays of bytes: x in chunks of 20 rows, z in chunks of 6 rows, y without filters in chunks, flat
 * without chunks. All rows have the same weight. */
static bool write_file(void)
{
    static unsigned char rows[ROWS][COLUMNS];
    static const struct {
        const char *name;
        struct h5_storage storage;
    } arrays[] = {{"x", {.chunk_rows = WIDE_CHUNK, .deflate = 1}},
                  {"z", {.chunk_rows = NARROW_CHUNK, .deflate = 1}},
                  {"y", {.chunk_rows = WIDE_CHUNK}},
                  {"flat", {0}}};
    const shs_tensor shape = {.type = SHS_U8, .axes = 2, .shape = {ROWS, COLUMNS}};
    const shs_tensor weight = {.type = SHS_F64, .axes = 1, .shape = {ROWS}};
    static double weights[ROWS];
    struct h5_writer *writer;
    for (int row = 0; row < ROWS; row++)
        weights[row] = 1;
    int file = mkstemp(path);
    if (file < 0 || h5_create(path, &writer)) return false;
    close(file);
    for (size_t i = 0; i < COUNT(arrays); i++)
        if (h5_create_array(writer, arrays[i].name, &shape, &arrays[i].storage) ||
            h5_write_rows(writer, ROWS, rows))
            return false;
    return !h5_create_array(writer, "weight", &weight, &(struct h5_storage){0}) &&
           !h5_write_rows(writer, ROWS, weights) && !h5_finish(&writer);
}

/* A loader on rank 0 of `ranks` ranks, which the test does not let talk to each other. */
struct job {
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
};

struct setting {
    const char *fields;
    size_t cache_bytes;
    int ranks;
    uint64_t vranks;
    shs_loader_options options;
};

static bool job_open(const struct setting *setting, struct job *job)
{
    const shs_run_options run = {.seed = 5, .vranks = setting->vranks};
    const shs_dataset_options data = {.cache_bytes = setting->cache_bytes};
    *job = (struct job){0};
    return NEED_STATUS(shs_open_ranks(0, setting->ranks, NULL, NULL, &run, &job->run), SHS_OK) &&
           NEED_STATUS(shs_dataset_open(job->run, path, setting->fields, &data, &job->data),
                       SHS_OK) &&
           NEED_STATUS(shs_loader_open(job->data, &setting->options, &job->loader), SHS_OK);
}

static void job_close(struct job *job)
{
    shs_loader_close(&job->loader);
    shs_dataset_close(&job->data);
    shs_close(&job->run);
}

static double decoded_in_an_epoch(struct job *job)
{
    shs_batch batch = {0};
    while (!batch.ends_epoch)
        if (!NEED_STATUS(shs_next(job->loader, &batch), SHS_OK)) return 0;
    return (double)shs_statistics(job->loader).chunks_decoded;
}

/* Compares the estimate with what is counted. It may be wrong by a quarter where chunks are decoded
 * again and again, which is where advice is given, and for some orders by more elsewhere. */
static void check(const struct setting *setting, bool anywhere)
{
    struct job job;
    struct load_advice advice = {0};
    if (!job_open(setting, &job)) return;
    CHECK_STATUS(load_advise(job.data, &job.loader->plan.order, &advice), SHS_OK);
    double decoded = decoded_in_an_epoch(&job);
    harness_where("fields %s, cache_bytes %zu, %d ranks, V %d, batch %d, shuffle %d, shard %d: "
                  "counted %.0f, estimated %.0f",
                  setting->fields, setting->cache_bytes, setting->ranks, (int)setting->vranks,
                  (int)setting->options.batch, (int)setting->options.shuffle,
                  (int)setting->options.shard, decoded, advice.chunks);
    if (anywhere || advice.array) {
        CHECK(advice.chunks < 1.25 * decoded);
        CHECK(advice.chunks > decoded / 1.25);
    }
    harness_where(NULL);
    job_close(&job);
}

static void check_batches(struct setting setting, bool anywhere)
{
    static const uint64_t batches[] = {2, 16, 80};
    for (size_t b = 0; b < COUNT(batches); b++)
        for (setting.ranks = 1; setting.ranks < 4; setting.ranks += 2) {
            setting.vranks = 6;
            setting.options.batch = batches[b];
            check(&setting, anywhere);
        }
}

static const char *const fields[] = {"x", "x,z", "x,y,flat"};
static const size_t rooms[] = {1, 24, 60, 96, 400}; /* chunks of x */

static void a_full_shuffle_decodes_what_was_estimated(void)
{
    for (size_t f = 0; f < COUNT(fields); f++)
        for (size_t r = 0; r < COUNT(rooms); r++) {
            struct setting setting = {.fields = fields[f], .cache_bytes = rooms[r] * CHUNK_BYTES};
            check_batches(setting, true);
            setting.options.sampling.repeats = 2;
            check_batches(setting, true);
            setting.options.sampling.repeats = 0;
            setting.options.subset.to = 0.3;
            check_batches(setting, true);
        }
}

static void other_orders_decode_what_was_estimated(void)
{
    for (size_t f = 0; f < COUNT(fields); f++)
        for (size_t r = 0; r < COUNT(rooms); r++) {
            struct setting setting = {.fields = fields[f], .cache_bytes = rooms[r] * CHUNK_BYTES};
            setting.options.shard = SHS_SHARD_FIXED;
            check_batches(setting, false);
            setting.options.shard = SHS_SHARD_GLOBAL;
            setting.options.shuffle = SHS_SHUFFLE_BLOCKS;
            setting.options.blocks.window = 5; /* four windows for each virtual rank */
            check_batches(setting, false);
            setting.options.shuffle = SHS_SHUFFLE_FULL;
            setting.options.blocks.window = 0;
            setting.options.sampling.weight_field = "weight";
            check_batches(setting, false);
            setting.options.sampling.weight_field = NULL;
            setting.fields = "x(window=30,stride=10)";
            check_batches(setting, false);
        }
}

/* Opens a loader with some of the cache_bytes that the advice for another loader names. */
static double decoded_with(const char *names, size_t cache_bytes, struct load_advice *advice)
{
    const struct setting setting = {.fields = names, .cache_bytes = cache_bytes, .ranks = 1};
    struct job job;
    if (!job_open(&setting, &job)) return 0;
    CHECK_STATUS(load_advise(job.data, &job.loader->plan.order, advice), SHS_OK);
    double decoded = decoded_in_an_epoch(&job);
    job_close(&job);
    return decoded;
}

static void the_cure_cures(void)
{
    struct load_advice advice, cured;
    double chunks = ROWS / WIDE_CHUNK + ROWS / NARROW_CHUNK;
    CHECK(decoded_with("x,z", 20 * CHUNK_BYTES, &advice) > 5 * chunks);
    if (!NEED(advice.array != NULL)) return;
    CHECK_EQ(advice.cache_bytes, 20 * CHUNK_BYTES);
    CHECK(decoded_with("x,z", (size_t)advice.enough, &cured) <= chunks);
    CHECK(cured.array == NULL);
    CHECK_IS(advice.enough, <, 2 * ROWS * COLUMNS + 10 * CHUNK_BYTES);
}

/* The advice names the array with filters that is decoded needlessly most, in words. */
static void advice_says_what_to_do(void)
{
    const struct setting setting = {.fields = "x,flat", .cache_bytes = CHUNK_BYTES, .ranks = 1};
    struct load_advice advice = {0};
    struct core_text text = {0};
    struct job job;
    char *words = NULL;
    if (!job_open(&setting, &job)) return;
    CHECK_STATUS(load_advise(job.data, &job.loader->plan.order, &advice), SHS_OK);
    CHECK_TEXT(advice.array, "x");
    load_advice_tell(&advice, &text);
    job_close(&job);
    if (!NEED_STATUS(core_text_take(&text, &words), SHS_OK)) return;
    CHECK(strstr(words, "a rank decodes each chunk of 20 rows about 1") == words);
    CHECK(strstr(words, "do not fit in cache_bytes (800); take shuffle blocks, or cache_bytes of"));
    core_free(&words);
}

static void nothing_is_said_without_a_reason(void)
{
    static const shs_shuffle none = SHS_SHUFFLE_NONE;
    struct setting setting = {
        .fields = "x", .cache_bytes = CHUNK_BYTES, .ranks = 1, .options = {.shuffle = none}};
    struct load_advice advice;
    struct core_text text = {0};
    struct job job;
    decoded_with("y,flat", CHUNK_BYTES, &advice); /* no filters: a chunk is only read again */
    CHECK(advice.array == NULL);
    decoded_with("x", 0, &advice);
    CHECK(advice.array == NULL);
    if (!job_open(&setting, &job)) return;
    CHECK_STATUS(load_advise(job.data, &job.loader->plan.order, &advice), SHS_OK);
    CHECK(advice.array == NULL);
    load_advice_tell(&advice, &text);
    CHECK(text.bytes == NULL);
    job_close(&job);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(a_full_shuffle_decodes_what_was_estimated),
                                                TEST(other_orders_decode_what_was_estimated),
                                                TEST(the_cure_cures), TEST(advice_says_what_to_do),
                                                TEST(nothing_is_said_without_a_reason)};
    int code = write_file() ? harness_main("advice", tests, COUNT(tests), argc, argv) : 1;
    unlink(path);
    return code;
}
